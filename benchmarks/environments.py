"""A virtual environment for each peer, because their dependencies exclude one another.

``requirements/bench/NAME.txt`` pins every package of the environment ``.bench/NAME``, which is
made when it is first asked for, and again when its pins have changed.
"""

from __future__ import annotations

from collections.abc import Mapping
import fcntl
import hashlib
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys

from rich.console import Console

from rove_teleop.errors import ConfigError, RoveError, UnknownName

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / 'requirements' / 'bench'
FOLDER = ROOT / '.bench'
NOT_INHERITED = ('LD_LIBRARY_PATH', '_ROS_WHEELS_BOOTSTRAP_COMPLETE', 'PYTHONPATH', 'PYTHONHOME')
"""Variables of our own environment that would lead another interpreter to our packages."""

_PIN = re.compile(r'[a-z0-9.-]+==[0-9][0-9a-z.]*')
_STAMP = 'rove-bench.stamp'


class EnvironmentFailed(RoveError, RuntimeError):
    """The environment of a peer could not be made."""


def names(requirements: Path = REQUIREMENTS) -> tuple[str, ...]:
    """Environments there are pins for."""
    return tuple(sorted(path.stem for path in requirements.glob('*.txt')))


def pins(name: str, requirements: Path = REQUIREMENTS) -> tuple[str, ...]:
    """What an environment consists of, as ``package==version``.

    Raises:
        UnknownName: There are no pins of that name; the message lists the known ones.
        ConfigError: A line is not a name and a version.
    """
    if name not in names(requirements):
        raise UnknownName('benchmark environment', name, names(requirements))
    path = requirements / f'{name}.txt'
    lines = [line.strip() for line in path.read_text().splitlines()]
    found = tuple(line for line in lines if line and not line.startswith('#'))
    for line in found:
        if not _PIN.fullmatch(line):
            raise ConfigError(f'{path}: {line!r} is not package==version')
    return found


def environ(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables for a process in another environment than ours; one thread of numerics."""
    inherited = os.environ if base is None else base
    kept = {name: value for name, value in inherited.items() if name not in NOT_INHERITED}
    return {**kept, 'OMP_NUM_THREADS': '1', 'OPENBLAS_NUM_THREADS': '1'}


def environment(name: str, folder: Path = FOLDER, requirements: Path = REQUIREMENTS) -> Path:
    """The Python of a peer's environment, which is made if need be.

    Raises:
        UnknownName: There are no pins of that name.
        ConfigError: Its pins are unreadable.
        EnvironmentFailed: It could not be made; the message names the log.
    """
    wanted = pins(name, requirements)
    place = folder / name
    stamp = _stamp(place, wanted)
    python = place / 'bin' / 'python'
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f'{name}.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = place / _STAMP
        if not (made.is_file() and made.read_text() == stamp and python.exists()):
            _make(name, place, wanted, folder / f'{name}.log')
            made.write_text(stamp)
    return python


def _stamp(place: Path, wanted: tuple[str, ...]) -> str:
    text = '\n'.join((str(place), sys.version, *wanted))
    return hashlib.sha256(text.encode()).hexdigest()


def _make(name: str, place: Path, wanted: tuple[str, ...], log: Path) -> None:
    Console(stderr=True).print(
        f'making the environment {place.name} of {len(wanted)} packages, once', highlight=False
    )
    shutil.rmtree(place, ignore_errors=True)
    pip = [str(place / 'bin/python'), '-m', 'pip', '--disable-pip-version-check', '--no-input']
    steps = (
        [sys.executable, '-m', 'venv', str(place)],
        [*pip, 'install', '--quiet', '--no-compile', '--no-deps', *wanted],
    )
    with log.open('wb') as file:
        for step in steps:
            done = subprocess.run(
                step, stdout=file, stderr=subprocess.STDOUT, env=environ(), check=False
            )
            if done.returncode:
                shutil.rmtree(place, ignore_errors=True)
                raise EnvironmentFailed(
                    f'the benchmark environment {name!r} could not be made; {log} says why'
                )

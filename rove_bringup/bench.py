"""``rove bench``: measurements against other projects, from the source tree."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import importlib
from pathlib import Path
import sys

from rove_teleop.errors import ConfigError, UnknownName

_PREFIX = 'bench_'


def main(argv: Sequence[str] = ()) -> int:
    """Run one benchmark, ``bench_NAME.py`` of the source tree, with the arguments that follow.

    Raises:
        ConfigError: rove is installed without its source tree, so there are no benchmarks.
        UnknownName: There is no such benchmark; the message lists those there are.
    """
    root = Path(__file__).resolve().parents[1]
    known = benchmarks(root)
    if not known:
        raise ConfigError(
            f'there are no benchmarks in {root}; run this in a source checkout of rove'
        )
    parser = argparse.ArgumentParser(
        prog='rove bench',
        usage='rove bench [-h] NAME ...',
        description='Measure rove, beside other projects where there are any.',
        epilog=f'NAME is one of {", ".join(known)}; `rove bench NAME --help` tells what it takes.',
    )
    parser.add_argument('name', help=argparse.SUPPRESS)
    name = parser.parse_args(list(argv[:1])).name
    if name not in known:
        raise UnknownName('benchmark', name, known)
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return importlib.import_module(f'benchmarks.{_PREFIX}{name}').main(list(argv[1:]))


def benchmarks(root: Path) -> tuple[str, ...]:
    """Names of the benchmarks in a source tree."""
    found = (root / 'benchmarks').glob(f'{_PREFIX}*.py')
    return tuple(sorted(path.stem.removeprefix(_PREFIX) for path in found))

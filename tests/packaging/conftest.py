from __future__ import annotations

from pathlib import Path
import shutil
import subprocess
import sys
import sysconfig

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_SOURCE = shutil.ignore_patterns(
    '.git', '.venv', '.rove', '.*_cache', '__pycache__', '*.egg-info', 'build', 'install', 'runs'
)


def run(*command: object, **options: object) -> str:
    """Run a command; its output, or a failure that shows the output."""
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, f'{command} gave {done.returncode}:\n{done.stdout[-4000:]}'
    return done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources, so that building leaves the checkout as it is."""
    return Path(shutil.copytree(ROOT, tmp_path / 'src', ignore=NOT_SOURCE))


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A new environment without rove, to which this one lends its third-party packages."""
    home = tmp_path / 'fresh'
    run(sys.executable, '-m', 'venv', '--without-pip', home)
    site = next(home.glob('lib/python3*/site-packages'))
    lent = Path(sysconfig.get_path('purelib'))
    beside = next(lent.glob('cmeel.prefix/lib/*/site-packages'))
    (site / 'lent.pth').write_text(f'{lent}\n{beside}\n')
    return home


def install(home: Path, *what: object) -> None:
    """Pip-install into an environment, building with the tools that are here."""
    run(
        *(sys.executable, '-m', 'pip', '--python', home / 'bin' / 'python', 'install'),
        *('--quiet', '--no-deps', '--no-build-isolation', '--disable-pip-version-check'),
        *what,
    )

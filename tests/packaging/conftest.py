from __future__ import annotations

from pathlib import Path
import shutil
import sys
import sysconfig

import pytest

from tests.packaging.commands import run

ROOT = Path(__file__).resolve().parents[2]
NOT_SOURCE = shutil.ignore_patterns(
    '.git', '.venv', '.rove', '.*_cache', '__pycache__', '*.egg-info', 'build', 'install', 'runs'
)


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

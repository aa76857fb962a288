"""``rove test``: pytest over the source tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import subprocess
import sys

from rove_teleop.errors import ConfigError

WORKERS = 2


def main(argv: Sequence[str] = ()) -> int:
    """Run the tests with the given pytest arguments; returns pytest's exit code.

    Raises:
        ConfigError: rove is installed without its source tree, so there are no tests.
    """
    root = Path(__file__).resolve().parents[1]
    if not (root / 'tests').is_dir():
        raise ConfigError(f'there are no tests in {root}; run this in a source checkout of rove')
    command = [sys.executable, '-m', 'pytest', '-n', str(WORKERS), *argv]
    return subprocess.run(command, cwd=root, check=False).returncode

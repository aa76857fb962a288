"""``rove test``: pytest over the source tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import subprocess
import sys

from rove_teleop.errors import ConfigError

WORKERS = 2
_NOTHING_COLLECTED = 5  # pytest's exit code


def main(argv: Sequence[str] = ()) -> int:
    """Run the tests with the given pytest arguments; returns an exit code as pytest's.

    First everything that can share the machine, then one after the other the tests marked
    ``alone``: those that watch real processes keep real time.

    Raises:
        ConfigError: rove is installed without its source tree, so there are no tests.
    """
    root = Path(__file__).resolve().parents[1]
    if not (root / 'tests').is_dir():
        raise ConfigError(f'there are no tests in {root}; run this in a source checkout of rove')
    passes = (['-n', str(WORKERS), '-m', 'not alone'], ['-m', 'alone'])
    codes = [
        subprocess.run(
            [sys.executable, '-m', 'pytest', *options, *argv], cwd=root, check=False
        ).returncode
        for options in passes
    ]
    if codes == [_NOTHING_COLLECTED] * len(codes):
        return _NOTHING_COLLECTED
    return max(0 if code == _NOTHING_COLLECTED else code for code in codes)

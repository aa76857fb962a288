"""``python -m rove_bringup`` is ``rove``."""

from __future__ import annotations

import sys

from rove_bringup.cli import main

if __name__ == '__main__':
    sys.exit(main())

"""Where the files that ship with rove are: in a source tree, a virtual environment or colcon."""

from __future__ import annotations

import os
from pathlib import Path
import sys

PACKAGE = 'rove'


def share(relative: str) -> Path:
    """Path of a shipped file or folder, such as ``urdf/g1_dex3.urdf`` or ``sim``.

    A source tree (also an editable install) comes first, then the environment that Python
    runs in, then every prefix of ``AMENT_PREFIX_PATH``.

    Raises:
        FileNotFoundError: It is in none of them; the message lists where it was looked for.
    """
    places = [folder / relative for folder in _folders()]
    for place in places:
        if place.exists():
            return place
    searched = ', '.join(str(place) for place in places)
    raise FileNotFoundError(f'{relative!r} is not shipped with rove; looked for {searched}')


def _folders() -> list[Path]:
    root = Path(__file__).resolve().parents[1]
    source = [root] if (root / 'resource' / PACKAGE).is_file() else []
    ament = [path for path in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if path]
    return source + [Path(prefix) / 'share' / PACKAGE for prefix in (sys.prefix, *ament)]

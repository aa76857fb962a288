"""Where the files that ship with rove are: in a source tree, a virtual environment or colcon."""

from __future__ import annotations

from collections.abc import Iterator
import os
from pathlib import Path
import sys

PACKAGE = 'rove'


def share(*parts: str) -> Path:
    """Path of a shipped file or folder, such as ``share('urdf', 'g1_dex3.urdf')``.

    The code's own files come first: those of its source tree (also in an editable install),
    then those of the prefix it is installed in. Then the environment that Python runs in and
    every prefix of ``AMENT_PREFIX_PATH``.

    Raises:
        FileNotFoundError: It is in none of them; the message lists where it was looked for.
    """
    places = [folder.joinpath(*parts) for folder in dict.fromkeys(_folders())]
    for place in places:
        if place.exists():
            return place
    searched = ', '.join(map(str, places))
    raise FileNotFoundError(f'{"/".join(parts)!r} is not shipped with rove; looked for {searched}')


def _folders() -> Iterator[Path]:
    home = Path(__file__).resolve().parents[1]
    if (home / 'resource' / PACKAGE).is_file():
        yield home
    ament = [path for path in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if path]
    prefixes = [str(home), *map(str, home.parents[2:3]), sys.prefix, *ament]
    yield from (Path(prefix) / 'share' / PACKAGE for prefix in prefixes)

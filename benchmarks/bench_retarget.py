"""Hand retargeting of rove beside dex-retargeting and dexi-rs: speed, accuracy, smoothness.

All tools get the same configurations, human vectors and start, and take turns frame by frame in
one process; the peer's own objective judges the answers of all. After that every path goes
through its tool's filter, ours with the time constant that gives the same measured delay. Run::

    ./rove bench retarget [--keypoints FILE] [--hands dex3,inspire] [--pictures DIR]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import json
import logging
from pathlib import Path
import sys
import tempfile
from typing import Any

from rich.console import Console

from benchmarks.environments import EnvironmentFailed
from benchmarks.output import print_table
from benchmarks.retarget.hands import HANDS, KINDS, dexi, load_hand
from benchmarks.retarget.motion import recorded, synthetic
from benchmarks.retarget.race import race
from benchmarks.retarget.table import records, table
from benchmarks.retarget.tools import TOOLS
from rove_teleop.core.names import SIDES
from rove_teleop.errors import ConfigError, UnknownName

ROUNDS = 2


def main(argv: Sequence[str] = ()) -> int:
    """Measure, and print the table; returns 0.

    Raises:
        UnknownName: There is no such hand, kind or side.
        ConfigError: A number is out of range, or dex-retargeting is not installed.
        RecordingError: The keypoints cannot be read.
    """
    options = _parser().parse_args(argv)
    _check(options)
    logging.getLogger('dex_retargeting.yourdfpy').setLevel(logging.ERROR)
    if options.pictures:
        from benchmarks.retarget.pictures import draw

        options.pictures.mkdir(parents=True, exist_ok=True)
        for side in options.sides:
            draw(side, options.pictures / f'golden_hands_{side}.png')
    if not options.hands:
        return 0
    found = _measure(options)
    print_table(table(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + '\n')
    return 0


def _measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    tools, hands = _available(options.hands)
    found = []
    with tempfile.TemporaryDirectory(prefix='rove-bench-') as folder:
        for side in options.sides:
            keypoints = options.keypoints
            points = recorded(keypoints, side) if keypoints else synthetic(side)
            for name in hands:
                for kind in options.kinds:
                    hand = load_hand(name, kind, side, Path(folder))
                    runs = race(hand, points, tools, options.rounds)
                    found += records(hand, runs, TOOLS[2])
                    Console(stderr=True).print(f'{name} {kind} {side}: done', highlight=False)
    return found


def _available(hands: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tools and hands that can be had; without dexi-rs neither it nor the hands it brings."""
    try:
        dexi()
    except (EnvironmentFailed, ImportError) as error:
        Console(stderr=True).print(f'without dexi-rs and its hands: {error}', highlight=False)
        return list(TOOLS[:3]), [name for name in hands if name == 'dex3']
    return list(TOOLS), list(hands)


def _check(options: argparse.Namespace) -> None:
    for kind, wanted, known in (
        ('hand', options.hands, HANDS),
        ('kind', options.kinds, KINDS),
        ('side', options.sides, SIDES),
    ):
        for name in wanted:
            if name not in known:
                raise UnknownName(kind, name, known)
    if not 1 <= options.rounds <= 100:
        raise ConfigError(f'--rounds must be 1 to 100, got {options.rounds}')
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)


def _names(text: str) -> list[str]:
    return [name for name in text.split(',') if name]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='rove bench retarget',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--hands', type=_names, default=list(HANDS), help='comma-separated; none: only pictures'
    )
    parser.add_argument('--kinds', type=_names, default=list(KINDS), help='comma-separated')
    parser.add_argument('--sides', type=_names, default=['right'], help='comma-separated')
    parser.add_argument(
        '--keypoints',
        type=Path,
        help='recorded right hand, .npz with keypoints (n, 21, 3); else a motion of our own',
    )
    parser.add_argument('--rounds', type=int, default=ROUNDS, help='times over the motion')
    parser.add_argument('--json', type=Path, help='write the records to this file')
    parser.add_argument('--pictures', type=Path, help='draw the golden poses into this folder')
    return parser


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

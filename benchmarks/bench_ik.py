"""Whole-body inverse kinematics of rove beside mink, pink and placo: speed, accuracy, safety.

Every tool gets the same robot, tasks and targets and takes its turn in a process of its own; one
judge looks at the configurations of all. `rove` has the peers' tasks and limits, `rove-full` is
what ships. Times are per tick, the median over the rounds; workers take real-time priority where
they may. Run::

    ./rove bench ik [--tools mink,rove] [--trajectories wave,hard] [--recordings PLACE ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
import json
from pathlib import Path
import sys
from typing import Any

from rich.console import Console

from benchmarks.ik.pictures import draw
from benchmarks.ik.plots import plot
from benchmarks.ik.race import Lane, Race, Run
from benchmarks.ik.recordings import recorded, recording_files
from benchmarks.ik.scores import Curves, Judge, scores
from benchmarks.ik.table import table
from benchmarks.ik.tool import TOOLS
from benchmarks.ik.trajectories import DURATION, FORMULAS, Trajectory, formula
from benchmarks.output import print_table
from rove_teleop.errors import ConfigError, UnknownName

RATE = 100.0  # Hz
ROUNDS = 5
DEFAULT_TRAJECTORIES = ('wave', 'hard')


def main(argv: Sequence[str] = ()) -> int:
    """Measure, and print the table; returns 0.

    Raises:
        UnknownName: There is no such tool, trajectory or recording.
        ConfigError: A number is out of range.
        EnvironmentFailed: A peer could not be installed or failed.
    """
    options = _parser().parse_args(argv)
    _check(options)
    judge = Judge()
    lanes = [
        Lane(tool, collision)
        for tool in options.tools
        for collision in TOOLS[tool].collision
        if options.collision in ('both', 'on' if collision else 'off')
    ]
    records = []
    with Race(options.tools) as race:
        for trajectory in _trajectories(options, judge):
            runs = race.run(trajectory, lanes, 1.0 / options.rate, options.rounds)
            curves = _judged(judge, trajectory, runs, 1.0 / options.rate)
            records += [_record(trajectory, lane, run, curves[lane]) for lane, run in runs.items()]
            if options.plots:
                plot(trajectory, curves, options.plots / f'{trajectory.name}.png')
            Console(stderr=True).print(f'{trajectory.name}: done', highlight=False)
    print_table(table(records))
    if options.pictures:
        draw(options.pictures)
    if options.json:
        options.json.write_text(json.dumps(records, indent=2) + '\n')
    return 0


def _trajectories(options: argparse.Namespace, judge: Judge) -> Iterator[Trajectory]:
    for name in options.trajectories:
        yield formula(name, judge.start, options.seconds, options.rate)
    for path in recording_files(options.recordings):
        yield recorded(path, judge.start, options.seconds, options.rate)


def _judged(
    judge: Judge, trajectory: Trajectory, runs: Mapping[Lane, Run], dt: float
) -> dict[Lane, Curves]:
    return {
        lane: judge.curves(run.base, run.joints, trajectory.poses, dt)
        for lane, run in runs.items()
    }


def _record(trajectory: Trajectory, lane: Lane, run: Run, curves: Curves) -> dict[str, Any]:
    return {
        'tool': lane.tool,
        'trajectory': trajectory.name,
        'collision': lane.collision,
        'p50_ms': run.percentile(50.0),
        'p99_ms': run.percentile(99.0),
        'max_ms': max(float(times.max()) for times in run.times_ms),
        'rounds': len(run.times_ms),
        'ticks': len(run.ok),
        'real_time': run.alone,
        **scores(curves, run.ok),
    }


def _check(options: argparse.Namespace) -> None:
    for kind, wanted, known in (
        ('tool', options.tools, TOOLS),
        ('trajectory', options.trajectories, FORMULAS),
    ):
        for name in wanted:
            if name not in known:
                raise UnknownName(kind, name, known)
    if not 0.5 <= options.seconds <= 600.0:
        raise ConfigError(f'--seconds must be 0.5 to 600, got {options.seconds:g}')
    if not 20.0 <= options.rate <= 1000.0:
        raise ConfigError(f'--rate must be 20 to 1000 Hz, got {options.rate:g}')
    if not 1 <= options.rounds <= 100:
        raise ConfigError(f'--rounds must be 1 to 100, got {options.rounds}')
    files = (options.json, options.pictures)
    for folder in (options.plots, *(file.parent for file in files if file)):
        if folder:
            folder.mkdir(parents=True, exist_ok=True)


def _names(text: str) -> list[str]:
    return [name for name in text.split(',') if name]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='rove bench ik',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--tools', type=_names, default=list(TOOLS), help=f'some of {",".join(TOOLS)}'
    )
    parser.add_argument(
        '--trajectories', type=_names, default=list(DEFAULT_TRAJECTORIES),
        help=f'some of {",".join(FORMULAS)}, or nothing; default {",".join(DEFAULT_TRAJECTORIES)}',
    )  # fmt: skip
    parser.add_argument(
        '--recordings', nargs='*', default=[], metavar='PLACE',
        help='recorded wrist paths, by file, shipped name, or folder of wrist_path_*.npz',
    )  # fmt: skip
    parser.add_argument('--collision', choices=('both', 'on', 'off'), default='both')
    parser.add_argument('--seconds', type=float, default=DURATION, help='length of a trajectory')
    parser.add_argument('--rate', type=float, default=RATE, help='ticks per second')
    parser.add_argument('--rounds', type=int, default=ROUNDS, help='timed runs, of each tool')
    parser.add_argument('--json', type=Path, help='write the records there')
    parser.add_argument('--plots', type=Path, help='draw curves over time into this folder')
    parser.add_argument(
        '--pictures', type=Path, metavar='FILE', help='draw the body at four extreme reaches'
    )
    return parser


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

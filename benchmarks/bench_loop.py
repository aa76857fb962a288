"""The real processes on wall time: request and sample latency, lateness, and motion lag.

Everything runs as in ``rove sim``, cameras and recorder on. The policy swings the arms, the
operator swings his hands at 0.2 to 1 Hz and takes over and gives back at random moments. All
figures are from the recordings. Run it while nothing else does::

    ./rove bench loop [--minutes 10] [--requests 100] [--json FILE] [--plot FILE]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
import json
import math
import os
from pathlib import Path
import sys
import tempfile

from rich.console import Console
from rich.table import Table

from benchmarks.loop.plots import plot
from benchmarks.loop.scores import Line, gather, lines
from benchmarks.output import print_table
from rove_bringup.checks import run_directory
from rove_bringup.config import RunConfig
from rove_bringup.environment import has_gl
from rove_bringup.progress import Progress
from rove_teleop.assembly import make_robot
from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.types import Event
from rove_teleop.errors import ConfigError, RoveError
from rove_teleop.recording.episode import Episode
from rove_teleop.recording.loading import load_episode

MINUTES, REQUESTS = 10.0, 100
_EPISODE_S = 120.0  # what is read at once fits into memory


class QuietProgress(Progress):
    """Shows how each episode ended, and what went wrong."""

    def event(self, event: Event) -> None:
        """There are too many."""


def main(argv: Sequence[str] = ()) -> int:
    """Run, judge and print the table; 0 whatever it says, 1 when the run broke.

    Raises:
        ConfigError: A number is out of range, or the directory holds a run already.
    """
    options = _parser().parse_args(argv)
    if not 0.1 <= options.minutes <= 600.0:
        raise ConfigError(f'--minutes must be 0.1 to 600, got {options.minutes:g}')
    if not 0 <= options.requests <= 100_000:
        raise ConfigError(f'--requests must be 0 to 100000, got {options.requests}')
    progress = QuietProgress(Console(stderr=True))
    with tempfile.TemporaryDirectory(prefix='rove-loop-') as scratch:
        out = run_directory(options.out or scratch, '--out')
        cameras = not options.headless and has_gl()
        record(options.minutes, options.seed, out, cameras, progress)
        robot = make_robot()
        samples = gather(episodes(out, progress), Kinematics(robot, LegKinematics(robot)))
    table = lines(samples, options.requests)
    conditions = {
        'minutes': samples.seconds / 60.0,
        'cameras': cameras,
        'cores': os.cpu_count(),
        'load': os.getloadavg()[0],
        'problems': progress.problems,
    }
    print_table(_table(table, conditions))
    if options.json:
        rows = [line.record() for line in table]
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({**conditions, 'lines': rows}, indent=2) + '\n')
    if options.plot:
        plot(samples, options.plot)
    return 1 if progress.problems or not samples.ticks else 0


def record(minutes: float, seed: int, out: Path, cameras: bool, progress: Progress) -> None:
    """Run the processes for so long, in episodes of two minutes at most."""
    from rove_bringup.processes import ProcessRunner

    count = math.ceil(minutes * 60.0 / _EPISODE_S)
    config = RunConfig(
        task='stand',
        operator='benchmarks.loop.operator:SwingingOperator',
        policy='benchmarks.loop.policy:SwingingPolicy',
        timeout=minutes * 60.0 / count,
        episodes=count,
        seed=seed,
    )
    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get('PYTHONPATH')])]
    os.environ['PYTHONPATH'] = os.pathsep.join(paths)  # where the processes find these two
    ProcessRunner(config, out, cameras).run(progress)


def episodes(out: Path, progress: Progress) -> Iterator[Episode]:
    """The recordings of a run, each read when it is asked for."""
    for path in sorted(out.glob('episode_*.mcap')):
        try:
            yield load_episode(path)
        except RoveError as error:
            progress.problem(str(error))


def _table(found: Sequence[Line], conditions: Mapping[str, object]) -> Table:
    title = f'{conditions["minutes"]:.1f} minutes at 200 Hz, {conditions["cores"]} cores, load '
    cameras = 'cameras on' if conditions['cameras'] else 'no cameras'
    table = Table(title=f'{title}{conditions["load"]:.1f}, {cameras}')
    for heading in ('', 'measured', 'goal', ''):
        table.add_column(heading)
    for line in found:
        verdict = {None: '', True: '[green]met[/]', False: '[bold red]MISSED[/]'}[line.met]
        table.add_row(line.name, _figures(line.measured, line.unit), _goal(line), verdict)
    return table


def _goal(line: Line) -> str:
    words = [
        f'at least {limit:g}' if name == 'at least' else f'{name} {limit:g}'
        for name, limit in line.goal.items()
    ]
    return f'{"  ".join(words)} {line.unit}'.rstrip() if words else ''


def _figures(values: dict[str, float | None], unit: str) -> str:
    words = [
        f'{name} {"–" if value is None else f"{value:.2f}" if unit else f"{value:g}"}'
        for name, value in values.items()
        if name != 'correlation'
    ]
    alike = values.get('correlation')
    remark = '' if alike is None else f'({100 * alike:.1f} % alike)'
    return f'{"  ".join(words)} {unit} {remark}'.rstrip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='rove bench loop',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--minutes', type=float, default=MINUTES, help='recorded time')
    parser.add_argument(
        '--requests', type=int, default=REQUESTS, help='takeovers there should be, 12 a minute'
    )
    parser.add_argument('--seed', type=int, default=0, help='of the first episode')
    parser.add_argument('--headless', action='store_true', help='without cameras')
    parser.add_argument('--out', default='', help='keep the recordings in this directory')
    parser.add_argument('--json', type=Path, help='write the figures there')
    parser.add_argument('--plot', type=Path, help='draw distributions and motion there')
    return parser


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

"""Taking over and giving back in running motion: rove's arbiter beside the naive switch.

The operator's hands are 30 cm and 60 degrees away from the robot's and open, also while the
robot holds the object; half of the takeovers wait for that. Every controller gets the same
seeds, policy, operator and twin, in lockstep; the result does not depend on ``--jobs``. Run::

    ./rove bench takeover [--switches 200] [--controllers rove,naive] [--json FILE]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
import json
from multiprocessing import get_context
import os
from pathlib import Path
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.output import print_table
from benchmarks.takeover.controllers import CONTROLLERS, TakeoverRunner
from benchmarks.takeover.operator import SwitchingOperator
from benchmarks.takeover.plot import draw_switches
from benchmarks.takeover.scores import Judged, judge, record
from rove_bringup.config import Episode, RunConfig
from rove_bringup.sinks import EpisodeSink
from rove_teleop.errors import ConfigError, UnknownName

SWITCHES = 200  # takeovers, and as many releases
_GRASPS = 0.5  # share of the takeovers that wait until the robot holds the object
TIMEOUT = 60.0  # of an episode [s]
_PARTS = 4  # of the switches of a controller, which may run side by side
_SEEDS = 10_000  # between the first episodes of two parts


def main(argv: Sequence[str] = ()) -> int:
    """Measure, and print the table; returns 0.

    Raises:
        UnknownName: There is no such controller.
        ConfigError: A number is out of range.
    """
    options = _parser().parse_args(argv)
    for name in options.controllers:
        if name not in CONTROLLERS:
            raise UnknownName('controller', name, CONTROLLERS)
    if not 1 <= options.switches <= 100_000:
        raise ConfigError(f'--switches must be 1 to 100000, got {options.switches}')
    if not 3.0 <= options.timeout <= 3600.0:
        raise ConfigError(f'--timeout must be 3 to 3600 s, got {options.timeout:g}')
    if not 1 <= options.jobs <= 1000:
        raise ConfigError(f'--jobs must be 1 to 1000, got {options.jobs}')
    records = _measure(options)
    print_table(table(records))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(records, indent=2) + '\n')
    if options.plot:
        draw_switches(options.controllers, options.seed, options.plot)
    return 0


def _measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """One record per controller, in their order."""
    share, rest = divmod(options.switches, _PARTS)
    numbers = [share + (part < rest) for part in range(_PARTS)]
    parts = [
        (name, number, options.seed + _SEEDS * part, options.timeout)
        for name in options.controllers
        for part, number in enumerate(numbers)
        if number
    ]
    if options.jobs == 1 or len(parts) == 1:
        done = [_run_part(*part) for part in parts]
    else:
        jobs = min(options.jobs, len(parts))
        with ProcessPoolExecutor(jobs, mp_context=get_context('spawn')) as pool:
            done = list(pool.map(_run_part, *zip(*parts, strict=True)))
    records = []
    for name in options.controllers:
        own = [result for part, result in zip(parts, done, strict=True) if part[0] == name]
        judged = [each for switches, _ in own for each in switches]
        records.append(record(name, judged, sum(falls for _, falls in own)))
    return records


def _run_part(
    controller: str, switches: int, seed: int, timeout: float
) -> tuple[list[Judged], int]:
    return run(controller, switches, seed, timeout, Console(stderr=True))


def run(
    controller: str, switches: int, seed: int, timeout: float, progress: Console
) -> tuple[list[Judged], int]:
    """Run episodes until there are so many takeovers and so many releases.

    Returns:
        The switches, and how often the robot fell.
    """
    runner = TakeoverRunner(RunConfig(operator='none', timeout=timeout), controller)
    judged: list[Judged] = []
    falls = 0
    while (missing := _missing(judged, switches)) > 0:
        runner.operator = SwitchingOperator(
            runner.robot, 2 * missing, open_hands=True, grasps=_GRASPS
        )
        sink = EpisodeSink()
        runner.run(Episode(f'episode_{seed:04d}', seed), [sink])
        judged += judge(sink.build(), seed)
        falls += bool(sink.faults)
        progress.print(f'{controller}: {len(judged)} switches, {falls} falls', highlight=False)
        seed += 1
    return judged, falls


def _missing(judged: Sequence[Judged], switches: int) -> int:
    """How many takeovers, or releases if there are fewer of them, are still to be seen."""
    kinds = [each.switch.kind for each in judged]
    return switches - min(kinds.count('takeover'), kinds.count('release'))


def table(records: Sequence[dict[str, Any]]) -> Table:
    """One row per controller."""
    drawn = Table('controller', title='in the half second after a switch')
    for title in (
        'takeovers, releases', 'velocity step\nrad/s per tick', 'acceleration\nrad/s²',
        'jerk\nrad/s³', 'grasps kept', 'falls',
    ):  # fmt: skip
        drawn.add_column(title, justify='right')
    for each in records:
        drawn.add_row(
            each['controller'],
            f'{each["takeovers"]}, {each["releases"]}',
            f'{each["velocity_step_max"]:.4f}',
            f'{each["acceleration_max"]:.1f}',
            f'{each["jerk_max"]:.0f}',
            f'{each["grasps_kept"]} of {each["grasps"]}',
            str(each['falls']),
        )
    return drawn


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='rove bench takeover',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--switches', type=int, default=SWITCHES, help='takeovers, and as many releases'
    )
    parser.add_argument(
        '--controllers', type=_names, default=list(CONTROLLERS),
        help=f'some of {",".join(CONTROLLERS)}',
    )  # fmt: skip
    parser.add_argument('--seed', type=int, default=0, help='of the first episode')
    parser.add_argument('--timeout', type=float, default=TIMEOUT, help='of an episode [s]')
    parser.add_argument(
        '--jobs', type=int, default=os.cpu_count() or 1, help='processes that run side by side'
    )
    parser.add_argument('--json', type=Path, help='write the records there')
    parser.add_argument(
        '--plot', type=Path, help='draw one takeover and one release of each controller there'
    )
    return parser


def _names(text: str) -> list[str]:
    return [name for name in text.split(',') if name]


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

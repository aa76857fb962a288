"""How often the task succeeds over the same seeds, the policy alone and with takeovers allowed.

Every frame of every episode is checked on the way: joint limits, finite numbers, tags that
follow from the events, and the velocity step after every switch. Run::

    python benchmarks/bench_episodes.py --seeds 20 [--imperfection 0.3] [--json FILE]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import json
from pathlib import Path
import sys

from rich.console import Console
from rich.table import Table

from rove_bringup.config import Episode, RunConfig
from rove_bringup.lockstep import LockstepRunner
from rove_bringup.report.switches import find_switches
from rove_bringup.sinks import EpisodeSink
from rove_teleop.recording.check import find_problems


def run(runner: LockstepRunner, seed: int) -> dict[str, object]:
    """One episode's figures."""
    sink = EpisodeSink()
    result = runner.run(Episode(f'episode_{seed:04d}', seed), [sink])
    episode = sink.build()
    switches = [each for each in find_switches(episode) if each.kind != 'resume']
    kinds = [event.kind for event in episode.events]
    return {
        'seed': seed,
        'success': result.outcome.success,
        'reason': result.outcome.reason,
        'takeovers': kinds.count('takeover'),
        'releases': kinds.count('release'),
        'velocity_step': max((each.velocity_step for each in switches), default=0.0),
        'problems': find_problems(episode, runner.robot.lower, runner.robot.upper),
        'faults': sorted(sink.faults),
        'simulated_s': result.simulated,
        'wall_s': result.wall,
    }


def main(argv: Sequence[str]) -> int:
    """Run the seeds with and without an operator and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seeds', type=int, default=20)
    parser.add_argument('--first', type=int, default=0)
    parser.add_argument('--imperfection', type=float, default=0.3)
    parser.add_argument('--operators', nargs='+', default=['none', 'scripted'])
    parser.add_argument('--json', type=Path)
    options = parser.parse_args(argv)
    console = Console(width=None if sys.stdout.isatty() else 200)
    report = {}
    for operator in options.operators:
        runner = LockstepRunner(RunConfig(operator=operator, imperfection=options.imperfection))
        rows = []
        for seed in range(options.first, options.first + options.seeds):
            rows.append(run(runner, seed))
            words = ' '.join(f'{key}={value}' for key, value in rows[-1].items())
            console.print(f'{operator} {words}', highlight=False, soft_wrap=True, markup=False)
        report[operator] = rows
    table = Table('operator', 'success', 'takeovers', 'falls', 'problems', 'step', 'x real time')
    for operator, rows in report.items():
        simulated, wall = (
            sum(float(str(row[k])) for row in rows) for k in ('simulated_s', 'wall_s')
        )
        table.add_row(
            operator,
            f'{sum(bool(row["success"]) for row in rows)} of {len(rows)}',
            str(sum(int(str(row['takeovers'])) for row in rows)),
            str(sum('fell' in str(row['faults']) for row in rows)),
            str(sum(bool(row['problems']) for row in rows)),
            f'{max(float(str(row["velocity_step"])) for row in rows):.4f}',
            f'{simulated / wall:.1f}',
        )
    console.print(table)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

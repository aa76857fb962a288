"""``rove sim``: bring up the whole system on the twin, run episodes, and say how they went."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import os
from pathlib import Path

from rich.console import Console

from rove_bringup.checks import check_names, run_directory
from rove_bringup.config import RUNNERS, RunConfig
from rove_bringup.environment import has_gl
from rove_bringup.options import add_options, choice, read_options
from rove_bringup.progress import Progress
from rove_bringup.report.run import report_run
from rove_teleop.errors import ConfigError


def main(argv: Sequence[str]) -> int:
    """Run it; 0 when every episode ran and was recorded, 1 when something was lost on the way."""
    console = Console()
    options = _parser().parse_args(argv)
    config = read_options(options, RunConfig)
    check_names(config)
    runner = choice('runner', options.runner, RUNNERS)
    out = run_directory(options.out, '--out')
    cameras = not options.headless and has_gl()
    if not options.headless and not cameras:
        console.print('[yellow]no OpenGL on this machine: going on without cameras[/]')
    if options.view and not os.environ.get('DISPLAY'):
        raise ConfigError('--view needs a screen, and DISPLAY is not set; leave it out')
    progress = Progress(console)
    progress.introduce(config, runner, out)
    run = _run_lockstep if runner == 'lockstep' else _run_processes
    run(config, out, cameras, options.view, progress)
    report_run(config, runner, out, progress.problem, console)
    return 1 if progress.problems or len(progress.outcomes) < config.episodes else 0


def _run_processes(
    config: RunConfig, out: Path, cameras: bool, view: bool, progress: Progress
) -> None:
    from rove_bringup.processes import ProcessRunner

    ProcessRunner(config, out, cameras, view).run(progress)


def _run_lockstep(
    config: RunConfig, out: Path, cameras: bool, view: bool, progress: Progress
) -> None:
    if view:
        raise ConfigError('--view shows the processes runner; lockstep leaves a video instead')
    from rove_bringup.sinks import run_recorded

    run_recorded(config, out, cameras, progress)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='rove sim',
        description='Run the twin, a policy and an operator; record every frame, and sum up.',
    )
    add_options(parser, RunConfig)
    parser.add_argument(
        '--runner',
        default=RUNNERS[0],
        help=f'One of: {", ".join(RUNNERS)}. Default: {RUNNERS[0]}.',
    )
    parser.add_argument('--headless', action='store_true', help='No cameras, no video.')
    parser.add_argument('--view', action='store_true', help="Open MuJoCo's viewer on the twin.")
    parser.add_argument('--out', default='', help='Directory of the run. Default: runs/<time>.')
    return parser

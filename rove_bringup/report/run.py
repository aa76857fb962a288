"""Everything a run leaves behind: ``summary.json``, the table, a picture, a plot, a video."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from pathlib import Path

from rich.console import Console

from rove_bringup.config import RunConfig
from rove_bringup.report.picture import write_picture
from rove_bringup.report.plot import plot_takeover
from rove_bringup.report.stats import EpisodeStats
from rove_bringup.report.summary import print_summary, summarize, write_summary
from rove_bringup.report.video import write_video
from rove_teleop.assembly import make_robot
from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.legs import LegKinematics
from rove_teleop.errors import RecordingError
from rove_teleop.recording.check import find_problems
from rove_teleop.recording.loading import load_episode


def report_run(
    config: RunConfig,
    runner: str,
    out: Path,
    on_problem: Callable[[str], None],
    console: Console,
) -> None:
    """Read the recordings back, check every frame of them, and report.

    Pictures are made of the first episode with a takeover, or of the first.
    """
    robot = make_robot(config.robot)
    kinematics = Kinematics(robot, LegKinematics(robot))
    stats: dict[Path, EpisodeStats] = {}
    for path in sorted(out.glob('episode_*.mcap')):
        try:
            episode = load_episode(path)
        except RecordingError as error:
            on_problem(str(error))
            continue
        limits = robot.lower, robot.upper
        stats[path] = EpisodeStats.of(episode, limits, kinematics=kinematics)
        for problem in find_problems(episode, robot.lower, robot.upper):
            on_problem(f'{path.name}: {problem}')
    if not stats:
        on_problem('no episode was recorded')
        return
    summary = summarize({'runner': runner, **dataclasses.asdict(config)}, list(stats.values()))
    write_summary(out / 'summary.json', summary)
    print_summary(console, summary)
    path = next((path for path, each in stats.items() if each.takeovers), next(iter(stats)))
    # Read again rather than kept: a long run's episodes do not fit into memory together.
    episode = load_episode(path)
    made = (
        write_picture(path, episode, out / 'picture.png'),
        plot_takeover(episode, out / 'takeover.png'),
        write_video(path, episode, out / 'video.mp4'),
    )
    for file in (out / 'summary.json', *made):
        if file is not None:
            console.print(f'  {file}', highlight=False)

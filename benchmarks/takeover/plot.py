"""Commanded and measured joints around one takeover and one release, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
import numpy as np

from benchmarks.takeover.controllers import TakeoverRunner
from benchmarks.takeover.operator import SwitchingOperator
from rove_bringup.config import Episode, RunConfig
from rove_bringup.report.switches import find_switches
from rove_bringup.sinks import EpisodeSink
from rove_teleop.core.names import ARM_JOINTS, JOINTS
from rove_teleop.recording.episode import Episode as Recorded

KINDS = ('takeover', 'release')
_BEFORE_NS, _AFTER_NS = 200_000_000, 800_000_000
_TIMEOUT_S = 6.0
_COLOURS = {'rove': 'tab:blue', 'naive': 'tab:red', 'naive-limited': 'tab:orange'}
_ARMS = [JOINTS.index(name) for names in ARM_JOINTS.values() for name in names]


def draw_switches(controllers: Sequence[str], seed: int, path: Path) -> None:
    """Run a short episode per controller and draw the arm joint that each switch moves most.

    Args:
        controllers: Which ones.
        seed: Of the episode.
        path: Image file to write; its folder is made.
    """
    episodes = {name: _episode(name, seed) for name in controllers}
    figure = Figure(figsize=(9.0, 5.5), layout='constrained')
    axes = figure.subplots(2, len(KINDS), sharex=True)
    for column, kind in enumerate(KINDS):
        spans = {name: _span(episode, kind) for name, episode in episodes.items()}
        joint = _most_moved(episodes, spans)
        for name, episode in episodes.items():
            _draw(axes[:, column], name, episode, spans[name], joint)
        axes[0, column].set_title(f'{kind}: {JOINTS[joint].removesuffix("_joint")}')
        axes[1, column].set_xlabel('time since the switch [s]')
    axes[0, 0].set_ylabel('position [rad]')
    axes[1, 0].set_ylabel('commanded velocity [rad/s]')
    axes[0, 0].legend(fontsize='small')
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)


def _episode(controller: str, seed: int) -> Recorded:
    runner = TakeoverRunner(RunConfig(operator='none', timeout=_TIMEOUT_S), controller)
    runner.operator = SwitchingOperator(runner.robot, len(KINDS), open_hands=True)
    sink = EpisodeSink()
    runner.run(Episode(f'episode_{seed:04d}', seed), [sink])
    return sink.build()


def _span(episode: Recorded, kind: str) -> tuple[int, slice]:
    """Time of the first switch of this kind [ns], and the rows around it."""
    t_ns = next(switch.t_ns for switch in find_switches(episode) if switch.kind == kind)
    rows = np.searchsorted(episode.t_ns, (t_ns - _BEFORE_NS, t_ns + _AFTER_NS))
    return t_ns, slice(*rows.tolist())


def _most_moved(episodes: dict[str, Recorded], spans: dict[str, tuple[int, slice]]) -> int:
    moved = [
        np.ptp(episode.joint_position[spans[name][1]][:, _ARMS], axis=0)
        for name, episode in episodes.items()
    ]
    return _ARMS[int(np.max(moved, axis=0).argmax())]


def _draw(
    axes: Sequence[Axes], name: str, episode: Recorded, span: tuple[int, slice], joint: int
) -> None:
    t_ns, rows = span
    seconds, colour = (episode.t_ns[rows] - t_ns) * 1e-9, _COLOURS[name]
    commanded, measured = (
        episode.joint_position[rows, joint],
        episode.measured_position[rows, joint],
    )
    axes[0].plot(seconds, commanded, color=colour, label=f'{name}, commanded')
    axes[0].plot(seconds, measured, color=colour, linestyle=':', label=f'{name}, measured')
    velocity = np.gradient(commanded, seconds)
    axes[1].plot(seconds, velocity, color=colour)
    axes[1].set_yscale('symlog', linthresh=1.0)
    lowest, highest = axes[1].get_ylim()
    axes[1].set_ylim(min(lowest, -10.0), max(highest, 10.0))
    for each in axes:
        each.axvline(0.0, color='0.7', linewidth=0.8)

"""Plot what was wanted, commanded and measured around a takeover."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
import numpy as np

from rove_bringup.report.palette import PHASE_COLOURS
from rove_bringup.report.switches import WINDOW_NS, Switch, find_switches, velocity_steps
from rove_teleop.core.names import (
    CHANNELS,
    GROUPS,
    JOINTS,
    NUM_BASE,
    NUM_LEG_JOINTS,
    UPPER_JOINTS,
    Phase,
)
from rove_teleop.recording.episode import Array, Episode

SPAN = 1.0
"""Time shown before and after the switch [s]."""

_SHOWN_JOINTS = 3
_STEP_LIMIT = 0.1  # [rad/s] per tick after a switch
_LINES: dict[str, dict[str, Any]] = {
    'policy proposal': {'color': PHASE_COLOURS[Phase.AUTO], 'linestyle': '--', 'linewidth': 1.2},
    'human proposal': {'color': PHASE_COLOURS[Phase.HUMAN], 'linestyle': '--', 'linewidth': 1.2},
    'executed': {'color': '#111111', 'linewidth': 2.2, 'zorder': 1.5},
    'measured': {'color': '#2ca02c', 'linewidth': 1.0},
}
_JOINT_COLOURS = ('#7b3294', '#c51b7d', '#00876c')


def plot_takeover(episode: Episode, path: Path, takeover: int = 0) -> Path | None:
    """Draw the surroundings of one takeover.

    Args:
        episode: What was recorded.
        path: PNG file to write.
        takeover: Which takeover of the episode, from 0.

    Returns:
        ``path``, or None when the episode has no such takeover.
    """
    takeovers = [switch for switch in find_switches(episode) if switch.kind == 'takeover']
    if not 0 <= takeover < len(takeovers):
        return None
    switch = takeovers[takeover]
    time = (episode.t_ns - switch.t_ns) * 1e-9
    rows = np.flatnonzero(np.abs(time) <= SPAN)
    joints = _most_moving(episode, rows)
    figure = Figure(figsize=(11, 2.4 + 2.0 * len(joints) + 3.4), layout='constrained')
    heights = [1.3, *[2.0] * len(joints), 1.7, 1.3]
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    _phases(axes[0], episode, time, rows)
    for axis, joint in zip(axes[1:-2], joints, strict=True):
        _position(axis, episode, time, rows, joint)
    _velocity(axes[-2], episode, time, rows, joints)
    _step(axes[-1], episode, time, rows, switch.t_ns)
    for axis in axes[1:]:
        _shade(axis, episode, time, rows)
    axes[-1].set_xlabel('time since the takeover [s]')
    axes[-1].set_xlim(time[rows[0]], time[rows[-1]])
    figure.suptitle(_title(episode, switch), fontsize=12, fontweight='bold')
    _legend(figure)
    figure.savefig(path, dpi=110, facecolor='white')
    return path


def _most_moving(episode: Episode, rows: Array) -> Array:
    """Indices of the upper joints that travel furthest, shape (at most 3,)."""
    travel = np.ptp(episode.executed_position[rows, NUM_BASE:], axis=0)
    order = np.argsort(-travel, kind='stable')
    return order[:_SHOWN_JOINTS]


def _phases(axis: Axes, episode: Episode, time: Array, rows: Array) -> None:
    for line in range(len(GROUPS)):
        for first, last, phase in _runs(episode.phase[rows, line]):
            begin, end = time[rows[first]], time[rows[min(last + 1, len(rows) - 1)]]
            axis.barh(
                line, end - begin, 0.84, begin, color=PHASE_COLOURS[Phase(phase)], linewidth=0
            )
    axis.set_yticks(range(len(GROUPS)), [group.replace('_', ' ') for group in GROUPS], fontsize=8)
    axis.invert_yaxis()
    axis.set_ylim(len(GROUPS) - 0.5, -0.5)
    axis.axvline(0.0, color='black', linewidth=0.8)
    axis.set_title('phase of each group', fontsize=9, loc='left')


def _position(axis: Axes, episode: Episode, time: Array, rows: Array, joint: int) -> None:
    channel = NUM_BASE + joint
    curves = {
        'policy proposal': episode.policy_position[rows, channel],
        'human proposal': episode.human_position[rows, channel],
        'measured': episode.measured_position[rows, NUM_LEG_JOINTS + joint],
        'executed': episode.executed_position[rows, channel],
    }
    for name, values in curves.items():
        axis.plot(time[rows], values, **_LINES[name])
    axis.set_ylabel('position [rad]', fontsize=8)
    axis.set_title(CHANNELS[channel].replace('_', ' '), fontsize=9, loc='left')


def _velocity(axis: Axes, episode: Episode, time: Array, rows: Array, joints: Array) -> None:
    for joint, colour in zip(joints, _JOINT_COLOURS, strict=False):
        values = episode.executed_velocity[rows, NUM_BASE + joint]
        label = UPPER_JOINTS[joint].removesuffix('_joint').replace('_', ' ')
        axis.plot(time[rows], values, color=colour, linewidth=1.4, label=label)
    axis.set_ylabel('velocity [rad/s]', fontsize=8)
    axis.set_title('executed velocity', fontsize=9, loc='left')
    axis.legend(loc='lower right', bbox_to_anchor=(1.0, 0.98), fontsize=8, ncols=3, frameon=False)


def _step(axis: Axes, episode: Episode, time: Array, rows: Array, zero_ns: int) -> None:
    steps = velocity_steps(episode)[rows]
    largest = steps.max(axis=1)
    axis.fill_between(time[rows], largest, color='#555555', linewidth=0, step='mid')
    for switch in find_switches(episode):
        begin = (switch.t_ns - zero_ns) * 1e-9
        axis.hlines(
            _STEP_LIMIT,
            begin,
            begin + WINDOW_NS * 1e-9,
            PHASE_COLOURS[Phase.STOPPED],
            linewidth=1.6,
        )
    row, joint = np.unravel_index(steps.argmax(), steps.shape)
    axis.set_ylim(0, 1.25 * max(_STEP_LIMIT, float(largest.max())))
    axis.set_ylabel('step [rad/s]', fontsize=8)
    name = JOINTS[joint].removesuffix('_joint').replace('_', ' ')
    axis.set_title(
        f'largest velocity step of all joints per tick '
        f'(most: {largest[row]:.3f} rad/s, {name}; red: {_STEP_LIMIT:g} after a switch)',
        fontsize=9,
        loc='left',
    )


def _shade(axis: Axes, episode: Episode, time: Array, rows: Array) -> None:
    """Colour the background by the robot's phase and mark the switch."""
    for first, last, phase in _runs(episode.robot_phase[rows]):
        end = time[rows[min(last + 1, len(rows) - 1)]]
        axis.axvspan(
            time[rows[first]], end, color=PHASE_COLOURS[Phase(phase)], alpha=0.16, linewidth=0
        )
    axis.axvline(0.0, color='black', linewidth=0.8)
    axis.grid(alpha=0.25, linewidth=0.6)
    axis.tick_params(labelsize=8)
    axis.spines[['top', 'right']].set_visible(False)


def _runs(values: Array) -> list[tuple[int, int, int]]:
    """First index, last index and value of every run of equal values."""
    edges = np.flatnonzero(np.diff(values)) + 1
    starts, ends = [0, *edges], [*edges, len(values)]
    return [(int(a), int(b) - 1, int(values[a])) for a, b in zip(starts, ends, strict=True)]


def _title(episode: Episode, switch: Switch) -> str:
    waited = '' if switch.latency_ms is None else f', {switch.latency_ms:.0f} ms after the request'
    return (
        f'{episode.name}: takeover {switch.takeover_id}{waited}; '
        f'largest velocity step in the next 0.5 s: {switch.velocity_step:.3f} rad/s'
    )


def _legend(figure: Figure) -> None:
    lines = [Line2D([], [], label=name, **style) for name, style in _LINES.items()]
    patches = [
        Patch(color=colour, label=phase.name.lower()) for phase, colour in PHASE_COLOURS.items()
    ]
    figure.legend(handles=[*lines, *patches], loc='outside lower center', ncols=5, fontsize=8)

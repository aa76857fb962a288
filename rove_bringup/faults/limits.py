"""Whether the robot stayed within its limits: what was commanded, and what was measured."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rove_bringup.faults.evidence import Evidence
from rove_teleop.core.limits import ChannelLimits
from rove_teleop.core.names import (
    CHANNELS,
    GROUP_CHANNELS,
    GROUPS,
    JOINTS,
    NUM_LEG_JOINTS,
    Phase,
)
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array
from rove_teleop.recording.check import outside_limits
from rove_teleop.recording.episode import Episode

_PERIOD_S = 0.005
_SLACK = 1.0 + 1e-6
_BLOW = 1.1  # what the world adds to a speed when it is hit
_SOFT = 0.05  # rad; a motor is no wall, and a joint may be pressed beyond its limit by so much
_NEW_START = ('plant_restarted', 'rearm')
"""After these the command begins anew where the robot is."""


def broken_limits(evidence: Evidence, robot: Robot, begin_ns: int) -> Iterator[str]:
    """What left its limits since a fault began, one sentence each."""
    episode = evidence.episode
    limits = ChannelLimits.from_joints(robot.lower[NUM_LEG_JOINTS:], robot.upper[NUM_LEG_JOINTS:])
    rows = episode.t_ns >= begin_ns
    if outside_limits(episode, robot.lower, robot.upper)[rows].any():
        yield 'a joint was commanded beyond its limit'
    stopped = _stopped(episode)
    velocity = np.where(stopped, limits.stop_velocity, limits.velocity)
    yield from _above('velocity', np.abs(episode.executed_velocity), velocity, rows)
    acceleration = np.abs(np.diff(episode.executed_velocity, axis=0, prepend=0.0)) / _PERIOD_S
    largest = np.where(stopped, limits.stop_acceleration, limits.acceleration)
    anew = [event.tick for event in episode.events if event.kind in _NEW_START]
    told = rows & ~np.isin(episode.tick, anew)
    yield from _above('acceleration', acceleration, largest, told)
    marks = [text for text in _marks(episode, begin_ns) if not _only_jerk(text)]
    if marks:
        yield f'{len(marks)} limits gave way, {marks[0]} first'
    yield from _measured(evidence, robot, begin_ns)


def jerk_marks(episode: Episode, begin_ns: int) -> int:
    """How often the jerk of a channel gave way in a tick, as the weakest of the limits."""
    return sum(map(_only_jerk, _marks(episode, begin_ns)))


def _only_jerk(mark: str) -> bool:
    return mark.count('!') == 1 and mark.endswith('jerk!')


def _marks(episode: Episode, begin_ns: int) -> Iterator[str]:
    """Limits that gave way, as the frames mark them: ``channel:limits!``."""
    for row in np.flatnonzero(episode.t_ns >= begin_ns):
        for text in episode.limits[row]:
            yield from (text for _ in range('!' in text))


def _stopped(episode: Episode) -> Array:
    """Which channels have the limits of a stop, shape (n, 37)."""
    stopped = np.zeros((len(episode), len(CHANNELS)), dtype=bool)
    for index, group in enumerate(GROUPS):
        column = episode.phase[:, index] == Phase.STOPPED
        stopped[:, GROUP_CHANNELS[group]] = column[:, None]
    return stopped


def _above(name: str, values: Array, limit: Array, rows: Array) -> Iterator[str]:
    over = np.where(rows[:, None], values - _SLACK * limit, -np.inf)
    if len(over) and over.max() > 1e-9:
        row, channel = np.unravel_index(int(np.argmax(over)), over.shape)
        yield f'{name} of {CHANNELS[channel]} was commanded to {values[row, channel]:.2f}'


def _measured(evidence: Evidence, robot: Robot, begin_ns: int) -> Iterator[str]:
    rows = evidence.plant_ns >= begin_ns
    position, velocity = evidence.plant_position[rows], evidence.plant_velocity[rows]
    if evidence.plant_faults:
        yield f'the robot {" and ".join(sorted(evidence.plant_faults))}'
    if (position < robot.lower - _SOFT).any() or (position > robot.upper + _SOFT).any():
        yield 'a joint moved beyond its limit'
    body = np.array([not name.count('hand') for name in JOINTS])  # fingers slip off one another
    if (np.abs(velocity) > _BLOW * robot.velocity)[:, body].any():
        yield 'a joint moved faster than it may'

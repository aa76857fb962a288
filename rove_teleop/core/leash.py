"""Keeps the command near the robot: whoever pushes against the world pushes with a bounded force.

A joint servo turns distance between command and robot into torque. Without a bound, a hand that
is commanded into a table presses harder and harder, and lifts the robot off its own balance.
"""

from __future__ import annotations

import numpy as np

from rove_teleop.core.names import GROUP_CHANNELS, NUM_BASE, NUM_CHANNELS, NUM_LEG_JOINTS
from rove_teleop.core.safety import VelocityBounds
from rove_teleop.core.types import Array, PlantState

LENGTH = 0.12  # rad; with the arms' gains some 10 N·m at the shoulder
_GAIN = 100.0  # [1/s], how abruptly the leash tightens
_BASE_GAIN = np.array([12.0] * 3 + [25.0] * 3)  # [m/s, rad/s] of the pelvis per rad of slack
_LAG_S = 0.012  # a freely moving joint is this far behind its command
_LEASHED = ('torso', 'left_arm', 'right_arm')


class Leash:
    """A safety rule: a joint that does not follow is not commanded further away.

    Nor does the pelvis move on behind a joint that is held up, or the body's weight would push
    where the arm must not. Fingers are left out: a grip lives on the distance between command
    and finger.
    """

    urgent = True

    def __init__(self, length: float = LENGTH) -> None:
        """Begin without a robot in sight.

        Args:
            length: Largest distance between command and joint that may grow [rad].
        """
        self._length = np.full(NUM_CHANNELS, np.inf)
        for group in _LEASHED:
            self._length[GROUP_CHANNELS[group]] = length
        self._measured: Array | None = None

    def observe(self, plant: PlantState) -> None:
        """Take the newest measurement."""
        upper = plant.position[NUM_LEG_JOINTS:]
        self._measured = np.concatenate((np.zeros(NUM_BASE), upper))

    def bounds(self, position: Array, velocity: Array) -> VelocityBounds | None:
        """Velocities that do not lengthen the leash further, each shape (37,)."""
        if self._measured is None:
            return None
        ahead = position - self._measured - _LAG_S * velocity
        lower = np.minimum(-_GAIN * (self._length + ahead), 0.0)
        upper = np.maximum(_GAIN * (self._length - ahead), 0.0)
        slack = float((self._length - np.abs(ahead)).min())
        upper[:NUM_BASE] = _BASE_GAIN * max(slack, 0.0)
        lower[:NUM_BASE] = -upper[:NUM_BASE]
        return VelocityBounds(lower, upper)

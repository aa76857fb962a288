"""Keep the centre of mass, and the point where it would come to rest, over the feet."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.limits.joint import accelerating, braking_velocity
from rove_teleop.core.types import Array


class ComLimit:
    """Two rows on the horizontal velocity of the centre of mass.

    It may move only so fast that it can brake within the region, and its velocity changes only
    so fast that the pressure point ``c - c''/w²`` of the linear inverted pendulum stays put.
    """

    size = 2

    def __init__(self, config: IkConfig) -> None:
        self._low = np.array((config.com_x[0], config.com_y[0]))
        self._high = np.array((config.com_x[1], config.com_y[1]))
        self._acceleration = np.full(2, config.com_acceleration)
        self._push_out = 1.0  # 1/s, how fast it returns when a reset left it outside

    def interval(self, com: Array, velocity: Array, dt: float) -> tuple[Array, Array]:
        """Velocity interval, each (2,) [m/s], for the centre of mass at ``com``."""
        above, below = self._high - com[:2], com[:2] - self._low
        high = braking_velocity(above, self._acceleration, dt)
        low = -braking_velocity(below, self._acceleration, dt)
        high += self._push_out * np.minimum(above, 0.0)
        low -= self._push_out * np.minimum(below, 0.0)
        return accelerating(low, high, velocity, self._acceleration * dt)

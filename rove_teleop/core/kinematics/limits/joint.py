"""Position, velocity and acceleration limits of joints as one interval of velocities."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.types import Array


def braking_velocity(distance: Array, acceleration: Array, dt: float) -> Array:
    """Fastest velocity from which a stop within a distance is still possible.

    Solves ``v dt + v² / (2 a) = d``: one more tick at v, then braking with a. A system that
    keeps to it at one tick can keep to it at the next, so the limit is never infeasible.

    Args:
        distance: Room left [m or rad]; negative counts as none.
        acceleration: Braking acceleration.
        dt: Tick [s].
    """
    room = np.maximum(distance, 0.0)
    reach = acceleration * dt
    return np.sqrt(reach * reach + 2.0 * acceleration * room) - reach


class JointLimit:
    """Velocity intervals that respect position, velocity and acceleration, in this order."""

    def __init__(self, lower: Array, upper: Array, velocity: Array, acceleration: Array) -> None:
        self._lower, self._upper = lower, upper
        self._velocity, self._acceleration = velocity, acceleration

    def reachable(self, position: Array, dt: float) -> tuple[Array, Array]:
        """Interval that respects position and velocity; it always contains zero."""
        high = braking_velocity(self._upper - position, self._acceleration, dt)
        low = -braking_velocity(position - self._lower, self._acceleration, dt)
        return np.maximum(low, -self._velocity), np.minimum(high, self._velocity)

    def interval(self, position: Array, velocity: Array, dt: float) -> tuple[Array, Array]:
        """Interval that also keeps the change from the last velocity as small as it can be."""
        low, high = self.reachable(position, dt)
        return accelerating(low, high, velocity, self._acceleration * dt)


def accelerating(low: Array, high: Array, velocity: Array, change: Array) -> tuple[Array, Array]:
    """Part of ``[low, high]`` within ``change`` of ``velocity``; its nearest end if none is."""
    return (
        np.minimum(np.maximum(low, velocity - change), high),
        np.maximum(np.minimum(high, velocity + change), low),
    )

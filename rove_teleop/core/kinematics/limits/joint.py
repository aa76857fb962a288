"""Position, velocity and acceleration limits of joints as one interval of velocities."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.types import Array

LARGEST = 1e6
"""Stands for a limit that is not there, in any unit."""


def braking_velocity(distance: Array, acceleration: Array, dt: float) -> Array:
    """Fastest velocity from which a stop within a distance is still possible.

    Solves ``v dt + v² / (2 a) = d``: one more tick at v, then braking with a. A system that
    keeps to it at one tick can keep to it at the next, so the limit is never infeasible.

    Args:
        distance: Room left [m or rad]; negative counts as none.
        acceleration: Braking acceleration, at most ``LARGEST``.
        dt: Tick [s].
    """
    reach = acceleration * dt
    speed = np.maximum(distance, 0.0)
    speed *= 2.0 * acceleration
    speed += reach * reach
    np.sqrt(speed, out=speed)
    speed -= reach
    return speed


class JointLimit:
    """Velocity intervals that respect position, velocity and acceleration, in this order."""

    def __init__(
        self,
        lower: Array,
        upper: Array,
        velocity: Array,
        acceleration: Array,
        *,
        free: int | None = None,
    ) -> None:
        """Guard n joints, each argument shape (n,).

        Args:
            lower: Lowest positions [m or rad].
            upper: Highest positions.
            velocity: Largest speed.
            acceleration: For braking, and for every change of velocity of free variables.
            free: Of how many variables the velocity is chosen; all if None. The rest follow
                from them, and only braking counts there.
        """
        n = len(lower)
        free = n if free is None else free
        self._edge = np.clip(np.stack((upper, -lower)), -LARGEST, LARGEST)
        self._velocity = np.minimum(velocity, LARGEST)
        self._acceleration = np.minimum(acceleration, LARGEST)
        self._twice = 2.0 * self._acceleration
        self._softest = np.where(np.arange(n) < free, self._acceleration, np.inf)
        self._set_tick(1.0)
        self._side = np.array(((1.0,), (-1.0,)))
        self._speed, self._near = np.zeros((2, n)), np.zeros((2, n))

    def _set_tick(self, dt: float) -> None:
        self._dt = dt
        self._reach, self._change = self._acceleration * dt, self._softest * dt
        self._reach_squared = self._reach * self._reach

    def reachable(self, position: Array, dt: float) -> tuple[Array, Array]:
        """Interval that respects position and velocity; it always contains zero."""
        up, down = self._fastest(position, dt)
        return -down, up

    def interval(
        self, position: Array, velocity: Array, dt: float, factor: float = 1.0
    ) -> tuple[Array, Array]:
        """Interval that also keeps the change from the last velocity as small as it can be."""
        fastest = self._fastest(position, dt)
        near = np.multiply(self._side, velocity, out=self._near)
        near += self._change if factor == 1.0 else factor * self._change
        np.minimum(near, fastest, out=near)
        np.negative(fastest, out=fastest)
        np.maximum(near[0], fastest[1], out=near[0])
        np.maximum(near[1], fastest[0], out=near[1])
        return -near[1], near[0]

    def _fastest(self, position: Array, dt: float) -> Array:
        """Largest speeds upwards and downwards, shape (2, n); the next call overwrites them."""
        speed = np.multiply(self._side, position, out=self._speed)
        np.subtract(self._edge, speed, out=speed)
        np.maximum(speed, 0.0, out=speed)
        if dt != self._dt:
            self._set_tick(dt)
        speed *= self._twice
        speed += self._reach_squared
        np.sqrt(speed, out=speed)
        speed -= self._reach
        return np.minimum(speed, self._velocity, out=speed)


def accelerating(low: Array, high: Array, velocity: Array, change: Array) -> tuple[Array, Array]:
    """Part of ``[low, high]`` within ``change`` of ``velocity``; its nearest end if none is."""
    return (
        np.minimum(np.maximum(low, velocity - change), high),
        np.maximum(np.minimum(high, velocity + change), low),
    )

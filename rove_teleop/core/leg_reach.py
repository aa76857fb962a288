"""Keeps the base reference where the legs can put it, and the legs within their speed."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from rove_teleop.core.limits import ChannelLimits
from rove_teleop.core.names import LEG_JOINTS, NUM_BASE, NUM_CHANNELS
from rove_teleop.core.safety import VelocityBounds
from rove_teleop.core.types import Array, PlantState

LEG_VELOCITY = 2.0  # [rad/s]
STRAIGHTEST_KNEE = 0.3  # [rad]; straighter than that leg speed and acceleration run away
_KNEES = [index for index, name in enumerate(LEG_JOINTS) if 'knee' in name]
_REACHED = 1e-4  # [m, rad]
_MOVING = 1e-3  # [m/s, rad/s]
_MARGIN_S = 0.08  # what jerk delays, and how long an answer is used
_EVERY = 4  # ticks; the base moves by less than a millimetre and a half meanwhile


class LegModel(Protocol):
    """Leg kinematics both ways; one of its own, because it may remember its last answer."""

    def solve(self, base: Array, base_velocity: Array) -> tuple[Array, Array]:
        """Leg positions and velocities (12,) of a base reference and its rate (6,)."""

    def base_of(self, leg_position: Array) -> Array:
        """Base reference (6,) of leg positions (12,)."""


class LegReach:
    """A safety rule: look where the base would come to rest if it braked now.

    If the legs cannot reach that point, or only with a knee almost straight, the base brakes
    now; if a leg joint would be too fast on the way there, the base slows down.
    """

    urgent = True

    def __init__(self, legs: LegModel, limits: ChannelLimits, dt: float) -> None:
        """Use this leg model and the braking that the limits after a switch allow.

        Args:
            legs: The leg model.
            limits: Limits of the channels.
            dt: Time from one question to the next while the base moves [s].
        """
        self._legs = legs
        self._braking = 0.45 * limits.switch_acceleration[:NUM_BASE]
        self._jerk, self._dt = limits.switch_jerk[:NUM_BASE], dt
        self._fastest = limits.acceleration[:NUM_BASE]
        self._speed: Array | None = None
        self._age = 0
        self._bounds: VelocityBounds | None = None

    def observe(self, plant: PlantState) -> None:
        """Nothing measured is needed."""

    def bounds(self, position: Array, velocity: Array) -> VelocityBounds | None:
        """Safe velocities at an executed state of the channels, each (37,); None at rest."""
        speed = velocity[:NUM_BASE]
        before, self._speed = self._speed, speed
        if np.abs(speed).max() < _MOVING:
            self._age = 0
            return None
        change = np.zeros(NUM_BASE) if before is None else (speed - before) / self._dt
        acceleration = np.clip(change, -self._fastest, self._fastest)
        if self._age % _EVERY == 0:
            self._bounds = self._look(position[:NUM_BASE], speed, acceleration)
        self._age += 1
        return self._bounds

    def _look(self, base: Array, speed: Array, acceleration: Array) -> VelocityBounds | None:
        legs, leg_velocity = self._legs.solve(base, speed)
        knee, fastest = legs[_KNEES].min(), float(np.abs(leg_velocity).max())
        rest = base + self._way_to_rest(speed, acceleration)
        legs_at_rest, _ = self._legs.solve(rest, speed)
        missed = self._miss(legs_at_rest, rest)
        if (missed > _REACHED and missed >= self._miss(legs, base)) or legs_at_rest[
            _KNEES
        ].min() < min(knee, STRAIGHTEST_KNEE):
            return _bounds(np.zeros(NUM_BASE), np.zeros(NUM_BASE))
        excess = fastest / LEG_VELOCITY
        if excess <= 1.0:
            return None
        slower = speed / excess
        return _bounds(np.where(speed < 0, slower, -np.inf), np.where(speed > 0, slower, np.inf))

    def _way_to_rest(self, speed: Array, acceleration: Array) -> Array:
        """How far the base still goes when it brakes now: first the acceleration must end."""
        faster = np.maximum(acceleration * np.sign(speed), 0.0)
        time = faster / self._jerk
        top = np.abs(speed) + 0.5 * faster * time
        gathered = time * (np.abs(speed) + faster * time / 3.0)
        return np.sign(speed) * (gathered + top * (0.5 * top / self._braking + _MARGIN_S))

    def _miss(self, legs: Array, base: Array) -> float:
        """How far from a base reference its leg solution stands [m, rad]."""
        return float(np.abs(self._legs.base_of(legs) - base).max())


def _bounds(lower: Array, upper: Array) -> VelocityBounds:
    """Bounds of the base alone."""
    free = np.full(NUM_CHANNELS - NUM_BASE, np.inf)
    return VelocityBounds(np.concatenate((lower, -free)), np.concatenate((upper, free)))

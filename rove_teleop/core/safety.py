"""Limits of position as velocities from which one can still brake, and the tilt of the robot.

Safety never looks at where the commands come from. Every rule that guards a region of space
(joint limits here; distances between bodies are of the same form) says how fast each channel
may move each way right now; the tightest rule wins, and the tracker keeps within it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import Protocol

import numpy as np

from rove_teleop.core.limits import ChannelLimits, Envelope
from rove_teleop.core.types import Array, PlantState

_BRAKING_SHARE = 0.6  # of the acceleration limit; the rest is for what jerk delays
_GAIN = 12.0  # [1/s]; low enough for the jerk limit of the base


def braking_velocity(distance: Array, gain: float, deceleration: Array) -> Array:
    """Fastest approach to a point that can still come to rest there, with the distance's sign.

    Args:
        distance: Signed distance to the point.
        gain: Slope of the linear part near the point [1/s].
        deceleration: What braking may use, in units of distance / s².
    """
    far = np.abs(distance)
    knee = deceleration / (gain * gain)
    root = np.sqrt(2.0 * deceleration * np.maximum(far - 0.5 * knee, 0.0))
    return np.copysign(np.where(far < knee, gain * far, root), distance)


@dataclass(frozen=True)
class VelocityBounds:
    """Velocities that are safe now, each shape (37,); ``lower <= 0 <= upper``.

    Attributes:
        urgent: Channels that shall brake as hard as they may, bool of shape (37,).
    """

    lower: Array
    upper: Array
    urgent: Array | None = None


class SafetyRule(Protocol):
    """One more reason to go slower; collision and workspace rules take this form.

    Attributes:
        urgent: Whether what is faster than its bounds shall brake as hard as it may; a rule
            that plans with comfortable braking needs no other.
    """

    urgent: bool

    def observe(self, plant: PlantState) -> None:
        """Take a plant state that passed the judge; called before the next ``bounds``."""

    def bounds(self, position: Array, velocity: Array) -> VelocityBounds | None:
        """Safe velocities at an executed state of the channels, None for nothing to say."""


class Safety:
    """The tightest of all rules.

    Position limits are approached as if the limits after a switch were always in force, so a
    switch close to a stop never needs more acceleration than it may have.
    """

    def __init__(self, limits: ChannelLimits, rules: Sequence[SafetyRule] = ()) -> None:
        """Guard the position limits, and whatever else the rules guard."""
        self._lower, self._upper = limits.lower, limits.upper
        weakest = np.minimum(limits.switch_acceleration, limits.acceleration)
        self._braking = _BRAKING_SHARE * weakest
        self._rules = tuple(rules)

    def observe(self, plant: PlantState) -> None:
        """Show every rule a plant state."""
        for rule in self._rules:
            rule.observe(plant)

    def bounds(self, position: Array, velocity: Array, envelope: Envelope) -> VelocityBounds:
        """Safe velocities at an executed state, each argument shape (37,)."""
        room = np.stack((self._upper - position, self._lower - position))
        upper, lower = braking_velocity(room, _GAIN, self._braking)
        upper = np.minimum(upper, envelope.velocity)
        lower = np.maximum(lower, -envelope.velocity)
        urgent = None
        for rule in self._rules:
            if (more := rule.bounds(position, velocity)) is not None:
                upper, lower = np.minimum(upper, more.upper), np.maximum(lower, more.lower)
                if rule.urgent:
                    outside = (velocity > more.upper) | (velocity < more.lower)
                    urgent = outside if urgent is None else urgent | outside
        return VelocityBounds(lower, upper, urgent)


def tilt(base_pose: Array) -> float:
    """Angle between the pelvis' vertical axis and gravity [rad], of a pose (7,)."""
    x, y = float(base_pose[3]), float(base_pose[4])
    return math.acos(min(max(1.0 - 2.0 * (x * x + y * y), -1.0), 1.0))

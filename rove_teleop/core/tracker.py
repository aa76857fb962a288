"""The last stage before the robot: follows any target within velocity, acceleration and jerk.

Two nested braking laws, one tick at a time and all channels at once. The position error asks
for a velocity on top of the target's own, the velocity error asks for an acceleration, and the
acceleration changes by at most the jerk limit. Each law is linear near zero (no chatter, exact
rest) and follows the square root of the remaining distance beyond (it can always brake).

It accelerates comfortably: no harder than what is allowed after a switch, so that a switch may
come at any moment. Only what is urgent to keep safe gets all that the limits allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from rove_teleop.core.limits import Envelope
from rove_teleop.core.names import CHANNELS
from rove_teleop.core.safety import VelocityBounds, braking_velocity
from rove_teleop.core.types import Array

POSITION_GAIN = 25.0  # [1/s]
VELOCITY_GAIN = 100.0  # [1/s], four times the position gain: critically damped
_BRAKING_SHARE = 0.45  # of a limit, for braking that was planned
_ACCELERATION_SHARE = 0.995  # keeps a step of velocity under the limit after rounding
_REST = 1e-9
_TOLERANCE = 1e-9

POSITION, VELOCITY, ACCELERATION, JERK = 1, 2, 4, 8
BREACH_SHIFT = 4
"""`Tracker.active`: low bits for limits that acted, high bits for those that gave way."""


@dataclass(frozen=True)
class Target:
    """Where the channels should go.

    Attributes:
        position, velocity: Shape (37,).
        brake: Channels that shall come to rest wherever they can, shape (37,), bool.
    """

    position: Array
    velocity: Array
    brake: Array


class Tracker:
    """The executed command and how it moves on.

    Attributes:
        position, velocity, acceleration: Executed, shape (37,); replaced, never edited.
        active: Limits that acted in the last tick, bits per channel, shape (37,).
    """

    def __init__(self, lower: Array, upper: Array, dt: float) -> None:
        """Begin at rest in the middle of the range; `seed` it before the first step.

        Args:
            lower: Lowest positions, never left, shape (37,).
            upper: Highest positions.
            dt: Control period [s].
        """
        self._lower, self._upper, self._dt = lower, upper, dt
        self.active = np.zeros(lower.size, dtype=np.uint8)
        self.seed(0.5 * (lower + upper), np.zeros(lower.size))

    def seed(self, position: Array, velocity: Array) -> None:
        """Go on from an executed position and velocity, each shape (37,)."""
        self.position = np.minimum(np.maximum(position, self._lower), self._upper)
        self.velocity = velocity.astype(float)
        self.acceleration = np.zeros_like(self.velocity)

    def halt(self, channels: slice, position: Array) -> None:
        """Stay at a position after all, against every limit of smoothness.

        Args:
            channels: Which ones.
            position: Where they were before the last step.
        """
        self.position, self.velocity = self.position.copy(), self.velocity.copy()
        self.acceleration, self.active = self.acceleration.copy(), self.active.copy()
        self.position[channels] = position
        self.velocity[channels] = self.acceleration[channels] = 0.0
        self.active[channels] |= np.uint8(POSITION | ACCELERATION << BREACH_SHIFT)

    def step(self, target: Target, bounds: VelocityBounds, envelope: Envelope) -> None:
        """Advance one period.

        Args:
            target: Where to go; it may be anywhere and may jump.
            bounds: Velocities from which every limit of position can still be kept.
            envelope: Limits of velocity, acceleration and jerk of this tick.
        """
        gap = np.minimum(np.maximum(target.position, self._lower), self._upper) - self.position
        gap[target.brake] = 0.0
        effort = envelope.comfort
        if bounds.urgent is not None:
            effort = np.where(bounds.urgent, envelope.acceleration, effort)
        wanted, bounded = self._wanted_velocity(target, gap, effort, bounds, envelope)
        acceleration, limited = self._acceleration(wanted, effort, envelope)
        velocity = self.velocity + acceleration * self._dt
        speed = np.maximum(envelope.velocity, np.abs(self.velocity))  # an excess only decays,
        dying = np.abs(acceleration) < np.abs(self.acceleration)  # except while it still gathers
        speed = np.where(dying, np.maximum(speed, envelope.ceiling), speed)
        velocity = np.minimum(np.maximum(velocity, -speed), speed)
        velocity *= np.abs(velocity) > _REST  # no denormal numbers at rest
        position = self.position + velocity * self._dt
        inside = np.minimum(np.maximum(position, self._lower), self._upper)
        if (inside != position).any():
            velocity = np.where(inside == position, velocity, (inside - self.position) / self._dt)
        before = self.velocity, self.acceleration
        self.position, self.velocity = inside, velocity
        self.acceleration = (velocity - before[0]) / self._dt
        self.active = bounded | limited | self._breaches(*before, envelope)

    def _wanted_velocity(
        self,
        target: Target,
        gap: Array,
        effort: Array,
        bounds: VelocityBounds,
        envelope: Envelope,
    ) -> tuple[Array, Array]:
        wanted = target.velocity + braking_velocity(gap, POSITION_GAIN, _BRAKING_SHARE * effort)
        wanted[target.brake] = 0.0
        kept = np.minimum(np.maximum(wanted, bounds.lower), bounds.upper)
        at_speed = np.abs(kept) >= envelope.velocity
        reason = np.where(at_speed, np.uint8(VELOCITY), np.uint8(POSITION))
        return kept, (kept != wanted) * reason

    def _acceleration(
        self, wanted: Array, effort: Array, envelope: Envelope
    ) -> tuple[Array, Array]:
        """Acceleration towards a velocity: within its limit always, within jerk if that can be."""
        error = wanted - self.velocity
        asked = braking_velocity(error, VELOCITY_GAIN, _BRAKING_SHARE * envelope.jerk)
        effort = _ACCELERATION_SHARE * effort
        clipped = np.minimum(np.maximum(asked, -effort), effort)
        change = envelope.jerk * self._dt
        dying = np.minimum(envelope.hardest, np.abs(self.acceleration) - change)
        limit = np.maximum(_ACCELERATION_SHARE * envelope.acceleration, dying)
        smooth = np.minimum(
            np.maximum(clipped, self.acceleration - change), self.acceleration + change
        )
        result = np.minimum(np.maximum(smooth, -limit), limit)
        active = (clipped != asked) * np.uint8(ACCELERATION) | (smooth != clipped) * np.uint8(JERK)
        return result, active

    def _breaches(
        self, velocity: Array, acceleration: Array, envelope: Envelope
    ) -> Array | np.uint8:
        """Channels in which a limit gave way, given the state before the step."""
        slack = 1.0 + _TOLERANCE
        speed, limit = np.abs(self.velocity), slack * envelope.velocity
        fast = (speed > limit) & (np.abs(velocity) <= limit)  # an earlier excess decays
        hard = np.abs(self.acceleration) > slack * envelope.acceleration
        change = np.abs(self.acceleration - acceleration)
        rough = change > slack * envelope.jerk * self._dt + _TOLERANCE
        if not (fast.any() or hard.any() or rough.any()):
            return np.uint8(0)
        bits = fast * np.uint8(VELOCITY) | hard * np.uint8(ACCELERATION) | rough * np.uint8(JERK)
        return bits << np.uint8(BREACH_SHIFT)


_NAMES = ('position', 'velocity', 'acceleration', 'jerk')


def describe(active: Array) -> tuple[str, ...]:
    """Active limits as text, ``channel:limit`` with ``!`` where the limit gave way."""
    return tuple(_label(int(c), int(active[c])) for c in np.flatnonzero(active))


@cache
def _label(channel: int, bits: int) -> str:
    acted = [name for k, name in enumerate(_NAMES) if bits >> k & 1]
    gave_way = [f'{name}!' for k, name in enumerate(_NAMES) if bits >> (k + BREACH_SHIFT) & 1]
    return f'{CHANNELS[channel]}:{"+".join(acted + gave_way)}'

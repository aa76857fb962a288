"""Bring a palm to a pose and follow its velocity."""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics.body import Body
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.targets import PalmTarget
from rove_teleop.core.types import Array

_FULL = 0.999  # share of the angle's weight that counts as all of it
_LEAP = 1.5  # times the speed limits


class PalmTask:
    """Six right-hand sides: linear then angular velocity of a palm in stance axes.

    A target that comes without a velocity shall be met at the end of the tick; its velocity is
    that of its own motion since the last tick, unless it leapt. The error that is left to close
    is approached at a speed from which the palm can still brake, and all six errors in the same
    proportion, so that slowing down does not change which pose is best when none is perfect.

    Attributes:
        distance, angle: Error at the last ``write`` [m, rad].
        remaining: What of the distance the target's own motion does not explain [m].
    """

    def __init__(self, body: Body, side: str, config: IkConfig) -> None:
        self._placement = body.placement(body.palms[side])
        self._translation, self._rotation = self._placement.translation, self._placement.rotation
        self._config = config
        self._weights = np.repeat((config.palm_position, config.palm_rotation), 3)
        self._shaped = math.isfinite(config.palm_speed + sum(config.palm_braking))
        self._last: pin.SE3 | None = None
        self.distance = self.angle = self.remaining = 0.0

    def forget(self) -> None:
        """The next target is a new one, at rest."""
        self._last = None

    def error(self, pose: pin.SE3) -> Array:
        """Twist (6,) [m, rad] in stance axes that would bring the palm to the pose."""
        error = np.empty(6)
        np.subtract(pose.translation, self._translation, out=error[:3])
        error[3:] = pin.log3(pose.rotation @ self._rotation.T)
        return error

    def write(self, target: PalmTarget, dt: float, rows: Array, rhs: Array) -> None:
        """Fill the weighted ``rhs`` (6,); may scale the last three of ``rows`` (6, 23)."""
        config = self._config
        error = self.error(target.pose)
        self.distance, self.angle = _lengths(error)
        self.remaining = self.distance
        if self._shaped:
            error = self._shape(target, dt, error)
        else:
            error *= min(config.palm_gain, 1.0 / dt)
            if target.velocity is not None:
                error += target.velocity
        np.multiply(error, self._weights, out=rhs)
        share = 1.0 / (1.0 + (self.remaining / config.palm_yield) ** 2)
        if share < _FULL:
            rows[3:] *= share
            rhs[3:] *= share

    def _shape(self, target: PalmTarget, dt: float, error: Array) -> Array:
        config, velocity = self._config, target.velocity
        if velocity is None:
            velocity = self._measured(target.pose, dt)
        error -= velocity * dt
        self._last = target.pose
        self.remaining, angle = _lengths(error)
        linear, angular = config.palm_braking
        rate = min(config.palm_gain, 1.0 / dt)
        rate = _rate(self.remaining, rate, config.palm_speed, linear)
        error[:3] *= rate
        error[3:] *= _rate(angle, rate, config.palm_turn, angular)
        error += velocity
        return error

    def _measured(self, pose: pin.SE3, dt: float) -> Array:
        """Velocity (6,) of the target's own motion, zero at first and when it leapt."""
        last, velocity = self._last, np.zeros(6)
        if last is None:
            return velocity
        np.subtract(pose.translation, last.translation, out=velocity[:3])
        velocity[3:] = pin.log3(pose.rotation @ last.rotation.T)
        velocity /= dt
        speed, turn = _lengths(velocity)
        if speed > _LEAP * self._config.palm_speed or turn > _LEAP * self._config.palm_turn:
            velocity[:] = 0.0
        return velocity


def _lengths(twist: Array) -> tuple[float, float]:
    x, y, z, u, v, w = twist.tolist()
    return math.sqrt(x * x + y * y + z * z), math.sqrt(u * u + v * v + w * w)


def _rate(error: float, gain: float, fastest: float, braking: float) -> float:
    """Velocity per error [1/s]: the gain near the target, what can still brake farther away."""
    if error < 1e-9:
        return gain
    return min(gain, math.sqrt(2.0 * braking / error), fastest / error)

"""Bring a palm to a pose and follow its velocity."""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics.body import Body
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.targets import PalmTarget
from rove_teleop.core.types import Array


class PalmTask:
    """Six rows: linear then angular velocity of a palm in the axes of the stance frame.

    Attributes:
        distance, angle: Error at the last ``write`` [m, rad].
    """

    size = 6

    def __init__(self, body: Body, frame: str, config: IkConfig) -> None:
        self._frame = body.model.getFrameId(frame)
        self._config = config
        self._weight = np.repeat((config.palm_position, config.palm_rotation), 3)
        self.distance = self.angle = 0.0

    def error(self, body: Body, pose: pin.SE3) -> Array:
        """Twist (6,) [m, rad] in stance axes that would bring the palm to the pose."""
        T = body.data.oMf[self._frame]
        error = np.empty(6)
        error[:3] = pose.translation - T.translation
        error[3:] = pin.log3(pose.rotation @ T.rotation.T)
        return error

    def write(
        self, body: Body, target: PalmTarget, dt: float, jacobian: Array, rhs: Array
    ) -> None:
        """Fill the weighted rows ``jacobian`` (6, 35) and ``rhs`` (6,)."""
        config = self._config
        error = self.error(body, target.pose)
        self.distance = math.sqrt(float(error[:3] @ error[:3]))
        self.angle = math.sqrt(float(error[3:] @ error[3:]))
        gain = min(config.palm_gain, 1.0 / dt)
        linear, angular = config.palm_braking
        error[:3] *= _rate(self.distance, gain, config.palm_speed, linear)
        error[3:] *= _rate(self.angle, gain, config.palm_turn, angular)
        if target.velocity is not None:
            error += target.velocity
        np.multiply(self._weight[:, None], body.jacobian(self._frame), out=jacobian)
        np.multiply(self._weight, error, out=rhs)


def _rate(error: float, gain: float, fastest: float, braking: float) -> float:
    """Velocity per error [1/s]: the gain near the target, what can still brake farther away."""
    if error < 1e-9:
        return gain
    return min(gain, math.sqrt(2.0 * braking / error), fastest / error)

"""Pull every free variable gently to the standing pose; what remains of the redundancy."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.kinematics.body import FREE, NUM_FREE, Body
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.types import Array

_WAIST_AND_ARMS = slice(6, NUM_FREE)
_DAMPED_BASE = 0.05  # weight per m/s and rad/s of what no other task holds


class PostureTask:
    """Diagonal: weights (23,) and wished velocities (23,) of the free variables."""

    def __init__(self, body: Body, config: IkConfig) -> None:
        self._nominal = body.joints[12:].copy()
        self._height = float(body.base[2])
        self._config = config
        self.weight = np.full(NUM_FREE, _DAMPED_BASE)
        self.weight[2] = config.pelvis_height
        self.weight[FREE['torso']] = config.posture_waist
        self.weight[FREE['left_arm']] = config.posture_arms
        self.weight[FREE['right_arm']] = config.posture_arms
        self._velocity = np.zeros(NUM_FREE)

    def velocity(self, body: Body, height: float | None) -> Array:
        """Wished free velocities (23,) [m/s, rad/s]."""
        height = self._height if height is None else height
        self._velocity[2] = self._config.pelvis_height_gain * (height - float(body.base[2]))
        np.subtract(self._nominal, body.joints[12:], out=self._velocity[_WAIST_AND_ARMS])
        self._velocity[_WAIST_AND_ARMS] *= self._config.posture_gain
        return self._velocity

"""Pull every free variable gently to the standing pose; what remains of the redundancy."""

from __future__ import annotations

import math

import numpy as np

from rove_teleop.core.kinematics.body import FREE, LEGS, NUM_FREE, UPPER, Body
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.types import Array


class PostureTask:
    """Diagonal: squared weights (23,) and wished velocities (23,) of the free variables."""

    def __init__(self, body: Body, config: IkConfig) -> None:
        self._nominal = body.position.copy()
        self._config = config
        weight = np.full(NUM_FREE, config.posture_base)
        weight[2] = config.pelvis_height
        weight[FREE['torso']] = config.posture_waist
        weight[FREE['left_arm']] = config.posture_arms
        weight[FREE['right_arm']] = config.posture_arms
        self.squared = weight * weight
        self._legs = config.posture_legs**2
        self._velocity = np.zeros(NUM_FREE)

    def velocity(self, body: Body, height: float | None, dt: float) -> Array:
        """Wished free velocities (23,) [m/s, rad/s]."""
        wish = self._velocity
        goal = self._nominal[2] if height is None else height
        gain = min(self._config.pelvis_height_gain, 1.0 / dt)
        wish[2] = gain * (goal - float(body.base[2]))
        np.subtract(self._nominal[UPPER], body.upper, out=wish[UPPER])
        wish[UPPER] *= min(self._config.posture_gain, 1.0 / dt)
        return wish

    def write_legs(self, body: Body, dt: float, damping: float, rows: Array, rhs: Array) -> None:
        """Fill the weighted rows (12, 6) and ``rhs`` (12,) of what the leg joints wish.

        Args:
            body: At the pose to look at.
            dt: Tick [s].
            damping: Weight of leg rates that are not zero, squared.
            rows: With respect to the rates of the base.
            rhs: Wished rates, weighted.
        """
        weight = math.sqrt(self._legs + damping)
        np.multiply(body.leg_map, weight, out=rows)
        if self._legs > 0.0:
            gain = self._legs * min(self._config.posture_gain, 1.0 / dt) / weight
            np.subtract(self._nominal[LEGS], body.legs, out=rhs)
            rhs *= gain

"""Turn a link towards an orientation, upright by default, and keep it where it was."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics.body import Body
from rove_teleop.core.types import Array


class UprightTask:
    """Right-hand sides of a link: linear velocity if it has a weight, then angular velocity."""

    def __init__(
        self, body: Body, frame: int, position: float, rotation: float, gain: float
    ) -> None:
        """Hold the link at its present position.

        Args:
            body: In the nominal pose.
            frame: Number of the link's frame.
            position: Weight per m/s.
            rotation: Weight per rad/s.
            gain: Velocity per error [1/s].
        """
        placement = body.placement(frame)
        self._translation, self._rotation = placement.translation, placement.rotation
        self._nominal = self._translation.copy()
        self._weights, self._gain = (position, rotation), gain

    def error(self, rotation: Array | None = None) -> Array:
        """Rotation vector (3,) [rad] in stance axes that would turn the link as asked."""
        back = self._rotation.T
        return pin.log3(back if rotation is None else rotation @ back)

    def write(
        self, dt: float, rhs: Array, rotation: Array | None = None, gain: float | None = None
    ) -> None:
        """Fill the weighted ``rhs`` (3,) or (6,)."""
        gain = min(self._gain if gain is None else gain, 1.0 / dt)
        position_weight, rotation_weight = self._weights
        if position_weight > 0.0:
            np.subtract(self._nominal, self._translation, out=rhs[:3])
            rhs[:3] *= position_weight * gain
        if rotation_weight > 0.0:
            np.multiply(self.error(rotation), rotation_weight * gain, out=rhs[-3:])

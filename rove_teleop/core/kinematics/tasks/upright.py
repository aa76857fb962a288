"""Turn a link towards an orientation, upright by default."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics.body import Body
from rove_teleop.core.types import Array

_UPRIGHT = np.eye(3)


class UprightTask:
    """Three rows: angular velocity of a link in the axes of the stance frame."""

    size = 3

    def __init__(self, body: Body, frame: str, weight: float, gain: float) -> None:
        self._frame = body.model.getFrameId(frame)
        self._weight, self._gain = weight, gain

    def error(self, body: Body, rotation: Array = _UPRIGHT) -> Array:
        """Rotation vector (3,) [rad] in stance axes that would turn the link as asked."""
        return pin.log3(rotation @ body.data.oMf[self._frame].rotation.T)

    def write(
        self,
        body: Body,
        jacobian: Array,
        rhs: Array,
        rotation: Array | None = None,
        gain: float | None = None,
    ) -> None:
        """Fill the weighted rows ``jacobian`` (3, 35) and ``rhs`` (3,)."""
        gain = self._gain if gain is None else gain
        error = self.error(body, _UPRIGHT if rotation is None else rotation)
        np.multiply(self._weight, body.jacobian(self._frame)[3:], out=jacobian)
        np.multiply(self._weight * gain, error, out=rhs)

"""Relative motion: the palm moves as the operator's wrist has moved since both were latched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics.targets import PalmTarget
from rove_teleop.core.types import Array


@dataclass(frozen=True)
class Anchor:
    """An operator's wrist and a robot's palm, latched at the same instant.

    Translations and rotations of the wrist since then are carried over in the axes of the stance
    frame, so neither the distance nor the angle between wrist and palm matters.

    Attributes:
        T_operator_wrist: The wrist at the latch, in the operator's frame.
        T_stance_palm: The palm at the latch.
        scale: Metres of palm per metre of wrist.
        yaw: Heading of the operator's frame in the stance frame [rad].
    """

    T_operator_wrist: pin.SE3
    T_stance_palm: pin.SE3
    scale: float = 1.0
    yaw: float = 0.0

    def target(self, T_operator_wrist: pin.SE3, velocity: Array | None = None) -> PalmTarget:
        """Where the palm belongs when the wrist is here.

        Args:
            T_operator_wrist: The wrist now, in the operator's frame.
            velocity: Of the wrist, linear then angular in the operator's axes, shape (6,).

        Raises:
            InvalidInput: The target is not finite or absurdly far.
        """
        turn = pin.rpy.rpyToMatrix(0.0, 0.0, self.yaw)
        moved = T_operator_wrist.translation - self.T_operator_wrist.translation
        turned = T_operator_wrist.rotation @ self.T_operator_wrist.rotation.T
        pose = pin.SE3(
            turn @ turned @ turn.T @ self.T_stance_palm.rotation,
            self.T_stance_palm.translation + self.scale * (turn @ moved),
        )
        if velocity is None:
            return PalmTarget(pose)
        return PalmTarget(
            pose, np.concatenate((self.scale * (turn @ velocity[:3]), turn @ velocity[3:]))
        )

"""Small motions of a pose in fixed axes, there and back."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.types import Array


def displacement(before: pin.SE3, after: pin.SE3) -> Array:
    """From one pose to another (6,), linear [m] then angular [rad], both in fixed axes."""
    return np.concatenate(
        (after.translation - before.translation, pin.log3(after.rotation @ before.rotation.T))
    )


def displaced(pose: pin.SE3, by: Array) -> pin.SE3:
    """The pose after a displacement (6,)."""
    return pin.SE3(pin.exp3(by[3:]) @ pose.rotation, pose.translation + by[:3])

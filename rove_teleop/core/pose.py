"""Whether numbers from outside are poses: one judge, one tolerance, for whoever takes them in."""

from __future__ import annotations

import math

import numpy as np

from rove_teleop.core.types import Array

UNIT_TOLERANCE = 1e-2
"""How far the norm of a quaternion may be from 1."""
FARTHEST = 20.0
"""A tracked pose farther than this from the operator's origin [m] is a mistake."""


def pose_fault(poses: Array, shape: tuple[int, ...] = (7,), farthest: float = FARTHEST) -> str:
    """Why an array cannot be poses ``[x y z qx qy qz qw]``; empty if it can.

    Args:
        poses: One pose (7,), or several with their components last.
        shape: What its shape must be.
        farthest: Largest coordinate that is believed [m]; infinite for the robot's own pose.
    """
    array = np.asarray(poses)
    if array.shape != shape or array.dtype.kind not in 'fiu':
        return f'is {array.dtype} of shape {array.shape}, expected numbers of shape {shape}'
    if not np.isfinite(array).all():
        return 'is not finite'
    far = float(np.abs(array[..., :3]).max())
    if far > farthest:
        return f'is {far:.4g} m away, expected at most {farthest:g}'
    return _quaternion_fault(array[..., 3:])


def _quaternion_fault(quaternions: Array) -> str:
    largest = float(np.abs(quaternions).max())
    if largest > 1.0 + UNIT_TOLERANCE:  # also keeps the square below from overflowing
        return f'has a quaternion with a part of {largest:.3g}, expected a unit one'
    for norm in np.sqrt((quaternions * quaternions).sum(-1)).reshape(-1).tolist():
        if not math.isclose(norm, 1.0, abs_tol=UNIT_TOLERANCE, rel_tol=0.0):
            return f'has a quaternion of norm {norm:.3g}, expected 1'
    return ''

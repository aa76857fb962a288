"""What the whole-body inverse kinematics is asked for, checked at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
import math

import numpy as np
import pinocchio as pin

from rove_teleop.core.names import SIDES
from rove_teleop.core.types import Array
from rove_teleop.errors import InvalidInput

_TOLERANCE = 1e-3
MAX_DISTANCE = 10.0
"""Targets farther than this from the stance origin [m] are a mistake, not a wish."""


@dataclass(frozen=True)
class PalmTarget:
    """Where a palm shall be, and how it moves there.

    Attributes:
        pose: T_stance_palm.
        velocity: Of the target itself, linear [m/s] then angular [rad/s] in the axes of the
            stance frame, shape (6,); None where only its own motion from tick to tick tells.

    Raises:
        InvalidInput: The pose or velocity is not finite, not a rotation, or absurdly far.
    """

    pose: pin.SE3
    velocity: Array | None = None

    def __post_init__(self) -> None:
        if fault := target_fault(self.pose, self.velocity):
            raise InvalidInput(f'palm target {fault}; got {self.pose.homogeneous.tolist()}')


@dataclass(frozen=True)
class Targets:
    """All wishes of one tick; what is None or absent is left to posture and balance.

    Attributes:
        palms: By side (``left``, ``right``); an arm without a target keeps still.
        torso: R_stance_torso (3, 3); upright when None.
        pelvis_height: Height of the pelvis above the ground [m]; nominal when None.
    """

    palms: Mapping[str, PalmTarget] = field(default_factory=dict)
    torso: Array | None = None
    pelvis_height: float | None = None

    def __post_init__(self) -> None:
        unknown = set(self.palms) - set(SIDES)
        if unknown:
            raise InvalidInput(f'palm targets are left and right, got {sorted(unknown)}')
        if self.torso is not None and not (
            self.torso.shape == (3, 3) and _is_rotation(self.torso)
        ):
            raise InvalidInput('torso target must be a rotation matrix (3, 3)')
        if self.pelvis_height is not None and not 0.2 <= self.pelvis_height <= 1.0:
            raise InvalidInput(f'pelvis height must be 0.2 to 1.0 m, got {self.pelvis_height}')


def target_fault(pose: pin.SE3, velocity: Array | None = None) -> str:
    """Why no palm can be asked to go somewhere; empty if it can."""
    x, y, z = pose.translation.tolist()
    if not math.isfinite(x + y + z):
        return 'has numbers that are not finite'
    if max(x, y, z, -x, -y, -z) > MAX_DISTANCE:
        return f'is farther than {MAX_DISTANCE} m from the stance origin'
    rotation = pose.rotation
    if not _is_rotation(rotation):
        kind = 'no rotation' if np.isfinite(rotation).all() else 'not finite'
        return f'has a matrix that is {kind}'
    if velocity is not None and not (velocity.shape == (6,) and np.isfinite(velocity).all()):
        return 'has a velocity that is not six finite numbers'
    return ''


def _is_rotation(matrix: Array) -> bool:
    """Whether (3, 3) is orthonormal and right-handed to 1e-3; false for NaN."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    return (
        abs(a * a + b * b + c * c - 1.0) < _TOLERANCE
        and abs(d * d + e * e + f * f - 1.0) < _TOLERANCE
        and abs(g * g + h * h + i * i - 1.0) < _TOLERANCE
        and abs(a * d + b * e + c * f) < _TOLERANCE
        and abs(a * g + b * h + c * i) < _TOLERANCE
        and abs(d * g + e * h + f * i) < _TOLERANCE
        and a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) > 0.0
    )

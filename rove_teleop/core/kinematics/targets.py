"""What the whole-body inverse kinematics is asked for, checked at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pinocchio as pin

from rove_teleop.core.names import SIDES
from rove_teleop.core.types import Array
from rove_teleop.errors import InvalidInput

_IDENTITY = np.eye(3)
MAX_DISTANCE = 10.0
"""Targets farther than this from the stance origin [m] are a mistake, not a wish."""


@dataclass(frozen=True)
class PalmTarget:
    """Where a palm shall be, and how it moves there.

    Attributes:
        pose: T_stance_palm.
        velocity: Of the target itself, linear [m/s] then angular [rad/s] in the axes of the
            stance frame, shape (6,); None for a target at rest.

    Raises:
        InvalidInput: The pose or velocity is not finite, not a rotation, or absurdly far.
    """

    pose: pin.SE3
    velocity: Array | None = None

    def __post_init__(self) -> None:
        translation, rotation = self.pose.translation, self.pose.rotation
        if not (np.isfinite(translation).all() and np.isfinite(rotation).all()):
            raise InvalidInput('palm target has numbers that are not finite')
        if float(np.abs(translation).max()) > MAX_DISTANCE:
            raise InvalidInput(
                f'palm target {translation.round(2).tolist()} m is farther than {MAX_DISTANCE} m '
                'from the stance origin'
            )
        if not _is_rotation(rotation):
            raise InvalidInput('palm target has a matrix that is no rotation')
        velocity = self.velocity
        if velocity is not None and not (velocity.shape == (6,) and np.isfinite(velocity).all()):
            raise InvalidInput(f'palm target velocity must be six finite numbers, got {velocity}')


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


def _is_rotation(matrix: Array) -> bool:
    """Whether (3, 3) is orthonormal and right-handed to 1e-3; false for NaN."""
    if not np.abs(matrix).max() < 2.0 or np.abs(matrix @ matrix.T - _IDENTITY).max() > 1e-3:
        return False
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) > 0.0

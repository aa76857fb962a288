"""One number for a hand: from ready to grasp a cube to squeezing it."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.types import Array

# thumb_0 thumb_1 thumb_2 middle_0 middle_1 index_0 index_1 of the right hand [rad]: fingertips
# and thumb equally low and their pads parallel when the palm is down with its fingers 0.5 rad
# below the horizon, first 9 cm apart, then pressing 2 cm into a 5 cm cube.
_OPEN = np.array([0.0, 0.0, -0.50, 0.35, 0.75, 0.35, 0.75])
_CLOSED = np.array([0.0, -0.30, -0.75, 0.70, 0.95, 0.70, 0.95])
_MIRROR = {'right': 1.0, 'left': np.array([1.0, -1, -1, -1, -1, -1, -1])}
_FINGERS = slice(3, 7)


def hand_joints(side: str, grip: float) -> Array:
    """Joints (7,) [rad] of a hand closed by ``grip``, 0 open to 1 closed."""
    return _MIRROR[side] * (_OPEN + grip * (_CLOSED - _OPEN))


def grip_of(side: str, joints: Array) -> float:
    """How far a hand with these joints (7,) is closed: its fingers, projected on the synergy.

    Negative when it is opened wider, above 1 when it is closed further, as a fist is.
    """
    way = (_CLOSED - _OPEN)[_FINGERS]
    offset = (_MIRROR[side] * joints - _OPEN)[_FINGERS]
    return float(offset @ way / (way @ way))

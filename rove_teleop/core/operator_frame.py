"""Where the operator is and which way he faces, apart from where he looks."""

from __future__ import annotations

import math

import numpy as np

from rove_teleop.core.geometry import se3_from_pose, yaw_of
from rove_teleop.core.pose import pose_fault
from rove_teleop.core.types import Array, OperatorState
from rove_teleop.errors import ConfigError

HAND_FRAMES = ('room', 'neck')
"""What the motion of a hand is measured in; the first is the default."""
_FACING = ('torso', 'pelvis')
"""Further poses that say better than the head which way somebody faces, best first."""
_STEEP = math.cos(math.radians(60.0))


def facing(rotation: Array) -> float:
    """Which way somebody faces [rad about z] whose body or head has this rotation (3, 3).

    The direction of the forward axis; when that points steeply up or down, of the axis that is
    square to the left one, so that looking at the floor or at the ceiling turns nobody around.
    """
    if math.hypot(rotation[0, 0], rotation[1, 0]) > _STEEP:
        return yaw_of(rotation)
    return math.atan2(-rotation[0, 1], rotation[1, 1])


def neck_position(head: Array, neck: Array) -> Array:
    """Pivot of the neck (3,) [m] from a head pose (7,) and the pivot in the head's axes (3,)."""
    head = np.asarray(head, dtype=float)
    return np.asarray(se3_from_pose(head).act(neck))


def _heading(sample: OperatorState) -> float | None:
    for pose in (*(sample.body.get(name) for name in _FACING), sample.head):
        if pose is not None and not pose_fault(pose):
            return facing(se3_from_pose(np.asarray(pose, dtype=float)).rotation)
    return None


class OperatorFrame:
    """The axes and the origin in which the operator's hands are measured.

    In ``room`` the hands move in the room. In ``neck`` they are measured from the pivot about
    which the head turns, in the room's directions: stepping aside moves no hand, and neither
    does looking around, which carries a headset about but not the neck.

    Attributes:
        heading: Which way the operator faced in the newest sample [rad], by his torso or pelvis
            where tracked, else by his head; None when it is not known.
    """

    def __init__(self, origin: str, neck: Array) -> None:
        """Begin without a sample.

        Args:
            origin: One of ``HAND_FRAMES``.
            neck: Pivot of the neck in the axes of the head pose [m], shape (3,).

        Raises:
            ConfigError: There is no such origin.
        """
        if origin not in HAND_FRAMES:
            raise ConfigError(f'hand_frame is {origin!r}; known: {", ".join(HAND_FRAMES)}')
        self.heading: float | None = None
        self._neck = np.asarray(neck, dtype=float) if origin == 'neck' else None
        self._origin: Array | None = np.zeros(3)
        self._fault = ''

    def take(self, sample: OperatorState) -> None:
        """Look where the operator is in a sample."""
        self.heading = _heading(sample)
        if self._neck is None:
            return
        head = sample.head
        self._fault = 'is not tracked' if head is None else pose_fault(head)
        self._origin = None
        if head is not None and not self._fault:
            self._origin = neck_position(head, self._neck)

    def lose(self) -> None:
        """Forget where the operator was."""
        self.heading = None

    def place(self, wrist: Array | None) -> tuple[Array | None, str]:
        """A wrist of the newest sample in this frame, and why it cannot be placed, if so."""
        if wrist is None or self._neck is None or pose_fault(wrist):
            return wrist, ''
        if self._origin is None:
            return None, f'cannot be placed: head {self._fault}'
        placed = np.array(wrist, dtype=float)
        placed[:3] -= self._origin
        return placed, ''

"""What every hand retargeting backend promises."""

from __future__ import annotations

from typing import Protocol

from rove_teleop.core.types import Array


class HandRetargeter(Protocol):
    """Turns a tracked human hand into joints of a robot hand; warm-started, one per hand."""

    def retarget(self, hand: Array) -> Array:
        """Joints of the robot hand for one tracked hand.

        Args:
            hand: Poses of 25 joints in WebXR order, any frame, shape (25, 7).

        Returns:
            Joint positions [rad] within the robot's limits, in the robot's order, shape (7,).

        Raises:
            InvalidInput: ``hand`` has another shape, is not finite, or is no hand (knuckles
                that coincide).
        """

    def reset(self, position: Array) -> None:
        """Start the next search from these joints, shape (7,)."""

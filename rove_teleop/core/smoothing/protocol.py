"""What every smoother of a tracked pose can do."""

from __future__ import annotations

from typing import Protocol

import pinocchio as pin

from rove_teleop.core.types import Array


class Smoother(Protocol):
    """Turns samples of one pose into a pose at any time; samples come judged and in order."""

    def reset(self) -> None:
        """Forget everything; the next sample is the first."""

    def restart(self) -> None:
        """Begin at the newest sample, as if the pose had rested there until now.

        Called when relative motion is latched, so that nothing that was moved before the latch
        is made up for after it.
        """

    def take(self, pose: pin.SE3, t_source_ns: int, t_receive_ns: int) -> None:
        """Take in the next sample."""

    def at(self, now_ns: int) -> tuple[pin.SE3, Array]:
        """Pose and velocity, linear then angular in the operator's axes, (6,) [m/s, rad/s].

        Only after a sample since the last reset.
        """

    def delay(self, speed: float = 0.0) -> float:
        """How far a steady motion of this speed [m/s] is behind [s]."""

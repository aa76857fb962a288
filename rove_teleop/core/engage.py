"""How a hand engages: from wherever it is, or only where it lies over the robot's palm.

``relative``: motion counts from the takeover, and nothing ever jumps. ``absolute``: the palm
belongs where the operator's hand is, mapped shoulders to shoulders; an arm is taken only when
the two are near, and what is left between them fades.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from rove_teleop.core.anchor import Anchor
from rove_teleop.core.kinematics.targets import PalmTarget
from rove_teleop.core.types import Array

ENGAGES = ('relative', 'absolute')
"""The first is the default."""
GATE = (0.10, 0.35)
"""Largest distance [m] and angle [rad] at which an absolute arm may be taken."""

_SHORTEST = 1.0  # [s]
_SPEED, _TURN = 0.15, 0.5  # fastest fade [m/s, rad/s]
_PEAK = 1.875  # slope of the fade at its middle


@dataclass(frozen=True)
class AbsoluteMap:
    """Where the palm is that stands for an operator's hand, without any anchor.

    Attributes:
        stance_shoulders: Midway between the robot's shoulders, in the stance frame [m], (3,).
        operator_shoulders: What that corresponds to in the axes of the stance frame, measured
            from where the operator's hands are measured [m], (3,).
    """

    stance_shoulders: Array
    operator_shoulders: Array

    def palm(self, T_operator_wrist: pin.SE3, scale: float, yaw: float) -> pin.SE3:
        """T_stance_palm of a wrist.

        Args:
            T_operator_wrist: The wrist in the operator's frame.
            scale: Metres of palm per metre of wrist.
            yaw: Heading of the operator's frame in the stance frame [rad].
        """
        turn = pin.rpy.rpyToMatrix(0.0, 0.0, yaw)
        reach = turn @ T_operator_wrist.translation - self.operator_shoulders
        return pin.SE3(turn @ T_operator_wrist.rotation, self.stance_shoulders + scale * reach)


def alignment(T_stance_hand: pin.SE3, T_stance_palm: pin.SE3) -> tuple[float, float]:
    """Distance [m] and angle [rad] between a mapped hand and a palm."""
    distance = np.linalg.norm(T_stance_palm.translation - T_stance_hand.translation)
    angle = np.linalg.norm(pin.log3(T_stance_hand.rotation.T @ T_stance_palm.rotation))
    return float(distance), float(angle)


def outside(alignment: tuple[float, float], gate: tuple[float, float]) -> bool:
    """Whether a hand is too far from the palm, or turned too far, for a gate."""
    return alignment[0] > gate[0] or alignment[1] > gate[1]


def apart_text(alignment: tuple[float, float], gate: tuple[float, float]) -> str:
    """That a hand is outside a gate, with the numbers."""
    return (
        f'is {alignment[0]:.2f} m and {alignment[1]:.2f} rad from the palm; '
        f'bring it within {gate[0]:.2f} m and {gate[1]:.2f} rad'
    )


@dataclass(frozen=True)
class Settling:
    """Lets what lies between hand and palm at the latch fade, at rest at both ends.

    Attributes:
        offset: Palm less mapped hand at the latch, in stance axes [m], shape (3,).
        turn: Rotation vector from the mapped hand to the palm, in the hand's axes, shape (3,).
        since_ns: When they were latched.
    """

    offset: Array
    turn: Array
    since_ns: int

    @classmethod
    def of(cls, anchor: Anchor, T_stance_hand: pin.SE3, now_ns: int) -> Settling:
        """What an anchor leaves between the mapped hand and the palm."""
        palm = anchor.T_stance_palm
        return cls(
            palm.translation - T_stance_hand.translation,
            pin.log3(T_stance_hand.rotation.T @ palm.rotation),
            now_ns,
        )

    @property
    def duration(self) -> float:
        """How long it takes [s]."""
        distance, angle = float(np.linalg.norm(self.offset)), float(np.linalg.norm(self.turn))
        return max(_SHORTEST, _PEAK * distance / _SPEED, _PEAK * angle / _TURN)

    def apply(self, target: PalmTarget, now_ns: int) -> PalmTarget:
        """The target of the anchor, less what has faded until now."""
        gone, rate = self._gone(now_ns)
        pose = pin.SE3(
            target.pose.rotation @ pin.exp3(-gone * self.turn),
            target.pose.translation - gone * self.offset,
        )
        if target.velocity is None:
            return PalmTarget(pose)
        fading = np.concatenate((self.offset, target.pose.rotation @ self.turn))
        return PalmTarget(pose, target.velocity - rate * fading)

    def _gone(self, now_ns: int) -> tuple[float, float]:
        """Share that has faded (a quintic from 0 to 1), and its rate [1/s]."""
        duration = self.duration
        x = min(max((now_ns - self.since_ns) * 1e-9 / duration, 0.0), 1.0)
        share = x * x * x * (10.0 - 15.0 * x + 6.0 * x * x)
        return share, 30.0 * x * x * (1.0 - x) ** 2 / duration

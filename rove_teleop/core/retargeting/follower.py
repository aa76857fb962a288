"""One hand of the robot follows one hand of the operator, smoothly and at any tick rate."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.names import HAND_JOINTS
from rove_teleop.core.retargeting.filters import low_pass
from rove_teleop.core.retargeting.protocol import HandRetargeter
from rove_teleop.core.retargeting.solver import LightRetargeter
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array
from rove_teleop.errors import InvalidInput

TIME_CONSTANT_S = 0.03
"""Of the first-order low-pass; its delay on a steady motion."""
TOP_SPEED = 5.5
"""Fastest motion of a finger joint [rad/s]: a jump of the tracking becomes a ramp."""


class HandFollower:
    """Retargets the newest hand when it is asked for and low-passes the joints.

    Attributes:
        fault: Why the newest sample could not be used; empty when it could.
    """

    def __init__(self, robot: Robot, side: str, retargeter: HandRetargeter | None = None) -> None:
        self.fault = 'is not tracked'
        self._retargeter = retargeter or LightRetargeter(robot, side)
        self._hand: Array | None = None
        self._seen: Array | None = None
        self._goal: Array | None = None
        self._position = np.zeros(len(HAND_JOINTS[side]))
        self._following = False

    @property
    def ready(self) -> bool:
        """Whether there is a hand to follow."""
        return self._hand is not None

    def take(self, hand: Array | None) -> None:
        """Keep the newest sample (25, 7); without one the robot's hand keeps its goal."""
        self._hand = hand
        self.fault = 'is not tracked' if hand is None else ''

    def lose(self) -> None:
        """Forget the sample because it is too old; the robot's hand stays where it is."""
        self._hand = None
        if self._goal is not None:
            self._goal = self._position.copy()

    def step(self, human: bool, executed: Array, dt: float) -> tuple[Array, Array]:
        """Joints and velocities (7,) of this tick; ``executed`` at rest while not the human's.

        Args:
            human: Whether the operator commands this hand.
            executed: What the robot's hand executes, shape (7,).
            dt: Tick [s].
        """
        if not human:
            self._following, self._goal = False, None
            return executed, np.zeros(len(executed))
        if not self._following:
            self._retargeter.reset(executed)
            self._seen = None
        if self._hand is not None and self._hand is not self._seen:
            self._retarget(self._hand)
        if self._goal is None:
            return executed, np.zeros(len(executed))
        if not self._following:
            self._following, self._position = True, self._goal.copy()
        before = self._position
        self._position = low_pass(before, self._goal, dt, TIME_CONSTANT_S, TOP_SPEED)
        return self._position.copy(), (self._position - before) / dt

    def _retarget(self, hand: Array) -> None:
        self._seen = hand
        try:
            self._goal = self._retargeter.retarget(hand)
        except InvalidInput as error:
            self.fault = str(error).removeprefix('hand ')
            self._hand = None

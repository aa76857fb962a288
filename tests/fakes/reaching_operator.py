"""An operator who takes over once and carries both of the robot's palms along a path."""

from __future__ import annotations

from collections.abc import Callable

import pinocchio as pin

from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import SIDES, Phase
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import OperatorState, Request
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.operators.source import OperatorOutput, OperatorView

Path = Callable[[float, dict[str, pin.SE3]], dict[str, pin.SE3]]


class ReachingOperator:
    """Its wrists are where the palms shall be, in the stance frame.

    Args:
        robot: Robot it operates.
        path: Palms by side at a time since the takeover [s], from those at the takeover.
    """

    source_id = 'reacher'

    def __init__(self, robot: Robot, path: Path) -> None:
        self._kinematics = Kinematics(robot, LegKinematics(robot))
        self._path = path

    def reset(self, seed: int, session: str) -> None:
        """Begin again."""
        self._session, self._seq = session, 0
        self._palms: dict[str, pin.SE3] = {}
        self._since_ns = 0
        self._asked = False

    def step(self, view: OperatorView, now_ns: int) -> OperatorOutput:
        """Ask for the robot in the first tick of an episode, then move."""
        if view.frame is None:
            return OperatorOutput()
        if set(view.frame.phase) != {Phase.HUMAN}:
            self._palms, self._since_ns = (
                self._kinematics.palms(view.frame.executed.position),
                now_ns,
            )
        wrists = self._path((now_ns - self._since_ns) * 1e-9, self._palms)
        self._seq += 1
        state = OperatorState(
            source_id=self.source_id,
            session=self._session,
            seq=self._seq,
            t_source_ns=now_ns,
            t_receive_ns=now_ns,
            **{f'{side}_wrist': pin.SE3ToXYZQUAT(wrists[side]) for side in SIDES},
            **{f'{side}_hand': hand_pose(side, T_world_wrist=wrists[side]) for side in SIDES},
        )
        if self._asked or not view.frame.episode:
            return OperatorOutput(state)
        self._asked = True
        return OperatorOutput(state, (Request('takeover', request_id='takeover'),))

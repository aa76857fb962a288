"""An operator who takes a part of the robot once, moves, and gives it back."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import GROUPS, SIDES, Authority, Phase
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import ControlFrame, OperatorState, Request
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.operators.source import OperatorOutput, OperatorView

_AWAY = np.array([0.15, 0.0, 0.2])  # m, from the robot's palms to the operator's wrists


class PartialOperator:
    """Takes its groups when the robot has lifted something; its hands are open all the time.

    Args:
        robot: Robot it operates.
        groups: What it takes.
        seconds: For how long [s].
        swing: How far its wrists move sideways meanwhile [m].
    """

    source_id = 'partial'

    def __init__(
        self, robot: Robot, groups: tuple[str, ...], seconds: float = 1.2, swing: float = 0.04
    ) -> None:
        self._kinematics = Kinematics(robot, LegKinematics(robot))
        self._groups, self._seconds, self._swing = groups, seconds, swing

    def reset(self, seed: int, session: str) -> None:
        """Begin again."""
        self._session, self._seq = session, 0
        self._palms: dict[str, pin.SE3] = {}
        self._since_ns = 0
        self._asked: list[str] = []

    def step(self, view: OperatorView, now_ns: int) -> OperatorOutput:
        """Move, and ask when it is time."""
        if view.frame is None:
            return OperatorOutput()
        if not self._asked:
            self._palms = self._kinematics.palms(view.frame.executed.position)
            self._since_ns = now_ns
        since = (now_ns - self._since_ns) * 1e-9
        aside = self._swing * np.sin(np.pi * min(since / self._seconds, 1.0))
        self._seq += 1
        wrists = {
            side: pin.SE3(palm.rotation, palm.translation + _AWAY + [0.0, aside, 0.0])
            for side, palm in self._palms.items()
        }
        state = OperatorState(
            source_id=self.source_id,
            session=self._session,
            seq=self._seq,
            t_source_ns=now_ns,
            t_receive_ns=now_ns,
            **{f'{side}_wrist': pin.SE3ToXYZQUAT(wrists[side]) for side in SIDES},
            **{f'{side}_hand': hand_pose(side, T_world_wrist=wrists[side]) for side in SIDES},
        )
        return OperatorOutput(state, self._ask(view, since))

    def _ask(self, view: OperatorView, since: float) -> tuple[Request, ...]:
        assert view.frame is not None
        lifted = view.task is not None and view.task.progress == 'lifted'
        wish = ''
        if not self._asked and lifted and view.frame.robot_phase is Phase.AUTO:
            wish = 'takeover'
        elif self._asked == ['takeover'] and since > self._seconds:
            wish = 'release'
        if not wish:
            return ()
        self._asked.append(wish)
        return (Request(wish, self._groups, request_id=f'{self._session}-{wish}'),)


def authority_of(frame: ControlFrame, groups: tuple[str, ...]) -> set[Authority]:
    """Who commands some groups."""
    return {who for group, who in zip(GROUPS, frame.authority, strict=True) if group in groups}

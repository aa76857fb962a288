"""An operator who takes over and gives back all the time, with the hands far from the robot's."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import SIDES, Phase
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import OperatorState, Request
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.operators.source import OperatorOutput, OperatorView

DISTANCE = 0.3  # m, from the robot's palms to the operator's wrists when he takes over
TURN = np.deg2rad(60.0)
_REACH_S = 1.0  # for one motion of the hands
_BOX = np.array([[0.14, 0.24], [0.15, 0.35], [0.95, 1.15]])  # m; y is outward, clear of the table


class SwitchingOperator:
    """While in command it moves both palms to random places in front of the robot.

    Args:
        robot: Robot it operates.
        switches: How many takeovers and releases it asks for in an episode.
        pause: Shortest and longest time between two of them [s].
        open_hands: Whether its hands stay open, instead of opening and closing all the time.
        grasps: Share of the takeovers for which it waits until the robot holds something up.

    Attributes:
        requested: What it has asked for so far.
    """

    source_id = 'switcher'

    def __init__(
        self,
        robot: Robot,
        switches: int,
        pause: tuple[float, float] = (0.7, 1.3),
        open_hands: bool = False,
        grasps: float = 0.0,
    ) -> None:
        self._kinematics = Kinematics(robot, LegKinematics(robot))
        self._switches, self._pause = switches, pause
        self._open_hands, self._grasps = open_hands, grasps
        self.requested: list[str] = []

    def reset(self, seed: int, session: str) -> None:
        """Begin again."""
        self._rng = np.random.default_rng(seed)
        self._session, self._seq, self._next_ns = session, 0, 0
        self._wrist: dict[str, pin.SE3] = {}
        self._from: dict[str, pin.SE3] = {}
        self._by: dict[str, np.ndarray] = {}
        self._since_ns = 0
        self._awaits_grasp = self._draws_grasp()
        self.requested = []

    def step(self, view: OperatorView, now_ns: int) -> OperatorOutput:
        """Move, and ask when it is time."""
        if view.frame is None:
            return OperatorOutput()
        wishes = self._ask(view, now_ns)
        self._move(now_ns)
        self._seq += 1
        curl = 0.1 if self._open_hands else 0.5 + 0.4 * np.sin(0.8 * np.pi * now_ns * 1e-9)
        curls = dict.fromkeys(('thumb', 'index', 'middle', 'ring', 'pinky'), curl)
        hands = {side: hand_pose(side, **curls, T_world_wrist=self._wrist[side]) for side in SIDES}
        state = OperatorState(
            source_id=self.source_id,
            session=self._session,
            seq=self._seq,
            t_source_ns=now_ns,
            t_receive_ns=now_ns,
            left_wrist=pin.SE3ToXYZQUAT(self._wrist['left']),
            right_wrist=pin.SE3ToXYZQUAT(self._wrist['right']),
            left_hand=hands['left'],
            right_hand=hands['right'],
        )
        return OperatorOutput(state, wishes)

    def _ask(self, view: OperatorView, now_ns: int) -> tuple[Request, ...]:
        assert view.frame is not None
        phases = set(view.frame.phase)
        if not self._wrist or phases == {Phase.AUTO}:
            self._plan(self._kinematics.palms(view.frame.executed.position), now_ns)
        done = len(self.requested) >= self._switches
        if self._awaits_grasp and _lifted(view):
            self._awaits_grasp = False
            self._next_ns = now_ns + int(self._rng.uniform(0.0, self._pause[0]) * 1e9)
        if self._awaits_grasp:
            return ()
        if not view.frame.episode or now_ns < self._next_ns or done:
            return ()
        if phases == {Phase.AUTO}:
            wish = 'takeover'
        elif phases == {Phase.HUMAN}:
            wish = 'release'
        else:
            return ()
        self._next_ns = now_ns + int(self._rng.uniform(*self._pause) * 1e9)
        self._awaits_grasp = wish == 'release' and self._draws_grasp()
        self.requested.append(wish)
        return (Request(wish, request_id=f'{wish}-{now_ns}'),)

    def _draws_grasp(self) -> bool:
        return self._grasps > 0.0 and bool(self._rng.random() < self._grasps)

    def _plan(self, palms: dict[str, pin.SE3], now_ns: int) -> None:
        """Hold the hands away from the palms, and think of the next motion."""
        self._since_ns = now_ns
        for side, palm in palms.items():
            out = 1.0 if side == 'left' else -1.0
            turn = pin.exp3(np.array([0.0, 0.0, out * TURN]))
            away = DISTANCE * np.array([0.6, 0.0, 0.8])
            self._wrist[side] = self._from[side] = pin.SE3(
                turn @ palm.rotation, palm.translation + away
            )
            goal = self._rng.uniform(_BOX[:, 0], _BOX[:, 1]) * [1.0, out, 1.0]
            self._by[side] = goal - palm.translation

    def _move(self, now_ns: int) -> None:
        s = min((now_ns - self._since_ns) * 1e-9 / _REACH_S, 1.0)
        share = s**3 * (10.0 - 15.0 * s + 6.0 * s**2)
        for side in SIDES:
            turn = pin.exp3(np.array([0.3 * np.sin(np.pi * share), 0.0, 0.2 * share]))
            start = self._from[side]
            self._wrist[side] = pin.SE3(
                turn @ start.rotation, start.translation + share * self._by[side]
            )


def _lifted(view: OperatorView) -> bool:
    return view.task is not None and view.task.progress == 'lifted'

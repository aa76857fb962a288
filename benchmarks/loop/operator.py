"""An operator whose hands never rest and who takes over and gives back at random moments."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.names import SIDES, Phase
from rove_teleop.core.types import Array, OperatorState, Request
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.operators.source import OperatorOutput, OperatorView

SLOWEST, FASTEST = 0.2, 1.0  # Hz
_REACH = np.array([0.04, 0.04, 0.05])  # m, either way
_TURN = np.array([0.2, 0.15, 0.2])  # rad, either way
_SWEEP_S = (5.0, 9.0)  # from the slowest to the fastest motion and back
_HUMAN_S = (2.2, 4.0)  # in command
_POLICY_S = (0.8, 2.4)  # and not
_AGAIN_NS = 1_000_000_000  # when nothing came of a request
_CURLS = dict.fromkeys(('thumb', 'index', 'middle', 'ring', 'pinky'), 0.3)
_OPERATED = frozenset((Phase.TO_HUMAN, Phase.HUMAN))
_CENTRE = {'left': np.array([0.3, 0.25, 1.1]), 'right': np.array([0.3, -0.25, 1.1])}


class Oscillation:
    """Six coordinates on sines whose frequency wanders between the slowest and the fastest.

    Args:
        rng: Draws the phases and how fast the frequency wanders.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._phase = rng.uniform(0.0, 2.0 * np.pi, 6)
        self._sweep = 2.0 * np.pi / rng.uniform(*_SWEEP_S, 6)
        self._begin = rng.uniform(0.0, 2.0 * np.pi, 6)

    def at(self, t: float) -> Array:
        """Coordinates in [-1, 1] at a time [s], shape (6,)."""
        middle, swing = 0.5 * (FASTEST + SLOWEST), 0.5 * (FASTEST - SLOWEST)
        wandered = swing / self._sweep * np.sin(self._sweep * t + self._begin)
        return np.sin(self._phase + 2.0 * np.pi * (middle * t + wandered))


class SwingingOperator:
    """Swings both hands, and asks for everything and gives it back again and again.

    Attributes:
        source_id: See ``OperatorSource``.
    """

    source_id = 'swinger'

    def reset(self, seed: int, session: str) -> None:
        """Begin again."""
        self._rng = np.random.default_rng(seed)
        self._swing = {side: Oscillation(self._rng) for side in SIDES}
        self._session, self._seq = session, 0
        self._start_ns: int | None = None
        self._wish = ''
        self._next_ns = 0

    def step(self, view: OperatorView, now_ns: int) -> OperatorOutput:
        """Move, and ask when it is time."""
        if view.frame is None or view.task is None:
            return OperatorOutput()
        self._start_ns = self._start_ns or now_ns
        self._seq += 1
        wrists = {side: self._wrist(side, (now_ns - self._start_ns) * 1e-9) for side in SIDES}
        hands = {
            side: hand_pose(side, T_world_wrist=wrist, **_CURLS) for side, wrist in wrists.items()
        }
        state = OperatorState(
            source_id=self.source_id,
            session=self._session,
            seq=self._seq,
            t_source_ns=now_ns,
            t_receive_ns=now_ns,
            left_wrist=pin.SE3ToXYZQUAT(wrists['left']),
            right_wrist=pin.SE3ToXYZQUAT(wrists['right']),
            left_hand=hands['left'],
            right_hand=hands['right'],
        )
        return OperatorOutput(state, self._ask(view, now_ns))

    def _wrist(self, side: str, t: float) -> pin.SE3:
        swung = self._swing[side].at(t)
        return pin.SE3(pin.exp3(_TURN * swung[3:]), _CENTRE[side] + _REACH * swung[:3])

    def _ask(self, view: OperatorView, now_ns: int) -> tuple[Request, ...]:
        """A wish once the robot has been in one pair of hands for long enough."""
        assert view.frame is not None
        wish = _wish(frozenset(view.frame.phase)) if view.frame.episode else ''
        if wish != self._wish:
            self._wish = wish
            pause = _HUMAN_S if wish == 'release' else _POLICY_S
            self._next_ns = now_ns + int(self._rng.uniform(*pause) * 1e9)
        if not wish or now_ns < self._next_ns:
            return ()
        self._next_ns = now_ns + _AGAIN_NS
        return (Request(wish, request_id=f'{wish}-{now_ns}'),)


def _wish(phases: frozenset[Phase]) -> str:
    """What to ask for next; whatever was lost on the way, the robot goes on."""
    if Phase.STOPPED in phases:
        return 'rearm'
    return 'release' if phases <= _OPERATED else 'takeover'

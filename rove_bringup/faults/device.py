"""A live device in the hands of a tireless operator who waves with both arms."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import pose_from_se3
from rove_teleop.core.names import SIDES
from rove_teleop.core.types import OperatorState
from rove_teleop.operators.hand_model import hand_pose

_WRIST = {'left': np.array([0.30, 0.22, 1.05]), 'right': np.array([0.30, -0.22, 1.05])}  # m
_HEAD = np.array([0.0, 0.0, 1.60, 0.0, 0.0, 0.0, 1.0])
_REACH = np.array([0.06, 0.05, 0.07])  # m
_RATE = 2.0 * np.pi * np.array([0.6, 0.45, 0.5])  # [rad/s]
_TURN = 0.35  # rad
_PRESS_NS = 100_000_000


class WavingDevice:
    """What a headset reports of somebody who waves, opens and closes his hands.

    Attributes:
        source_id: Of its samples.
    """

    source_id = 'waver'

    def __init__(self, session: str = 'waving') -> None:
        """Begin at rest, no button pressed.

        Args:
            session: Of its samples.
        """
        self._session, self._seq = session, 0
        self._first_ns: int | None = None
        self._pressed: dict[str, int] = {}

    def press(self, button: str, now_ns: int) -> None:
        """Hold a button down for a tenth of a second from now on."""
        self._pressed[button] = now_ns + _PRESS_NS

    def sample(self, now_ns: int) -> OperatorState:
        """What it reports now."""
        self._first_ns = now_ns if self._first_ns is None else self._first_ns
        self._seq += 1
        t = (now_ns - self._first_ns) * 1e-9
        wave = np.sin(_RATE * t)
        wrists = {side: _wrist(side, wave) for side in SIDES}
        curls = dict.fromkeys(('thumb', 'index', 'middle', 'ring', 'pinky'), 0.3 + 0.2 * wave[0])
        hands = {s: hand_pose(s, **curls, T_world_wrist=wrists[s]) for s in SIDES}
        return OperatorState(
            source_id=self.source_id,
            session=self._session,
            seq=self._seq,
            t_source_ns=now_ns,
            t_receive_ns=now_ns,
            head=_HEAD,
            left_wrist=pose_from_se3(wrists['left']),
            right_wrist=pose_from_se3(wrists['right']),
            left_hand=hands['left'],
            right_hand=hands['right'],
            buttons=tuple(name for name, until in self._pressed.items() if now_ns < until),
        )


def _wrist(side: str, wave: np.ndarray) -> pin.SE3:
    out = np.array([1.0, 1.0 if side == 'left' else -1.0, 1.0])
    turn = pin.rpy.rpyToMatrix(0.0, _TURN * wave[1], _TURN * wave[2] * out[1])
    return pin.SE3(turn, _WRIST[side] + _REACH * wave * out)

"""The body of a scripted operator: wrists and hands that move, tremble, and are tracked."""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import pose_from_se3
from rove_teleop.core.types import Array, OperatorState
from rove_teleop.operators.hand_model import hand_pose

_HEAD = np.array([0.0, 0.0, 1.65, 0.0, 0.0, 0.0, 1.0])
_LEFT = pin.SE3(np.eye(3), np.array([0.25, 0.25, 1.0]))
_MAX_SPEED, _MAX_TURN = 0.5, 1.8  # of the wrist [m/s], [rad/s]
_SMOOTHING = 0.08  # time constant of the arm's muscles [s]
_TREMOR = 0.06  # time constant of the tremor [s], about 2.5 Hz and below
_FINGERS = 1.2  # speed of a curl [1/s]
_READY, _SQUEEZE = 0.15, 0.48  # curl of the fingers at grip 0 and 1
_OPPOSED = 0.82  # curl of a thumb that opposes the fingers
FLAT, FIST = np.array([0.0, 0.0]), np.array([0.95, 0.65])
"""Curls of thumb and fingers, beyond those of any grasp."""


class Puppet:
    """Moves the right wrist with a velocity and the right hand towards a closure.

    Attributes:
        wrist: T_operator_wrist of the right hand without the tremor.
        curls: Of its thumb and of its fingers, 0 straight to 1 in a fist, shape (2,).
    """

    def __init__(self, source_id: str) -> None:
        """Stand still."""
        self._source_id = source_id
        self.reset('', pin.SE3.Identity())

    def reset(self, session: str, wrist: pin.SE3) -> None:
        """Begin an episode with the right wrist somewhere."""
        self._session, self._seq = session, 0
        self.wrist, self.curls = wrist, curls(0.0)
        self._velocity, self._shake, self._tremor = np.zeros((3, 6))

    @property
    def grip(self) -> float:
        """How far the right hand is closed: 0 ready to grasp, 1 squeezing."""
        return float((self.curls[1] - _READY) / (_SQUEEZE - _READY))

    def move(self, velocity: Array, wanted_curls: Array, dt: float) -> None:
        """Advance by ``dt`` [s].

        Args:
            velocity: Wanted twist of the wrist in the operator's axes, linear then angular, (6,).
            wanted_curls: Of thumb and fingers, shape (2,).
            dt: Time since the last move [s].
        """
        wanted = np.concatenate([
            _clipped(velocity[:3], _MAX_SPEED), _clipped(velocity[3:], _MAX_TURN)
        ])  # fmt: skip
        self._velocity += (1.0 - math.exp(-dt / _SMOOTHING)) * (wanted - self._velocity)
        step = self._velocity * dt
        self.wrist = pin.SE3(
            pin.exp3(step[3:]) @ self.wrist.rotation, self.wrist.translation + step[:3]
        )
        self.curls = self.curls + np.clip(wanted_curls - self.curls, -_FINGERS * dt, _FINGERS * dt)

    def tremble(self, noise: Array, amplitude: float, dt: float) -> None:
        """Let the tremor go on; noise filtered twice to a standard deviation [m]."""
        keep = math.exp(-dt / _TREMOR)
        scale = amplitude * np.array([1.0, 1.0, 1.0, 5.0, 5.0, 5.0])
        self._shake = keep * self._shake + math.sqrt(1.0 - keep * keep) * scale * noise
        self._tremor = keep * self._tremor + (1.0 - keep) * math.sqrt(2.0) * self._shake

    def sample(self, now_ns: int) -> OperatorState:
        """What a tracker reports now."""
        self._seq += 1
        tremor = self._tremor
        wrist = pin.SE3(
            pin.exp3(tremor[3:]) @ self.wrist.rotation, self.wrist.translation + tremor[:3]
        )
        return OperatorState(
            source_id=self._source_id,
            session=self._session,
            seq=self._seq,
            t_source_ns=now_ns,
            t_receive_ns=now_ns,
            head=_HEAD,
            left_wrist=pose_from_se3(_LEFT),
            right_wrist=pose_from_se3(wrist),
            left_hand=_hand('left', FLAT, _LEFT),
            right_hand=_hand('right', self.curls, wrist),
        )


def curls(grip: float) -> Array:
    """Curls of thumb and fingers, shape (2,), at a closure: the fingers close on the thumb."""
    return np.array([_OPPOSED, _READY + grip * (_SQUEEZE - _READY)])


def _hand(side: str, bent: Array, T_operator_wrist: pin.SE3) -> Array:
    thumb, finger = (float(curl) for curl in np.clip(bent, 0.0, 1.0))
    return hand_pose(
        side, thumb=thumb, index=finger, middle=finger, ring=finger, pinky=finger,
        T_world_wrist=T_operator_wrist,
    )  # fmt: skip


def _clipped(vector: Array, longest: float) -> Array:
    length = float(np.linalg.norm(vector))
    return vector * min(1.0, longest / length) if length > 0.0 else vector

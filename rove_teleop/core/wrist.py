"""One tracked pose of the operator: judged, smoothed, and known between two samples."""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin

from rove_teleop.core.pose import pose_fault
from rove_teleop.core.smoothing import Passing, Smoother
from rove_teleop.core.smoothing.displacement import displacement
from rove_teleop.core.types import Array

MAX_SPEED = 5.0  # m/s; a faster wrist is a tracker that jumped
MAX_TURN = 40.0  # rad/s
_LONGEST_GAP_S = 0.1
_JITTER = 0.01  # m and rad of tracker noise that is no speed


class WristTrack:
    """The motion of one wrist as far as it is known.

    Attributes:
        fault: Why the newest sample could not be used; empty when it could.
        broken: True when motion since the last usable sample is unknown: whoever measures
            relative motion must latch anew.
    """

    def __init__(self, smoother: Smoother | None = None) -> None:
        """Begin with nothing known; without smoothing when that is None."""
        self.fault = 'is not tracked'
        self.broken = True
        self._smoother = smoother or Passing()
        self._pose: pin.SE3 | None = None
        self._t_source_ns = 0

    @property
    def known(self) -> bool:
        """Whether there is a usable sample."""
        return self._pose is not None

    @property
    def pose(self) -> pin.SE3 | None:
        """The newest usable sample, not smoothed; None when there is none."""
        return self._pose

    def take(
        self, pose: Array | None, t_source_ns: int, t_receive_ns: int, fault: str = ''
    ) -> None:
        """Judge a sample; a bad one breaks the track, the next good one starts it anew.

        Args:
            pose: The sample (7,), None when it is not tracked.
            t_source_ns: When it was taken [ns].
            t_receive_ns: When it came in [ns, monotonic].
            fault: What is already known to be wrong with it.
        """
        self.fault = fault or ('is not tracked' if pose is None else pose_fault(pose))
        if self.fault or pose is None:
            self._break()
            return
        T = _transform(pose)
        gap_s = max((t_source_ns - self._t_source_ns) * 1e-9, 1e-3)
        if self._pose is not None and gap_s < _LONGEST_GAP_S:
            self.fault = _jump(displacement(self._pose, T), gap_s)
            if self.fault:
                self._break()
                return
        else:
            self.broken = self.broken or self._pose is not None
            self._smoother.reset()
        self._smoother.take(T, t_source_ns, t_receive_ns)
        self._pose, self._t_source_ns = T, t_source_ns

    def at(self, now_ns: int) -> tuple[pin.SE3, Array] | None:
        """Pose and velocity (6,) in the operator's axes now, or None when it is unknown."""
        return None if self._pose is None else self._smoother.at(now_ns)

    def restart(self) -> None:
        """Forget what the smoothing still owes, because motion is measured from here on."""
        self._smoother.restart()

    def latched(self) -> None:
        """Note that relative motion is measured from here on."""
        self.broken = False

    def lose(self) -> None:
        """Forget the motion, because its samples are too old."""
        self._break()

    def _break(self) -> None:
        self.broken, self._pose = True, None
        self._smoother.reset()


def _transform(pose: Array) -> pin.SE3:
    x, y, z, qx, qy, qz, qw = np.asarray(pose, dtype=float).tolist()
    quaternion = pin.Quaternion(qw, qx, qy, qz)
    quaternion.normalize()
    return pin.SE3(quaternion.toRotationMatrix(), np.array((x, y, z)))


def _jump(moved: Array, gap_s: float) -> str:
    distance, angle = float(np.linalg.norm(moved[:3])), float(np.linalg.norm(moved[3:]))
    if distance > MAX_SPEED * gap_s + _JITTER:
        return f'jumped by {distance:.2f} m in {gap_s * 1e3:.0f} ms'
    if angle > MAX_TURN * gap_s + _JITTER:
        return f'jumped by {math.degrees(angle):.0f} deg in {gap_s * 1e3:.0f} ms'
    return ''

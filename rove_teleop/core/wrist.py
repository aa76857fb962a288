"""One tracked pose of the operator: judged, and carried on between two samples.

Trackers deliver 60 to 100 samples a second and the loop runs at 200 Hz. Between samples the pose
goes on with its estimated velocity for at most ``HORIZON_S``, which adds no delay to a steady
motion and gives the solver a velocity to feed forward.
"""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin

from rove_teleop.core.types import Array

MAX_SPEED = 5.0  # m/s; a faster wrist is a tracker that jumped
MAX_TURN = 40.0  # rad/s
MAX_DISTANCE = 10.0  # m from the operator's origin
HORIZON_S = 0.02
_QUATERNION_TOLERANCE = 0.02
_SMOOTHING = 0.6  # share of a new velocity estimate
_LONGEST_GAP_S = 0.1
_JITTER = 0.01  # m and rad of tracker noise that is no speed


def pose_fault(pose: Array) -> str:
    """Why an array cannot be a tracked pose ``[x y z qx qy qz qw]``; empty if it can."""
    array = np.asarray(pose)
    if array.shape != (7,) or array.dtype.kind not in 'fiu':
        return f'must be 7 numbers, got shape {array.shape}'
    if not np.isfinite(array).all():
        return 'is not finite'
    far = float(np.abs(array[:3]).max())
    if far > MAX_DISTANCE:
        return f'is {far:.1f} m away, at most {MAX_DISTANCE:g} m'
    norm = float(np.linalg.norm(np.clip(array[3:], -2.0, 2.0)))
    if abs(norm - 1.0) > _QUATERNION_TOLERANCE:
        return f'quaternion has norm {norm:.3f}, not 1'
    return ''


class WristTrack:
    """The motion of one wrist (or head, or torso) as far as it is known.

    Attributes:
        fault: Why the newest sample could not be used; empty when it could.
        broken: True when motion since the last usable sample is unknown: whoever measures
            relative motion must latch anew.
    """

    def __init__(self) -> None:
        """Begin with nothing known."""
        self.fault = 'is not tracked'
        self.broken = True
        self._pose: pin.SE3 | None = None
        self._twist = np.zeros(6)
        self._t_source_ns = self._t_receive_ns = 0

    @property
    def known(self) -> bool:
        """Whether there is a usable sample."""
        return self._pose is not None

    def take(self, pose: Array | None, t_source_ns: int, t_receive_ns: int) -> None:
        """Judge a sample; a bad one breaks the track, the next good one starts it anew."""
        self.fault = 'is not tracked' if pose is None else pose_fault(pose)
        if self.fault or pose is None:
            self._break()
            return
        T = _transform(pose)
        gap_s = max((t_source_ns - self._t_source_ns) * 1e-9, 1e-3)
        if self._pose is not None and gap_s < _LONGEST_GAP_S:
            moved = _difference(self._pose, T)
            self.fault = _jump(moved, gap_s)
            if self.fault:
                self._break()
                return
            self._twist += _SMOOTHING * (moved / gap_s - self._twist)
        else:
            self.broken = self.broken or self._pose is not None
            self._twist = np.zeros(6)
        self._pose, self._t_source_ns, self._t_receive_ns = T, t_source_ns, t_receive_ns

    def at(self, now_ns: int) -> tuple[pin.SE3, Array] | None:
        """Pose and velocity (6,) in the operator's axes now, or None when it is unknown."""
        if self._pose is None:
            return None
        age_s = max(now_ns - self._t_receive_ns, 0) * 1e-9
        ahead = self._twist * min(age_s, HORIZON_S)
        pose = pin.SE3(
            pin.exp3(ahead[3:]) @ self._pose.rotation, self._pose.translation + ahead[:3]
        )
        return pose, self._twist if age_s <= HORIZON_S else np.zeros(6)

    def latched(self) -> None:
        """Note that relative motion is measured from here on."""
        self.broken = False

    def lose(self) -> None:
        """Forget the motion, because its samples are too old."""
        self._break()

    def _break(self) -> None:
        self.broken, self._pose, self._twist = True, None, np.zeros(6)


def _transform(pose: Array) -> pin.SE3:
    x, y, z, qx, qy, qz, qw = np.asarray(pose, dtype=float).tolist()
    quaternion = pin.Quaternion(qw, qx, qy, qz)
    quaternion.normalize()
    return pin.SE3(quaternion.toRotationMatrix(), np.array((x, y, z)))


def _difference(before: pin.SE3, after: pin.SE3) -> Array:
    """Displacement (6,) in the operator's axes, linear [m] then angular [rad]."""
    return np.concatenate(
        (after.translation - before.translation, pin.log3(after.rotation @ before.rotation.T))
    )


def _jump(moved: Array, gap_s: float) -> str:
    distance, angle = float(np.linalg.norm(moved[:3])), float(np.linalg.norm(moved[3:]))
    if distance > MAX_SPEED * gap_s + _JITTER:
        return f'jumped by {distance:.2f} m in {gap_s * 1e3:.0f} ms'
    if angle > MAX_TURN * gap_s + _JITTER:
        return f'jumped by {math.degrees(angle):.0f} deg in {gap_s * 1e3:.0f} ms'
    return ''

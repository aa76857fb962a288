"""A small human hand: from how far each finger is curled to the 25 tracked joints.

Anthropometry of an average adult hand, rounded to millimetres. Joint axes follow the operator's
frame: x along the bone towards the tip, z out of the back of the hand (out of the nail for the
thumb), y to the left of a hand that lies palm down. The right hand's thumb is on its +y side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
import math

import numpy as np
import pinocchio as pin

from rove_teleop.core.types import Array
from rove_teleop.errors import UnknownName

NUM_HAND_JOINTS = 25


@dataclass(frozen=True)
class _Finger:
    """One finger of the right hand [m]: metacarpal base, knuckle, and bones from there."""

    metacarpal: tuple[float, float, float]
    knuckle: tuple[float, float, float]
    bones: tuple[float, float, float]
    spread: float  # share of the spread angle, positive towards the thumb


_FINGERS = (
    _Finger((0.035, 0.020, 0.0), (0.095, 0.026, 0.0), (0.042, 0.025, 0.021), 1.0),
    _Finger((0.036, 0.006, 0.001), (0.093, 0.004, 0.002), (0.046, 0.029, 0.022), 0.0),
    _Finger((0.034, -0.008, 0.0), (0.086, -0.017, 0.0), (0.042, 0.027, 0.022), -0.7),
    _Finger((0.031, -0.020, -0.003), (0.077, -0.035, -0.004), (0.033, 0.020, 0.019), -1.4),
)
_MIRROR = np.array((1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0))  # of a pose, in the plane y = 0
_FLEXION = np.radians((80.0, 100.0, 60.0))  # knuckle, middle and last joint of a full curl
_SPREAD = math.radians(15.0)

_THUMB_BASE = np.array((0.022, 0.024, -0.010))
_THUMB_BONES = (0.044, 0.034, 0.029)
_THUMB_OPEN = pin.Quaternion.FromTwoVectors(np.array((1.0, 0, 0)), np.array((0.62, 0.74, -0.26)))
_THUMB_FLEXION = (0.36, 0.54)
_THUMB_ROLL = (-1.73, -1.56)  # at curl 0 [rad], and what a full curl adds
_THUMB_OPPOSITION = (1.45, -1.80)  # pitch and yaw of a full curl [rad]
"""Chosen so that thumb and index tips meet when both are half curled."""


def hand_pose(
    side: str,
    *,
    thumb: float = 0.0,
    index: float = 0.0,
    middle: float = 0.0,
    ring: float = 0.0,
    pinky: float = 0.0,
    spread: float = 0.3,
    T_world_wrist: pin.SE3 | None = None,
) -> Array:
    """Poses of the 25 hand joints in WebXR order.

    Args:
        side: ``left`` or ``right``.
        thumb: Curl, 0 straight and spread away to 1 folded over the fingers.
        index: Curl, 0 straight to 1 in a fist; so are the next three.
        middle: As ``index``.
        ring: As ``index``.
        pinky: As ``index``.
        spread: How far straight fingers are fanned out, 0 parallel to 1.
        T_world_wrist: Wrist in the frame the answer is in; identity when None.

    Returns:
        Poses ``[x y z qx qy qz qw]`` [m, unit quaternion], shape (25, 7).

    Raises:
        UnknownName: ``side`` is neither ``left`` nor ``right``.
    """
    if side not in ('left', 'right'):
        raise UnknownName('side', side, ('left', 'right'))
    poses = _in_wrist(thumb, index, middle, ring, pinky, spread)
    if side == 'left':
        poses = poses * _MIRROR
    return poses.copy() if T_world_wrist is None else _moved(poses, T_world_wrist)


@lru_cache(maxsize=16)
def _in_wrist(thumb: float, *curls_and_spread: float) -> Array:
    """The right hand in the frame of its wrist, shape (25, 7); nobody may change it."""
    *curls, spread = curls_and_spread
    T_wrist_joint = [pin.SE3.Identity(), *_thumb(thumb)]
    for finger, curl in zip(_FINGERS, curls, strict=True):
        T_wrist_joint += _finger(finger, float(np.clip(curl, 0.0, 1.0)), spread)
    return np.array([pin.SE3ToXYZQUAT(T) for T in T_wrist_joint])


def _moved(poses: Array, transform: pin.SE3) -> Array:
    """Poses (n, 7) after a transform."""
    x, y, z, w = pin.Quaternion(transform.rotation).coeffs()
    turn = np.array([[w, -z, y, x], [z, w, -x, y], [-y, x, w, z], [-x, -y, -z, w]])
    moved = np.empty_like(poses)
    moved[:, :3] = poses[:, :3] @ transform.rotation.T + transform.translation
    moved[:, 3:] = poses[:, 3:] @ turn.T
    return moved


def _finger(finger: _Finger, curl: float, spread: float) -> list[pin.SE3]:
    metacarpal, knuckle = np.array(finger.metacarpal), np.array(finger.knuckle)
    along = pin.Quaternion.FromTwoVectors(np.array((1.0, 0, 0)), knuckle - metacarpal)
    joints = [pin.SE3(along.toRotationMatrix(), metacarpal)]
    fan = _SPREAD * spread * finger.spread * (1.0 - curl)
    T = pin.SE3(pin.rpy.rpyToMatrix(0.0, 0.0, fan), knuckle)
    return joints + _chain(T, finger.bones, curl * _FLEXION)


def _thumb(curl: float) -> list[pin.SE3]:
    """The thumb sweeps across the palm as it curls, and bends at its two upper joints."""
    curl = float(np.clip(curl, 0.0, 1.0))
    roll = pin.rpy.rpyToMatrix(_THUMB_ROLL[0] + curl * _THUMB_ROLL[1], 0.0, 0.0)
    pitch, yaw = _THUMB_OPPOSITION
    opposition = pin.rpy.rpyToMatrix(0.0, pitch * curl, yaw * curl)
    T = pin.SE3(opposition @ _THUMB_OPEN.toRotationMatrix() @ roll, _THUMB_BASE)
    return _chain(T, _THUMB_BONES, (0.0, *(curl * angle for angle in _THUMB_FLEXION)))


def _chain(T: pin.SE3, bones: tuple[float, ...], flexion: Array | tuple[float, ...]) -> list:
    """Joints along a finger: bend about y, then go along the bone; the tip comes last."""
    joints = []
    for length, angle in zip(bones, flexion, strict=True):
        T = T * pin.SE3(pin.rpy.rpyToMatrix(0.0, float(angle), 0.0), np.zeros(3))
        joints.append(T)
        T = T * pin.SE3(np.eye(3), np.array((length, 0.0, 0.0)))
    return [*joints, T]

"""What a tracked hand says, whatever the source's axes: features of the fingers in metres.

The hand's own frame comes from its joints: forward from the wrist to the middle knuckle, aside
towards the index finger, and back out of the back of the hand.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from rove_teleop.core.types import Array
from rove_teleop.errors import InvalidInput

NUM_HAND_JOINTS = 25
PALM_LENGTH = 0.093  # m, wrist to middle knuckle of the hand that all are scaled to

_WRIST = 0
_THUMB = (1, 2, 3, 4)
_FINGERS = {'index': (6, 7, 8, 9), 'middle': (11, 12, 13, 14)}
_PINKY_KNUCKLE = 21
_FARTHEST = 100.0  # m
_LONGEST = 0.5  # m, from the wrist of a hand of that size
_SHORTEST = 1e-3  # m, bones shorter than this are not tracked


@dataclass(frozen=True)
class HandFeatures:
    """One human hand, scaled to a palm of ``PALM_LENGTH``.

    Attributes:
        fingers: From knuckle to tip of index and middle in (forward, aside, back) axes, divided
            by the length of the straight finger, so the norm is 1 when straight; shape (2, 3).
        pinch: From the thumb's tip to those of index and middle [m], same axes, shape (2, 3).
        thumb_flexion: Angle between the first and last bone of the thumb [rad].
    """

    fingers: Array
    pinch: Array
    thumb_flexion: float


def hand_features(hand: Array, side: str) -> HandFeatures:
    """Features of 25 tracked joints (25, 7).

    Args:
        hand: Poses in WebXR order, any frame.
        side: ``left`` or ``right``; decides which side of the palm is its back.

    Raises:
        InvalidInput: See ``HandRetargeter.retarget``.
    """
    points = _positions(hand)
    axes = _axes(points, side)
    palm = _norm(points[_FINGERS['middle'][0]] - points[_WRIST])
    scale = PALM_LENGTH / palm
    fingers = np.array([_finger(points, joints) for joints in _FINGERS.values()])
    tips = points[[joints[-1] for joints in _FINGERS.values()]]
    return HandFeatures(
        fingers=fingers @ axes.T,
        pinch=scale * (tips - points[_THUMB[-1]]) @ axes.T,
        thumb_flexion=_flexion(points),
    )


def hand_points(hand: Array, side: str) -> Array:
    """The 25 joints of a tracked hand [m], wrist at the origin, in (forward, aside, back) axes.

    Args:
        hand: Poses in WebXR order, any frame, shape (25, 7).
        side: ``left`` or ``right``; decides which side of the palm is its back.

    Returns:
        Positions (25, 3), scaled to a palm of ``PALM_LENGTH``.

    Raises:
        InvalidInput: See ``HandRetargeter.retarget``.
    """
    points = _positions(hand)
    palm = points[_FINGERS['middle'][0]] - points[_WRIST]
    axes = _axes(points, side)
    local = (PALM_LENGTH / _norm(palm)) * (points - points[_WRIST]) @ axes.T
    if np.abs(local).max() > _LONGEST:
        raise InvalidInput(f'hand has a joint farther than {_LONGEST} m from its wrist')
    return local


def _positions(hand: Array) -> Array:
    """Positions (25, 3) of poses that are a hand's."""
    if np.shape(hand) != (NUM_HAND_JOINTS, 7):
        raise InvalidInput(f'hand must have shape ({NUM_HAND_JOINTS}, 7), got {np.shape(hand)}')
    points = np.asarray(hand, dtype=float)[:, :3]
    if not np.isfinite(points).all() or np.abs(points).max() > _FARTHEST:
        raise InvalidInput('hand has positions that are not finite or beyond all reason')
    return points


def _axes(points: Array, side: str) -> Array:
    """Rows forward, aside, back in the source's axes, shape (3, 3)."""
    forward = points[_FINGERS['middle'][0]] - points[_WRIST]
    aside = points[_FINGERS['index'][0]] - points[_PINKY_KNUCKLE]
    length = _norm(forward)
    if length < 20 * _SHORTEST:
        raise InvalidInput(f'hand has a palm of {length * 1e3:.1f} mm')
    forward = forward / length
    aside = aside - forward * float(aside @ forward)
    width = _norm(aside)
    if width < 5 * _SHORTEST:
        raise InvalidInput(f'hand has knuckles within {width * 1e3:.1f} mm')
    aside = aside / width
    (a, b, c), (d, e, f) = forward.tolist(), aside.tolist()
    back = np.array((b * f - c * e, c * d - a * f, a * e - b * d))
    return np.array((forward, aside, back if side == 'right' else -back))


def _finger(points: Array, joints: tuple[int, ...]) -> Array:
    bones = np.diff(points[list(joints)], axis=0)
    length = float(np.sqrt((bones * bones).sum(axis=1)).sum())
    if length < 20 * _SHORTEST:
        raise InvalidInput(f'hand has a finger of {length * 1e3:.1f} mm')
    return (points[joints[-1]] - points[joints[0]]) / length


def _flexion(points: Array) -> float:
    first = points[_THUMB[1]] - points[_THUMB[0]]
    last = points[_THUMB[3]] - points[_THUMB[2]]
    length = _norm(first) * _norm(last)
    if length < _SHORTEST * _SHORTEST:
        raise InvalidInput('hand has a thumb without length')
    return math.acos(min(max(float(first @ last) / length, -1.0), 1.0))


def _norm(vector: Array) -> float:
    return math.sqrt(float(vector @ vector))

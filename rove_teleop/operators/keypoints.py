"""From points on a hand to its 25 joint poses.

Cameras and gloves often give 21 points in MediaPipe order (0 wrist, then four a finger, thumb
first). The WebXR order adds a metacarpal to each of the four fingers.
"""

from __future__ import annotations

import numpy as np

from rove_teleop.core.types import Array
from rove_teleop.operators.poses import quaternion_of

_METACARPAL = 0.37  # of the way from the wrist to the knuckle, as in ``hand_model``
_INDEX_KNUCKLE, _MIDDLE_KNUCKLE, _PINKY_KNUCKLE = 6, 11, 21
_FINGERS = tuple(range(first, first + 5) for first in (5, 10, 15, 20))
_THUMB = range(1, 5)


def webxr_points(keypoints: Array) -> Array:
    """25 points (..., 25, 3) in WebXR order of 21 in MediaPipe order (..., 21, 3) [m].

    The four finger metacarpals, which MediaPipe lacks, are put on the line from the wrist to
    the finger's first joint.
    """
    wrist = keypoints[..., :1, :]
    parts = [wrist, keypoints[..., 1:5, :]]
    for first in (5, 9, 13, 17):
        finger = keypoints[..., first : first + 4, :]
        parts += [wrist + _METACARPAL * (finger[..., :1, :] - wrist), finger]
    return np.concatenate(parts, axis=-2)


def hand_from_points(points: Array, side: str) -> Array:
    """Poses (..., 25, 7) in the wrist's frame, of 25 points (..., 25, 3) in any frame [m].

    The wrist's x axis points to the middle knuckle and its z axis out of the back of the hand;
    the other joints follow ``hand_model``: x along the bone, a tip like its last bone.
    """
    outward = 1.0 if side == 'right' else -1.0
    R_points_wrist = _palm(points, outward)
    local = np.einsum('...ji,...kj->...ki', R_points_wrist, points - points[..., :1, :])
    rotation = np.empty((*local.shape[:-1], 3, 3))
    rotation[..., 0, :, :] = np.eye(3)
    for finger in _FINGERS:
        along = _bones(local, finger)
        back = np.cross(along, np.array([0.0, 1.0, 0.0]))
        rotation[..., list(finger), :, :] = _frames(along, back)
    # The nail of the thumb looks away from the fingers and a little up.
    nail = np.array([0.0, 0.8 * outward, 0.6])
    rotation[..., list(_THUMB), :, :] = _frames(_bones(local, _THUMB), nail)
    return np.concatenate([local, quaternion_of(rotation)], axis=-1)


def mirror_points(points: Array) -> Array:
    """The other hand's points: reflected in the plane y = 0."""
    return points * np.array([1.0, -1.0, 1.0])


def _palm(points: Array, outward: float) -> Array:
    """R_points_wrist (..., 3, 3) of the palm that the wrist and three knuckles span."""
    forward = points[..., _MIDDLE_KNUCKLE, :] - points[..., 0, :]
    left = outward * (points[..., _INDEX_KNUCKLE, :] - points[..., _PINKY_KNUCKLE, :])
    return _frames(forward, np.cross(forward, left))


def _bones(points: Array, chain: range) -> Array:
    """Direction (..., len(chain), 3) from each joint to the next; the tip repeats the last."""
    along = np.diff(points[..., list(chain), :], axis=-2)
    return np.concatenate([along, along[..., -1:, :]], axis=-2)


def _frames(x: Array, z: Array) -> Array:
    """Rotations (..., 3, 3) with the given x direction and z as near to z as can be."""
    with np.errstate(divide='ignore', invalid='ignore'):  # a bone of length 0 becomes NaN
        x = x / np.linalg.norm(x, axis=-1, keepdims=True)
        z = z - np.sum(z * x, axis=-1, keepdims=True) * x
        z = z / np.linalg.norm(z, axis=-1, keepdims=True)
    return np.stack([x, np.cross(z, x), z], axis=-1)

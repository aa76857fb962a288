"""The human hands to retarget: recorded keypoints, or a motion of our own making."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from rove_teleop.core.retargeting import hand_points
from rove_teleop.core.types import Array
from rove_teleop.errors import RecordingError
from rove_teleop.hands.golden import GOLDEN_POSES
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.operators.keypoints import hand_from_points, mirror_points, webxr_points

RATE_HZ = 60.0
RECORDED_HZ = 30.0
_KEYPOINTS = 21
_STAY_S, _MOVE_S = 0.3, 0.7
_FINGERS = ('thumb', 'index', 'middle', 'ring', 'pinky')


def recorded(path: Path, side: str) -> list[Array]:
    """Joints (25, 3) as ``hand_points`` of a right hand's keypoints at ``RATE_HZ``.

    Args:
        path: ``.npz`` with ``keypoints`` (n, 21, 3) [m] in MediaPipe order, 30 a second.
        side: Mirrored when ``left``.

    Raises:
        RecordingError: The file is not that.
    """
    try:
        with np.load(path) as arrays:
            keypoints = np.asarray(arrays['keypoints'], dtype=float)
    except (OSError, KeyError, ValueError) as error:
        raise RecordingError(f'{path}: expected an .npz with keypoints ({error})') from error
    if keypoints.ndim != 3 or keypoints.shape[1:] != (_KEYPOINTS, 3) or len(keypoints) < 2:
        raise RecordingError(f'{path}: keypoints must be (n, 21, 3), got {keypoints.shape}')
    points = webxr_points(_resampled(keypoints))
    poses = hand_from_points(mirror_points(points) if side == 'left' else points, side)
    return [hand_points(pose, side) for pose in poses]


def synthetic(side: str) -> list[Array]:
    """Every golden pose after every other one, at ``RATE_HZ``; joints as ``recorded`` gives."""
    curls = {
        name: np.array([pose.get(finger, 0.0) for finger in _FINGERS])
        for name, pose in GOLDEN_POSES.items()
    }
    stay, move = round(_STAY_S * RATE_HZ), round(_MOVE_S * RATE_HZ)
    blend = 0.5 - 0.5 * np.cos(np.pi * np.concatenate((np.zeros(stay), np.arange(move) / move)))
    path: list[Array] = []
    for first, second in itertools.permutations(curls, 2):
        path += [(1.0 - share) * curls[first] + share * curls[second] for share in blend]
    return [hand_points(_posed(side, curl), side) for curl in path]


def _posed(side: str, curls: Array) -> Array:
    return hand_pose(side, **dict(zip(_FINGERS, map(float, curls), strict=True)))


def _resampled(keypoints: Array) -> Array:
    place = np.arange(0.0, len(keypoints) - 1, RECORDED_HZ / RATE_HZ)
    before = place.astype(int)
    share = (place - before)[:, None, None]
    return (1.0 - share) * keypoints[before] + share * keypoints[before + 1]

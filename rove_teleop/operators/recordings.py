"""Recordings of operators, from file to ``Motion``.

Known formats:

* wrist path (``.npz``): ``time`` (n,) [s], ``position`` (n, 3) [m, x forward, z up],
  ``quaternion_wxyz`` (n, 4), ``aperture`` (n,) [m, 0 closed, 0.08 open] and, optionally,
  ``curls`` (n, 5), thumb to little finger, 0 straight to 1 in a fist;
* hand keypoints (``.npz``): ``keypoints`` (n, 21, 3) [m] in MediaPipe order, and optionally
  ``time`` (n,) [s]; without it 30 samples a second are assumed;
* operator stream (``.npz``, see ``states``): what a live session saves;
* motion capture (``.bvh``, see ``bvh`` and ``skeleton``).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from rove_teleop.core.geometry import xyzw_from_wxyz
from rove_teleop.core.names import SIDES
from rove_teleop.core.types import Array
from rove_teleop.errors import RecordingError, UnknownName
from rove_teleop.operators.arrays import ArrayFile
from rove_teleop.operators.bvh import read_bvh
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.operators.keypoints import hand_from_points, mirror_points, webxr_points
from rove_teleop.operators.motion import Motion, check_time
from rove_teleop.operators.skeleton import motion_from_bvh
from rove_teleop.operators.states import is_stream, load_states, motion_from_states
from rove_teleop.share import share

OPEN_APERTURE = 0.08
"""Gap of an open gripper [m], played as an open hand."""
KEYPOINT_RATE_HZ = 30.0
"""Rate of keypoints that come without times."""
_FINGERS = ('thumb', 'index', 'middle', 'ring', 'pinky')
_SHIPPED = 'sim/recordings'


def recording_names() -> tuple[str, ...]:
    """Names of the recordings that ship with rove."""
    return tuple(sorted(path.stem for path in share(_SHIPPED).glob('*.npz')))


def find_recording(recording: str | Path) -> Path:
    """Path of a recording given as a path or as the name of a shipped one.

    Raises:
        UnknownName: Neither; the message lists the shipped ones.
        RecordingError: It looks like a path and is not there.
    """
    path = Path(recording)
    if path.is_file():
        return path
    if path.suffix or len(path.parts) > 1:
        raise RecordingError(f'{path}: no such recording, expected an .npz or .bvh file')
    if str(recording) not in recording_names():
        raise UnknownName('recording', str(recording), recording_names())
    return share(_SHIPPED) / f'{recording}.npz'


def load_recording(
    recording: str | Path,
    *,
    side: str = 'right',
    keypoints: str | Path | None = None,
    keypoints_side: str = 'right',
    subject_height: float = 1.7,
) -> Motion:
    """Read a recording of any known format.

    Args:
        recording: Path, or name of a shipped recording.
        side: The hand that a single-handed recording is for.
        keypoints: Hand keypoints to play the fingers of a wrist path from, joined by linear
            interpolation in time; past their end the last ones stay.
        keypoints_side: The hand the keypoints were taken of; mirrored if it is not ``side``.
        subject_height: Height of the person in a BVH file [m], which sets its unit.

    Raises:
        RecordingError: It cannot be used; the message names file, field and what was expected.
        UnknownName: No such side or shipped recording.
    """
    for name in (side, keypoints_side):
        if name not in SIDES:
            raise UnknownName('side', name, SIDES)
    path = find_recording(recording)
    hand = None
    if keypoints is not None:
        hand = _keypoint_motion(ArrayFile(find_recording(keypoints)), side, keypoints_side)
    if path.suffix.lower() == '.bvh':
        motion = motion_from_bvh(read_bvh(path), subject_height)
    else:
        motion = _from_arrays(ArrayFile(path), side, keypoints_side)
    return motion if hand is None else _join(motion, hand, side)


def _from_arrays(file: ArrayFile, side: str, keypoints_side: str) -> Motion:
    if is_stream(file):
        return motion_from_states(load_states(file.path), str(file.path))
    if 'keypoints' in file:
        return _keypoint_motion(file, side, keypoints_side)
    if 'position' in file:
        return _wrist_motion(file, side)
    raise RecordingError(
        f'{file.path}: unknown format with fields {", ".join(file.names) or "none"}; expected '
        'position (wrist path), keypoints (hand keypoints) or rove_format (operator stream)'
    )


def _wrist_motion(file: ArrayFile, side: str) -> Motion:
    time = file.numbers('time', (None,), '[s]')
    check_time(str(file.path), 'time', time)
    n = len(time)
    position = file.finite('position', (n, 3), '[m]')
    quaternion = file.finite('quaternion_wxyz', (n, 4), 'unit quaternions')
    norm = np.linalg.norm(quaternion, axis=1)
    if (np.abs(norm - 1.0) > 1e-3).any():
        at = int(np.argmax(np.abs(norm - 1.0) > 1e-3))
        raise RecordingError(
            f'{file.path}: field quaternion_wxyz has norm {norm[at]:.4g} at sample {at}, '
            'expected 1'
        )
    xyzw = xyzw_from_wxyz((quaternion / norm[:, None]).T).T
    return Motion(
        name=str(file.path),
        time=time - time[0],
        poses={f'{side}_wrist': np.concatenate([position, xyzw], axis=1)},
        hands={side: _hand_from_curls(side, _curls(file, n))},
        absolute=False,
    )


def _curls(file: ArrayFile, n: int) -> Array:
    """Curl of the five fingers (n, 5); an aperture curls all of them alike."""
    if 'curls' in file:
        return np.clip(file.finite('curls', (n, 5), 'in [0, 1]'), 0.0, 1.0)
    aperture = file.finite('aperture', (n,), '[m]')
    if np.abs(aperture).max() > 2.0 * OPEN_APERTURE:
        raise RecordingError(
            f'{file.path}: field aperture reaches {np.abs(aperture).max():.3g}, '
            f'expected metres from 0 (closed) to {OPEN_APERTURE} (open)'
        )
    closed = 1.0 - np.clip(aperture / OPEN_APERTURE, 0.0, 1.0)
    return np.repeat(closed[:, None], len(_FINGERS), axis=1)


def _hand_from_curls(side: str, curls: Array) -> Array:
    """Hands (n, 25, 7) in the wrist's frame of curls (n, 5); equal rows are solved once."""
    rows, index = np.unique(np.round(curls, 3), axis=0, return_inverse=True)
    hands = np.array([hand_pose(side, **dict(zip(_FINGERS, row, strict=True))) for row in rows])
    return hands[index.ravel()]


def _keypoint_motion(file: ArrayFile, side: str, keypoints_side: str) -> Motion:
    keypoints = file.finite('keypoints', (None, 21, 3), '[m] in MediaPipe order')
    if 'time' in file:
        time = file.numbers('time', (len(keypoints),), '[s]')
    else:
        time = np.arange(len(keypoints)) / KEYPOINT_RATE_HZ
    check_time(str(file.path), 'time', time)
    size = np.linalg.norm(keypoints - keypoints[:, :1], axis=-1).max()
    if not 0.05 < size < 0.5:
        raise RecordingError(
            f'{file.path}: field keypoints spans {size:.3g} from the wrist, expected a hand in '
            'metres'
        )
    points = webxr_points(keypoints)
    if side != keypoints_side:
        points = mirror_points(points)
    return Motion(
        name=str(file.path),
        time=time - time[0],
        poses={},
        hands={side: hand_from_points(points, side)},
        absolute=False,
    )


def _join(motion: Motion, hand: Motion, side: str) -> Motion:
    """The motion with the fingers of another, brought to the motion's times."""
    fingers = np.array([hand.sample(t).hands[side] for t in motion.time])
    return replace(motion, hands={**motion.hands, side: fingers})

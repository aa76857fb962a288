"""Recorded operators as targets of the benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pinocchio as pin

from benchmarks.ik.tool import Array
from benchmarks.ik.trajectories import Trajectory, ticks
from rove_teleop.core.geometry import se3_from_pose
from rove_teleop.errors import RecordingError
from rove_teleop.operators.recordings import find_recording, load_recording

SCALE = 0.6
"""Of the recorded displacement; the robot's arms are shorter than a person's."""
_WRIST = 'right_wrist'
_MIRROR = np.diag((1.0, -1.0, 1.0))


def recording_files(places: Iterable[str]) -> tuple[Path, ...]:
    """Recordings named by path or shipped name, and the wrist paths of whole folders.

    Raises:
        RecordingError: A folder holds none.
        UnknownName: There is no such recording.
    """
    found: list[Path] = []
    for place in places:
        if Path(place).is_dir():
            inside = sorted(Path(place).glob('wrist_path_*.npz'))
            if not inside:
                raise RecordingError(f'{place}: holds no wrist_path_*.npz')
            found += inside
        else:
            found.append(find_recording(place))
    return tuple(found)


def recorded(path: Path, start: Mapping[str, pin.SE3], seconds: float, rate: float) -> Trajectory:
    """A recorded wrist path for the right hand, and its mirror image for the left.

    Both displacement, times ``SCALE``, and rotation are relative to the first sample; where the
    wrist was not tracked its target stays.

    Args:
        path: Recording of a right wrist.
        start: T_world_hand at the start, by side.
        seconds: Longest duration [s].
        rate: Ticks per second [Hz].

    Raises:
        RecordingError: It cannot be read, holds no right wrist, or is shorter than a tick.
    """
    motion = load_recording(path, side='right')
    if _WRIST not in motion.first_poses():
        raise RecordingError(f'{path}: holds no right wrist')
    time = ticks(min(seconds, motion.duration), rate)
    if not len(time):
        raise RecordingError(f'{path}: is shorter than one tick of {1e3 / rate:.3g} ms')
    first = se3_from_pose(motion.first_poses()[_WRIST])
    last, poses = first, []
    for t in time:
        pose = motion.sample(t).poses.get(_WRIST)
        last = last if pose is None else se3_from_pose(pose)
        d = SCALE * (last.translation - first.translation)
        turn = last.rotation @ first.rotation.T
        left = _moved(start['left'], _MIRROR @ d, _MIRROR @ turn @ _MIRROR)
        poses.append([left, _moved(start['right'], d, turn)])
    return Trajectory(path.stem, time, np.array(poses))


def _moved(start: pin.SE3, d: Array, turn: Array) -> Array:
    return pin.SE3(turn @ start.rotation, start.translation + d).homogeneous

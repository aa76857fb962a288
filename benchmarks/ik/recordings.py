"""Recorded operators as targets of the benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pinocchio as pin

from benchmarks.ik.tool import Array
from benchmarks.ik.trajectories import Trajectory, ticks
from rove_teleop.core.geometry import se3_from_pose
from rove_teleop.core.names import SIDES
from rove_teleop.errors import RecordingError
from rove_teleop.operators.motion import Motion
from rove_teleop.operators.recordings import find_recording, load_recording

SCALE = 0.6
"""Of the recorded displacement; the robot's arms are shorter than a person's."""
_MIRROR = np.diag((1.0, -1.0, 1.0))
_OTHER = dict(zip(SIDES, reversed(SIDES), strict=True))


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
    """Each hand follows its recorded wrist, or the mirror image of the other one.

    Both displacement, times ``SCALE``, and rotation are relative to the first sample; where a
    wrist was not tracked its target stays.

    Args:
        path: Recording of one or two wrists.
        start: T_world_hand at the start, by side.
        seconds: Longest duration [s].
        rate: Ticks per second [Hz].

    Raises:
        RecordingError: It cannot be read, holds no wrist, or is shorter than a tick.
    """
    motion = load_recording(path, side='right')
    time = ticks(min(seconds, motion.duration), rate)
    if not len(time):
        raise RecordingError(f'{path}: is shorter than one tick of {1e3 / rate:.3g} ms')
    moves = {side: _moves(motion, side, time) for side in SIDES}
    if not any(moves.values()):
        raise RecordingError(f'{path}: holds no wrist')
    hands = []
    for side in SIDES:
        own = moves[side] or [(_MIRROR @ d, _MIRROR @ R @ _MIRROR) for d, R in moves[_OTHER[side]]]
        hands.append([_moved(start[side], d, R) for d, R in own])
    return Trajectory(path.stem, time, np.stack(hands, axis=1))


def _moves(motion: Motion, side: str, time: Array) -> list[tuple[Array, Array]]:
    """Displacement (3,) and rotation (3, 3) of a wrist since its first sample, one per time."""
    name = f'{side}_wrist'
    pose = motion.first_poses().get(name)
    if pose is None:
        return []
    first, moves = se3_from_pose(pose), []
    for t in time:
        pose = motion.sample(t).poses.get(name, pose)
        now = se3_from_pose(pose)
        d = SCALE * (now.translation - first.translation)
        moves.append((d, now.rotation @ first.rotation.T))
    return moves


def _moved(start: pin.SE3, d: Array, turn: Array) -> Array:
    return pin.SE3(turn @ start.rotation, start.translation + d).homogeneous

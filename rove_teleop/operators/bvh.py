"""Biovision hierarchy files: a skeleton, and joint angles over time.

The grammar: ``HIERARCHY``, one ``ROOT`` with nested ``JOINT`` and ``End Site`` blocks, then
``MOTION`` with one row of channel values per frame. Rotations are in degrees about the moving
axes, applied in the order in which the channels are listed. A position channel replaces that
part of the joint's offset.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import math
from pathlib import Path

import numpy as np

from rove_teleop.core.types import Array
from rove_teleop.errors import RecordingError

_AXES = {'x': 0, 'y': 1, 'z': 2}
_CHANNELS = {f'{axis}{kind}' for axis in _AXES for kind in ('position', 'rotation')}
_MAX_JOINTS = 1000


@dataclass(frozen=True)
class BvhJoint:
    """One joint, or the end of a chain (``name`` ends in ``_end``).

    Attributes:
        parent: Index of the parent, -1 for the root; always smaller than the joint's own.
        offset: From the parent at rest, in the file's unit and axes, shape (3,).
        channels: Lower-case channel names in file order.
        first: Column of its first channel.
    """

    name: str
    parent: int
    offset: Array
    channels: tuple[str, ...]
    first: int


@dataclass(frozen=True)
class Bvh:
    """A skeleton in motion, in the file's own unit and axes.

    Attributes:
        joints: Parents before children.
        frame_time: Time between frames [s].
        values: Channel values, shape (frames, channels); rotations in degrees.
    """

    path: Path
    joints: tuple[BvhJoint, ...]
    frame_time: float
    values: Array

    def rest(self) -> Array:
        """Joint positions (joints, 3) with every channel zero, the root in the origin."""
        positions = np.zeros((len(self.joints), 3))
        for i, joint in enumerate(self.joints):
            if joint.parent >= 0:
                positions[i] = positions[joint.parent] + joint.offset
        return positions

    def forward_kinematics(self) -> tuple[Array, Array]:
        """Where every joint is in every frame.

        Returns:
            Positions (frames, joints, 3) and rotation matrices (frames, joints, 3, 3) in the
            file's axes: T_file_joint.
        """
        frames = len(self.values)
        position = np.zeros((frames, len(self.joints), 3))
        rotation = np.zeros((frames, len(self.joints), 3, 3))
        for i, joint in enumerate(self.joints):
            offset, turn = self._local(joint)
            if joint.parent < 0:
                position[:, i], rotation[:, i] = offset, turn
                continue
            R_file_parent = rotation[:, joint.parent]
            position[:, i] = position[:, joint.parent]
            position[:, i] += np.einsum('fij,fj->fi', R_file_parent, offset)
            rotation[:, i] = R_file_parent @ turn
        return position, rotation

    def _local(self, joint: BvhJoint) -> tuple[Array, Array]:
        """T_parent_joint in every frame as offset (frames, 3) and rotation (frames, 3, 3)."""
        offset = np.tile(joint.offset, (len(self.values), 1))
        turn = np.tile(np.eye(3), (len(self.values), 1, 1))
        for column, channel in enumerate(joint.channels, joint.first):
            axis = _AXES[channel[0]]
            if channel.endswith('position'):
                offset[:, axis] = self.values[:, column]
            else:
                turn = turn @ _about(axis, np.radians(self.values[:, column]))
        return offset, turn


def read_bvh(path: Path | str) -> Bvh:
    """Read a BVH file.

    Raises:
        RecordingError: It breaks the grammar; the message names file, line and what was
            expected there.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding='utf-8-sig', errors='replace')
    except OSError as error:
        raise RecordingError(f'{path}: cannot be read ({error})') from error
    reader = _Reader(path, text)
    joints = reader.hierarchy()
    return reader.motion(joints)


class _Reader:
    """Walks through the words of the file, remembering the line for messages."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._words = self._split()
        self._line = 1

    def hierarchy(self) -> tuple[BvhJoint, ...]:
        self._expect('HIERARCHY')
        self._expect('ROOT')
        joints: list[BvhJoint] = []
        open_joints = [self._open(joints, parent=-1, kind='ROOT')]
        while open_joints:
            word = self._next('JOINT, End Site or }')
            if word == '}':
                open_joints.pop()
            elif word.upper() in ('JOINT', 'END') and joints[open_joints[-1]].channels:
                open_joints.append(self._open(joints, open_joints[-1], word.upper()))
            else:
                raise self._error('JOINT, End Site or }', word)
        return tuple(joints)

    def motion(self, joints: tuple[BvhJoint, ...]) -> Bvh:
        self._expect('MOTION')
        self._expect('Frames:')
        frames = self._number('the number of frames')
        if frames != int(frames) or frames < 2:
            raise self._error('at least 2 frames', f'{frames:g}')
        self._expect('Frame')
        self._expect('Time:')
        frame_time = self._number('the time between frames [s]')
        if not frame_time > 0.0:
            raise self._error('a positive time between frames [s]', f'{frame_time:g}')
        width = sum(len(joint.channels) for joint in joints)
        values = self._rows(int(frames), width)
        return Bvh(self._path, joints, frame_time, values)

    def _open(self, joints: list[BvhJoint], parent: int, kind: str) -> int:
        """Read a block up to its channels; its children come next."""
        if len(joints) >= _MAX_JOINTS:
            raise self._error(f'at most {_MAX_JOINTS} joints', 'more')
        names = [] if kind != 'END' else [joints[parent].name]
        word = self._next('a name')
        while word != '{':
            names.append(word)
            word = self._next('{')
        if kind == 'END':
            names = [names[0], 'end']
        self._expect('OFFSET')
        offset = np.array([self._number('an offset of 3 numbers') for _ in range(3)])
        first = joints[-1].first + len(joints[-1].channels) if joints else 0
        channels = () if kind == 'END' else self._channels()
        joints.append(BvhJoint('_'.join(names), parent, offset, channels, first))
        return len(joints) - 1

    def _channels(self) -> tuple[str, ...]:
        self._expect('CHANNELS')
        count = self._number('the number of channels')
        if count not in (1, 2, 3, 4, 5, 6):
            raise self._error('1 to 6 channels', f'{count:g}')
        channels = []
        for _ in range(int(count)):
            channel = self._next('a channel').lower()
            if channel not in _CHANNELS or channel in channels:
                raise self._error(f'one of {", ".join(sorted(_CHANNELS))}, each once', channel)
            channels.append(channel)
        return tuple(channels)

    def _rows(self, frames: int, width: int) -> Array:
        lines = [
            (number, line)
            for number, line in enumerate(self._lines[self._line :], self._line + 1)
            if line.strip()
        ]
        if len(lines) != frames:
            self._line = lines[-1][0] if lines else len(self._lines)
            raise self._error(f'{frames} frames', str(len(lines)))
        values = np.empty((frames, width))
        for row, (self._line, line) in enumerate(lines):
            words = line.split()
            if len(words) != width:
                raise self._error(f'{width} channel values', str(len(words)))
            values[row] = [self._to_number(word, 'a channel value') for word in words]
        return values

    def _split(self) -> Iterator[str]:
        for number, line in enumerate(self._lines, 1):
            for word in line.replace('{', ' { ').replace('}', ' } ').split():
                self._line = number
                yield word

    def _next(self, expected: str) -> str:
        word = next(self._words, None)
        if word is None:
            raise self._error(expected, 'the end of the file')
        return word

    def _expect(self, word: str) -> None:
        got = self._next(word)
        if got.upper() != word.upper():
            raise self._error(word, got)

    def _number(self, expected: str) -> float:
        return self._to_number(self._next(expected), expected)

    def _to_number(self, word: str, expected: str) -> float:
        try:
            number = float(word)
        except ValueError:
            raise self._error(expected, word) from None
        if not math.isfinite(number):
            raise self._error(f'{expected}, finite', word)
        return number

    def _error(self, expected: str, got: str) -> RecordingError:
        return RecordingError(f'{self._path}:{self._line}: expected {expected}, got {got[:40]!r}')


def _about(axis: int, angle: Array) -> Array:
    """Rotation matrices (n, 3, 3) about a coordinate axis by angles (n,) [rad]."""
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.tile(np.eye(3), (len(angle), 1, 1))
    matrix[:, i, i] = matrix[:, j, j] = np.cos(angle)
    matrix[:, j, i] = np.sin(angle)
    matrix[:, i, j] = -matrix[:, j, i]
    return matrix

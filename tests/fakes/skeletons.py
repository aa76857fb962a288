"""A made-up humanoid as BVH text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

# name, parent, offset (x left, y up, z forward; decimetres): a T pose, arms along x.
T_POSE: tuple[tuple[str, str, tuple[float, float, float]], ...] = (
    ('Hips', '', (0.0, 0.0, 0.0)),
    ('Spine', 'Hips', (0.0, 3.0, 0.0)),
    ('Head', 'Spine', (0.0, 2.5, 0.0)),
    ('LeftArm', 'Spine', (1.8, 1.5, 0.0)),
    ('LeftForeArm', 'LeftArm', (2.8, 0.0, 0.0)),
    ('LeftHand', 'LeftForeArm', (2.5, 0.0, 0.0)),
    ('RightArm', 'Spine', (-1.8, 1.5, 0.0)),
    ('RightForeArm', 'RightArm', (-2.8, 0.0, 0.0)),
    ('RightHand', 'RightForeArm', (-2.5, 0.0, 0.0)),
    ('LeftUpLeg', 'Hips', (1.0, -0.5, 0.0)),
    ('LeftLeg', 'LeftUpLeg', (0.0, -4.2, 0.0)),
    ('LeftFoot', 'LeftLeg', (0.0, -4.0, 0.0)),
    ('RightUpLeg', 'Hips', (-1.0, -0.5, 0.0)),
    ('RightLeg', 'RightUpLeg', (0.0, -4.2, 0.0)),
    ('RightFoot', 'RightLeg', (0.0, -4.0, 0.0)),
)
END_OF_HEAD = (0.0, 1.7, 0.0)
HEIGHT = (3.0 + 2.5 + 1.7 + 0.5 + 4.2 + 4.0) / (1.0 - 0.039)
ORDER = 'Zrotation Yrotation Xrotation'


def bvh_text(
    frames: Sequence[dict[str, Sequence[float]]],
    *,
    frame_time: float = 0.01,
    turn: Callable[[tuple[float, float, float]], tuple[float, float, float]] = lambda v: v,
    order: str = ORDER,
) -> str:
    """A file of the T pose.

    Args:
        frames: Channel values by joint name (the root: position, then angles [deg]); joints
            that are not named stay at rest.
        frame_time: Between frames [s].
        turn: Changes the axes of the offsets.
        order: The rotation channels of every joint.
    """
    lines = ['HIERARCHY', *_block('Hips', turn, order), 'MOTION', f'Frames: {len(frames)}']
    lines.append(f'Frame Time: {frame_time}')
    names = _depth_first('Hips')
    for frame in frames:
        row = [
            value
            for name in names
            for value in frame.get(name, (0.0,) * (6 if name == 'Hips' else 3))
        ]
        lines.append(' '.join(f'{value:.6f}' for value in row))
    return '\n'.join(lines) + '\n'


def _children(parent: str) -> list[str]:
    return [name for name, above, _ in T_POSE if above == parent]


def _depth_first(name: str) -> list[str]:
    return [name, *(below for child in _children(name) for below in _depth_first(child))]


def _block(name: str, turn: Callable, order: str) -> list[str]:
    offset = next(offset for joint, _, offset in T_POSE if joint == name)
    channels = f'3 {order}'
    if name == 'Hips':
        channels = f'6 Xposition Yposition Zposition {order}'
    lines = [f'{"ROOT" if name == "Hips" else "JOINT"} {name}', '{', _offset(turn(offset))]
    lines.append(f'CHANNELS {channels}')
    for child in _children(name):
        lines += _block(child, turn, order)
    if not _children(name):
        end = END_OF_HEAD if name == 'Head' else (0.0, 0.0, 0.0)
        lines += ['End Site', '{', _offset(turn(end)), '}']
    return [*lines, '}']


def _offset(vector: tuple[float, float, float]) -> str:
    return 'OFFSET ' + ' '.join(f'{value:.5f}' for value in vector)

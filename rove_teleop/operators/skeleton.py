"""From a motion-capture skeleton to the poses an operator has.

Skeletons differ in joint names, unit, axes and rest pose. Joints are found by their usual
names; the unit comes from the subject's height; the axes and each body part's own frame come
from the rest pose (a T or A pose, as in nearly all files).
"""

from __future__ import annotations

import re

import numpy as np

from rove_teleop.core.names import SIDES
from rove_teleop.core.types import Array
from rove_teleop.errors import RecordingError
from rove_teleop.operators.bvh import Bvh
from rove_teleop.operators.motion import Motion
from rove_teleop.operators.poses import compose, heading_only, inverse, quaternion_of

ANKLE_HEIGHT = 0.039
"""Ankle above the ground as a share of body height (Drillis and Contini 1966)."""
HUMAN_SPEED = 15.0
"""What no part of a person reaches in these recordings [m/s]."""

_SIDED = {
    'thigh': ('upleg', 'upperleg', 'thigh', 'hip'),
    'foot': ('foot', 'ankle'),
    'elbow': ('forearm', 'lowarm', 'lowerarm', 'elbow'),
    'wrist': ('hand', 'wrist'),
}
_CENTRAL = {
    'pelvis': ('hips', 'hip', 'pelvis', 'root'),
    'torso': ('chest', 'spine3', 'upperchest', 'chest3', 'spine2', 'spine1', 'spine'),
    'head': ('head',),
}
_OPTIONAL = ('torso',)


def motion_from_bvh(bvh: Bvh, subject_height: float = 1.7) -> Motion:
    """Head, wrists, elbows, torso, pelvis and feet of a humanoid skeleton.

    The first frame stands over the origin, facing x, with the lowest foot of the whole motion
    at ankle height; walking goes where it went. A first frame from which the second cannot be
    reached is left out: many exporters put the rest pose there.

    Args:
        bvh: The skeleton and its motion.
        subject_height: Height of the person [m]; sets the file's unit.

    Raises:
        RecordingError: A body part has none of its known names, or the height is not one.
    """
    if not 0.5 < subject_height < 2.5:
        raise RecordingError(
            f'{bvh.path}: subject_height is {subject_height} m, expected 0.5 to 2.5'
        )
    parts = find_parts(bvh)
    R_body_file = _axes(bvh, parts)
    unit = subject_height / _height(bvh, parts, R_body_file)
    position, rotation = bvh.forward_kinematics()
    position = unit * position @ R_body_file.T
    rotation = R_body_file @ rotation @ R_body_file.T
    first = _first_frame(position, bvh.frame_time)
    tracks = {
        part: _track(position[:, i], rotation[:, i], _rest_axes(bvh, part, parts, R_body_file))
        for part, i in parts.items()
        if not part.endswith('thigh')
    }
    tracks = {part: track[first:] for part, track in tracks.items()}
    time = np.arange(len(bvh.values) - first) * bvh.frame_time
    return Motion(str(bvh.path), time, _placed(tracks, ANKLE_HEIGHT * subject_height))


def _first_frame(position: Array, frame_time: float) -> int:
    """1 if frame 0 is a rest pose that the motion jumps away from, else 0."""
    jump = np.linalg.norm(position[1] - position[0], axis=-1).max()
    return int(jump > HUMAN_SPEED * frame_time and len(position) > 2)


def find_parts(bvh: Bvh) -> dict[str, int]:
    """Index of the joint of each body part.

    Raises:
        RecordingError: None of a part's known names is there; the message lists the joints.
    """
    names = {_plain(joint.name): i for i, joint in reversed(list(enumerate(bvh.joints)))}
    wanted = dict(_CENTRAL)
    for side in SIDES:
        for part, words in _SIDED.items():
            prefixes = (side, side[0])
            wanted[f'{side}_{part}'] = tuple(p + word for word in words for p in prefixes)
            wanted[f'{side}_{part}'] += tuple(word + p for word in words for p in prefixes)
    parts = {}
    for part, aliases in wanted.items():
        found = [names[alias] for alias in aliases if alias in names]
        if found:
            parts[part] = found[0]
        elif part not in _OPTIONAL:
            known = ', '.join(joint.name for joint in bvh.joints if joint.channels)
            raise RecordingError(
                f'{bvh.path}: no joint for the {part.replace("_", " ")}, expected one of '
                f'{", ".join(aliases)}; the file has {known}'
            )
    return parts


def _plain(name: str) -> str:
    """A joint's name without prefix (``mixamorig:``), punctuation and capitals."""
    return re.sub(r'[^a-z0-9]', '', name.rpartition(':')[2].lower())


def _axes(bvh: Bvh, parts: dict[str, int]) -> Array:
    """R_body_file (3, 3): the file's axes to x forward, y left, z up, snapped to whole axes."""
    rest = bvh.rest()
    up = _snap(rest[parts['head']] - rest[parts['pelvis']])
    left = _snap(rest[parts['left_thigh']] - rest[parts['right_thigh']])
    if abs(up @ left) > 0.5:
        raise RecordingError(
            f'{bvh.path}: at rest the hips lie along the spine, expected a standing rest pose'
        )
    return np.array([np.cross(left, up), left, up])


def _snap(direction: Array) -> Array:
    """The coordinate axis nearest to a direction, shape (3,)."""
    axis = int(np.argmax(np.abs(direction)))
    return np.sign(direction[axis]) * np.eye(3)[axis]


def _height(bvh: Bvh, parts: dict[str, int], R_body_file: Array) -> float:
    """Height of the person in the file's unit, along the bones (a rest pose may straddle)."""
    lengths = [float(np.linalg.norm(joint.offset)) for joint in bvh.joints]
    rest = bvh.rest() @ R_body_file.T
    crown = parts['head']
    ends = [i for i, j in enumerate(bvh.joints) if j.parent == crown and not j.channels]
    spine = _chain_length(bvh, lengths, ends[0] if ends else crown, parts['pelvis'])
    leg = np.mean(
        [
            _chain_length(bvh, lengths, parts[f'{s}_foot'], parts[f'{s}_thigh'])
            + rest[parts['pelvis'], 2]
            - rest[parts[f'{s}_thigh'], 2]
            for s in SIDES
        ]
    )
    total = float(spine + leg) / (1.0 - ANKLE_HEIGHT)
    if not total > 0.0:
        raise RecordingError(f'{bvh.path}: all offsets are zero, expected the lengths of bones')
    return total


def _chain_length(bvh: Bvh, lengths: list[float], joint: int, ancestor: int) -> float:
    total = 0.0
    while joint not in (ancestor, -1):
        total += lengths[joint]
        joint = bvh.joints[joint].parent
    if joint != ancestor:
        raise RecordingError(
            f'{bvh.path}: {bvh.joints[ancestor].name} is not above the joint it should carry, '
            'expected a humanoid hierarchy'
        )
    return total


def _rest_axes(bvh: Bvh, part: str, parts: dict[str, int], R_body_file: Array) -> Array:
    """R_rest_part (3, 3): the part's own frame in the rest pose, where all joints are aligned.

    Arms point along x from one joint to the next, with z up (out of the back of the hand in a
    T or A pose) or, when they hang, z away from the body. Feet stand square to the shin.
    Everything else faces x with z up.
    """
    side = part.partition('_')[0]
    rest = bvh.rest() @ R_body_file.T
    ahead, up = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
    if part.endswith('foot'):
        foot = parts[part]
        shin = rest[bvh.joints[foot].parent] - rest[foot]
        return _frame(np.cross(np.cross(shin, ahead), shin), shin)
    if part.endswith(('wrist', 'elbow')):
        x = rest[parts[f'{side}_wrist']] - rest[parts[f'{side}_elbow']]
        outward = np.array([0.0, 1.0 if side == 'left' else -1.0, 0.0])
        return _frame(x, outward if abs(x[2]) > 0.9 * np.linalg.norm(x) else up)
    return np.eye(3)


def _frame(x: Array, z: Array) -> Array:
    """Rotation (3, 3) with the given x direction and z as near as can be."""
    y = np.cross(z, x)
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def _track(position: Array, rotation: Array, R_rest_part: Array) -> Array:
    return np.concatenate([position, quaternion_of(rotation @ R_rest_part)], axis=1)


def _placed(tracks: dict[str, Array], ankle_height: float) -> dict[str, Array]:
    """The same motion from the origin, facing x, standing on the ground."""
    start = tracks['pelvis'][0]
    ground = np.concatenate([start[:2], [0.0], heading_only(start[3:])])
    lowest = min(tracks[f'{side}_foot'][:, 2].min() for side in SIDES)
    ground[2] = lowest - ankle_height
    to_ground = inverse(ground)
    return {part: compose(to_ground, track) for part, track in tracks.items()}

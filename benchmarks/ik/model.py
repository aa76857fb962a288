"""The robot, the tasks and the collision pairs that every tool is given.

Only the standard library and names are used here, since every peer's environment imports it.
"""

from __future__ import annotations

from itertools import product
from math import atan2, dist, hypot
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from rove_teleop.core.names import JOINTS, SIDES
from rove_teleop.share import share

Point = tuple[float, float, float]

HAND_FRAMES = {side: f'{side}_ee' for side in SIDES}
"""Frames that the targets are for: added to the description, fixed to the wrist's last link."""
HAND_PARENT = {side: f'{side}_wrist_yaw_link' for side in SIDES}
HAND_OFFSET: Point = (0.05, 0.0, 0.0)  # m, in the axes of the parent
FOOT_FRAMES = {side: f'{side}_ankle_roll_link' for side in SIDES}
TORSO_FRAME = 'torso_link'
PELVIS = 'pelvis'

HAND_WEIGHT = (1.0, 0.3)
"""Weight of a hand's position [1/m] and orientation [1/rad]; squared in the objective."""
FOOT_WEIGHT = 10.0
TORSO_WEIGHT = 0.3
POSTURE_WEIGHT = 1e-2
DAMPING = 1e-4
"""On the diagonal of the Hessian; not squared."""
VELOCITY_LIMIT = 6.0  # rad/s, every joint
MINIMUM_DISTANCE = 0.02  # m, between the capsules of a pair

_LEG = {'hip_pitch': -0.20, 'knee': 0.40, 'ankle_pitch': -0.20}
_ARM = {'shoulder_pitch': -0.10, 'elbow': -0.15}
_MIRRORED = {'shoulder_roll': 0.25, 'shoulder_yaw': -0.10}
START = dict.fromkeys(JOINTS, 0.0) | {
    f'{side}_{name}_joint': value * (sign if name in _MIRRORED else 1.0)
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True)
    for name, value in (*_LEG.items(), *_ARM.items(), *_MIRRORED.items())
}
"""Joint positions at the start [rad], in model order; the pelvis is at the identity."""


class Capsule(NamedTuple):
    """A segment of a link with a radius, in the link's frame [m]."""

    link: str
    start: Point
    end: Point
    radius: float


CAPSULES = {
    'torso': Capsule('torso_link', (0, 0, 0.10), (0, 0, 0.24), 0.085),
    'head': Capsule('torso_link', (0.03, 0, 0.40), (0.03, 0, 0.44), 0.08),
    'pelvis': Capsule('pelvis', (0, -0.05, -0.06), (0, 0.05, -0.06), 0.08),
    **{
        f'{side}_thigh': Capsule(f'{side}_hip_yaw_link', (0, 0, -0.02), (0, 0, -0.15), 0.07)
        for side in SIDES
    },
    **{
        f'{side}_forearm': Capsule(f'{side}_elbow_link', (0.02, 0, 0), (0.10, 0, 0), 0.04)
        for side in SIDES
    },
    **{
        f'{side}_hand': Capsule(f'{side}_wrist_yaw_link', (0, 0, 0), (0.12, 0, 0), 0.045)
        for side in SIDES
    },
}
PAIRS = (
    *product(
        ('left_hand', 'right_hand', 'left_forearm', 'right_forearm'),
        ('torso', 'head', 'pelvis', 'left_thigh', 'right_thigh'),
    ),
    *product(('left_hand', 'left_forearm'), ('right_hand', 'right_forearm')),
)
"""The 24 pairs of capsules that shall stay apart."""


def description(urdf: Path | None = None) -> str:
    """The robot's URDF with the capsules as its only geometry and the hand frames added.

    A capsule is a cylinder of the segment's length; who reads it adds the caps (``capsules`` of
    pinocchio's ``collision_checking`` element do).
    """
    path = share('urdf/g1_dex3.urdf') if urdf is None else urdf
    root = ElementTree.parse(path).getroot()
    for limit in root.iter('limit'):
        limit.set('velocity', str(VELOCITY_LIMIT))
    links = {link.get('name'): link for link in root.findall('link')}
    for link in links.values():
        for geometry in (*link.findall('visual'), *link.findall('collision')):
            link.remove(geometry)
    for name, capsule in CAPSULES.items():
        _add_capsule(links[capsule.link], name, capsule)
    for side in SIDES:
        _add_frame(root, HAND_FRAMES[side], HAND_PARENT[side])
    return ElementTree.tostring(root, encoding='unicode')


def shape_name(capsule: str) -> str:
    """What pinocchio calls a capsule of `description`: its link and its number there."""
    link = CAPSULES[capsule].link
    inside = [name for name, other in CAPSULES.items() if other.link == link]
    return f'{link}_{inside.index(capsule)}'


def _add_capsule(link: ElementTree.Element, name: str, capsule: Capsule) -> None:
    collision = ElementTree.SubElement(link, 'collision', name=name)
    middle = [(a + b) / 2 for a, b in zip(capsule.start, capsule.end, strict=True)]
    x, y, z = ((b - a) for a, b in zip(capsule.start, capsule.end, strict=True))
    angles = _angles_from_z(x, y, z)
    ElementTree.SubElement(collision, 'origin', xyz=_text(middle), rpy=_text(angles))
    geometry = ElementTree.SubElement(collision, 'geometry')
    length = dist(capsule.start, capsule.end)
    ElementTree.SubElement(geometry, 'cylinder', radius=str(capsule.radius), length=str(length))
    checking = link.find('collision_checking')
    if checking is None:
        checking = ElementTree.SubElement(link, 'collision_checking')
    ElementTree.SubElement(checking, 'capsule', name=name)


def _angles_from_z(x: float, y: float, z: float) -> tuple[float, float, float]:
    """Fixed-axis roll, pitch, yaw [rad] that turn the z axis along a vector."""
    return 0.0, atan2(hypot(x, y), z), atan2(y, x)


def _add_frame(root: ElementTree.Element, name: str, parent: str) -> None:
    ElementTree.SubElement(root, 'link', name=name)
    joint = ElementTree.SubElement(root, 'joint', name=f'{name}_joint', type='fixed')
    ElementTree.SubElement(joint, 'parent', link=parent)
    ElementTree.SubElement(joint, 'child', link=name)
    ElementTree.SubElement(joint, 'origin', xyz=_text(HAND_OFFSET), rpy='0 0 0')


def _text(values: tuple[float, ...] | list[float]) -> str:
    return ' '.join(f'{value:.12g}' for value in values)

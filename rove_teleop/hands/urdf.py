"""Robot hands out of URDF files: part of a robot, or a file of their own with coupled joints."""

from __future__ import annotations

from collections.abc import Mapping
import copy
from pathlib import Path
from xml.etree import ElementTree

import pinocchio as pin

from rove_teleop.core.retargeting import FingerChain, Mimic, Point, VectorConfig
from rove_teleop.errors import ModelError


def load_chain(urdf: Path | str, side: str, config: VectorConfig) -> FingerChain:
    """Kinematics of a hand that has a URDF of its own.

    Args:
        urdf: The hand; mimic joints follow their source.
        side: ``left`` or ``right``.
        config: Its free joints and points.

    Raises:
        ModelError: The file is no readable URDF, or lacks what the configuration names.
    """
    try:
        model = pin.buildModelFromUrdf(str(urdf))
        mimics = [mimic for joint in _root(urdf).findall('joint') for mimic in _mimic(joint)]
    except (ValueError, RuntimeError) as error:
        raise ModelError(f'{urdf} is not a readable URDF of a hand: {error}') from error
    return FingerChain(model, config.names(side), config.places(side), mimics)


def hand_urdf(urdf: Path | str, root: str, points: Mapping[str, Point]) -> str:
    """The part of a robot description from a link on, with a link of its own at each point.

    Args:
        urdf: The robot.
        root: Link that becomes the root.
        points: By the name of the link to add: the link it is fixed to, and where [m].

    Raises:
        ModelError: A link that is named is missing.
    """
    source = _root(urdf)
    links = {link.get('name', ''): link for link in source.findall('link')}
    if root not in links:
        raise ModelError(f'{urdf} has no link {root}')
    tree = ElementTree.Element('robot', name=f'{root}_tree')
    known = {root}
    joints = source.findall('joint')
    while grown := [
        j for j in joints if _end(j, 'parent') in known and _end(j, 'child') not in known
    ]:
        tree.extend(copy.deepcopy(joint) for joint in grown)
        known.update(_end(joint, 'child') for joint in grown)
    for name, (link, point) in points.items():
        if link not in known:
            raise ModelError(f'{urdf} has no link {link} below {root}')
        tree.extend(_fixed(name, link, point))
    tree.extend(copy.deepcopy(links[name]) for name in sorted(known))
    return ElementTree.tostring(tree, encoding='unicode')


def _root(urdf: Path | str) -> ElementTree.Element:
    try:
        return ElementTree.parse(urdf).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise ModelError(f'{urdf} is not a readable URDF: {error}') from error


def _mimic(joint: ElementTree.Element) -> list[Mimic]:
    tag = joint.find('mimic')
    if tag is None:
        return []
    multiplier, offset = float(tag.get('multiplier', 1.0)), float(tag.get('offset', 0.0))
    return [Mimic(joint.get('name', ''), tag.get('joint', ''), multiplier, offset)]


def _end(joint: ElementTree.Element, end: str) -> str:
    element = joint.find(end)
    return '' if element is None else element.get('link', '')


def _fixed(name: str, parent: str, point: tuple[float, float, float]) -> list[ElementTree.Element]:
    joint = ElementTree.Element('joint', name=f'{name}_joint', type='fixed')
    ElementTree.SubElement(joint, 'parent', link=parent)
    ElementTree.SubElement(joint, 'child', link=name)
    ElementTree.SubElement(joint, 'origin', xyz=' '.join(f'{v:.6f}' for v in point), rpy='0 0 0')
    return [joint, ElementTree.Element('link', name=name)]

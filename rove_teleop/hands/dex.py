"""Hand retargeting by the `dex-retargeting` package, an optional extra.

It optimises the same vectors as the built-in solver (knuckle to tip of both fingers, thumb tip
to finger tips) with its own Huber loss, and imports torch to do so.
"""

from __future__ import annotations

import copy
import importlib
from pathlib import Path
import tempfile
from typing import Any
from xml.etree import ElementTree

import numpy as np

from rove_teleop.core.names import HAND_JOINTS
from rove_teleop.core.retargeting import DEX3, HandConfig, HandModel, hand_features
from rove_teleop.core.retargeting.objective import HandObjective, ObjectiveConfig
from rove_teleop.core.robot import PALM_FRAMES, Robot
from rove_teleop.core.types import Array
from rove_teleop.errors import ConfigError, InvalidInput, ModelError

HUBER_DELTA = 0.02  # m
NORMAL_DELTA = 4e-3  # weight of the change from the last answer
_VECTORS = (  # origin and end of each vector: a finger's first link, or its tip
    ('index_0', 'index'),
    ('middle_0', 'middle'),
    ('thumb', 'index'),
    ('thumb', 'middle'),
)


class DexRetargeter:
    """`dex-retargeting` in vector mode behind the `HandRetargeter` protocol.

    Its answers exceed the joint limits by up to 1 mrad and are brought back here. Its own
    low-pass filter is off, because that depends on the rate of calls.

    Attributes:
        side: ``left`` or ``right``.
    """

    def __init__(self, robot: Robot, side: str, urdf: Path | str, hand: HandConfig = DEX3) -> None:
        """Build the optimiser for one hand.

        Args:
            robot: The robot, for its limits.
            side: ``left`` or ``right``.
            urdf: The description the robot was built from.
            hand: Which hand it is.

        Raises:
            ConfigError: The package is not installed.
            ModelError: The description lacks parts of the hand.
        """
        library = _library()
        self._model = HandModel(robot, side, hand)
        self._objective = HandObjective(self._model, ObjectiveConfig())
        self.side = side
        with tempfile.TemporaryDirectory(prefix='rove-hand-') as folder:
            path = Path(folder) / f'{side}_hand.urdf'
            path.write_text(hand_urdf(Path(urdf), side, hand))
            self._solver = library.RetargetingConfig.from_dict(_settings(path, side, hand)).build()
        names = list(self._solver.joint_names)
        self._order = np.array([names.index(name) for name in HAND_JOINTS[side]])

    def reset(self, position: Array) -> None:
        """Start the next search from these joints, shape (7,).

        Raises:
            InvalidInput: ``position`` has another shape or is not finite.
        """
        if np.shape(position) != self._order.shape or not np.isfinite(position).all():
            raise InvalidInput(f'position must be {len(self._order)} finite numbers')
        start = np.empty(len(self._order))
        start[self._order] = position
        self._solver.set_qpos(start)

    def retarget(self, hand: Array) -> Array:
        """Joints (7,) [rad] for a tracked hand (25, 7); see ``HandRetargeter``."""
        targets = self._objective.imitate(hand_features(hand, self.side))
        vectors = np.concatenate((targets.fingers, targets.pinch))
        answer = np.asarray(self._solver.retarget(vectors), dtype=float)
        return self._model.clip(answer[self._order])


def hand_urdf(urdf: Path, side: str, hand: HandConfig = DEX3) -> str:
    """The part of a robot description from the palm on, with a link at each fingertip.

    Raises:
        ModelError: A link that the configuration names is missing.
    """
    source = ElementTree.parse(urdf).getroot()
    links = {link.get('name'): link for link in source.findall('link')}
    root = ElementTree.Element('robot', name=f'{side}_hand')
    known = {PALM_FRAMES[side]}
    joints = source.findall('joint')
    while grown := [
        j for j in joints if _end(j, 'parent') in known and _end(j, 'child') not in known
    ]:
        root.extend(copy.deepcopy(joint) for joint in grown)
        known.update(_end(joint, 'child') for joint in grown)
    for name, (link, point) in hand.tips.items():
        parent = link.format(side=side)
        if parent not in known:
            raise ModelError(f'{urdf} has no link {parent} below {PALM_FRAMES[side]}')
        mirror = np.ones(3) if side == 'left' else np.array(hand.mirror)
        root.extend(_tip(f'{name}_tip', parent, np.array(point) * mirror))
    root.extend(copy.deepcopy(links[name]) for name in sorted(known))
    return ElementTree.tostring(root, encoding='unicode')


def _end(joint: ElementTree.Element, end: str) -> str:
    element = joint.find(end)
    return '' if element is None else element.get('link', '')


def _tip(name: str, parent: str, point: Array) -> list[ElementTree.Element]:
    joint = ElementTree.Element('joint', name=f'{name}_joint', type='fixed')
    ElementTree.SubElement(joint, 'parent', link=parent)
    ElementTree.SubElement(joint, 'child', link=name)
    ElementTree.SubElement(joint, 'origin', xyz=' '.join(f'{v:.6f}' for v in point), rpy='0 0 0')
    return [joint, ElementTree.Element('link', name=name)]


def _settings(path: Path, side: str, hand: HandConfig) -> dict[str, Any]:
    def link(name: str) -> str:
        return f'{name}_tip' if name in hand.tips else f'{side}_hand_{name}_link'

    return {
        'type': 'vector',
        'urdf_path': str(path),
        'target_joint_names': list(HAND_JOINTS[side]),
        'target_origin_link_names': [link(origin) for origin, _ in _VECTORS],
        'target_task_link_names': [link(end) for _, end in _VECTORS],
        'target_link_human_indices': [[6, 11, 4, 4], [9, 14, 9, 14]],
        'huber_delta': HUBER_DELTA,
        'normal_delta': NORMAL_DELTA,
        'low_pass_alpha': -1.0,
    }


def _library() -> Any:
    try:
        return importlib.import_module('dex_retargeting.retargeting_config')
    except ImportError as error:
        raise ConfigError(
            f'hand retargeting "dex" needs the package dex-retargeting ({error}); '
            'install it with: pip install "rove[hands]", or choose the built-in one'
        ) from error

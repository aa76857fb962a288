"""Which vectors of a human hand a robot hand shall match, as data.

The vocabulary and defaults are those of dex-retargeting's ``vector`` and ``DexPilot``
configurations (github.com/dexsuite/dex-retargeting), with indices into the 25 WebXR joints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rove_teleop.core.names import SIDES
from rove_teleop.core.retargeting.chain import Point
from rove_teleop.core.retargeting.dexpilot import finger_pairs
from rove_teleop.core.retargeting.keypoints import NUM_HAND_JOINTS
from rove_teleop.core.types import Array
from rove_teleop.errors import ConfigError, UnknownName

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class VectorConfig:
    """Vectors from one point of a hand to another; ``{side}`` in names is left or right.

    Attributes:
        name: Of the configuration, for messages and tables.
        joints: The joints that are chosen freely, in the order of the answer.
        points: Named points of the left robot hand: a link and a place on it [m].
        origins, tasks: Where each vector begins and ends, names of points.
        human: The same of the human hand, two tuples of WebXR indices.
        axes: Rows are the human's forward, aside (to the index) and back in the axes of the
            left robot hand's root.
        mirror: What turns a point of the left hand into one of the right hand.
        scale: Size of the robot's hand relative to a human's of normal size.
        beta: Error at which the loss turns from quadratic to linear [m].
        pull: Weight of the squared step from the last answer [1/rad^2].
        fingers: Fingertips of a DexPilot configuration, thumb first; 0 in a plain one.
        project: Distance of thumb and finger below which DexPilot pinches [m].
        escape: And beyond which it lets go [m].
    """

    name: str
    joints: tuple[str, ...]
    points: Mapping[str, Point]
    origins: tuple[str, ...]
    tasks: tuple[str, ...]
    human: tuple[tuple[int, ...], tuple[int, ...]]
    axes: tuple[Triple, Triple, Triple]
    mirror: Triple = (1.0, -1.0, 1.0)
    scale: float = 1.0
    beta: float = 0.02
    pull: float = 4e-3
    fingers: int = 0
    project: float = 0.03
    escape: float = 0.05

    def __post_init__(self) -> None:
        ends = (self.origins, self.tasks, *self.human)
        if not self.origins or len({len(end) for end in ends}) != 1:
            raise ConfigError(
                f'{self.name}: vectors need as many origins as tasks, robot and human'
            )
        if not all(0 <= i < NUM_HAND_JOINTS for end in self.human for i in end):
            raise ConfigError(f'{self.name}: human joints must be 0 to {NUM_HAND_JOINTS - 1}')
        for name in ('scale', 'beta', 'project'):
            if not 0.0 < getattr(self, name) < np.inf:
                raise ConfigError(
                    f'{self.name}: {name} must be above 0, got {getattr(self, name)}'
                )
        if self.pull < 0.0 or self.escape < self.project:
            raise ConfigError(f'{self.name}: pull must not be negative, nor escape below project')
        names = tuple(self.points)
        unknown = sorted({*self.origins, *self.tasks} - set(names))
        if unknown:
            raise UnknownName(f'point of {self.name}', unknown[0], names)

    @property
    def indices(self) -> tuple[list[int], list[int]]:
        """Origins and tasks as indices into ``points``."""
        names = list(self.points)
        return [names.index(p) for p in self.origins], [names.index(p) for p in self.tasks]

    def names(self, side: str) -> list[str]:
        """The free joints of one hand.

        Raises:
            UnknownName: ``side`` is neither left nor right.
        """
        if side not in SIDES:
            raise UnknownName('side', side, SIDES)
        return [name.format(side=side) for name in self.joints]

    def places(self, side: str) -> list[Point]:
        """The points of one hand, mirrored if it is the right one."""
        mirror = self._mirror(side)
        return [
            (link.format(side=side), tuple((np.array(point) * mirror).tolist()))
            for link, point in self.points.values()
        ]

    def human_vectors(self, points: Array, side: str) -> Array:
        """Vectors (m, 3) [m] of a human hand in the axes of the robot hand's root, unscaled.

        Args:
            points: Joints (25, 3) as ``hand_points`` gives them.
            side: Which hand of the robot it is for.
        """
        origins, tasks = self.human
        axes = np.array(self.axes) * self._mirror(side)
        return (points[list(tasks)] - points[list(origins)]) @ axes

    def _mirror(self, side: str) -> Array:
        return np.ones(3) if side == 'left' else np.array(self.mirror)


def dexpilot_config(
    name: str,
    *,
    wrist: str,
    tips: tuple[str, ...],
    human_tips: tuple[int, ...],
    joints: tuple[str, ...],
    points: Mapping[str, Point],
    axes: tuple[Triple, Triple, Triple],
    scale: float = 1.0,
) -> VectorConfig:
    """A DexPilot configuration: every pair of fingertips, and every tip from the wrist.

    Args:
        name: Of the configuration.
        wrist: The point that stands for the human's wrist.
        tips: The points at the fingertips, thumb first.
        human_tips: Their WebXR indices.
        joints: See ``VectorConfig``; so for the rest.
        points: As above.
        axes: As above.
        scale: As above.
    """
    pairs = finger_pairs(len(tips))
    origins = [tips[j] for _, j in pairs] + [wrist] * len(tips)
    tasks = [tips[i] for i, _ in pairs] + list(tips)
    human = (
        tuple([human_tips[j] for _, j in pairs] + [0] * len(tips)),
        tuple([human_tips[i] for i, _ in pairs] + list(human_tips)),
    )
    return VectorConfig(
        name, joints, points, tuple(origins), tuple(tasks), human, axes,
        scale=scale, beta=0.03, fingers=len(tips),
    )  # fmt: skip

"""Capsules that stand for the limbs, and which of them may meet."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from rove_teleop.core.names import SIDES
from rove_teleop.errors import ConfigError

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Capsule:
    """All points within a radius of a line segment that is fixed to a link.

    Attributes:
        name, link: Of the limb and of the link.
        start, end: Ends of the segment in the axes of the link [m].
        radius: [m].
    """

    name: str
    link: str
    start: Point
    end: Point
    radius: float

    def __post_init__(self) -> None:
        numbers = (*self.start, *self.end, self.radius)
        if len(numbers) != 7 or not np.isfinite(numbers).all() or self.radius <= 0.0:
            raise ConfigError(
                f'capsule {self.name!r} needs two finite points and a positive radius, '
                f'got {self.start}, {self.end}, {self.radius}'
            )


def body_capsules(hand_length: float) -> tuple[Capsule, ...]:
    """Trunk, thighs, forearms and hands.

    Args:
        hand_length: From the wrist to where the hand capsule ends [m].
    """
    trunk = (
        Capsule('torso', 'torso_link', (0, 0, 0.10), (0, 0, 0.24), 0.085),
        Capsule('head', 'torso_link', (0.03, 0, 0.40), (0.03, 0, 0.44), 0.08),
        Capsule('pelvis', 'pelvis', (0, -0.05, -0.06), (0, 0.05, -0.06), 0.08),
    )
    limbs = (
        ('thigh', 'hip_yaw_link', (0, 0, -0.02), (0, 0, -0.15), 0.07),
        ('forearm', 'elbow_link', (0.02, 0, 0), (0.10, 0, 0), 0.04),
        ('hand', 'wrist_yaw_link', (0, 0, 0), (hand_length, 0, 0), 0.045),
    )
    return trunk + tuple(
        Capsule(f'{side}_{name}', f'{side}_{link}', start, end, radius)
        for side in SIDES
        for name, link, start, end, radius in limbs
    )


TRUNK = ('torso', 'head', 'pelvis', *(f'{side}_thigh' for side in SIDES))
ARMS = {side: (f'{side}_forearm', f'{side}_hand') for side in SIDES}
LIMB_PAIRS = (
    *product(ARMS['left'] + ARMS['right'], TRUNK),
    *product(ARMS['left'], ARMS['right']),
)
"""The 24 pairs that must keep apart: arms and trunk, left arm and right arm."""

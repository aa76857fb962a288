"""The task protocol: where objects start, and a judge of success that sees only physics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rove_teleop.core.planes import Plane
from rove_teleop.core.types import Array, TaskState


@dataclass(frozen=True)
class TaskView:
    """What the judge of a task may look at: one instant of the scene.

    Attributes:
        seed: Seed of the reset this episode started from.
        t_ns: Time of the instant [ns].
        pose: World pose of every named scene object, goal included, each shape (7,).
        velocity: World twist of every free object, linear then angular, each shape (6,).
        contacts: Unordered pairs of names that touch, each pair sorted. A name is a scene
            object, ``left_hand`` or ``right_hand`` (palm and fingers), or ``robot`` (all else).
        normal_force: Sum of normal forces of each touching pair [N].
        fallen: True once the robot has fallen.
    """

    seed: int
    t_ns: int
    pose: dict[str, Array]
    velocity: dict[str, Array]
    contacts: frozenset[tuple[str, str]]
    normal_force: dict[tuple[str, str], float]
    fallen: bool

    def touching(self, a: str, b: str) -> bool:
        """Whether two named things are in contact."""
        return (a, b) in self.contacts or (b, a) in self.contacts


class Task(Protocol):
    """One task: its words, its scene, its seeded start and its judgement.

    Attributes:
        name: Registered name, e.g. ``pick_place``.
        text: The instruction a policy is given.
        scene: Name of the scene file in ``sim/``, without its ending.
        surfaces: What the hands shall not go through, such as the top of a table.
    """

    name: str
    text: str
    scene: str
    surfaces: tuple[Plane, ...]

    def place(self, rng: np.random.Generator) -> dict[str, Array]:
        """World poses (7,) of free objects and of the goal for a reset, by name.

        Args:
            rng: The only source of randomness.
        """

    def judge(self, view: TaskView) -> TaskState:
        """How the task stands; may keep state between calls of one episode."""

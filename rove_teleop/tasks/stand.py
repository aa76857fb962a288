"""Nothing to do: a robot on an empty floor, for free teleoperation and measurements."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.planes import Plane
from rove_teleop.core.types import Array, TaskState
from rove_teleop.tasks.task import TaskView


class Stand:
    """No objects and no goal; it never succeeds, and fails when the robot falls."""

    name = 'stand'
    text = 'stand'
    scene = 'empty'
    surfaces: tuple[Plane, ...] = ()

    def place(self, rng: np.random.Generator) -> dict[str, Array]:
        """There is nothing to place."""
        return {}

    def judge(self, view: TaskView) -> TaskState:
        """Only a fall can be judged."""
        return TaskState(
            task=self.name,
            text=self.text,
            seed=view.seed,
            t_ns=view.t_ns,
            success=False,
            failed=view.fallen,
            progress='start',
            objects=view.pose,
        )

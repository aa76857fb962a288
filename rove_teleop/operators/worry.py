"""A bystander's judgement of whether the robot, left alone, is about to fail."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.types import Array
from rove_teleop.tasks.skill import HELD, Scene

_STILL, _STILL_GRIP = 0.01, 0.05  # less motion than this is none [m], [closure]
_PATIENCE = 2.5  # with a robot that does not move [s]
_EMPTY_RISE = 0.05  # a closed hand this far above where it closed came back without the cube [m]


class Worry:
    """Watches a robot that works by itself; says in a word what is wrong."""

    def __init__(self) -> None:
        """Begin without suspicion."""
        self.forget()

    def forget(self) -> None:
        """The robot starts anew: what was seen before does not count."""
        self._had_cube = False
        self._closed_at: float | None = None
        self._still: tuple[Array, float] | None = None
        self._still_since_ns = 0

    def step(self, scene: Scene, now_ns: int) -> str:
        """Look once; ``dropped``, ``missed``, ``stalled``, or empty when all seems well."""
        if scene.placed:
            self.forget()
            return ''
        self._had_cube |= scene.lifted
        if self._had_cube and not scene.in_hand:
            return 'dropped'
        if self._missed(scene):
            return 'missed'
        return 'stalled' if self._stands_still(scene, now_ns) else ''

    def _missed(self, scene: Scene) -> bool:
        height = float(scene.palm.translation[2])
        if scene.grip < HELD or scene.in_hand:
            self._closed_at = None
        elif self._closed_at is None or height < self._closed_at:
            self._closed_at = height
        return self._closed_at is not None and height > self._closed_at + _EMPTY_RISE

    def _stands_still(self, scene: Scene, now_ns: int) -> bool:
        position, grip = scene.palm.translation, scene.grip
        moved = (
            self._still is None
            or np.linalg.norm(position - self._still[0]) > _STILL
            or abs(grip - self._still[1]) > _STILL_GRIP
        )
        if moved:
            self._still, self._still_since_ns = (position.copy(), grip), now_ns
        return now_ns - self._still_since_ns > _PATIENCE * 1e9

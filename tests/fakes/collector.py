"""A lockstep sink that keeps what a test looks at."""

from __future__ import annotations

import numpy as np

from rove_bringup.lockstep import Tick
from rove_teleop.core.types import ControlFrame, Event


class Collector:
    """Keeps every frame and event, and where the pelvis was."""

    def __init__(self) -> None:
        self.frames: list[ControlFrame] = []
        self.events: list[Event] = []
        self.pelvis: list[np.ndarray] = []

    def take(self, tick: Tick) -> None:
        """Keep one tick."""
        if tick.frame is not None:
            self.frames.append(tick.frame)
        self.events += tick.events
        self.pelvis.append(tick.plant.base_pose)

"""One plan of the scripted policy: a way of the palm, its channels, and its mishap."""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin

from rove_policy.mishap import Mishap
from rove_policy.rollout import Rollout
from rove_teleop.core.kinematics import WholeBodyIK
from rove_teleop.core.names import GROUP_CHANNELS
from rove_teleop.core.types import Array
from rove_teleop.tasks.grip import hand_joints
from rove_teleop.tasks.skill import OPEN, Scene
from rove_teleop.tasks.trajectory import Trajectory, Waypoint

_LET_GO = 0.3  # [s]
_RIGHT_HAND = GROUP_CHANNELS['right_hand']


class Plan:
    """Where the channels are at every time since the plan was made.

    Attributes:
        scene: What the plan was made for.
        trajectory: The way of the palm in the world.
        mishap_at: When a drop or a stall begins [s]; infinite when none does.
    """

    def __init__(
        self,
        scene: Scene,
        way: list[Waypoint],
        mishap: Mishap,
        ik: WholeBodyIK,
        executed: Array,
        T_world_stance: pin.SE3,
    ) -> None:
        """Plan from the executed channels (37,); nothing is solved before it is asked for."""
        self.scene = scene
        self.trajectory = Trajectory(scene.palm, scene.grip, way)
        self._rollout = Rollout(ik, executed, self.trajectory, T_world_stance)
        self._mishap = mishap
        begin, end = self.trajectory.span(mishap.during)
        self.mishap_at = begin + mishap.share * (end - begin) if begin < math.inf else math.inf

    def palm(self, t: float) -> pin.SE3:
        """T_world_palm at a time since the start [s]."""
        return self.trajectory.sample(self._progress(np.array([t]))[0]).palm

    def channels(self, times: Array) -> Array:
        """Channels at times since the start [s], shape (n, 37)."""
        rows = self._rollout.at(self._progress(times))
        if self._mishap.kind == 'drop':
            for row, t in zip(rows, times, strict=True):
                share = np.clip((t - self.mishap_at) / _LET_GO, 0.0, 1.0)
                row[_RIGHT_HAND] += share * (hand_joints('right', OPEN) - row[_RIGHT_HAND])
        return rows

    def _progress(self, times: Array) -> Array:
        """Times along the way: they stand still once the policy stalls."""
        return np.minimum(times, self.mishap_at) if self._mishap.kind == 'stall' else times

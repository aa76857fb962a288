"""Joint-space playback of a palm's trajectory, computed only as far as it is asked for."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics import PalmTarget, Targets, WholeBodyIK
from rove_teleop.core.names import GROUP_CHANNELS
from rove_teleop.core.types import Array
from rove_teleop.tasks.grip import hand_joints
from rove_teleop.tasks.skill import HELD
from rove_teleop.tasks.trajectory import Trajectory

_STEP = 0.02  # of the inverse kinematics [s]
_RIGHT_HAND = GROUP_CHANNELS['right_hand']
_STILL = ('left_arm', 'legs')
_FADE = 0.5  # of finger joints that are not on the grip's way [s]


class Rollout:
    """Channels over time that move the right hand along a trajectory.

    Fingers that are not on the grip's way get there soon, or, when they hold something, only
    when they let go of it.
    """

    def __init__(
        self, ik: WholeBodyIK, executed: Array, trajectory: Trajectory, T_world_stance: pin.SE3
    ) -> None:
        """Begin at the executed channels (37,), at rest; takes the solver over."""
        self._ik = ik
        self._trajectory = trajectory
        self._T_stance_world = T_world_stance.inverse()
        self._grip = trajectory.sample(0.0).grip
        self._surplus = executed[_RIGHT_HAND] - hand_joints('right', self._grip)
        self._rows = [np.array(executed)]
        ik.reset(executed)

    def at(self, times: Array) -> Array:
        """Channels at times since the start [s], shape (n, 37); at rest after its end."""
        steps = np.maximum(times, 0.0) / _STEP
        while len(self._rows) < steps.max() + 2:
            self._rows.append(self._next())
        before = steps.astype(int)
        share = (steps - before)[:, None]
        rows = np.array(self._rows[before.min() : before.max() + 2])
        before = before - before.min()
        return (1.0 - share) * rows[before] + share * rows[before + 1]

    def _next(self) -> Array:
        t = len(self._rows) * _STEP
        target = self._trajectory.sample(t)
        ahead = self._trajectory.sample(t + _STEP)
        pose = self._T_stance_world * target.palm
        then = self._T_stance_world * ahead.palm
        velocity = np.concatenate([
            then.translation - pose.translation, pin.log3(then.rotation @ pose.rotation.T)
        ]) / _STEP  # fmt: skip
        palms = {'right': PalmTarget(pose, velocity)}
        row = self._ik.solve(Targets(palms=palms), _STEP, locked_groups=_STILL).position
        left = target.grip / self._grip if self._grip >= HELD else 1.0 - t / _FADE
        surplus = min(max(left, 0.0), 1.0) * self._surplus
        row[_RIGHT_HAND] = hand_joints('right', target.grip) + surplus
        return row

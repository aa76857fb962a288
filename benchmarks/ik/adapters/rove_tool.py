"""rove's whole-body inverse kinematics: with the benchmark's tasks, and as it is shipped.

It works on channels and palms in the stance frame, so both ends are converted: the targets before
the clock starts, the channels after it stopped.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pinocchio as pin

from benchmarks.ik import model as spec
from benchmarks.ik.tool import Array
from rove_teleop.assembly import make_robot
from rove_teleop.core.geometry import pose_from_se3, se3_from_base
from rove_teleop.core.kinematics import IkConfig, PalmTarget, Targets, WholeBodyIK
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import NUM_BASE, NUM_LEG_JOINTS, SIDES
from rove_teleop.core.robot import PALM_FRAMES, Robot

_FREE, _FAST = 1e3, 1e6  # bounds that never bind


class Wish(NamedTuple):
    """T_stance_palm of both hands."""

    left: pin.SE3
    right: pin.SE3


class RoveTool:
    """The benchmark's tasks and limits, nothing else."""

    def __init__(self, collision: bool, dt: float) -> None:
        self._dt = dt
        start = np.array(list(spec.START.values()))
        robot = replace(make_robot(), nominal=start)
        legs = LegKinematics(robot)
        self._legs = LegKinematics(robot)
        self._T_stance_world = se3_from_base(legs.nominal_base)
        self._T_hand_palm = {side: _hand_to_palm(robot, side) for side in SIDES}
        self._solver = WholeBodyIK(robot, legs, self._config(collision, dt))
        self._solver.reset(np.concatenate([legs.nominal_base, start[NUM_LEG_JOINTS:]]))
        self._solution = self._solver.position

    def _config(self, collision: bool, dt: float) -> IkConfig:
        return identical_tasks(collision, dt)

    def wish(self, left: Array, right: Array) -> Wish:
        """Palms in the stance frame."""
        return Wish(*(
            self._T_stance_world * pin.SE3(T_world_hand) * self._T_hand_palm[side]
            for side, T_world_hand in zip(SIDES, (left, right), strict=True)
        ))  # fmt: skip

    def tick(self, wish: Wish) -> bool:
        """One call of ``solve`` with targets that are checked as an operator's are."""
        targets = Targets({'left': PalmTarget(wish.left), 'right': PalmTarget(wish.right)})
        solution = self._solver.solve(targets, self._dt)
        self._solution = solution.position
        return solution.ok

    def state(self) -> Array:
        """The channels (37,)."""
        return self._solution.copy()

    def configurations(self, states: list[Array]) -> tuple[Array, Array]:
        """Leg joints of the base reference by leg kinematics, as the robot's driver does it."""
        base, joints = [], []
        T_world_stance = self._T_stance_world.inverse()
        for channels in states:
            pelvis = T_world_stance * se3_from_base(channels[:NUM_BASE])
            base.append(pose_from_se3(pelvis))
            legs, _ = self._legs.solve(channels[:NUM_BASE], np.zeros(NUM_BASE))
            joints.append(np.concatenate([legs, channels[NUM_BASE:]]))
        return np.array(base), np.array(joints)


class RoveFullTool(RoveTool):
    """The production configuration, whatever the benchmark's tasks are."""

    def _config(self, collision: bool, dt: float) -> IkConfig:
        del collision, dt
        return IkConfig()


def identical_tasks(collision: bool, dt: float) -> IkConfig:
    """The benchmark's tasks and limits: errors are closed in one tick, nothing is shaped."""
    position, orientation = spec.HAND_WEIGHT
    return IkConfig(
        palm_position=position,
        palm_rotation=orientation,
        palm_gain=1.0 / dt,
        palm_speed=_FAST,
        palm_turn=_FAST,
        palm_braking=(_FAST, _FAST),
        com=0.0,
        pelvis_upright=0.0,
        torso_upright=spec.TORSO_WEIGHT,
        torso_upright_gain=1.0 / dt,
        pelvis_height=0.0,
        posture_waist=spec.POSTURE_WEIGHT,
        posture_arms=spec.POSTURE_WEIGHT,
        posture_gain=1.0 / dt,
        damping=0.0,
        velocity_legs=spec.VELOCITY_LIMIT,
        velocity_waist=spec.VELOCITY_LIMIT,
        velocity_arms=spec.VELOCITY_LIMIT,
        acceleration_legs=_FREE,
        acceleration_waist=_FREE,
        acceleration_arms=_FREE,
        base_lower=(-_FREE,) * 6,
        base_upper=(_FREE,) * 6,
        base_velocity=(_FREE, _FREE),
        base_acceleration=(_FAST, _FAST),
        knee_minimum=0.0,
        margin=0.0,
        leg_margin=0.0,
        com_x=(-_FREE, _FREE),
        com_y=(-_FREE, _FREE),
        com_acceleration=_FAST,
        settling=0.0,
        collision_distance=spec.MINIMUM_DISTANCE,
        collision_acceleration=_FREE,
        collision_rows=len(spec.PAIRS) if collision else 0,
    )


def _hand_to_palm(robot: Robot, side: str) -> pin.SE3:
    frame = robot.model.frames[robot.model.getFrameId(PALM_FRAMES[side])]
    parent = robot.model.frames[robot.model.getFrameId(spec.HAND_PARENT[side])]
    T_parent_hand = pin.SE3(np.eye(3), np.array(spec.HAND_OFFSET))
    return T_parent_hand.inverse() * parent.placement.inverse() * frame.placement

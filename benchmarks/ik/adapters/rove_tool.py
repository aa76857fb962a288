"""rove's whole-body inverse kinematics: with the benchmark's tasks, and as it is shipped.

It works on channels and palms in the stance frame, so both ends are converted: the targets before
the clock starts, the channels after it stopped.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
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
from rove_teleop.core.robot import Robot

COLLISION_ACCELERATION = 60.0  # m/s², with which limbs brake before each other
LEG_MARGIN = 0.01  # rad; their limits are linearised
STRAIGHTEST_KNEE = 0.15  # rad; a leg that is eliminated must not become singular


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
        self._T_stance_world = se3_from_base(legs.nominal_base)
        config = self._config(collision, dt)
        self._T_hand_palm = {side: _hand_to_palm(robot, side, config) for side in SIDES}
        self._solver = WholeBodyIK(robot, legs, config)
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
        """The legs (12,), then the channels (37,)."""
        return np.concatenate((self._solver.legs, self._solution))

    def configurations(self, states: list[Array]) -> tuple[Array, Array]:
        """Pelvis poses of the base reference, and the joints as they are."""
        T_world_stance = self._T_stance_world.inverse()
        legs, channels = np.split(np.array(states), [NUM_LEG_JOINTS], axis=1)
        base = [
            pose_from_se3(T_world_stance * se3_from_base(row)) for row in channels[:, :NUM_BASE]
        ]
        return np.array(base), np.concatenate((legs, channels[:, NUM_BASE:]), axis=1)


class RoveFullTool(RoveTool):
    """The production configuration, whatever the benchmark's tasks are."""

    def _config(self, collision: bool, dt: float) -> IkConfig:
        del collision, dt
        return IkConfig()


def identical_tasks(collision: bool, dt: float) -> IkConfig:
    """The benchmark's tasks and limits: errors are closed in one tick, nothing is shaped.

    What the solver adds to them is its Levenberg-Marquardt damping, which is zero with the error.
    """
    position, orientation = spec.HAND_WEIGHT
    unbounded = (-inf, inf)
    return IkConfig(
        palm_link='wrist_yaw_link',
        palm_offset=spec.HAND_OFFSET,
        palm_position=position,
        palm_rotation=orientation,
        palm_gain=1.0 / dt,
        palm_speed=inf,
        palm_turn=inf,
        palm_braking=(inf, inf),
        com=0.0,
        pelvis_upright=0.0,
        torso_position=spec.TORSO_WEIGHT,
        torso_upright=spec.TORSO_WEIGHT,
        torso_upright_gain=1.0 / dt,
        pelvis_height=0.0,
        posture_base=0.0,
        posture_legs=spec.POSTURE_WEIGHT,
        posture_waist=spec.POSTURE_WEIGHT,
        posture_arms=spec.POSTURE_WEIGHT,
        posture_gain=1.0 / dt,
        regularisation=spec.DAMPING,
        damping=1.0,
        palm_yield=inf,
        velocity_legs=spec.VELOCITY_LIMIT,
        velocity_waist=spec.VELOCITY_LIMIT,
        velocity_arms=spec.VELOCITY_LIMIT,
        acceleration_legs=inf,
        acceleration_waist=inf,
        acceleration_arms=inf,
        base_lower=(-inf,) * 6,
        base_upper=(inf,) * 6,
        base_velocity=(inf, inf),
        base_acceleration=(inf, inf),
        knee_minimum=STRAIGHTEST_KNEE,
        margin=0.0,
        leg_margin=LEG_MARGIN,
        com_x=unbounded,
        com_y=unbounded,
        settling=0.0,
        hand_length=spec.CAPSULES['left_hand'].end[0],
        collision_distance=spec.MINIMUM_DISTANCE,
        collision_acceleration=COLLISION_ACCELERATION,
        collision_rows=len(spec.PAIRS) if collision else 0,
    )


def _hand_to_palm(robot: Robot, side: str, config: IkConfig) -> pin.SE3:
    """T_hand_palm from the benchmark's frame to the one that the solver brings to its target."""
    frames = robot.model.frames
    parent = frames[robot.model.getFrameId(spec.HAND_PARENT[side])]
    palm = frames[robot.model.getFrameId(f'{side}_{config.palm_link}')]
    T_parent_hand = pin.SE3(np.eye(3), np.array(spec.HAND_OFFSET))
    T_link_palm = pin.SE3(np.eye(3), np.array(config.palm_offset))
    return (parent.placement * T_parent_hand).actInv(palm.placement * T_link_palm)

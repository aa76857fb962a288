"""Where palms and centre of mass are for given channels, and where the stance frame is."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import pose_from_se3, se3_from_base, se3_from_pose
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import NUM_BASE, NUM_CHANNELS, NUM_LEG_JOINTS, SIDES
from rove_teleop.core.robot import PALM_FRAMES, Robot
from rove_teleop.core.types import Array, PlantState


class Kinematics:
    """Forward kinematics over channels, in the stance frame."""

    def __init__(self, robot: Robot, legs: LegKinematics) -> None:
        self._robot, self._legs = robot, legs
        self._data = robot.model.createData()
        self._palms = {side: robot.model.getFrameId(PALM_FRAMES[side]) for side in SIDES}

    def palms(self, position: Array) -> dict[str, pin.SE3]:
        """T_stance_palm by side.

        Args:
            position: Channels in model order, shape (37,).
        """
        q = self._configuration(position, self._robot.nominal[:NUM_LEG_JOINTS])
        pin.forwardKinematics(self._robot.model, self._data, q)
        return {
            side: pin.updateFramePlacement(self._robot.model, self._data, frame).copy()
            for side, frame in self._palms.items()
        }

    def frame(self, position: Array, name: str) -> pin.SE3:
        """T_stance_frame of a link above the pelvis, from channels (37,)."""
        q = self._configuration(position, self._robot.nominal[:NUM_LEG_JOINTS])
        pin.forwardKinematics(self._robot.model, self._data, q)
        frame = self._robot.model.getFrameId(name)
        return pin.updateFramePlacement(self._robot.model, self._data, frame).copy()

    def com(self, position: Array) -> Array:
        """Centre of mass [m] in the stance frame, shape (3,), from channels (37,)."""
        legs, _ = self._legs.solve(position[:NUM_BASE], np.zeros(NUM_BASE))
        q = self._configuration(position, legs)
        return np.array(pin.centerOfMass(self._robot.model, self._data, q))

    def from_joints(self, joint_position: Array) -> Array:
        """Channels (37,) of the 43 joints in model order, feet flat on the ground."""
        channels = np.empty(NUM_CHANNELS)
        channels[:NUM_BASE] = self._legs.base_of(joint_position[:NUM_LEG_JOINTS])
        channels[NUM_BASE:] = joint_position[NUM_LEG_JOINTS:]
        return channels

    def T_world_stance(self, state: PlantState) -> pin.SE3:
        """Where the stance frame is in the world, from measured base pose and leg joints."""
        base = self._legs.base_of(state.position[:NUM_LEG_JOINTS])
        return se3_from_pose(state.base_pose) * se3_from_base(base).inverse()

    def _configuration(self, position: Array, legs: Array) -> Array:
        joints = np.concatenate([legs, position[NUM_BASE:]])
        pose = pose_from_se3(se3_from_base(position[:NUM_BASE]))
        return self._robot.configuration(joints, pose)

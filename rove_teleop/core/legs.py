"""Leg kinematics: twelve leg joints from the base reference, both feet flat where they stand."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import base_from_se3, se3_from_base
from rove_teleop.core.names import JOINTS, LEG_JOINTS, NUM_LEG_JOINTS, SIDES
from rove_teleop.core.robot import ANKLE_TO_SOLE, FOOT_FRAMES, Robot
from rove_teleop.core.types import Array

_LEG = {'left': slice(0, 6), 'right': slice(6, 12)}
_CONVERGED = 1e-6  # one more Newton step from here lands below 1e-11
_MAX_ITERATIONS = 10
_MAX_STEP = 0.3  # rad per iteration
_DAMPING = 1e-10 * np.eye(6)


class LegKinematics:
    """Maps the base reference to leg joints and back, for feet that stay where they stand.

    The stance frame lies on the ground midway below the two ankles of the nominal pose, x
    forward. Newton's method warm-started from the last answer: two iterations in motion.

    Attributes:
        nominal_base: Base reference of the nominal pose, shape (6,).
        T_stance_foot: Placement of each foot's ankle_roll frame in the stance frame.
    """

    def __init__(self, robot: Robot) -> None:
        """Take the stance from the robot's nominal pose."""
        others = [robot.model.getJointId(name) for name in JOINTS if name not in LEG_JOINTS]
        root = robot.model.getJointId('root_joint')
        self._model = pin.buildReducedModel(robot.model, [root, *others], pin.neutral(robot.model))
        joints = [self._model.joints[self._model.getJointId(name)] for name in LEG_JOINTS]
        assert [joint.idx_q for joint in joints] == list(range(NUM_LEG_JOINTS))
        self._data = self._model.createData()
        self._frames = {s: self._model.getFrameId(FOOT_FRAMES[s]) for s in SIDES}
        self._lower = robot.lower[:NUM_LEG_JOINTS]
        self._upper = robot.upper[:NUM_LEG_JOINTS]
        self._q = robot.nominal[:NUM_LEG_JOINTS].copy()
        self._jacobians = np.zeros((2, 6, 6))
        T_pelvis_foot = self._feet(self._q)
        middle = np.mean([T.translation for T in T_pelvis_foot.values()], axis=0)
        self.T_stance_foot = {
            side: pin.SE3(T.rotation, T.translation - middle + [0.0, 0.0, ANKLE_TO_SOLE])
            for side, T in T_pelvis_foot.items()
        }
        self.nominal_base = self.base_of(self._q)

    def solve(self, base: Array, base_velocity: Array) -> tuple[Array, Array]:
        """Leg joints that put the pelvis at a base reference.

        Args:
            base: Base reference ``[x y z roll pitch yaw]`` in the stance frame, shape (6,).
            base_velocity: Its time derivative, shape (6,).

        Returns:
            Leg positions [rad] within the joint limits and velocities [rad/s], each (12,).
            Where the reference is out of reach the nearest found pose is held.
        """
        T_pelvis_stance = se3_from_base(base).inverse()
        goals = {side: T_pelvis_stance * self.T_stance_foot[side] for side in SIDES}
        q = self._newton(goals)
        if q is None:
            return self._q, np.zeros(NUM_LEG_JOINTS)
        self._q = np.clip(q, self._lower, self._upper)
        return self._q, self._velocity(base, base_velocity)

    def base_of(self, leg_position: Array) -> Array:
        """Base reference (6,) of measured leg joints (12,), from the mean of both feet."""
        feet = self._feet(leg_position)
        T_stance_pelvis = [self.T_stance_foot[s] * feet[s].inverse() for s in SIDES]
        left, right = T_stance_pelvis
        twist = pin.log6(left.actInv(right)).vector
        return base_from_se3(left * pin.exp6(pin.Motion(0.5 * twist)))

    def _feet(self, q: Array) -> dict[str, pin.SE3]:
        pin.framesForwardKinematics(self._model, self._data, q)
        return {s: self._data.oMf[f].copy() for s, f in self._frames.items()}

    def _newton(self, goals: dict[str, pin.SE3]) -> Array | None:
        q = self._q.copy()
        for _ in range(_MAX_ITERATIONS):
            pin.computeJointJacobians(self._model, self._data, q)
            error = np.array([
                pin.log6(self._frame(side).actInv(goals[side])).vector for side in SIDES
            ])  # fmt: skip
            self._take_jacobians()
            q += np.clip(self._descend(error), -_MAX_STEP, _MAX_STEP)
            if np.abs(error).max() < _CONVERGED:
                return q
        return None

    def _frame(self, side: str) -> pin.SE3:
        return pin.updateFramePlacement(self._model, self._data, self._frames[side])

    def _take_jacobians(self) -> None:
        """Jacobians of both feet in their own axes, shape (2, 6, 6)."""
        for index, side in enumerate(SIDES):
            jacobian = pin.getFrameJacobian(self._model, self._data, self._frames[side], pin.LOCAL)
            self._jacobians[index] = jacobian[:, _LEG[side]]

    def _descend(self, feet: Array) -> Array:
        """Joint motion (12,) that moves both feet by ``feet`` (2, 6), damped where singular."""
        transposed = self._jacobians.transpose(0, 2, 1)
        normal = transposed @ self._jacobians + _DAMPING
        return np.linalg.solve(normal, transposed @ feet[:, :, None]).ravel()

    def _velocity(self, base: Array, base_velocity: Array) -> Array:
        """Joint velocities that keep the feet still while the pelvis moves; J q' = -Ad v."""
        if not base_velocity.any():
            return np.zeros(NUM_LEG_JOINTS)
        R_stance_pelvis = pin.rpy.rpyToMatrix(base[3:6])
        linear = R_stance_pelvis.T @ base_velocity[:3]
        angular = pin.rpy.computeRpyJacobian(base[3:6], pin.LOCAL) @ base_velocity[3:6]
        twist = pin.Motion(linear, angular)
        feet = [self._data.oMf[self._frames[side]].actInv(twist).vector for side in SIDES]
        return -self._descend(np.array(feet))

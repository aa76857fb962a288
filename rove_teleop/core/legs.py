"""Leg kinematics: twelve leg joints from the base reference, both feet flat where they stand."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import base_from_se3, se3_from_base
from rove_teleop.core.names import JOINTS, LEG_JOINTS, NUM_BASE, NUM_LEG_JOINTS, SIDES
from rove_teleop.core.robot import ANKLE_TO_SOLE, FOOT_FRAMES, Robot
from rove_teleop.core.types import Array

_LEGS = slice(0, 6), slice(6, 12)
_CONVERGED = 1e-5  # one more Newton step from here lands below 1e-9
_MAX_ITERATIONS = 10
_MAX_STEP = 0.3  # rad per iteration
_DAMPING = 1e-10 * np.eye(6)


class LegKinematics:
    """Maps the base reference to leg joints and back, for feet that stay where they stand.

    The stance frame lies on the ground midway below the two ankles of the nominal pose, x
    forward. Newton's method, started where the last answer and its derivative point to: one
    iteration in motion.

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
        self._foot_frames = [self._model.getFrameId(FOOT_FRAMES[side]) for side in SIDES]
        self._lower = robot.lower[:NUM_LEG_JOINTS]
        self._upper = robot.upper[:NUM_LEG_JOINTS]
        self._q = robot.nominal[:NUM_LEG_JOINTS].copy()
        self._jacobians, self._wanted = np.zeros((2, 6, 6)), np.zeros((2, 6, 7))
        self._leg_map = np.zeros((NUM_LEG_JOINTS, NUM_BASE))
        T_pelvis_foot = self._feet(self._q)
        middle = np.mean([T.translation for T in T_pelvis_foot.values()], axis=0)
        self.T_stance_foot = {
            side: pin.SE3(T.rotation, T.translation - middle + [0.0, 0.0, ANKLE_TO_SOLE])
            for side, T in T_pelvis_foot.items()
        }
        self.nominal_base = self.base_of(self._q)
        self._base = self.nominal_base.copy()  # of the last answer

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
        goals = [T_pelvis_stance * self.T_stance_foot[side] for side in SIDES]
        ahead = self._leg_map @ (base - self._base)
        q = self._newton(self._q + _clipped(ahead), goals, _twists(base))
        if q is None:
            return self._q, np.zeros(NUM_LEG_JOINTS)
        self._q, self._base = np.minimum(np.maximum(q, self._lower), self._upper), base.copy()
        return self._q, self._leg_map @ base_velocity

    def base_of(self, leg_position: Array) -> Array:
        """Base reference (6,) of measured leg joints (12,), from the mean of both feet."""
        feet = self._feet(leg_position)
        T_stance_pelvis = [self.T_stance_foot[s] * feet[s].inverse() for s in SIDES]
        left, right = T_stance_pelvis
        twist = pin.log6(left.actInv(right)).vector
        return base_from_se3(left * pin.exp6(pin.Motion(0.5 * twist)))

    def _feet(self, q: Array) -> dict[str, pin.SE3]:
        pin.framesForwardKinematics(self._model, self._data, q)
        placed = (self._data.oMf[frame].copy() for frame in self._foot_frames)
        return dict(zip(SIDES, placed, strict=True))

    def _newton(self, q: Array, goals: list[pin.SE3], twists: Array) -> Array | None:
        """Leg joints (12,) whose feet are at their goals, None when there are none near.

        Args:
            q: Where to begin.
            goals: T_pelvis_foot of both feet.
            twists: See ``_twists``.
        """
        for _ in range(_MAX_ITERATIONS):
            pin.computeJointJacobians(self._model, self._data, q)
            for k, (frame, goal) in enumerate(zip(self._foot_frames, goals, strict=True)):
                foot = pin.updateFramePlacement(self._model, self._data, frame)
                self._wanted[k, :, 0] = pin.log6(foot.actInv(goal)).vector
                self._wanted[k, :, 1:] = foot.toActionMatrixInverse() @ twists
            steps = self._descend(self._wanted)
            q = q + _clipped(steps[:, 0])
            if np.abs(self._wanted[:, :, 0]).max() < _CONVERGED:
                self._leg_map = -steps[:, 1:]
                return q
        return None

    def _descend(self, feet: Array) -> Array:
        """Joint motions (12, n) that move both feet by ``feet`` (2, 6, n), damped where singular.

        Of the feet in their own axes, at the joints of the last ``computeJointJacobians``.
        """
        for k, (frame, columns) in enumerate(zip(self._foot_frames, _LEGS, strict=True)):
            jacobian = pin.getFrameJacobian(self._model, self._data, frame, pin.LOCAL)
            self._jacobians[k] = jacobian[:, columns]
        transposed = self._jacobians.transpose(0, 2, 1)
        normal = transposed @ self._jacobians + _DAMPING
        return np.linalg.solve(normal, transposed @ feet).reshape(NUM_LEG_JOINTS, -1)


def _clipped(step: Array) -> Array:
    return np.minimum(np.maximum(step, -_MAX_STEP), _MAX_STEP)


def _twists(base: Array) -> Array:
    """Twist of the pelvis in its own axes per rate of the base reference, shape (6, 6)."""
    twists = np.zeros((6, 6))
    twists[:3, :3] = pin.rpy.rpyToMatrix(base[3:6]).T
    twists[3:, 3:] = pin.rpy.computeRpyJacobian(base[3:6], pin.LOCAL)
    return twists

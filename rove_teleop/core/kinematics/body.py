"""The body as the solver sees it: legs eliminated through the fixed feet, fingers at rest.

Velocities of the reduced model are ``nu = (pelvis twist 6, legs 12, waist 3, arms 14)``, the twist
in the pelvis frame, linear then angular [m/s, rad/s]. While both feet stand, ``J_foot nu = 0``
gives the legs from the pelvis twist, and the twist follows from the rate of the base reference.
So the free variables x are the rates of the first 23 channels, and ``nu = expand @ x``.
"""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import se3_from_base
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import (
    GROUP_CHANNELS,
    HAND_JOINTS,
    JOINTS,
    NUM_BASE,
    NUM_JOINTS,
    NUM_LEG_JOINTS,
    SIDES,
)
from rove_teleop.core.robot import FOOT_FRAMES, Robot
from rove_teleop.core.types import Array

NUM_HAND_JOINTS = sum(len(names) for names in HAND_JOINTS.values())
NUM_BODY_JOINTS = NUM_JOINTS - NUM_HAND_JOINTS  # 29
NUM_VELOCITY = NUM_BASE + NUM_BODY_JOINTS  # 35
NUM_FREE = NUM_VELOCITY - NUM_LEG_JOINTS  # 23
FREE = {name: GROUP_CHANNELS[name] for name in ('legs', 'torso', 'left_arm', 'right_arm')}
"""Variables of each group; the same indices as the first 23 channels."""

_UPPER = slice(NUM_BASE + NUM_LEG_JOINTS, NUM_VELOCITY)
_LEG_ROWS = {'left': slice(6, 12), 'right': slice(12, 18)}
_DAMPING = 1e-8 * np.eye(6)
_LARGEST_STEP = 0.05  # rad by which a tick may correct the legs


class Body:
    """Kinematic state in the stance frame and the maps the tasks need.

    Attributes:
        model, data: The reduced pinocchio model, joints in our order.
        joints: Legs, waist and arms [rad], shape (29,).
        base: Base reference, shape (6,).
        expand: d nu / d x, shape (35, 23).
    """

    def __init__(self, robot: Robot, legs: LegKinematics) -> None:
        hands = [robot.model.getJointId(name) for names in HAND_JOINTS.values() for name in names]
        self.model = pin.buildReducedModel(robot.model, hands, pin.neutral(robot.model))
        self.data = self.model.createData()
        names = [self.model.names[joint.id] for joint in self.model.joints[2:]]
        assert tuple(names) == JOINTS[:NUM_BODY_JOINTS]
        self._legs = legs
        self._feet = {side: self.model.getFrameId(FOOT_FRAMES[side]) for side in SIDES}
        self._q = pin.neutral(self.model)
        self.joints = robot.nominal[:NUM_BODY_JOINTS].copy()
        self.base = legs.nominal_base.copy()
        self.expand = np.zeros((NUM_VELOCITY, NUM_FREE))
        self.expand[_UPPER, NUM_BASE:] = np.eye(NUM_FREE - NUM_BASE)
        self._wanted = np.empty((6, 7))
        self._wanted = np.empty((6, 7))

    def set_base(self, base: Array) -> None:
        """Put the pelvis at a base reference (6,); the legs follow exactly."""
        self.base[:] = base
        self.joints[:NUM_LEG_JOINTS] = self._legs.solve(base, np.zeros(NUM_BASE))[0]

    def update(self) -> None:
        """Kinematics and Jacobians at the present pose; closes what slip the feet have."""
        T_stance_pelvis = se3_from_base(self.base)
        self._q[:7] = pin.SE3ToXYZQUAT(T_stance_pelvis)
        self._q[7:] = self.joints
        pin.computeJointJacobians(self.model, self.data, self._q)
        pin.updateFramePlacements(self.model, self.data)
        self.expand[:3, :3] = T_stance_pelvis.rotation.T
        self.expand[3:6, 3:6] = pin.rpy.computeRpyJacobian(self.base[3:], pin.LOCAL)
        for side, rows in _LEG_ROWS.items():
            frame = self._feet[side]
            jacobian = pin.getFrameJacobian(self.model, self.data, frame, pin.LOCAL)
            slip = pin.log6(self.data.oMf[frame].actInv(self._legs.T_stance_foot[side])).vector
            self._wanted[:, :6] = jacobian[:, :6] @ self.expand[:6, :6]
            self._wanted[:, 6] = -slip
            leg = jacobian[:, rows]
            answer = np.linalg.solve(leg.T @ leg + _DAMPING, leg.T @ self._wanted)
            self.expand[rows, :6] = -answer[:, :6]
            leg_joints = self.joints[rows.start - 6 : rows.stop - 6]
            leg_joints -= np.clip(answer[:, 6], -_LARGEST_STEP, _LARGEST_STEP)

    def jacobian(self, frame: int) -> Array:
        """Velocity of a frame in stance axes, linear then angular, from nu: shape (6, 35)."""
        return pin.getFrameJacobian(self.model, self.data, frame, pin.LOCAL_WORLD_ALIGNED)

    def joint_jacobian(self, joint: int) -> Array:
        """The same for a joint's own frame, shape (6, 35)."""
        return pin.getJointJacobian(self.model, self.data, joint, pin.LOCAL_WORLD_ALIGNED)

    def com(self) -> tuple[Array, Array]:
        """Centre of mass [m] (3,) and its Jacobian with respect to nu (3, 35)."""
        jacobian = pin.jacobianCenterOfMass(self.model, self.data, False)
        return self.data.com[0].copy(), jacobian

    def integrate(self, x: Array, dt: float) -> None:
        """Move along the channel rates (23,) for dt [s]."""
        self.base += x[:NUM_BASE] * dt
        self.joints += (self.expand[NUM_BASE:] @ x) * dt

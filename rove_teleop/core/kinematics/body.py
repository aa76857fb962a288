"""The body as the solver sees it: legs eliminated through the fixed feet, fingers at rest.

Velocities of the reduced model are ``nu = (pelvis twist 6, legs 12, waist 3, arms 14)``. While
both feet stand, ``J_foot nu = 0`` gives the legs from the pelvis twist, so the free variables are
``x = (pelvis twist 6, waist 3, arms 14)`` and ``nu = expand @ x``. The twist is in the pelvis
frame, linear then angular [m/s, rad/s].
"""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import base_from_se3, se3_from_base
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
_DAMPING = 1e-10 * np.eye(6)


class Body:
    """Kinematic state in the stance frame and the maps the tasks need.

    Attributes:
        model, data: The reduced pinocchio model, joints in our order.
        joints: Legs, waist and arms [rad], shape (29,).
        T_stance_pelvis: Where the pelvis is.
        expand: d nu / d x, shape (35, 23).
    """

    def __init__(self, robot: Robot, legs: LegKinematics) -> None:
        hands = [robot.model.getJointId(name) for names in HAND_JOINTS.values() for name in names]
        self.model = pin.buildReducedModel(robot.model, hands, pin.neutral(robot.model))
        self.data = self.model.createData()
        body_joints = [
            self.model.joints[self.model.getJointId(n)] for n in JOINTS[:NUM_BODY_JOINTS]
        ]
        self._idx_q = np.array([joint.idx_q for joint in body_joints])
        self._idx_nu = np.array([*range(NUM_BASE), *(joint.idx_v for joint in body_joints)])
        self._ordered = bool((self._idx_nu == np.arange(NUM_VELOCITY)).all())
        self._legs = legs
        self._feet = {side: self.model.getFrameId(FOOT_FRAMES[side]) for side in SIDES}
        self._q = pin.neutral(self.model)
        self.joints = robot.nominal[:NUM_BODY_JOINTS].copy()
        self.T_stance_pelvis = se3_from_base(legs.nominal_base)
        self.expand = np.zeros((NUM_VELOCITY, NUM_FREE))
        self.expand[:NUM_BASE, :NUM_BASE] = np.eye(NUM_BASE)
        self.expand[_UPPER, NUM_BASE:] = np.eye(NUM_FREE - NUM_BASE)

    @property
    def base(self) -> Array:
        """Base reference (6,) [m, rad]."""
        return base_from_se3(self.T_stance_pelvis)

    def set_base(self, base: Array) -> None:
        """Put the pelvis somewhere; the legs follow exactly."""
        self.T_stance_pelvis = se3_from_base(base)
        self.joints[:NUM_LEG_JOINTS] = self._legs.solve(base, np.zeros(NUM_BASE))[0]

    def update(self) -> None:
        """Kinematics and Jacobians at the present pose; closes what slip the feet have."""
        self._q[:7] = pin.SE3ToXYZQUAT(self.T_stance_pelvis)
        self._q[self._idx_q] = self.joints
        pin.computeJointJacobians(self.model, self.data, self._q)
        pin.updateFramePlacements(self.model, self.data)
        for number, side in enumerate(SIDES):
            rows = slice(6 + 6 * number, 12 + 6 * number)
            jacobian = pin.getFrameJacobian(self.model, self.data, self._feet[side], pin.LOCAL)[
                :, self._idx_nu
            ]
            leg = jacobian[:, rows]
            slip = pin.log6(
                self.data.oMf[self._feet[side]].actInv(self._legs.T_stance_foot[side])
            ).vector
            answer = np.linalg.solve(
                leg.T @ leg + _DAMPING, leg.T @ np.column_stack((-jacobian[:, :6], slip))
            )
            self.expand[rows, :6] = answer[:, :6]
            self.joints[rows.start - 6 : rows.stop - 6] += answer[:, 6]

    def jacobian(self, frame: int) -> Array:
        """Velocity of a frame in stance axes, linear then angular, from nu: shape (6, 35)."""
        jacobian = pin.getFrameJacobian(self.model, self.data, frame, pin.LOCAL_WORLD_ALIGNED)
        return jacobian if self._ordered else jacobian[:, self._idx_nu]

    def joint_jacobian(self, joint: int) -> Array:
        """The same for a joint's own frame, shape (6, 35)."""
        jacobian = pin.getJointJacobian(self.model, self.data, joint, pin.LOCAL_WORLD_ALIGNED)
        return jacobian if self._ordered else jacobian[:, self._idx_nu]

    def com(self) -> tuple[Array, Array]:
        """Centre of mass [m] (3,) and its Jacobian with respect to nu (3, 35)."""
        jacobian = pin.jacobianCenterOfMass(self.model, self.data, False)
        return self.data.com[0], jacobian if self._ordered else jacobian[:, self._idx_nu]

    def integrate(self, x: Array, dt: float) -> None:
        """Move along the free velocities (23,) for dt [s]."""
        self.T_stance_pelvis = self.T_stance_pelvis * pin.exp6(pin.Motion(x[:6] * dt))
        self.joints += (self.expand[6:] @ x) * dt

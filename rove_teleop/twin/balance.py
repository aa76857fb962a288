"""Balance of a standing humanoid: joint torques that hold the centre of mass over the feet.

Joint PD alone topples: with the ankles' gains the body is an inverted pendulum whose stiffness
is below m g h. What is added here is (A) inverse dynamics of the commanded motion, gravity
above all, with the ground carrying the weight, and (B) a horizontal virtual force that pulls
the centre of mass back:

    tau = id(q, q', q_ref'') + J_c' F - J_f' x,    F = clip(k (c_ref - c) - d c', F_max)

where ``J_c`` is the Jacobian of the centre of mass, ``J_f`` that of both feet, and ``x`` the
foot wrenches that carry the base's share of the rest with the least weighted squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import yaw_of
from rove_teleop.core.names import NUM_LEG_JOINTS
from rove_teleop.core.robot import ANKLE_TO_SOLE, FOOT_FRAMES, Robot
from rove_teleop.core.types import Array


@dataclass(frozen=True)
class BalanceGains:
    """Gains of the feedback on the centre of mass.

    Attributes:
        stiffness: k [N/m].
        damping: d [N·s/m].
        max_force: F_max per axis [N].
        max_acceleration: Largest commanded acceleration that is fed forward [rad/s²].
        max_reaction: Largest force [N] and moment [N·m] fed forward to the feet per axis for
            the commanded motion of the upper body.
        cost: Weights of a foot's wrench ``[fx fy fz mx my mz]`` in the distribution.
        support_x, support_y: Where the reference may be, from the middle of the feet [m].
    """

    stiffness: float = 2000.0
    damping: float = 350.0
    max_force: float = 60.0
    max_acceleration: float = 60.0
    max_reaction: tuple[float, float] = (30.0, 10.0)
    cost: tuple[float, ...] = (1.0, 1.0, 0.2, 20.0, 20.0, 20.0)
    support_x: tuple[float, float] = (-0.04, 0.11)
    support_y: tuple[float, float] = (-0.07, 0.07)


@dataclass(frozen=True)
class BalanceOutput:
    """What the balance controller asks for, and what it saw.

    Attributes:
        effort: Feed-forward torque of the 43 joints in model order [N·m].
        com: Measured centre of mass from the middle of the feet, heading frame [m], (3,).
        com_reference: Its reference, same frame [m], (2,).
        force: The horizontal virtual force, same frame [N], (2,).
    """

    effort: Array
    com: Array
    com_reference: Array
    force: Array


class Balance:
    """Turns the measured state and the commanded posture into feed-forward torques."""

    def __init__(self, robot: Robot, armature: Array, gains: BalanceGains | None = None) -> None:
        """Take the mass model.

        Args:
            robot: Its links' masses and inertias are assumed to be right.
            armature: Reflected inertia of the 43 joints' rotors [kg·m²], (43,).
            gains: The measured ones if None.
        """
        self.gains = gains or BalanceGains()
        self._robot = robot
        self._armature = armature
        self._model = robot.model
        self._data = robot.model.createData()
        self._reference = robot.model.createData()
        self._feet = [robot.model.getFrameId(name) for name in FOOT_FRAMES.values()]
        self._weight = 9.81 * pin.computeTotalMass(robot.model)
        force, moment = self.gains.max_reaction
        self._max_reaction = np.array([force] * 3 + [moment] * 3)
        self._inverse_cost = 1.0 / np.tile(self.gains.cost, 2)

    def step(
        self,
        position: Array,
        velocity: Array,
        base_pose: Array,
        base_twist: Array,
        reference: Array,
        acceleration: Array,
    ) -> BalanceOutput:
        """Compute the torques for one instant.

        Args:
            position: Measured joints in model order [rad], (43,).
            velocity: Measured joint velocities [rad/s], (43,).
            base_pose: Measured pelvis pose in the world, (7,).
            base_twist: Measured pelvis twist in world axes, linear then angular, (6,).
            reference: Commanded joint positions [rad], (43,).
            acceleration: Commanded joint accelerations [rad/s²], (43,); of the legs unused.
        """
        q = self._robot.configuration(position, base_pose)
        jacobian_com = pin.jacobianCenterOfMass(self._model, self._data, q, False)
        pin.updateFramePlacements(self._model, self._data)
        v = self._velocity(velocity, base_twist)
        middle, R_world_stance = self._stance()
        com = R_world_stance.T @ (self._data.com[0] - middle)
        com_velocity = R_world_stance.T @ (jacobian_com @ v)
        com_reference = self._com_reference(reference)
        gains = self.gains
        force = gains.stiffness * (com_reference - com[:2]) - gains.damping * com_velocity[:2]
        force = np.clip(force, -gains.max_force, gains.max_force)
        pull = R_world_stance[:, :2] @ force
        carried = self._dynamics(jacobian_com[2], q, v, acceleration) + jacobian_com.T @ pull
        effort = self._torque(carried)
        return BalanceOutput(effort[self._robot.idx_v], com, com_reference, force)

    def _dynamics(self, rise: Array, q: Array, v: Array, acceleration: Array) -> Array:
        """Generalized force of gravity and of the commanded motion above a still pelvis.

        What the feet can bear of the motion's reaction is bounded, and the rest is left to the
        feedback: otherwise a wild command would have the legs throw the robot off the ground.

        Args:
            rise: Vertical row of the centre of mass's Jacobian, (49,).
            q: Configuration, (50,).
            v: Velocity, (49,).
            acceleration: Commanded joint accelerations [rad/s²], (43,).
        """
        limit = self.gains.max_acceleration
        acceleration = np.clip(acceleration, -limit, limit)
        acceleration[:NUM_LEG_JOINTS] = 0.0
        a = np.zeros(self._model.nv)
        a[self._robot.idx_v] = acceleration
        force = pin.rnea(self._model, self._reference, q, v, a)
        force[self._robot.idx_v] += self._armature * acceleration
        gravity = self._weight * rise[:6]
        reaction = force[:6] - gravity
        excess = np.abs(reaction) / self._max_reaction
        force[:6] = gravity + reaction / max(1.0, excess.max())
        return force

    def _velocity(self, velocity: Array, base_twist: Array) -> Array:
        R_world_base = self._data.oMi[1].rotation
        v = np.empty(self._model.nv)
        v[:3] = R_world_base.T @ base_twist[:3]
        v[3:6] = R_world_base.T @ base_twist[3:]
        v[self._robot.idx_v] = velocity
        return v

    def _stance(self) -> tuple[Array, Array]:
        """Middle of the soles in the world, and the heading of the feet as a rotation."""
        left, right = (self._data.oMf[frame] for frame in self._feet)
        middle = 0.5 * (left.translation + right.translation)
        middle[2] -= ANKLE_TO_SOLE
        yaw = yaw_of(left.rotation + right.rotation)
        c, s = np.cos(yaw), np.sin(yaw)
        return middle, np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])

    def _com_reference(self, reference: Array) -> Array:
        """Horizontal centre of mass of the commanded posture, within the support [m], (2,).

        The commanded posture stands on flat feet by definition, so it is measured from them.
        """
        data = self._reference
        com = pin.centerOfMass(self._model, data, self._robot.configuration(reference), False)
        left, right = (pin.updateFramePlacement(self._model, data, frame) for frame in self._feet)
        offset = com - 0.5 * (left.translation + right.translation)
        upright = (left.rotation + right.rotation)[:, :2]  # the feet's x and y axes, added
        (x_low, x_high), (y_low, y_high) = self.gains.support_x, self.gains.support_y
        return np.clip(0.5 * upright.T @ offset, (x_low, y_low), (x_high, y_high))

    def _torque(self, carried: Array) -> Array:
        """Joint torques that realise a generalized force, the feet carrying the base's share."""
        jacobian = np.vstack([
            pin.getFrameJacobian(self._model, self._data, frame, pin.LOCAL_WORLD_ALIGNED)
            for frame in self._feet
        ])  # fmt: skip
        grip = jacobian[:, :6].T  # base rows: (6, 12)
        weighted = grip * self._inverse_cost
        wrench = weighted.T @ np.linalg.solve(weighted @ grip.T, carried[:6])
        return carried - jacobian.T @ wrench

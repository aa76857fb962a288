"""What one tick's program must respect: intervals of the joints, and rows that are stiff."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.kinematics.body import NUM_BODY_JOINTS, NUM_FREE, NUM_VELOCITY, Body
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.limits.collision import CollisionLimit
from rove_teleop.core.kinematics.limits.com import ComLimit
from rove_teleop.core.kinematics.limits.contact import Contacts
from rove_teleop.core.kinematics.limits.joint import JointLimit
from rove_teleop.core.kinematics.limits.plane import PlaneLimit
from rove_teleop.core.kinematics.program import Program
from rove_teleop.core.names import NUM_BASE, NUM_LEG_JOINTS
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array

KNEES = [3, 9]
_BROKEN = 1e-2  # m/s by which a contact row may fall short


class Constraints:
    """Bounds of base, waist and arms; rows of the legs, the centre of mass and what is near.

    Attributes:
        program: Takes them.
        collision: Self-collision, for its clearance.
        balancing: Whether the centre of mass counts.
    """

    def __init__(self, robot: Robot, body: Body, config: IkConfig) -> None:
        self._body, self._emergency = body, config.emergency
        self._nominal_height = float(body.base[2])
        self._joints = _joint_limit(robot, config)
        self._com = ComLimit(config)
        self.balancing = self._com.active
        self.collision = CollisionLimit(body, config)
        self._planes = PlaneLimit(body, config)
        self._contacts = Contacts(self.collision.size + PlaneLimit.size)
        self._first = NUM_LEG_JOINTS + (ComLimit.size if self._com.active else 0)
        self.program = Program(self._first + self._contacts.size)

    def write(self, nu: Array, dt: float) -> int:
        """Fill the program's bounds and rows.

        Args:
            nu: Last rates, of which the free ones count, shape (35,).
            dt: Tick [s].

        Returns:
            How many rows are in use.
        """
        body, program, contacts = self._body, self.program, self._contacts
        low, high = program.low, program.high
        low[:NUM_VELOCITY], high[:NUM_VELOCITY] = self._joints.interval(body.position, nu, dt)
        program.rows[:NUM_LEG_JOINTS, :NUM_BASE] = body.leg_map
        first = self._first
        if self._com.active:
            part = slice(NUM_FREE + NUM_LEG_JOINTS, NUM_FREE + first)
            program.rows[NUM_LEG_JOINTS:first] = body.com_rows
            velocity = body.com_rows @ nu[:NUM_FREE]
            lower = self._nominal_height - float(body.base[2])
            low[part], high[part] = self._com.interval(body.com, velocity, dt, lower)
        contacts.clear()
        self._planes.collect(dt, contacts)
        self.collision.collect(body, dt, contacts)
        return first + contacts.write(body, program.rows[first:], low[NUM_FREE + first :])

    def broken(self, x: Array, count: int) -> bool:
        """Whether x (23,) lets something touch that need not."""
        first = self._first
        if count == first:
            return False
        low = self.program.low[NUM_FREE + first : NUM_FREE + count]
        return bool((low - self.program.rows[first:count] @ x).max() > _BROKEN)

    def widen(self, nu: Array, dt: float) -> None:
        """Allow the accelerations of an emergency."""
        low, high = self._joints.interval(self._body.position, nu, dt, self._emergency)
        self.program.low[:NUM_FREE], self.program.high[:NUM_FREE] = low[:NUM_FREE], high[:NUM_FREE]


def _joint_limit(robot: Robot, config: IkConfig) -> JointLimit:
    """Limits of base, waist and arms, then legs."""
    counts = (NUM_LEG_JOINTS, 3, NUM_BODY_JOINTS - NUM_LEG_JOINTS - 3)
    margin = np.repeat(
        (config.leg_margin, config.margin), (NUM_LEG_JOINTS, NUM_BODY_JOINTS - NUM_LEG_JOINTS)
    )
    lower, upper = robot.lower[:NUM_BODY_JOINTS] + margin, robot.upper[:NUM_BODY_JOINTS] - margin
    lower[KNEES] = np.maximum(lower[KNEES], config.knee_minimum)
    velocity = np.minimum(
        np.repeat((config.velocity_legs, config.velocity_waist, config.velocity_arms), counts),
        robot.velocity[:NUM_BODY_JOINTS],
    )
    acceleration = np.repeat(
        (config.acceleration_legs, config.acceleration_waist, config.acceleration_arms), counts
    )
    base = (
        np.array(config.base_lower),
        np.array(config.base_upper),
        np.repeat(config.base_velocity, 3),
        np.repeat(config.base_acceleration, 3),
    )
    joints = (lower, upper, velocity, acceleration)
    ordered = (
        np.concatenate((b, j[NUM_LEG_JOINTS:], j[:NUM_LEG_JOINTS]))
        for b, j in zip(base, joints, strict=True)
    )
    return JointLimit(*ordered, free=NUM_FREE)

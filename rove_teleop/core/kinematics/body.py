"""The body as the solver sees it: legs eliminated through the fixed feet, fingers at rest.

The pelvis hangs on three sliding and three turning joints whose positions are the base reference
itself, so every Jacobian is with respect to the rates of the channels. While both feet stand,
``J_foot nu = 0`` gives the twelve leg rates from the six of the base, and 23 variables are left:
``nu = (base 6, waist 3, arms 14, legs 12)`` are the rates of the whole body [m/s, rad/s],
``x = nu[:23]`` are free and the rates of the first 23 channels, ``nu[23:] = leg_map @ x[:6]``.
"""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin

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
from rove_teleop.core.robot import FOOT_FRAMES, PALM_LINK, Robot
from rove_teleop.core.types import Array

NUM_HAND_JOINTS = sum(len(names) for names in HAND_JOINTS.values())
NUM_BODY_JOINTS = NUM_JOINTS - NUM_HAND_JOINTS  # 29
NUM_VELOCITY = NUM_BASE + NUM_BODY_JOINTS  # 35
NUM_FREE = NUM_VELOCITY - NUM_LEG_JOINTS  # 23
FREE = {name: GROUP_CHANNELS[name] for name in ('legs', 'torso', 'left_arm', 'right_arm')}
"""Variables of each group; the same indices as the first 23 channels."""
UPPER, LEGS = slice(NUM_BASE, NUM_FREE), slice(NUM_FREE, NUM_VELOCITY)

# Where pinocchio keeps each element of nu: it turns by yaw, pitch, roll, and legs come first.
_FROM_PINOCCHIO = np.array([0, 1, 2, 5, 4, 3, *range(18, 35), *range(6, 18)])
_TO_PINOCCHIO = np.argsort(_FROM_PINOCCHIO)
_DAMPING = 1e-9 * np.eye(6)
_IDENTITIES = np.stack((np.eye(6), np.eye(6)))
_REFINABLE = 0.01  # squared error of an inverse from which the iteration converges
_SMALL_STEP = 0.05  # rad; the square of it is left for the next tick
_LARGEST_STEP = 0.05  # rad by which a tick may correct the legs


class Body:
    """Kinematic state in the stance frame and the maps that tasks and limits need.

    Attributes:
        model, data: The pinocchio model with the base reference for a root.
        position: In the order of nu, shape (35,); ``base`` (6,), ``upper`` (17,) waist and
            arms, ``legs`` (12,) are its parts.
        rates: Spatial velocity at the stance origin per unit of each nu, shape (35, 6).
        leg_map: Leg rates per unit of each base rate, shape (12, 6).
        palms: Frame numbers by side.
        com: Centre of mass at the last ``update_centre`` [m], shape (3,).
        com_rows: Its horizontal velocity per unit of each x, shape (2, 23).
    """

    def __init__(
        self,
        robot: Robot,
        legs: LegKinematics,
        palm_link: str = PALM_LINK,
        palm_offset: tuple[float, ...] = (0.0, 0.0, 0.0),
    ) -> None:
        """Stand in the nominal pose.

        Args:
            robot: Whose body.
            legs: Its leg kinematics.
            palm_link: Link behind ``left_`` and ``right_`` that carries the palm.
            palm_offset: Origin of the palm in the axes of that link [m].
        """
        self.model = _model(robot)
        self.palms = {
            side: _add_palm(self.model, side, palm_link, np.array(palm_offset)) for side in SIDES
        }
        self.data = self.model.createData()
        self._leg_kinematics = legs
        self._feet = [
            (
                self.data.oMf[self.model.getFrameId(FOOT_FRAMES[side])],
                legs.T_stance_foot[side].inverse(),
            )
            for side in SIDES
        ]
        self.position = np.zeros(NUM_VELOCITY)
        self.base = self.position[:NUM_BASE]
        self.upper, self.legs = self.position[UPPER], self.position[LEGS]
        self.upper[:] = robot.nominal[NUM_LEG_JOINTS:NUM_BODY_JOINTS]
        self._q = np.zeros(NUM_VELOCITY)
        self._jacobian = self.data.J.T  # what pinocchio updates in place
        self.rates = np.zeros((NUM_VELOCITY, 6))
        self.leg_map = np.zeros((NUM_LEG_JOINTS, NUM_BASE))
        self._leg_maps = self.leg_map.reshape(2, 6, NUM_BASE)
        self._leg_parts = self.legs.reshape(2, 6, 1)
        self._leg_columns = self.rates[LEGS].reshape(2, 6, 6)
        self._inverse, self._slip = np.zeros((2, 6, 6)), np.zeros((2, 6, 1))
        self._rest, self._step = np.zeros((2, 6, 6)), np.zeros((2, 6, 1))
        self._base_columns = self.rates[:NUM_BASE].T
        self.com = np.zeros(3)
        self.com_rows = np.zeros((2, NUM_FREE))
        self.set_base(legs.nominal_base)
        self.update()
        self.update_centre()

    def set_base(self, base: Array) -> None:
        """Put the pelvis at a base reference (6,); the legs follow exactly."""
        self.base[:] = base
        self.legs[:] = self._leg_kinematics.solve(base, np.zeros(NUM_BASE))[0]

    def placement(self, frame: int) -> pin.SE3:
        """T_stance_frame by number; ``update`` changes it in place."""
        return self.data.oMf[frame]

    def support(self, joint: int) -> Array:
        """Which of nu move a joint's link, ones and zeros of shape (35,)."""
        chain = np.zeros(NUM_VELOCITY)
        for ancestor in list(self.model.supports[joint])[1:]:
            start, count = self.model.joints[ancestor].idx_v, self.model.joints[ancestor].nv
            chain[start : start + count] = 1.0
        return chain[_FROM_PINOCCHIO]

    def update(self) -> None:
        """Kinematics and Jacobians at the present pose; closes what slip the feet have."""
        self.position.take(_TO_PINOCCHIO, out=self._q, mode='clip')
        pin.computeJointJacobians(self.model, self.data, self._q)
        pin.updateFramePlacements(self.model, self.data)
        self._jacobian.take(_FROM_PINOCCHIO, axis=0, out=self.rates, mode='clip')
        self._eliminate_legs()

    def _eliminate_legs(self) -> None:
        """Leg rates of base rates, and the legs closer to where their feet stand."""
        self._invert_legs()
        np.matmul(self._inverse, self._base_columns, out=self._leg_maps)
        np.negative(self.leg_map, out=self.leg_map)
        for row, (T_stance_foot, T_goal_stance) in enumerate(self._feet):
            self._slip[row, :, 0] = pin.log6(T_stance_foot * T_goal_stance).np
        step = np.matmul(self._inverse, self._slip, out=self._step)
        np.minimum(np.maximum(step, -_LARGEST_STEP, out=step), _LARGEST_STEP, out=step)
        self._leg_parts -= step

    def _invert_legs(self) -> None:
        """Inverses of both leg Jacobians: refined from the last ones, or anew and damped.

        One step of Newton's iteration ``X <- X (2 - J X)`` (Schulz 1933) squares the error.
        """
        columns, inverse = self._leg_columns, self._inverse
        rest = np.matmul(columns.transpose(0, 2, 1), inverse, out=self._rest)
        np.subtract(_IDENTITIES, rest, out=rest)
        flat = rest.reshape(-1)
        if flat.dot(flat) < _REFINABLE:
            inverse += inverse @ rest
            return
        normal = columns @ columns.transpose(0, 2, 1)
        normal += _DAMPING
        np.matmul(np.linalg.inv(normal), columns, out=inverse)

    def free(self, rows: Array, out: Array) -> Array:
        """Rows with respect to x (n, 23) of rows with respect to nu (n, 35)."""
        out[:] = rows[:, :NUM_FREE]
        out[:, :NUM_BASE] += rows[:, LEGS] @ self.leg_map
        return out

    def update_centre(self) -> None:
        """Bring ``com`` and ``com_rows`` to the present pose."""
        jacobian = pin.jacobianCenterOfMass(self.model, self.data, False)
        self.com[:] = self.data.com[0]
        self.free(jacobian[:2].take(_FROM_PINOCCHIO, axis=1), out=self.com_rows)

    def strain(self, lower: Array, upper: Array) -> float:
        """How badly the legs fail the base [rad]: beyond limits, or too far from their feet.

        What little the last ``update`` had to correct counts as none.

        Args:
            lower: Lowest leg positions, shape (12,).
            upper: The highest.
        """
        beyond = float(np.maximum(lower - self.legs, self.legs - upper).max())
        step = self._step.reshape(-1)
        return max(beyond, math.sqrt(step.dot(step)) - _SMALL_STEP, 0.0)

    def integrate(self, x: Array, dt: float) -> None:
        """Move along the free rates (23,) for dt [s]."""
        self.position[:NUM_FREE] += x * dt
        self.legs += self.leg_map @ (x[:NUM_BASE] * dt)


def _model(robot: Robot) -> pin.Model:
    """The robot without fingers on a root whose coordinates are x, y, z, yaw, pitch, roll."""
    hands = [name for names in HAND_JOINTS.values() for name in names]
    fixed = [robot.model.getJointId(name) for name in ('root_joint', *hands)]
    body = pin.buildReducedModel(robot.model, fixed, pin.neutral(robot.model))
    root, here = pin.Model(), pin.SE3.Identity()
    slide = root.addJoint(0, pin.JointModelTranslation(), here, 'base_position')
    turn = root.addJoint(slide, pin.JointModelSphericalZYX(), here, 'base_orientation')
    frame = root.addFrame(pin.Frame('base', turn, 0, here, pin.FrameType.OP_FRAME))
    model = pin.appendModel(root, body, frame, here)
    names = [model.names[joint.id] for joint in model.joints[3:]]
    assert tuple(names) == JOINTS[:NUM_BODY_JOINTS]
    return model


def _add_palm(model: pin.Model, side: str, link: str, offset: Array) -> int:
    """Frame ``<side>_palm`` at an offset from the link of that side; its number."""
    frame = model.frames[model.getFrameId(f'{side}_{link}')]
    placement = frame.placement * pin.SE3(np.eye(3), offset)
    palm = pin.Frame(f'{side}_palm', frame.parentJoint, placement, pin.FrameType.OP_FRAME)
    return int(model.addFrame(palm, False))

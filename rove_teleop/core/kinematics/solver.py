"""Whole-body inverse kinematics: one small quadratic program per tick.

Over the rates x of the first 23 channels (base reference, waist, arms) it minimises the weighted
residuals of the tasks plus Levenberg-Marquardt damping that grows with the palm error, which is
what keeps an arm at full stretch quiet. Base, waist and arms are bounded by their own limits,
intervals that are never empty, so the program always has a solution; the rows (leg joints,
centre of mass, self-collision) are stiff but may give way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import daqp
import numpy as np

from rove_teleop.core.kinematics.body import FREE, NUM_BODY_JOINTS, NUM_FREE, NUM_VELOCITY, Body
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.limits.collision import CollisionLimit
from rove_teleop.core.kinematics.limits.com import ComLimit
from rove_teleop.core.kinematics.limits.joint import JointLimit
from rove_teleop.core.kinematics.targets import Targets
from rove_teleop.core.kinematics.tasks.com import ComTask
from rove_teleop.core.kinematics.tasks.palm import PalmTask
from rove_teleop.core.kinematics.tasks.posture import PostureTask
from rove_teleop.core.kinematics.tasks.upright import UprightTask
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import (
    GROUP_CHANNELS,
    NUM_BASE,
    NUM_CHANNELS,
    NUM_LEG_JOINTS,
    SIDES,
)
from rove_teleop.core.robot import PALM_FRAMES, TORSO_FRAME, Robot
from rove_teleop.core.types import Array
from rove_teleop.errors import InvalidInput

_HARD, _SOFT = 0, 8  # daqp's constraint senses
_UNBOUNDED = 1e30
_SOFTNESS = 1e-4  # reciprocal weight of a broken soft row
_REGULARISATION = 1e-6
_KNEES = [3, 9]
_LEG_ROWS = slice(NUM_FREE, NUM_FREE + NUM_LEG_JOINTS)


@dataclass(frozen=True)
class IkSolution:
    """One tick's answer.

    Attributes:
        position, velocity: Channels in model order, shape (37,); fingers as they were, at rest.
        error: Palm position [m] and rotation [rad] error by side, before this tick's step.
        ok: False when the program had no solution and the motion brakes instead.
        reason: Why not ok, else empty.
        clearance: Smallest distance between the robot's own limbs [m].
    """

    position: Array
    velocity: Array
    error: Mapping[str, tuple[float, float]]
    ok: bool = True
    reason: str = ''
    clearance: float = np.inf


class WholeBodyIK:
    """Follows palm targets with arms, waist and legs.

    Attributes:
        failures: How many ticks had no solution since construction.
    """

    def __init__(self, robot: Robot, legs: LegKinematics, config: IkConfig | None = None) -> None:
        self.config = config = config or IkConfig()
        self.failures = 0
        self._body = body = Body(robot, legs)
        body.set_base(legs.nominal_base)
        body.update()
        self._palms = {side: PalmTask(body, PALM_FRAMES[side], config) for side in SIDES}
        self._torso = UprightTask(
            body, TORSO_FRAME, config.torso_upright, config.torso_upright_gain
        )
        self._pelvis = UprightTask(
            body, 'pelvis', config.pelvis_upright, config.pelvis_upright_gain
        )
        self._com = ComTask(body.com()[0][:2].copy(), config.com, config.com_gain)
        self._posture = PostureTask(body, config)
        self._leg_limit, self._channel_limit = _limits(robot, config)
        self._com_limit = ComLimit(config)
        self._collision = CollisionLimit(body, config)
        self._lower = robot.lower[NUM_LEG_JOINTS:NUM_BODY_JOINTS]
        self._upper = robot.upper[NUM_LEG_JOINTS:NUM_BODY_JOINTS]
        self._position = np.concatenate([legs.nominal_base, robot.nominal[NUM_LEG_JOINTS:]])
        self._x = np.zeros(NUM_FREE)
        self._locked: set[str] | None = None
        self._allocate()

    @property
    def position(self) -> Array:
        """Channels in model order, shape (37,)."""
        return self._position.copy()

    def reset(self, position: Array) -> None:
        """Start at rest from channels (37,).

        Raises:
            InvalidInput: ``position`` is not 37 finite numbers.
        """
        self._locked = None
        self.resync(position, GROUP_CHANNELS)

    def resync(self, position: Array, groups: Iterable[str]) -> None:
        """Take the channels of some groups from what was executed; they start at rest.

        Raises:
            InvalidInput: ``position`` is not 37 finite numbers.
        """
        if position.shape != (NUM_CHANNELS,) or not np.isfinite(position).all():
            raise InvalidInput(f'position must be {NUM_CHANNELS} finite numbers')
        for group in groups:
            channels = GROUP_CHANNELS[group]
            if group == 'legs':
                if (self._position[channels] != position[channels]).any():
                    self._body.set_base(position[channels])
            elif group in FREE:
                self._body.joints[_joints(channels)] = position[channels]
            if group in FREE:
                self._x[channels] = 0.0
            self._position[channels] = position[channels]

    def stay_near(self, position: Array, band: Array) -> None:
        """Keep the channels within a band of what was executed, so that they do not run away.

        Args:
            position: Executed channels, shape (37,).
            band: Largest distance of the first 23 channels [m, rad], shape (23,).
        """
        low, high = position[:NUM_FREE] - band, position[:NUM_FREE] + band
        near = np.clip(self._position[:NUM_FREE], low, high)
        if (near == self._position[:NUM_FREE]).all():
            return
        if (near[:NUM_BASE] != self._position[:NUM_BASE]).any():
            self._body.set_base(near[:NUM_BASE])
        self._body.joints[NUM_LEG_JOINTS:] = near[NUM_BASE:]
        self._position[:NUM_FREE] = near

    def solve(self, targets: Targets, dt: float, locked_groups: Iterable[str] = ()) -> IkSolution:
        """Move one tick towards the targets.

        Args:
            targets: Wishes in the stance frame.
            dt: Tick [s].
            locked_groups: Groups that keep still, besides arms without a palm target.

        Raises:
            InvalidInput: ``dt`` is not a positive number of at most 0.1 s.
        """
        if not 0.0 < dt <= 0.1:
            raise InvalidInput(f'dt must be in (0, 0.1] s, got {dt}')
        locked = set(locked_groups)
        locked.update(f'{side}_arm' for side in SIDES if side not in targets.palms)
        self._body.update()
        started, self._locked = locked != self._locked, locked
        hessian, gradient = self._objective(targets, dt, started)
        count = self._constraints(dt)
        self._lock(locked, hessian, gradient)
        x, ok = self._program(hessian, gradient, count)
        if not ok:
            self.failures += 1
            x = np.clip(0.0, self._low[:NUM_FREE], self._high[:NUM_FREE])
        return self._step(x, dt, ok, targets)

    def _allocate(self) -> None:
        tasks = 2 * PalmTask.size + 2 * UprightTask.size + ComTask.size
        rows = NUM_LEG_JOINTS + ComLimit.size + self._collision.size
        self._rows, self._rhs = np.zeros((tasks, NUM_VELOCITY)), np.zeros(tasks)
        self._free_rows = np.zeros((tasks, NUM_FREE))
        self._start_rhs = np.zeros(tasks - 2 * PalmTask.size)
        self._start_wish = np.zeros(NUM_FREE)
        self._matrix = np.zeros((rows, NUM_VELOCITY))
        self._matrix[:NUM_LEG_JOINTS, NUM_BASE : NUM_BASE + NUM_LEG_JOINTS] = np.eye(
            NUM_LEG_JOINTS
        )
        self._low = np.full(NUM_FREE + rows, -_UNBOUNDED)
        self._high = np.full(NUM_FREE + rows, _UNBOUNDED)
        self._sense = np.full(NUM_FREE + rows, _SOFT, dtype=np.intc)
        self._sense[:NUM_FREE] = _HARD
        self._free_matrix = np.zeros((rows, NUM_FREE))

    def _objective(self, targets: Targets, dt: float, started: bool) -> tuple[Array, Array]:
        body, rows, rhs = self._body, self._rows, self._rhs
        damping = 0.0
        for number, side in enumerate(SIDES):
            part = slice(6 * number, 6 * number + 6)
            target = targets.palms.get(side)
            if target is None:
                rows[part], rhs[part] = 0.0, 0.0
                continue
            task = self._palms[side]
            task.write(body, target, dt, rows[part], rhs[part])
            damping += self._damping(task)
        torso_gain = None if targets.torso is None else self.config.torso_gain
        self._torso.write(body, rows[12:15], rhs[12:15], targets.torso, torso_gain)
        self._pelvis.write(body, rows[15:18], rhs[15:18])
        self._centre, self._centre_jacobian = body.com()
        self._com.write(self._centre, self._centre_jacobian, rows[18:20], rhs[18:20])
        wish = self._posture.velocity(body, targets.pelvis_height)
        self._settle(rhs[12:], wish, dt, started)
        free = np.matmul(rows, body.expand, out=self._free_rows)
        weight = self._posture.weight
        squared = weight * weight
        hessian = free.T @ free
        hessian.flat[:: NUM_FREE + 1] += squared + (damping + _REGULARISATION)
        gradient = -(rhs @ free)
        gradient -= squared * wish
        return hessian, gradient

    def _settle(self, rhs: Array, wish: Array, dt: float, started: bool) -> None:
        """Begin at rest: what posture and balance ask for at a start fades in.

        Without it the robot would drift to its nominal pose the moment a group is freed.
        """
        if started:
            self._start_rhs[:], self._start_wish[:] = rhs, wish
        rhs -= self._start_rhs
        wish -= self._start_wish
        fade = 1.0 - dt / max(self.config.settling, dt)
        self._start_rhs *= fade
        self._start_wish *= fade

    def _damping(self, task: PalmTask) -> float:
        error = self.config.palm_position * min(task.distance, self.config.damping_error)
        return self.config.damping * error * error

    def _constraints(self, dt: float) -> int:
        """Bounds and rows; returns how many rows are in use."""
        body, low, high = self._body, self._low, self._high
        position = np.concatenate((body.base, body.joints[NUM_LEG_JOINTS:]))
        low[:NUM_FREE], high[:NUM_FREE] = self._channel_limit.interval(position, self._x, dt)
        low[_LEG_ROWS], high[_LEG_ROWS] = self._leg_limit.reachable(
            body.joints[:NUM_LEG_JOINTS], dt
        )
        part = slice(_LEG_ROWS.stop, _LEG_ROWS.stop + ComLimit.size)
        start = NUM_LEG_JOINTS + ComLimit.size
        self._matrix[NUM_LEG_JOINTS:start] = self._centre_jacobian[:2]
        velocity = self._centre_jacobian[:2] @ (body.expand @ self._x)
        low[part], high[part] = self._com_limit.interval(self._centre, velocity, dt)
        near = self._collision.write(body, dt, self._matrix[start:], self._low[NUM_FREE + start :])
        np.matmul(self._matrix, body.expand, out=self._free_matrix)
        return start + near

    def _lock(self, groups: set[str], hessian: Array, gradient: Array) -> None:
        """Take the variables of some groups out of the program; they come out as zero."""
        for group in groups & FREE.keys():
            part = FREE[group]
            diagonal = hessian.diagonal()[part].copy()
            hessian[part] = 0.0
            hessian[:, part] = 0.0
            hessian.flat[:: NUM_FREE + 1][part] = diagonal
            gradient[part] = 0.0
            self._free_matrix[:, part] = 0.0
            self._low[part], self._high[part] = -_UNBOUNDED, _UNBOUNDED

    def _program(self, hessian: Array, gradient: Array, count: int) -> tuple[Array, bool]:
        total = NUM_FREE + count
        x, _, flag, _ = daqp.solve(
            hessian,
            gradient,
            self._free_matrix[:count],
            self._high[:total],
            self._low[:total],
            self._sense[:total],
            rho_soft=_SOFTNESS,
        )
        x = np.asarray(x)
        return x, flag > 0 and bool(np.isfinite(x).all())

    def _step(self, x: Array, dt: float, ok: bool, targets: Targets) -> IkSolution:
        body = self._body
        body.integrate(x, dt)
        upper = body.joints[NUM_LEG_JOINTS:]
        np.clip(upper, self._lower, self._upper, out=upper)
        self._x = x
        self._position[:NUM_BASE] = body.base
        self._position[NUM_BASE:NUM_FREE] = upper
        velocity = np.zeros(NUM_CHANNELS)
        velocity[:NUM_FREE] = x
        errors = {s: (self._palms[s].distance, self._palms[s].angle) for s in targets.palms}
        return IkSolution(
            position=self._position.copy(),
            velocity=velocity,
            error=errors,
            ok=ok,
            reason='' if ok else 'no solution',
            clearance=self._collision.clearance,
        )


def _joints(channels: slice) -> slice:
    """Where channels above the pelvis sit among the body's joints."""
    offset = NUM_LEG_JOINTS - NUM_BASE
    return slice(channels.start + offset, channels.stop + offset)


def _limits(robot: Robot, config: IkConfig) -> tuple[JointLimit, JointLimit]:
    """Limits of the twelve leg joints, and of the 23 channels."""
    counts = (NUM_LEG_JOINTS, 3, NUM_BODY_JOINTS - NUM_LEG_JOINTS - 3)
    margin = np.repeat(
        (config.leg_margin, config.margin), (NUM_LEG_JOINTS, NUM_BODY_JOINTS - NUM_LEG_JOINTS)
    )
    lower, upper = robot.lower[:NUM_BODY_JOINTS] + margin, robot.upper[:NUM_BODY_JOINTS] - margin
    lower[_KNEES] = np.maximum(lower[_KNEES], config.knee_minimum)
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
    channels = (np.concatenate((b, j[NUM_LEG_JOINTS:])) for b, j in zip(base, joints, strict=True))
    return JointLimit(*(j[:NUM_LEG_JOINTS] for j in joints)), JointLimit(*channels)

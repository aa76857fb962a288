"""Whole-body inverse kinematics: one small quadratic program per tick.

Over the rates x of the first 23 channels (base reference, waist, arms) it minimises the weighted
residuals of the tasks plus Levenberg-Marquardt damping that grows with the palm error, which is
what keeps an arm at full stretch quiet. Base, waist and arms are bounded by their own limits,
intervals that are never empty, so the program always has a solution; the rows (leg joints,
centre of mass, self-collision) are stiff but may give way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics.body import FREE, NUM_BODY_JOINTS, NUM_FREE, NUM_VELOCITY, Body
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.constraints import KNEES, Constraints
from rove_teleop.core.kinematics.objective import Objective
from rove_teleop.core.kinematics.targets import PalmTarget, Targets, target_fault
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import (
    GROUP_CHANNELS,
    NUM_BASE,
    NUM_CHANNELS,
    NUM_LEG_JOINTS,
    SIDES,
)
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array
from rove_teleop.errors import InvalidInput

_NO_SOLUTION = 'no solution'
_LONGEST_TICK = 0.1  # s
_STRAIN = 1e-9  # rad
_SHARES = (0.3, 0.3, 0.0)  # of its motion the pelvis may have when the legs cannot follow


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
        emergencies: How many ticks needed more than the usual accelerations to avoid a touch.
        halts: How many ticks the pelvis moved less because the legs could not follow it.
        rejected: What `follow` refused, by reason.
    """

    def __init__(self, robot: Robot, legs: LegKinematics, config: IkConfig | None = None) -> None:
        """Begin at rest in the robot's nominal pose, which is also what it returns to."""
        self.config = config = config or IkConfig()
        self.failures = self.emergencies = self.halts = 0
        self.rejected: Counter[str] = Counter()
        self._body = Body(robot, legs, config.palm_link, config.palm_offset)
        self._objective = Objective(self._body, config)
        self._constraints = Constraints(robot, self._body, config)
        self._program = self._constraints.program
        self._lower = robot.lower[NUM_LEG_JOINTS:NUM_BODY_JOINTS]
        self._upper = robot.upper[NUM_LEG_JOINTS:NUM_BODY_JOINTS]
        self._position = np.concatenate([legs.nominal_base, robot.nominal[NUM_LEG_JOINTS:]])
        self._nu = np.zeros(NUM_VELOCITY)
        self._x = self._nu[:NUM_FREE]
        self._locked: frozenset[str] | None = None
        self._last: dict[str, PalmTarget] = {}
        lowest = robot.lower[:NUM_LEG_JOINTS].copy()
        lowest[KNEES] = np.maximum(lowest[KNEES], 0.5 * config.knee_minimum)
        self._leg_limits = lowest, robot.upper[:NUM_LEG_JOINTS]
        self._before, self._strain = np.zeros(NUM_VELOCITY), 0.0
        self._current = False  # whether the body's maps are those of its position

    @property
    def position(self) -> Array:
        """Channels in model order, shape (37,)."""
        return self._position.copy()

    @property
    def legs(self) -> Array:
        """Leg joints [rad] that put the pelvis where ``position`` says, shape (12,)."""
        return self._body.legs.copy()

    def reset(self, position: Array) -> None:
        """Start at rest from channels (37,).

        Raises:
            InvalidInput: ``position`` is not 37 finite numbers.
        """
        self._locked = None
        self._last.clear()
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
            if group in FREE:
                self._x[channels] = 0.0
                if (self._position[channels] != position[channels]).any():
                    self._current = False
                    if group == 'legs':
                        self._body.set_base(position[channels])
                    self._body.position[channels] = position[channels]
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
        self._current = False
        if (near[:NUM_BASE] != self._position[:NUM_BASE]).any():
            self._body.set_base(near[:NUM_BASE])
        self._body.upper[:] = near[NUM_BASE:]
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
        if not 0.0 < dt <= _LONGEST_TICK:
            raise InvalidInput(f'dt must be in (0, {_LONGEST_TICK}] s, got {dt}')
        idle = [f'{side}_arm' for side in SIDES if side not in targets.palms]
        locked = frozenset((*locked_groups, *idle))
        started, self._locked = locked != self._locked, locked
        if not self._current:
            self._body.update()
        if self._balancing:
            self._body.update_centre()
        self._objective.write(targets, dt, started, self._program)
        count = self._constraints.write(self._nu, dt)
        x = self._best(count, locked, dt)
        if x is None:
            self.failures += 1
            low, high = self._program.low[:NUM_FREE], self._program.high[:NUM_FREE]
            return self._step(np.clip(0.0, low, high), dt, targets, _NO_SOLUTION)
        return self._step(x, dt, targets)

    def follow(self, poses: Mapping[str, pin.SE3], dt: float) -> IkSolution:
        """`solve` for poses that nobody has checked; raises nothing, whatever they are.

        A pose that cannot be a target is refused and counted in ``rejected``; its palm keeps to
        its last target, and keeps still if it has none. A tick that cannot be is refused too,
        and nothing moves.

        Args:
            poses: T_stance_palm by side; an arm without one keeps still.
            dt: Tick [s].
        """
        for side, pose in poses.items():
            if side not in SIDES:
                self.rejected[f'no such side: {side}'] += 1
            elif fault := target_fault(pose):
                self.rejected[f'{side} palm {fault}'] += 1
            else:
                self._last[side] = PalmTarget(pose)
        if not 0.0 < dt <= _LONGEST_TICK:
            self.rejected['tick is not in its range'] += 1
            return self._solution(np.zeros(NUM_CHANNELS), Targets(), 'tick is not in its range')
        return self.solve(Targets({s: t for s, t in self._last.items() if s in poses}), dt)

    @property
    def _balancing(self) -> bool:
        return self._constraints.balancing or self.config.com > 0.0

    def _best(self, count: int, locked: frozenset[str], dt: float) -> Array | None:
        """The program's answer; with more acceleration where it would otherwise touch."""
        program = self._program
        if locked:
            program.lock(locked)
        x = program.solve(count)
        if x is None or not self._constraints.broken(x, count):
            return x
        self.emergencies += 1
        self._constraints.widen(self._nu, dt)
        if locked:
            program.lock(locked)
        return program.solve(count)

    def _step(self, x: Array, dt: float, targets: Targets, reason: str = '') -> IkSolution:
        body = self._body
        self._before[:] = body.position
        self._move(x, dt)
        strain = body.strain(*self._leg_limits)
        if strain > max(self._strain, _STRAIN):
            self.halts += 1
            for share in _SHARES:
                body.position[:] = self._before
                x[:NUM_BASE] *= share
                self._move(x, dt)
                strain = body.strain(*self._leg_limits)
                if strain <= max(self._strain, _STRAIN):
                    break
        self._strain = strain
        self._current = True
        self._x[:] = x
        self._position[:NUM_FREE] = body.position[:NUM_FREE]
        velocity = np.zeros(NUM_CHANNELS)
        velocity[:NUM_FREE] = x
        return self._solution(velocity, targets, reason)

    def _move(self, x: Array, dt: float) -> None:
        """Move the body, waist and arms never beyond what the robot can."""
        self._body.integrate(x, dt)
        upper = self._body.upper
        np.minimum(np.maximum(upper, self._lower, out=upper), self._upper, out=upper)
        self._body.update()

    def _solution(self, velocity: Array, targets: Targets, reason: str) -> IkSolution:
        palms = self._objective.palms
        return IkSolution(
            position=self._position.copy(),
            velocity=velocity,
            error={side: (palms[side].distance, palms[side].angle) for side in targets.palms},
            ok=not reason,
            reason=reason,
            clearance=self._constraints.collision.clearance,
        )

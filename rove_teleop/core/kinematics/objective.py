"""What one tick's program minimises: the weighted residuals of all tasks, and damping."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.kinematics.body import NUM_FREE, Body
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.program import Program
from rove_teleop.core.kinematics.targets import Targets
from rove_teleop.core.kinematics.tasks.com import ComTask
from rove_teleop.core.kinematics.tasks.frames import FrameRows
from rove_teleop.core.kinematics.tasks.palm import PalmTask
from rove_teleop.core.kinematics.tasks.posture import PostureTask
from rove_teleop.core.kinematics.tasks.upright import UprightTask
from rove_teleop.core.names import NUM_BASE, NUM_LEG_JOINTS, SIDES
from rove_teleop.core.robot import TORSO_FRAME
from rove_teleop.core.types import Array

_SETTLED = 1e-4  # what is left of a start's wish that no longer counts


class Objective:
    """Stacks the rows of the tasks.

    Attributes:
        palms: The palm tasks by side, for their errors.
    """

    def __init__(self, body: Body, config: IkConfig) -> None:
        """Take what the robot shall return to from the body's present pose."""
        self._body, self._config = body, config
        frames = self._frames = FrameRows(body)
        weights = (config.palm_position, config.palm_rotation)
        self._palm_rows = {side: frames.add(body.palms[side], *weights) for side in SIDES}
        self.palms = {side: PalmTask(body, side, config) for side in SIDES}
        self._num_palm_rows = frames.size
        torso, pelvis = body.model.getFrameId(TORSO_FRAME), body.model.getFrameId('pelvis')
        weights = (config.torso_position, config.torso_upright)
        self._torso = UprightTask(body, torso, *weights, config.torso_upright_gain)
        self._torso_rows = frames.add(torso, *weights)
        weights = (0.0, config.pelvis_upright)
        self._pelvis = UprightTask(body, pelvis, *weights, config.pelvis_upright_gain)
        self._pelvis_rows = frames.add(pelvis, *weights)
        self._com = ComTask(body.com[:2].copy(), config.com, config.com_gain)
        self._posture = PostureTask(body, config)
        legs = frames.size + (ComTask.size if config.com > 0.0 else 0)
        rows = legs + NUM_LEG_JOINTS
        self._com_rows, self._leg_rows = slice(frames.size, legs), slice(legs, rows)
        self._rows, self._rhs = np.zeros((rows, NUM_FREE)), np.zeros(rows)
        self._start_rhs = np.zeros(legs - self._num_palm_rows)
        self._start_wish = np.zeros(NUM_FREE)
        self._unsettled = 0.0

    def write(self, targets: Targets, dt: float, started: bool, program: Program) -> None:
        """Fill the program's Hessian and gradient.

        Args:
            targets: Wishes in the stance frame.
            dt: Tick [s].
            started: Whether the motion begins anew here.
            program: Takes them.
        """
        body, rows, rhs = self._body, self._rows, self._rhs
        self._frames.write(rows[: self._frames.size])
        damping = self._follow(targets, dt, started)
        self._balance(targets, dt)
        wish = self._posture.velocity(body, targets.pelvis_height, dt)
        legs = self._leg_rows
        self._settle(rhs[self._num_palm_rows : legs.start], wish, dt, started)
        self._posture.write_legs(body, dt, damping, rows[legs, :NUM_BASE], rhs[legs])
        squared = self._posture.squared
        np.dot(rows.T, rows, out=program.hessian)
        np.dot(rhs, rows, out=program.gradient)
        program.diagonal += squared
        program.diagonal += damping
        wish *= squared
        program.gradient += wish
        np.negative(program.gradient, out=program.gradient)

    def _follow(self, targets: Targets, dt: float, started: bool) -> float:
        """Rows of the palms; returns the damping that their errors call for."""
        config = self._config
        damping = config.regularisation
        for side, task in self.palms.items():
            part, target = self._palm_rows[side], targets.palms.get(side)
            if target is None:
                self._rows[part], self._rhs[part] = 0.0, 0.0
                task.forget()
                continue
            if started:
                task.forget()
            task.write(target, dt, self._rows[part], self._rhs[part])
            error = config.palm_position * min(task.remaining, config.damping_error)
            damping += config.damping * error * error
        return damping

    def _balance(self, targets: Targets, dt: float) -> None:
        """Rows of torso, pelvis and centre of mass."""
        rows, rhs, part = self._rows, self._rhs, self._com_rows
        gain = None if targets.torso is None else self._config.torso_gain
        self._torso.write(dt, rhs[self._torso_rows], targets.torso, gain)
        if self._config.pelvis_upright > 0.0:
            self._pelvis.write(dt, rhs[self._pelvis_rows])
        if part.start < part.stop:
            self._com.write(self._body.com, self._body.com_rows, rows[part], rhs[part])

    def _settle(self, rhs: Array, wish: Array, dt: float, started: bool) -> None:
        """Begin at rest: what posture and balance ask for at a start fades in.

        Without it the robot would drift to its nominal pose the moment a group is freed.
        """
        if started:
            self._start_rhs[:], self._start_wish[:] = rhs, wish
            self._unsettled = 1.0
        if self._unsettled > _SETTLED:
            rhs -= self._unsettled * self._start_rhs
            wish -= self._unsettled * self._start_wish
            self._unsettled *= 1.0 - dt / max(self._config.settling, dt)

"""Where both arms are when the palms are exactly where the operator's hands are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import pose_from_se3, se3_from_base
from rove_teleop.core.names import ARM_JOINTS, GROUP_CHANNELS, JOINTS, NUM_BASE, NUM_LEG_JOINTS
from rove_teleop.core.robot import PALM_FRAMES, Robot
from rove_teleop.core.types import Array

_ITERATIONS = 30
_DAMPING = 1e-3
_STEP = 0.3  # rad per iteration
_CONVERGED = 1e-5
_WEIGHT = np.array([5.0] * 3 + [1.0] * 3)  # a metre is worth five radians


class ArmReach:
    """Solves each arm to convergence, from wherever it is; nothing limits its speed.

    Damped least squares over the seven joints of an arm, within their limits; out of reach it
    ends at the nearest pose it finds.
    """

    def __init__(self, robot: Robot) -> None:
        self._robot, self._data = robot, robot.model.createData()
        self._legs = robot.nominal[:NUM_LEG_JOINTS]
        self._frame = {side: robot.model.getFrameId(name) for side, name in PALM_FRAMES.items()}
        joints = {side: [JOINTS.index(name) for name in ARM_JOINTS[side]] for side in ARM_JOINTS}
        self._idx_q = {side: robot.idx_q[index] for side, index in joints.items()}
        self._idx_v = {side: robot.idx_v[index] for side, index in joints.items()}
        self._lower = {side: robot.lower[index] for side, index in joints.items()}
        self._upper = {side: robot.upper[index] for side, index in joints.items()}

    def solve(self, channels: Array, T_stance_palm: Mapping[str, pin.SE3]) -> Array:
        """Channels (37,) with the palms at their places.

        Args:
            channels: Where to begin, and where everything but the arms stays, shape (37,).
            T_stance_palm: By side.
        """
        joints = np.concatenate([self._legs, channels[NUM_BASE:]])
        q = self._robot.configuration(joints, pose_from_se3(se3_from_base(channels[:NUM_BASE])))
        solved = channels.copy()
        for side, goal in T_stance_palm.items():
            self._reach(side, goal, q)
            solved[GROUP_CHANNELS[f'{side}_arm']] = q[self._idx_q[side]]
        return solved

    def _reach(self, side: str, goal: pin.SE3, q: Array) -> None:
        """Move one arm of ``q`` in place."""
        model, data, frame = self._robot.model, self._data, self._frame[side]
        idx_q, idx_v = self._idx_q[side], self._idx_v[side]
        for _ in range(_ITERATIONS):
            pin.computeJointJacobians(model, data, q)
            palm = pin.updateFramePlacement(model, data, frame)
            error = _WEIGHT * pin.log6(palm.actInv(goal)).vector
            jacobian = pin.getFrameJacobian(model, data, frame, pin.LOCAL)[:, idx_v]
            jacobian = _WEIGHT[:, None] * jacobian
            normal = jacobian @ jacobian.T + _DAMPING * np.eye(6)
            step = np.clip(jacobian.T @ np.linalg.solve(normal, error), -_STEP, _STEP)
            before = q[idx_q]
            q[idx_q] = np.clip(before + step, self._lower[side], self._upper[side])
            if np.abs(q[idx_q] - before).max() < _CONVERGED:
                return

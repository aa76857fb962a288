"""Our own retargeting: a warm-started Levenberg-Marquardt search between the joint limits."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.retargeting.hand import DEX3, HandConfig, HandModel
from rove_teleop.core.retargeting.keypoints import hand_features
from rove_teleop.core.retargeting.objective import HandObjective, HandTargets, ObjectiveConfig
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array
from rove_teleop.errors import InvalidInput

_ITERATIONS = 12
_SMALLEST_STEP = 5e-4  # rad
_DAMPING = (1e-4, 1e2)


class LightRetargeter:
    """The default backend; see ``HandRetargeter``.

    Attributes:
        model: Kinematics of the robot's hand.
        cost: Objective at the last answer.
    """

    def __init__(
        self,
        robot: Robot,
        side: str,
        hand: HandConfig = DEX3,
        objective: ObjectiveConfig | None = None,
    ) -> None:
        self.model = HandModel(robot, side, hand)
        self.objective = HandObjective(self.model, objective or ObjectiveConfig())
        self.cost = 0.0
        self._side = side
        self._position = self.model.clip(np.zeros(len(self.model.lower)))

    def reset(self, position: Array) -> None:
        """Start the next search from these joints, shape (7,).

        Raises:
            InvalidInput: ``position`` has another shape or is not finite.
        """
        if np.shape(position) != self._position.shape or not np.isfinite(position).all():
            raise InvalidInput(f'position must be {len(self._position)} finite numbers')
        self._position = self.model.clip(np.asarray(position, dtype=float))

    def retarget(self, hand: Array) -> Array:
        """Joints (7,) [rad] for a tracked hand (25, 7); see ``HandRetargeter``."""
        return self.fit(self.objective.imitate(hand_features(hand, self._side)))

    def fit(self, targets: HandTargets) -> Array:
        """Joints (7,) [rad] that come nearest to the targets."""
        position, damping = self._position, _DAMPING[0]
        residual, jacobian = self.objective.residual(position, targets)
        cost = float(residual @ residual)
        for _ in range(_ITERATIONS):
            step = self._step(position, residual, jacobian, damping)
            trial = self.model.clip(position + step)
            if float(np.abs(trial - position).max()) < _SMALLEST_STEP:
                break
            trial_residual, trial_jacobian = self.objective.residual(trial, targets)
            trial_cost = float(trial_residual @ trial_residual)
            if trial_cost < cost:
                position, cost = trial, trial_cost
                residual, jacobian = trial_residual, trial_jacobian
                damping = max(0.2 * damping, _DAMPING[0])
            elif damping > _DAMPING[1]:
                break
            else:
                damping *= 10.0
        self._position, self.cost = position, 0.5 * cost
        return position.copy()

    def _step(self, position: Array, residual: Array, jacobian: Array, damping: float) -> Array:
        """Damped Gauss-Newton step; joints that a limit holds back are left out."""
        gradient = residual @ jacobian
        held = ((position <= self.model.lower) & (gradient > 0.0)) | (
            (position >= self.model.upper) & (gradient < 0.0)
        )
        hessian = jacobian.T @ jacobian
        diagonal = hessian.diagonal() * (1.0 + damping) + damping * 1e-2
        np.fill_diagonal(hessian, diagonal)
        hessian[held] = 0.0
        hessian[:, held] = 0.0
        hessian[held, held] = 1.0
        return -np.linalg.solve(hessian, np.where(held, 0.0, gradient))

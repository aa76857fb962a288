"""What makes a robot hand look like a human's: residuals and their Jacobian.

Fingers keep their shape (knuckle to tip, relative to the straight finger), tips keep their
distance to the thumb, which weighs more the nearer they are, so that a pinch closes.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from rove_teleop.core.retargeting.hand import HandModel
from rove_teleop.core.retargeting.keypoints import HandFeatures
from rove_teleop.core.types import Array


@dataclass(frozen=True)
class ObjectiveConfig:
    """Weights per metre and per radian.

    Attributes:
        finger: Of knuckle-to-tip vectors [1/m].
        pinch: Of distances to the thumb when far [1/m].
        pinch_near: What is added to it when the tips touch [1/m].
        near: Distance at which that has fallen to a third [m].
        widen: The robot's thumb opens wider; quadratic growth of its distances [1/m].
        flexion: Of the thumb's last joint [1/rad].
        flexion_gain: Robot's per human's flexion.
        rest: Pull of every joint to zero [1/rad].
    """

    finger: float = 20.0
    pinch: float = 12.0
    pinch_near: float = 60.0
    near: float = 0.03
    widen: float = 3.6
    flexion: float = 0.3
    flexion_gain: float = 1.3
    rest: float = 0.05


class HandObjective:
    """Half the squared norm of ``residual``; quadratic near its minimum.

    Attributes:
        size: Number of residuals.
    """

    def __init__(self, model: HandModel, config: ObjectiveConfig) -> None:
        self._model, self._config = model, config
        n = len(model.lower)
        self.size = 3 + 3 + 2 + 1 + n
        zero = model.clip(np.zeros(n))
        tips = model.fingertips(zero)[0]
        self._open = np.linalg.norm(tips[1:] - tips[0], axis=1)
        self._vectors = np.zeros((2, 3))
        self._distances, self._weights = np.zeros(2), np.zeros(2)
        self._flexion = 0.0
        self._rest = config.rest * np.eye(n)

    def aim(self, human: HandFeatures) -> None:
        """Take what the robot's hand shall look like."""
        config, model = self._config, self._model
        for row, vector in enumerate((human.index, human.middle)):
            self._vectors[row] = model.length[row] * (model.axes.T @ vector)
        for row, distance in enumerate((human.thumb_index, human.thumb_middle)):
            wide = distance + config.widen * distance * distance
            self._distances[row] = min(wide, self._open[row])
            self._weights[row] = config.pinch + config.pinch_near * math.exp(
                -((distance / config.near) ** 2)
            )
        self._flexion = model.curl * config.flexion_gain * human.thumb_flexion

    def residual(self, position: Array) -> tuple[Array, Array]:
        """Residuals (size,) and their Jacobian (size, n) at joints (n,)."""
        config, model = self._config, self._model
        tips, jacobians = model.fingertips(position)
        residual, jacobian = np.zeros(self.size), np.zeros((self.size, len(position)))
        fingers = tips[1:] - model.knuckle - self._vectors
        residual[:6] = config.finger * fingers.ravel()
        jacobian[:6] = config.finger * jacobians[1:].reshape(6, -1)
        for row in range(2):
            gap = tips[row + 1] - tips[0]
            distance = math.sqrt(float(gap @ gap)) + 1e-9
            weight = self._weights[row]
            residual[6 + row] = weight * (distance - self._distances[row])
            jacobian[6 + row] = (weight / distance) * (gap @ (jacobians[row + 1] - jacobians[0]))
        residual[8] = config.flexion * (position[model.flexion] - self._flexion)
        jacobian[8, model.flexion] = config.flexion
        residual[9:] = config.rest * position
        jacobian[9:] = self._rest
        return residual, jacobian

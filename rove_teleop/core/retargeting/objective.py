"""What makes a robot hand look like a human's: targets, residuals and their Jacobian.

Fingers keep their shape (knuckle to tip, relative to the straight finger). The thumb closes as
far as the human's has come to the fingers, and bends as much. The vectors from thumb to finger
tips weigh more the shorter they are, so that a pinch closes whatever the proportions.
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
    """Weights, and how a human thumb becomes the robot's.

    Attributes:
        finger: Weight of knuckle-to-tip vectors [1/m].
        pinch: Weight of thumb-to-tip vectors when the tips touch [1/m].
        near: Distance at which that has fallen to a third [m].
        thumb: Weight of the thumb's wished joints [1/rad].
        open: Distance of thumb and finger tips in an open hand [m].
        turn: Turn of the thumb towards the finger it is nearer to [rad].
        close: Closing of the thumb when it touches a finger [rad].
        bend: Robot's bend of the last bone per human's.
        rest: Pull of every joint to zero [1/rad].
    """

    finger: float = 20.0
    pinch: float = 80.0
    near: float = 0.04
    thumb: float = 0.5
    open: float = 0.10
    turn: float = 0.6
    close: float = 0.9
    bend: float = 1.2
    rest: float = 0.02


@dataclass(frozen=True)
class HandTargets:
    """What the robot's hand shall look like, in the palm link's axes.

    Attributes:
        fingers: Knuckle to tip of index and middle [m], shape (2, 3).
        pinch: Thumb tip to the tips of index and middle [m], shape (2, 3).
        pinch_weight: Their weights [1/m], shape (2,).
        thumb: Wished joints of the thumb: turn, close, bend [rad], shape (3,).
    """

    fingers: Array
    pinch: Array
    pinch_weight: Array
    thumb: Array


class HandObjective:
    """Half the squared norm of ``residual``.

    Attributes:
        size: Number of residuals.
    """

    def __init__(self, model: HandModel, config: ObjectiveConfig) -> None:
        self._model, self._config = model, config
        joints = len(model.lower)
        self.size = 6 + 6 + 3 + joints
        tips = model.fingertips(model.clip(np.zeros(joints)))[0]
        self._open = tips[1:] - tips[0]
        self._constant = np.zeros((self.size, joints))
        self._constant[12:15][range(3), model.thumb] = config.thumb
        self._constant[15:] = config.rest * np.eye(joints)

    def imitate(self, human: HandFeatures) -> HandTargets:
        """Targets that make the robot's hand look like this one.

        A human thumb opens beside the palm and the robot's in front of it, so the wider the
        human's hand the more its thumb-to-tip vectors give way to those of the robot's open hand.
        """
        config, model = self._config, self._model
        distances = np.linalg.norm(human.pinch, axis=1)
        weights = config.pinch * np.exp(-((distances / config.near) ** 2))
        nearest = float(distances.min())
        closed = min(max(1.0 - nearest / config.open, 0.0), 1.0)
        opened = min(max(2.0 * nearest / config.open - 1.0, 0.0), 1.0)
        side = math.tanh(float(distances[0] - distances[1]) / (0.5 * config.near))
        thumb = np.array(
            (
                config.turn * closed * side,
                config.close * closed * model.curl,
                config.bend * human.thumb_flexion * model.curl,
            )
        )
        return HandTargets(
            fingers=model.length[:, None] * (human.fingers @ model.axes),
            pinch=opened * self._open + (1.0 - opened) * (human.pinch @ model.axes),
            pinch_weight=weights,
            thumb=np.minimum(
                np.maximum(thumb, model.lower[model.thumb]), model.upper[model.thumb]
            ),
        )

    def residual(self, position: Array, targets: HandTargets) -> tuple[Array, Array]:
        """Residuals (size,) and their Jacobian (size, n) at joints (n,)."""
        config, model = self._config, self._model
        tips, jacobians = model.fingertips(position)
        fingers = config.finger * (tips[1:] - model.knuckle - targets.fingers)
        weight = targets.pinch_weight[:, None]
        pinch = weight * (tips[1:] - tips[0] - targets.pinch)
        thumb = config.thumb * (position[model.thumb] - targets.thumb)
        jacobian = self._constant.copy()
        jacobian[:6] = config.finger * jacobians[1:].reshape(6, -1)
        jacobian[6:12] = (weight[:, :, None] * (jacobians[1:] - jacobians[0])).reshape(6, -1)
        residual = np.concatenate((fingers.ravel(), pinch.ravel(), thumb, config.rest * position))
        return residual, jacobian

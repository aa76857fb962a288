"""Retargeting of a hand by its vectors: dex-retargeting's objectives, solved by Newton steps."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.retargeting.catalogue import DEX3_VECTOR
from rove_teleop.core.retargeting.chain import FingerChain
from rove_teleop.core.retargeting.dexpilot import Pinches
from rove_teleop.core.retargeting.huber import HuberObjective
from rove_teleop.core.retargeting.keypoints import hand_points
from rove_teleop.core.retargeting.newton import BoxNewton
from rove_teleop.core.retargeting.vectors import VectorConfig
from rove_teleop.core.robot import PALM_FRAMES, Robot
from rove_teleop.core.types import Array
from rove_teleop.errors import InvalidInput


class VectorRetargeter:
    """Warm-started, between exact joint limits; see ``HandRetargeter``.

    Attributes:
        chain: Kinematics of the robot's hand.
        config: Which vectors it matches.
        side: ``left`` or ``right``.
    """

    def __init__(
        self,
        chain: FingerChain,
        config: VectorConfig,
        side: str,
        R_root_hand: Array | None = None,
        bounds: tuple[Array, Array] | None = None,
    ) -> None:
        """Prepare the search, from the middle of the limits.

        Args:
            chain: The hand, with the joints and points of the configuration, in its order.
            config: Which vectors to match.
            side: ``left`` or ``right``.
            R_root_hand: Axes of the hand in those of the chain's root; the same when None.
            bounds: Limits of the answer (n,) and (n,) [rad]; those of the chain when None.
        """
        self.chain, self.config, self.side = chain, config, side
        self._rotation = None if R_root_hand is None else R_root_hand.T.copy()
        lower, upper = bounds or (chain.lower, chain.upper)
        self._objective = HuberObjective(chain, *config.indices, config.beta, config.pull)
        self._newton = BoxNewton(lower, upper)
        self._pinches = None
        if config.fingers:
            self._pinches = Pinches(config.fingers, config.scale, config.project, config.escape)
        self._weights = np.full(len(config.origins), 1.0 / len(config.origins))
        self._position = 0.5 * (lower + upper)

    @classmethod
    def of_robot(
        cls, robot: Robot, side: str, config: VectorConfig = DEX3_VECTOR
    ) -> VectorRetargeter:
        """For a hand that is part of a robot.

        Raises:
            UnknownName: ``side`` is neither left nor right.
            ModelError: The robot lacks a link or joint that the configuration names.
        """
        names = config.names(side)
        model = robot.model
        others = [i for i in range(1, model.njoints) if model.names[i] not in names]
        hand = pin.buildReducedModel(model, others, pin.neutral(model))
        palm = hand.frames[hand.getFrameId(PALM_FRAMES[side])].placement
        chain = FingerChain(hand, names, config.places(side))
        return cls(chain, config, side, palm.rotation)

    def reset(self, position: Array) -> None:
        """Start the next search from these joints, shape (n,), with no pinch held.

        Raises:
            InvalidInput: ``position`` has another shape or is not finite.
        """
        if np.shape(position) != self._position.shape or not np.isfinite(position).all():
            raise InvalidInput(f'position must be {len(self._position)} finite numbers')
        self._position = np.array(position, dtype=float)
        if self._pinches is not None:
            self._pinches.reset()

    def retarget(self, hand: Array) -> Array:
        """Joints (n,) [rad] for a tracked hand (25, 7); see ``HandRetargeter``."""
        points = hand_points(hand, self.side)
        return self.fit(self.config.human_vectors(points, self.side))

    def fit(self, vectors: Array) -> Array:
        """Joints (n,) [rad] for a human hand's vectors (m, 3) [m] in the hand's axes."""
        if self._pinches is None:
            targets, weights = self.config.scale * vectors, self._weights
        else:
            targets, weights = self._pinches.targets(vectors)
        if self._rotation is not None:
            targets = targets @ self._rotation
        self._objective.aim(targets, weights, self._newton.clip(self._position))
        self._position = self._newton.minimise(self._objective, self._position)
        return self._position.copy()

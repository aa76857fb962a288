"""Human vectors matched by a robot hand under a Huber loss: value, gradient and Hessian.

The objective is the one that dex-retargeting minimises (github.com/dexsuite/dex-retargeting,
``VectorOptimizer`` and ``DexPilotOptimizer``), so that both can be compared on equal terms:

    sum_k w_k h(|v_k(x) - t_k|) + pull |x - x_last|^2,
    h(d) = d^2 / (2 beta) for d < beta, else d - beta / 2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rove_teleop.core.retargeting.chain import FingerChain
from rove_teleop.core.types import Array


class HuberObjective:
    """The objective over the free joints x (n,) of one hand.

    Attributes:
        loss: The Huber part at the last ``value``, without the pull.
    """

    def __init__(
        self,
        chain: FingerChain,
        origins: Sequence[int],
        tasks: Sequence[int],
        beta: float,
        pull: float,
    ) -> None:
        """Choose the vectors.

        Args:
            chain: The hand.
            origins: Index of the point of the chain at which each vector begins.
            tasks: And of the one at which it ends.
            beta: Error at which the loss turns from quadratic to linear [m].
            pull: Weight of the squared step from the last answer [1/rad^2].
        """
        self.loss = 0.0
        self._chain, self._beta, self._pull = chain, beta, pull
        count = len(origins)
        self._incidence = np.zeros((count, len(chain.points)))
        self._incidence[range(count), tasks] += 1.0
        self._incidence[range(count), origins] -= 1.0
        self._difference = np.kron(self._incidence, np.eye(3))
        self._targets, self._weights = np.zeros((count, 3)), np.full(count, 1.0 / count)
        self._last = np.zeros(chain.size)
        self._x = self._last

    def aim(self, targets: Array, weights: Array, last: Array) -> None:
        """Set what to match.

        Args:
            targets: Wished vectors in the root's axes [m], shape (m, 3).
            weights: Their weights, shape (m,).
            last: Joints that the pull goes to, shape (n,).
        """
        self._targets, self._weights, self._last = targets, weights, last

    def value(self, x: Array) -> float:
        """The objective at joints (n,)."""
        self._chain.move(x)
        self._x = x
        error = self._incidence @ self._chain.points - self._targets
        distance = np.sqrt((error * error).sum(axis=1))
        near = np.minimum(distance, self._beta)
        self._error, self._distance = error, distance
        self.loss = float(self._weights @ (near * (distance - 0.5 * near))) / self._beta
        step = x - self._last
        return self.loss + self._pull * float(step @ step)

    def derivatives(self) -> tuple[Array, Array, Array]:
        """Gradient (n,), Hessian (n, n) and its convex part at the joints of the last ``value``.

        The convex part leaves out how the points curve.
        """
        chain, error, distance = self._chain, self._error, self._distance
        jacobian = self._difference @ chain.jacobian()
        stiffness = self._weights / np.maximum(distance, self._beta)
        force = stiffness[:, None] * error
        gradient = force.ravel() @ jacobian + 2.0 * self._pull * (self._x - self._last)
        convex = (np.repeat(stiffness, 3)[:, None] * jacobian).T @ jacobian
        convex.flat[:: chain.size + 1] += 2.0 * self._pull
        far = distance > self._beta
        if far.any():
            share = np.sqrt(stiffness[far]) / distance[far]
            rows = jacobian.reshape(len(error), 3, -1)[far]
            along = ((share[:, None] * error[far])[:, None] @ rows)[:, 0]
            convex -= along.T @ along
        return gradient, convex + chain.curvature(self._incidence.T @ force), convex

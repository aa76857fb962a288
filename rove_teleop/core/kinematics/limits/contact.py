"""Rows on how fast two points approach each other, gathered and then written at once."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.kinematics.body import NUM_VELOCITY, Body
from rove_teleop.core.types import Array


class Contacts:
    """Approach speeds of pairs of near points, with respect to the free rates x.

    Both points of a pair lie on one line along its normal, so the speed at which they part is
    ``[n, p x n] @ rates.T`` summed over the joints that carry the second and minus those that
    carry the first; joints that carry both cancel.

    Attributes:
        size: Most rows there can be.
        count: Rows gathered since ``clear``.
    """

    def __init__(self, size: int) -> None:
        self.size, self.count = size, 0
        self._wrenches = np.zeros((size, 6))
        self._signs = np.zeros((size, NUM_VELOCITY))
        self._lower = np.zeros(size)
        self._rows = np.zeros((size, NUM_VELOCITY))

    def clear(self) -> None:
        """Begin anew."""
        self.count = 0

    def add(self, point: Array, normal: Array, sign: Array, lower: float) -> None:
        """Add a pair; silently left out when all rows are taken.

        Args:
            point: Either of the two points [m], shape (3,).
            normal: Unit vector from the first to the second, shape (3,).
            sign: Joints that carry the second minus those that carry the first, shape (35,).
            lower: Slowest speed at which they must part [m/s].
        """
        if self.count == self.size:
            return
        row, self.count = self.count, self.count + 1
        x, y, z = point.tolist()
        u, v, w = normal.tolist()
        self._wrenches[row] = (u, v, w, y * w - z * v, z * u - x * w, x * v - y * u)
        self._signs[row] = sign
        self._lower[row] = lower

    def write(self, body: Body, rows: Array, lower: Array) -> int:
        """Fill ``rows`` (size, 23) and ``lower`` (size,) as far as there are any; how many."""
        count = self.count
        if count:
            part = np.matmul(self._wrenches[:count], body.rates.T, out=self._rows[:count])
            part *= self._signs[:count]
            body.free(part, out=rows[:count])
            lower[:count] = self._lower[:count]
        return count

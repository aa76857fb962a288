"""Keep the centre of mass where the robot stood at the start, in the horizontal plane."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.types import Array


class ComTask:
    """Two rows: horizontal velocity of the centre of mass.

    Attributes:
        nominal: Where the centre of mass belongs [m], x and y in the stance frame.
    """

    size = 2

    def __init__(self, nominal: Array, weight: float, gain: float) -> None:
        self.nominal = nominal
        self._weight, self._gain = weight, gain

    def write(self, com: Array, com_jacobian: Array, jacobian: Array, rhs: Array) -> None:
        """Fill the weighted rows ``jacobian`` (2, n) and ``rhs`` (2,)."""
        np.multiply(com_jacobian, self._weight, out=jacobian)
        np.subtract(self.nominal, com[:2], out=rhs)
        rhs *= self._weight * self._gain

"""Newton's method between bounds: a quadratic program per step, bounds held exactly."""

from __future__ import annotations

from typing import Protocol

import daqp
import numpy as np

from rove_teleop.core.types import Array

ITERATIONS = 30
TOLERANCE = 1e-7
"""Predicted decrease of the objective below which a step is the last one."""
_FIRST_DAMPING, _MOST_DAMPING = 1e-3, 1e3


class Objective(Protocol):
    """A smooth function of x (n,)."""

    def value(self, x: Array) -> float:
        """The function at x."""

    def derivatives(self) -> tuple[Array, Array, Array]:
        """Gradient, Hessian and a convex stand-in for it, at the last x."""


class BoxNewton:
    """Minimises an objective between bounds from a start that is near the minimum.

    Each step minimises the quadratic model within the bounds. Where the Hessian is not convex
    its convex part is taken; where a step does not help it is damped and tried again.

    Attributes:
        iterations: Steps of the last search.
    """

    def __init__(self, lower: Array, upper: Array, tolerance: float = TOLERANCE) -> None:
        self.iterations = 0
        self._lower, self._upper, self._tolerance = lower, upper, tolerance
        self._rows = np.zeros((0, len(lower)))
        self._sense = np.zeros(len(lower), dtype=np.intc)

    def clip(self, x: Array) -> Array:
        """The nearest point (n,) within the bounds."""
        return np.minimum(np.maximum(x, self._lower), self._upper)

    def minimise(self, objective: Objective, start: Array) -> Array:
        """A local minimum (n,) within the bounds, searched from ``start`` (n,)."""
        x = self.clip(start)
        value, damping = objective.value(x), 0.0
        derivatives = objective.derivatives()
        for self.iterations in range(1, ITERATIONS + 1):
            step, predicted = self._step(x, *derivatives, damping)
            trial = self.clip(x + step)
            if predicted < self._tolerance:
                return trial
            reached = objective.value(trial)
            if reached < value:
                x, value, damping = trial, reached, 0.1 * damping
                derivatives = objective.derivatives()
                if damping < _FIRST_DAMPING:
                    damping = 0.0
            elif damping > _MOST_DAMPING:
                break
            else:
                damping = max(10.0 * damping, _FIRST_DAMPING)
        objective.value(x)
        return x

    def _step(
        self, x: Array, gradient: Array, hessian: Array, convex: Array, damping: float
    ) -> tuple[Array, float]:
        """The step (n,) within the bounds, and by how much it should lower the objective."""
        for matrix in (hessian, convex):
            if damping:
                matrix = matrix + damping * np.eye(len(x))
            step, value, flag, _ = daqp.solve(
                matrix, gradient, self._rows, self._upper - x, self._lower - x, self._sense
            )
            if flag == 1:
                return step, -float(value)
        return np.zeros(len(x)), 0.0

"""The quadratic program of one tick: its arrays, kept, and the call of the solver."""

from __future__ import annotations

from collections.abc import Iterable
import math

import daqp
import numpy as np

from rove_teleop.core.kinematics.body import FREE, NUM_FREE
from rove_teleop.core.types import Array

_HARD, _SOFT = 0, 8  # daqp's constraint senses
_UNBOUNDED = 1e30
_SOFTNESS = 1e-4  # reciprocal weight of a broken soft row


class Program:
    """Minimise ``x H x / 2 + g x`` with bounds on x, and rows that are stiff but may give way.

    Attributes:
        hessian, gradient: Shape (23, 23) and (23,).
        rows: Shape (n, 23).
        low, high: Of the variables, then of the rows, shape (23 + n,).
    """

    def __init__(self, rows: int) -> None:
        total = NUM_FREE + rows
        self.hessian, self.gradient = np.zeros((NUM_FREE, NUM_FREE)), np.zeros(NUM_FREE)
        self.diagonal = self.hessian.reshape(-1)[:: NUM_FREE + 1]
        self.rows = np.zeros((rows, NUM_FREE))
        self.low, self.high = np.full(total, -_UNBOUNDED), np.full(total, _UNBOUNDED)
        self._sense = np.full(total, _SOFT, dtype=np.intc)
        self._sense[:NUM_FREE] = _HARD

    def lock(self, groups: Iterable[str]) -> None:
        """Take the variables of some groups out; they come out as zero."""
        for group in groups:
            if group not in FREE:
                continue
            part = FREE[group]
            diagonal = self.diagonal[part].copy()
            self.hessian[part] = 0.0
            self.hessian[:, part] = 0.0
            self.diagonal[part] = diagonal
            self.gradient[part] = 0.0
            self.rows[:, part] = 0.0
            self.low[part], self.high[part] = -_UNBOUNDED, _UNBOUNDED

    def solve(self, count: int) -> Array | None:
        """The best x (23,) under the first ``count`` rows, None when there is none."""
        total = NUM_FREE + count
        x, cost, flag, _ = daqp.solve(
            self.hessian,
            self.gradient,
            self.rows[:count],
            self.high[:total],
            self.low[:total],
            self._sense[:total],
            rho_soft=_SOFTNESS,
        )
        return x if flag > 0 and math.isfinite(cost) else None

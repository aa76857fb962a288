"""Jacobians of all frames that tasks care about, weighted, in one matrix product."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.kinematics.body import NUM_FREE, Body
from rove_teleop.core.types import Array


class FrameRows:
    """Rows of frames in stance axes, linear then angular, with respect to the free rates x.

    The velocity of a frame at p is that of the stance origin plus ``w x p``, so with the spatial
    Jacobian of all joints a row is ``[n, p x n] @ rates.T`` on the joints that carry the frame.

    Attributes:
        size: Number of rows.
    """

    def __init__(self, body: Body) -> None:
        self._body = body
        self.size = 0
        self._wrenches = np.zeros((0, 6))
        self._chains = np.zeros((0, NUM_FREE))
        self._origins: list[Array] = []
        self._columns: list[tuple[int, int, float]] = []
        self._index = self._source = np.zeros(0, dtype=np.intp)
        self._sign, self._points = np.zeros(0), np.zeros(0)

    def add(self, frame: int, linear: float, angular: float) -> slice:
        """Add a frame above the legs; a weight of zero leaves out its three rows.

        Args:
            frame: Number of the frame.
            linear: Weight per m/s.
            angular: Weight per rad/s.

        Returns:
            Where its rows are.
        """
        placement = self._body.placement(frame)
        chain = self._body.support(self._body.model.frames[frame].parentJoint)
        wrenches = np.zeros((3 * ((linear > 0.0) + (angular > 0.0)), 6))
        if linear > 0.0:
            wrenches[:3, :3] = linear * np.eye(3)
            self._add_point(placement.translation, linear)
        if angular > 0.0:
            wrenches[-3:, 3:] = angular * np.eye(3)
        part = slice(self.size, self.size + len(wrenches))
        self.size = part.stop
        self._wrenches = np.vstack((self._wrenches, wrenches))
        self._chains = np.vstack((self._chains, np.tile(chain[:NUM_FREE], (len(wrenches), 1))))
        self._prepare()
        return part

    def write(self, out: Array) -> None:
        """Fill ``out`` (size, 23) at the body's present pose."""
        if self._origins:
            np.concatenate(self._origins, out=self._points)
            self._flat[self._index] = self._points[self._source] * self._sign
        np.matmul(self._wrenches, self._body.rates[:NUM_FREE].T, out=out)
        out *= self._chains

    def _add_point(self, origin: Array, weight: float) -> None:
        """Entries of ``-[p]x`` for the three linear rows about to be added."""
        at = len(self._origins)
        self._origins.append(origin)
        for row, column, axis, sign in (
            (0, 4, 2, 1.0), (0, 5, 1, -1.0), (1, 3, 2, -1.0),
            (1, 5, 0, 1.0), (2, 3, 1, 1.0), (2, 4, 0, -1.0),
        ):  # fmt: skip
            entry = (6 * (self.size + row) + column, 3 * at + axis, sign * weight)
            self._columns.append(entry)

    def _prepare(self) -> None:
        self._flat = self._wrenches.reshape(-1)
        self._points = np.zeros(3 * len(self._origins))
        if self._columns:
            index, source, sign = zip(*self._columns, strict=True)
            self._index, self._source = np.array(index), np.array(source)
            self._sign = np.array(sign)

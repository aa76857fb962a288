"""Points on a robot hand as functions of the joints that are chosen freely.

Joints that a mechanism couples to another (mimic joints) follow it; what remains is a small
vector x. Positions, Jacobians and second derivatives are exact, in the axes of the model's root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from rove_teleop.core.types import Array
from rove_teleop.errors import ModelError

Point = tuple[str, tuple[float, float, float]]
"""A link and a point on it [m]."""

_CROSS = np.zeros((3, 9))  # p @ _CROSS, as (3, 3), is the matrix of the product with p
for _row, _column, _axis, _sign in (
    (0, 1, 2, -1), (0, 2, 1, 1), (1, 0, 2, 1), (1, 2, 0, -1), (2, 0, 1, -1), (2, 1, 0, 1)
):  # fmt: skip
    _CROSS[_axis, 3 * _row + _column] = _sign


@dataclass(frozen=True)
class Mimic:
    """``joint = multiplier * source + offset`` [rad]."""

    joint: str
    source: str
    multiplier: float = 1.0
    offset: float = 0.0


class FingerChain:
    """Positions of a few points of a hand and their derivatives by the free joints x (n,).

    Attributes:
        lower, upper: Limits of x [rad], shape (n,), within which followers keep theirs, too.
        size: Number of free joints n.
        points: Positions at the last ``move`` in the root's axes [m], shape (k, 3).
    """

    def __init__(
        self,
        model: pin.Model,
        joints: Sequence[str],
        points: Sequence[Point],
        mimics: Sequence[Mimic] = (),
    ) -> None:
        """Look up everything by name.

        Args:
            model: The hand alone, with a fixed root, revolute joints only; it is not changed.
            joints: The free joints, in the order of x.
            points: The points, in the order of ``points``.
            mimics: The joints that follow a free one.

        Raises:
            ModelError: A name is missing, or a joint is neither free nor a follower.
        """
        self._model = model = model.copy()
        _check(model, joints, mimics)
        self.size = len(joints)
        self._spread, self._offset = np.zeros((model.nq, self.size)), np.zeros(model.nq)
        column = {name: i for i, name in enumerate(joints)}
        for name, i in column.items():
            self._spread[_row_of(model, name), i] = 1.0
        for mimic in mimics:
            row = _row_of(model, mimic.joint)
            self._spread[row, column[mimic.source]] = mimic.multiplier
            self._offset[row] = mimic.offset
        self._frames = [_add_point(model, i, *point) for i, point in enumerate(points)]
        self._data = model.createData()
        parents = [model.frames[frame].parentJoint for frame in self._frames]
        moves = np.array([[_above(model, j, parent) for j in range(1, model.njoints)]
                          for parent in parents], dtype=float)  # fmt: skip
        order = [model.joints[j].idx_v for j in range(1, model.njoints)]
        self._moves = np.empty((len(points), 1, model.nv))
        self._moves[:, 0, order] = moves
        above = np.zeros((model.nv, model.nv))
        for j in range(1, model.njoints):
            for i in range(1, j + 1):
                above[order[i - 1], order[j - 1]] = _above(model, i, j)
        self._above = above
        self._strictly = (above - np.eye(model.nv)).T.copy()
        self.lower, self.upper = self._limits(model)
        self.points = np.empty((len(points), 3))
        self._full = np.empty((3 * len(points), model.nv))
        self.move(self.clip(np.zeros(self.size)))

    def clip(self, x: Array) -> Array:
        """Free joints (n,) brought within their limits."""
        return np.minimum(np.maximum(x, self.lower), self.upper)

    def configuration(self, x: Array) -> Array:
        """All joints of the model, followers included, of the free ones (n,)."""
        return self._spread @ x + self._offset

    def move(self, x: Array) -> None:
        """Go to the free joints (n,); everything else speaks of this place."""
        data = self._data
        pin.computeJointJacobians(self._model, data, self._spread @ x + self._offset)
        pin.updateFramePlacements(self._model, data)
        frames = data.oMf
        self.points = np.array([frames[frame].translation for frame in self._frames])

    def jacobian(self) -> Array:
        """Derivatives of the points by x, shape (3 k, n)."""
        spatial = self._data.J
        arms = (self.points @ _CROSS).reshape(-1, 3)
        full = (arms @ spatial[3:]).reshape(-1, 3, spatial.shape[1])
        full = (spatial[:3] - full) * self._moves
        self._full = full.reshape(len(arms), -1)
        return self._full @ self._spread

    def curvature(self, forces: Array) -> Array:
        """Second derivatives by x of the sum of forces (k, 3) times points, shape (n, n).

        With w_i the axis of joint i and J_j a column of a point's Jacobian the second derivative
        of the point is w_i x J_j for every i at or above j. Call ``jacobian`` before.
        """
        arms = (forces @ _CROSS).reshape(-1, 3)
        turned = arms.T @ self._full  # minus the sum of J_j x force
        full = self._data.J[3:].T @ turned
        full = full * self._above + full.T * self._strictly
        return self._spread.T @ full @ self._spread

    def _limits(self, model: pin.Model) -> tuple[Array, Array]:
        low, high = model.lowerPositionLimit, model.upperPositionLimit
        lower, upper = np.full(self.size, -np.inf), np.full(self.size, np.inf)
        for row, column in zip(*np.nonzero(self._spread), strict=True):
            slope = self._spread[row, column]
            ends = sorted((end - self._offset[row]) / slope for end in (low[row], high[row]))
            lower[column] = max(lower[column], ends[0])
            upper[column] = min(upper[column], ends[1])
        if (lower > upper).any():
            raise ModelError(f'the limits of the hand leave no room: {lower} to {upper}')
        return lower, upper


def _check(model: pin.Model, joints: Sequence[str], mimics: Sequence[Mimic]) -> None:
    known = list(model.names)[1:]
    followers = [mimic.joint for mimic in mimics]
    for name in (*joints, *followers):
        if name not in known:
            raise ModelError(f'the hand has no joint {name}; it has {known}')
    for mimic in mimics:
        if mimic.source not in joints:
            raise ModelError(f'{mimic.joint} follows {mimic.source}, which is not a free joint')
    if set(joints) & set(followers):
        raise ModelError(f'joints both free and following: {set(joints) & set(followers)}')
    idle = sorted(set(known) - set(joints) - set(followers))
    if idle:
        raise ModelError(f'the hand has joints that are neither free nor following: {idle}')
    kinds = [model.joints[i].shortname() for i in range(1, model.njoints)]
    if model.nq != len(kinds) or not all(kind.startswith('JointModelR') for kind in kinds):
        raise ModelError(f'every joint of a hand must be revolute with limits, got {kinds}')


def _row_of(model: pin.Model, name: str) -> int:
    return int(model.joints[model.getJointId(name)].idx_q)


def _above(model: pin.Model, joint: int, other: int) -> bool:
    """Whether a joint moves what hangs on another one."""
    return joint in model.supports[other]


def _add_point(model: pin.Model, number: int, link: str, point: tuple[float, float, float]) -> int:
    if not model.existFrame(link):
        raise ModelError(f'the hand has no link {link}')
    body = model.frames[model.getFrameId(link, pin.FrameType.BODY)]
    placement = body.placement * pin.SE3(np.eye(3), np.array(point))
    frame = pin.Frame(
        f'{link}_point_{number}', body.parentJoint, placement, pin.FrameType.OP_FRAME
    )
    return int(model.addFrame(frame))

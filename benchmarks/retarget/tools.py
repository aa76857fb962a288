"""The tools to compare behind one interface: vectors of a human hand in, joints out."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

import numpy as np

from benchmarks.retarget.hands import Hand, dexi
from rove_teleop.core.retargeting import VectorRetargeter
from rove_teleop.core.types import Array
from rove_teleop.hands.dex import build_solver, dex_settings
from rove_teleop.hands.urdf import load_chain

TOOLS = ('rove', 'dex-retargeting', 'dex-retargeting exact', 'dexi-rs')
"""The third has its limits as they are, not widened by 1 mrad as it ships."""
REFERENCE = 'dex-retargeting'


class Tool(Protocol):
    """One solver, warm-started by its own last answer."""

    def fit(self, vectors: Array) -> Array:
        """Joints (n,) [rad] in the configuration's order for vectors (m, 3) [m]."""


def make_tool(name: str, hand: Hand) -> Tool:
    """A tool at the start of a motion: in the middle of its limits, its own filter off."""
    if name == 'rove':
        chain = load_chain(hand.urdf, hand.side, hand.inside)
        return VectorRetargeter(chain, hand.inside, hand.side)
    if name == 'dexi-rs':
        return _Dexi(hand)
    return _Dex(hand, exact=name != REFERENCE)


class _Dex:
    def __init__(self, hand: Hand, *, exact: bool) -> None:
        self._solver = build_solver(dex_settings(hand.inside, hand.side, hand.urdf))
        importlib.import_module('torch').set_num_threads(1)  # its fastest on arrays this small
        if exact:
            optimizer = self._solver.optimizer
            optimizer.set_joint_limit(self._solver.joint_limits, epsilon=0.0)
        self._order = _order(self._solver.joint_names, hand)

    def fit(self, vectors: Array) -> Array:
        return self._solver.retarget(vectors)[self._order]


class _Dexi:
    def __init__(self, hand: Hand) -> None:
        settings = dex_settings(hand.inside, hand.side, hand.urdf)
        self._solver = dexi().load_config(settings).build()
        self._order = _order(self._solver.joint_names, hand)

    def fit(self, vectors: Array) -> Array:
        return np.array(self._solver.retarget(vectors.ravel().tolist()))[self._order]


class Judge:
    """The peer's own objective, for the answers of all tools.

    Attributes:
        lower, upper: Limits of the description [rad], shape (n,).
    """

    def __init__(self, hand: Hand) -> None:
        solver = build_solver(dex_settings(hand.inside, hand.side, hand.urdf))
        self._optimizer = solver.optimizer
        names = list(self._optimizer.target_joint_names)
        order = [names.index(name) for name in hand.inside.names(hand.side)]
        self.lower, self.upper = solver.joint_limits[order].T
        self._order = np.argsort(order)
        self._function: Any = None

    def aim(self, vectors: Array) -> None:
        """Take the next human vectors (m, 3) [m]."""
        last = np.zeros(len(self._order), dtype=np.float32)
        self._function = self._optimizer.get_objective_function(
            vectors.astype(np.float32), np.zeros(0), last
        )

    def objective(self, position: Array) -> float:
        """What the peer minimises, at joints (n,), without its pull to the last answer."""
        return float(self._function(position[self._order], np.zeros(0)))


def _order(names: list[str], hand: Hand) -> list[int]:
    found = list(names)
    return [found.index(name) for name in hand.inside.names(hand.side)]

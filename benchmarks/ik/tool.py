"""What the benchmark asks of a tool, and which tools there are."""

from __future__ import annotations

from collections.abc import Mapping
import importlib
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Tool(Protocol):
    """A solver at the start pose, ready for its first tick.

    Constructed as ``Tool(collision, dt)``: whether the capsule pairs shall stay apart, and the
    tick [s].
    """

    def wish(self, left: Array, right: Array) -> Any:
        """Targets in the tool's own type from T_world_hand (4, 4) of both hands; not timed."""

    def tick(self, wish: Any) -> bool:
        """Set both targets, solve once, integrate; False when there was no solution. Timed."""

    def state(self) -> Any:
        """A copy of what `configurations` needs of this instant; not timed."""

    def configurations(self, states: list[Any]) -> tuple[Array, Array]:
        """Pelvis poses ``[x y z qx qy qz qw]`` (n, 7) and joints in model order (n, 43)."""


class Entry(NamedTuple):
    """A tool: its environment (None is ours), its class, and the collision modes it has."""

    environment: str | None
    target: str
    collision: tuple[bool, ...] = (False, True)


TOOLS: Mapping[str, Entry] = {
    'mink': Entry('mink', 'mink_tool:MinkTool'),
    'pink': Entry('mink', 'pink_tool:PinkTool'),
    'placo': Entry('placo', 'placo_tool:PlacoTool'),
    'rove': Entry(None, 'rove_tool:RoveTool'),
    'rove-full': Entry(None, 'rove_tool:RoveFullTool', (True,)),
}


def make_tool(name: str, collision: bool, dt: float) -> Tool:
    """A tool by name, in the process that has what it imports."""
    module, kind = TOOLS[name].target.split(':')
    loaded = importlib.import_module(f'benchmarks.ik.adapters.{module}')
    return getattr(loaded, kind)(collision, dt)

"""What goes wrong with a scripted policy: drawn once for an episode, and then it stays so."""

from __future__ import annotations

from dataclasses import dataclass, field
import math

import numpy as np

from rove_teleop.core.types import Array
from rove_teleop.errors import ConfigError

MISHAPS = ('none', 'miss', 'drop', 'stall')
_MISS = (0.042, 0.055)  # how far beside the cube it grasps [m]
_STREAM = 2  # keeps its draws apart from those of other users of the seed


@dataclass(frozen=True)
class Mishap:
    """One way of failing.

    Attributes:
        kind: ``none``; ``miss``: it sees the cube where it is not; ``drop``: it lets go on the
            way to the goal and does not notice; ``stall``: it stops moving for good.
        aim: Error with which it sees the cube [m], world axes, shape (3,).
        during: In which part of the way a drop or stall happens, see ``Waypoint.name``.
        share: After which share of that part.
    """

    kind: str = 'none'
    aim: Array = field(default_factory=lambda: np.zeros(3))
    during: str = ''
    share: float = 0.0


def draw_mishap(seed: int, probability: float, kind: str = '') -> Mishap:
    """Draw how an episode goes wrong, if it does.

    Args:
        seed: Seed of the episode.
        probability: Of any mishap; the kinds are equally likely.
        kind: Force this kind instead; empty draws.

    Raises:
        ConfigError: ``kind`` is unknown or ``probability`` is not one.
    """
    if kind not in ('', *MISHAPS):
        raise ConfigError(f'mishap {kind!r} is not known; known: {", ".join(MISHAPS)}')
    if not 0.0 <= probability <= 1.0:
        raise ConfigError(f'fail_probability is {probability!r}; expected 0 to 1')
    rng = np.random.default_rng((_STREAM, seed))
    fails, drawn = rng.random() < probability, str(rng.choice(MISHAPS[1:]))
    distance, side = rng.uniform(*_MISS), rng.choice((-0.5, 0.5)) * math.pi
    share, stalls_early = rng.uniform(0.1, 0.5), rng.random() < 0.5
    kind = kind or (drawn if fails else 'none')
    if kind == 'miss':
        direction = side + rng.normal(0.0, 0.2)
        return Mishap(kind, distance * np.array([math.cos(direction), math.sin(direction), 0.0]))
    if kind == 'drop':
        return Mishap(kind, during='carry', share=share)
    if kind == 'stall':
        return Mishap(kind, during='approach' if stalls_early else 'carry', share=share)
    return Mishap()

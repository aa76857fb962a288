"""DexPilot's rule: when thumb and finger come near each other, the robot's shall touch.

After Handa et al., DexPilot (arXiv:1910.03135), with the weights and the hysteresis of
dex-retargeting's ``DexPilotOptimizer`` (github.com/dexsuite/dex-retargeting).
"""

from __future__ import annotations

import numpy as np

from rove_teleop.core.types import Array

_TOUCH, _APART = 1e-4, 3e-2  # m, of thumb and finger, and of two fingers that both touch it
_THUMB_WEIGHT, _FINGER_WEIGHT = 200.0, 400.0


def finger_pairs(fingers: int) -> list[tuple[int, int]]:
    """Pairs of fingertips in DexPilot's order, first those with the thumb (0)."""
    return [(i, j) for i in range(fingers) for j in range(i + 1, fingers)]


class Pinches:
    """Which pairs of fingertips are pinched, with hysteresis, and what follows from it.

    Attributes:
        pinched: Per pair of ``finger_pairs``, bool.
    """

    def __init__(self, fingers: int, scale: float, project: float, escape: float) -> None:
        pairs = finger_pairs(fingers)
        self.pinched = np.zeros(len(pairs), dtype=bool)
        self._thumb = thumb = fingers - 1  # pairs with the thumb
        self._first = np.array([i - 1 for i, _ in pairs[thumb:]], dtype=int)
        self._second = np.array([j - 1 for _, j in pairs[thumb:]], dtype=int)
        others = len(pairs) - thumb
        self._length = np.array([_TOUCH] * thumb + [_APART] * others)
        self._pinch_weight = np.array([_THUMB_WEIGHT] * thumb + [_FINGER_WEIGHT] * others)
        self._tip_weight = np.full(fingers, float(len(pairs) + fingers))
        self._scale, self._project, self._escape = scale, project, escape

    def reset(self) -> None:
        """Forget every pinch."""
        self.pinched[:] = False

    def targets(self, vectors: Array) -> tuple[Array, Array]:
        """Wished vectors (m, 3) [m] and weights (m,) of human vectors (m, 3), pairs first."""
        count, thumb = len(self.pinched), self._thumb
        distance = np.sqrt((vectors[:count] * vectors[:count]).sum(axis=1))
        touch = self.pinched[:thumb]
        touch |= distance[:thumb] < self._project
        touch &= distance[:thumb] <= self._escape
        self.pinched[thumb:] = touch[self._first] & touch[self._second]
        self.pinched[thumb:] &= distance[thumb:] <= _APART
        targets = self._scale * vectors
        weights = np.concatenate(
            (np.where(self.pinched, self._pinch_weight, 1.0), self._tip_weight)
        )
        if self.pinched.any():
            unit = vectors[:count] / (distance[:, None] + 1e-6)
            targets[:count][self.pinched] = (unit * self._length[:, None])[self.pinched]
        return targets, weights / len(vectors)

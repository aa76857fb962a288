"""Soft pick-up: after a takeover a finger waits until the operator's finger has met it.

A grasp is held by fingers that press; if they jumped to the operator's open hand the object
would fall. As on a mixing desk, each finger joint keeps its value until the operator's crosses
it. An operator who cannot close as far as the robot's fingers have gets them too, by closing
clearly towards them and opening again.
"""

from __future__ import annotations

import numpy as np

from rove_teleop.core.names import GROUP_CHANNELS, NUM_CHANNELS
from rove_teleop.core.types import Array

TOLERANCE = 0.05  # [rad] as good as met
APPROACH = 0.3  # [rad] a clear movement towards the held value ...
RETURN = 0.15  # [rad] ... and back
_HANDS = slice(GROUP_CHANNELS['left_hand'].start, GROUP_CHANNELS['right_hand'].stop)


class Pickup:
    """Which channels follow the operator; all but the fingers always do.

    Attributes:
        picked: Bool of shape (37,).
    """

    def __init__(self) -> None:
        """Begin with everything picked up."""
        self.picked = np.ones(NUM_CHANNELS, dtype=bool)
        self._first = np.full(NUM_CHANNELS, np.nan)
        self._closest = np.full(NUM_CHANNELS, np.inf)

    def drop(self, channels: Array) -> None:
        """Let go of the fingers among some channels, bool of shape (37,), at a takeover."""
        fingers = np.zeros(NUM_CHANNELS, dtype=bool)
        fingers[_HANDS] = channels[_HANDS]
        self.picked = self.picked & ~fingers
        self._first[fingers], self._closest[fingers] = np.nan, np.inf

    def update(self, proposed: Array, held: Array, channels: Array) -> None:
        """See whether the operator has met more fingers.

        Args:
            proposed: The operator's value, shape (37,).
            held: The executed value, shape (37,).
            channels: Channels under human authority, bool of shape (37,).
        """
        waiting = channels & ~self.picked
        if not waiting.any():
            return
        gap = proposed - held
        self._first = np.where(waiting & np.isnan(self._first), gap, self._first)
        far = np.abs(gap)
        self._closest = np.where(waiting, np.minimum(self._closest, far), self._closest)
        met = (far < TOLERANCE) | (gap * self._first <= 0.0)
        turned = (np.abs(self._first) - self._closest > APPROACH) & (far - self._closest > RETURN)
        self.picked = self.picked | (waiting & (met | turned))

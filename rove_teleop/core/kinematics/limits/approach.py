"""How fast two things may approach each other."""

from __future__ import annotations

from dataclasses import dataclass
import math


@dataclass(frozen=True)
class Approach:
    """Braking in front of an obstacle, and backing away from one that is too near.

    Attributes:
        keep: Distance that is kept [m].
        braking: Deceleration of the approach [m/s²].
        push: Speed per missing distance [1/s].
        fastest_push: Largest speed of backing away [m/s].
    """

    keep: float
    braking: float
    push: float
    fastest_push: float = math.inf

    def fastest(self, distance: float, dt: float) -> float:
        """Fastest approach [m/s] at a distance [m]; negative to part what is too near."""
        room = distance - self.keep
        if room <= 0.0:
            return max(self.push * room, -self.fastest_push)
        reach = self.braking * dt
        return math.sqrt(reach * reach + 2.0 * self.braking * room) - reach

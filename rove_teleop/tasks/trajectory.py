"""A palm's way through waypoints: straight, with minimum jerk, at rest in every waypoint."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
import pinocchio as pin


@dataclass(frozen=True)
class Waypoint:
    """Where the palm should be next.

    Attributes:
        name: What this part of the way is for.
        palm: T_world_palm at its end.
        grip: Closure of the hand at its end, 0 open to 1 closed.
        duration: Time from the waypoint before [s].
    """

    name: str
    palm: pin.SE3
    grip: float
    duration: float


@dataclass(frozen=True)
class Target:
    """Where the palm should be at one instant, see ``Waypoint``."""

    name: str
    palm: pin.SE3
    grip: float


class Trajectory:
    """The way from a palm pose through waypoints.

    Attributes:
        duration: Of the whole way [s].
        end: The target after the last waypoint.
    """

    def __init__(self, palm: pin.SE3, grip: float, waypoints: list[Waypoint]) -> None:
        """Plan the way.

        Args:
            palm: T_world_palm at the start.
            grip: Closure of the hand at the start.
            waypoints: What to pass, in order; empty means stay.
        """
        name = waypoints[0].name if waypoints else 'stay'
        self._knots = [Waypoint(name, palm, grip, 0.0), *waypoints]
        self._times = np.cumsum([knot.duration for knot in self._knots])
        self.duration = float(self._times[-1])
        last = self._knots[-1]
        self.end = Target(last.name, last.palm, last.grip)

    def sample(self, t: float) -> Target:
        """The target ``t`` seconds after the start, clamped to the way."""
        k = int(np.searchsorted(self._times, t, side='right'))
        if k >= len(self._knots):
            return self.end
        if k == 0:
            return Target(self._knots[0].name, self._knots[0].palm, self._knots[0].grip)
        before, after = self._knots[k - 1], self._knots[k]
        share = minimum_jerk((t - self._times[k - 1]) / after.duration)
        grip = before.grip + share * (after.grip - before.grip)
        return Target(after.name, between(before.palm, after.palm, share), grip)

    def span(self, name: str) -> tuple[float, float]:
        """When the last part of this name begins and ends [s]; infinite when there is none."""
        for k in range(len(self._knots) - 1, 0, -1):
            if self._knots[k].name == name:
                return float(self._times[k - 1]), float(self._times[k])
        return math.inf, math.inf


def minimum_jerk(share: float) -> float:
    """Share of a way covered after a share of its time, at rest at both ends."""
    s = min(max(share, 0.0), 1.0)
    return s**3 * (10.0 - 15.0 * s + 6.0 * s**2)


def between(a: pin.SE3, b: pin.SE3, share: float) -> pin.SE3:
    """Straight between two positions and about one axis between two orientations."""
    rotation = a.rotation @ pin.exp3(share * pin.log3(a.rotation.T @ b.rotation))
    return pin.SE3(rotation, a.translation + share * (b.translation - a.translation))

"""Offsets that decay to zero so smoothly that nobody feels the seam."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.types import Array, Channels

PEAK_SLOPE = 1.875
"""Largest speed of a fading position, times its duration and per its size."""
PEAK_CURVATURE = 3.94
"""Largest acceleration of a fading velocity, times its duration and per its size."""
PEAK_BEND = 5.78
"""Largest acceleration of a fading position, times its duration squared and per its size."""


class Fade:
    """Per channel an offset of position and velocity that vanishes within its own time.

    Quintic Hermite polynomials: the sum ``target + offset`` starts with the position and the
    velocity it had before the switch, ends on the target, and has a continuous acceleration.
    Started anew from what is left of it, with its acceleration, it takes the same course.
    """

    def __init__(self, channels: int) -> None:
        """Begin without offsets."""
        self._position = np.zeros(channels)
        self._velocity = np.zeros(channels)
        self._acceleration = np.zeros(channels)
        self._start_ns = np.zeros(channels, dtype=np.int64)
        self._duration_ns = np.ones(channels, dtype=np.int64)
        self._end_ns = 0

    def start(
        self,
        channels: Array,
        offset: Channels,
        now_ns: int,
        duration_ns: int | Array,
        acceleration: float | Array = 0.0,
    ) -> None:
        """Begin fading an offset.

        Args:
            channels: Which channels it concerns, bool of shape (n,).
            offset: What executed has over the new target now, each (n,).
            now_ns: Time of this tick [ns].
            duration_ns: Time until it is gone [ns], of all or shape (n,).
            acceleration: With which the offset begins, of all or shape (n,).
        """
        self._position[channels] = offset.position[channels]
        self._velocity[channels] = offset.velocity[channels]
        self._acceleration[channels] = np.broadcast_to(acceleration, channels.shape)[channels]
        self._start_ns[channels] = now_ns
        durations = np.broadcast_to(duration_ns, channels.shape)
        self._duration_ns[channels] = durations[channels]
        self._end_ns = max(self._end_ns, now_ns + int(durations[channels].max(initial=0)))

    def left_ns(self, now_ns: int) -> Array:
        """Time until each offset is gone [ns], shape (n,); zero where it is."""
        return np.maximum(self._start_ns + self._duration_ns - now_ns, 0)

    def sample(self, now_ns: int) -> Channels | None:
        """The offsets now, None once all have vanished."""
        if now_ns >= self._end_ns:
            return None
        seconds, s = self._duration_ns * 1e-9, self._share(now_ns)
        left = 1.0 - s
        weight = left**3 * (1.0 + s * (3.0 + 6.0 * s))
        slope = -30.0 * (s * left) ** 2
        drift = s * left**3 * (1.0 + 3.0 * s)
        drift_slope = left**2 * (1.0 + s * (2.0 - 15.0 * s))
        bend = 0.5 * s**2 * left**3 * seconds
        bend_slope = 0.5 * s * left**2 * (2.0 - 5.0 * s) * seconds
        return Channels(
            self._position * weight
            + seconds * (self._velocity * drift + self._acceleration * bend),
            self._position * slope / seconds
            + self._velocity * drift_slope
            + self._acceleration * bend_slope,
        )

    def acceleration(self, now_ns: int) -> Array:
        """How the velocities of the offsets change now, shape (n,)."""
        seconds, s = self._duration_ns * 1e-9, self._share(now_ns)
        left = 1.0 - s
        return (
            self._position * -60.0 * s * left * (1.0 - 2.0 * s) / seconds**2
            + self._velocity * -12.0 * s * left * (3.0 - 5.0 * s) / seconds
            + self._acceleration * left * (1.0 - s * (8.0 - 10.0 * s))
        )

    def _share(self, now_ns: int) -> Array:
        return np.minimum((now_ns - self._start_ns) / self._duration_ns, 1.0)

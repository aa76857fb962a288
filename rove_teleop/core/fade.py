"""Offsets that decay to zero so smoothly that nobody feels the seam."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.types import Array, Channels

PEAK_SLOPE = 1.875
"""Largest speed of a fading position, times its duration and per its size."""
PEAK_CURVATURE = 3.94
"""Largest acceleration of a fading velocity, times its duration and per its size."""


class Fade:
    """Per channel an offset of position and velocity that vanishes within its own time.

    Quintic Hermite polynomials: the sum ``target + offset`` starts with the position and the
    velocity it had before the switch, ends on the target, and has a continuous acceleration.
    """

    def __init__(self, channels: int) -> None:
        """Begin without offsets."""
        self._position = np.zeros(channels)
        self._velocity = np.zeros(channels)
        self._start_ns = np.zeros(channels, dtype=np.int64)
        self._duration_ns = np.ones(channels, dtype=np.int64)
        self._end_ns = 0

    def start(
        self, channels: Array, offset: Channels, now_ns: int, duration_ns: int | Array
    ) -> None:
        """Begin fading an offset.

        Args:
            channels: Which channels it concerns, bool of shape (n,).
            offset: What executed has over the new target now, each (n,).
            now_ns: Time of this tick [ns].
            duration_ns: Time until it is gone [ns], of all or shape (n,).
        """
        self._position[channels] = offset.position[channels]
        self._velocity[channels] = offset.velocity[channels]
        self._start_ns[channels] = now_ns
        durations = np.broadcast_to(duration_ns, channels.shape)
        self._duration_ns[channels] = durations[channels]
        self._end_ns = max(self._end_ns, now_ns + int(durations[channels].max(initial=0)))

    def sample(self, now_ns: int) -> Channels | None:
        """The offsets now, None once all have vanished."""
        if now_ns >= self._end_ns:
            return None
        seconds = self._duration_ns * 1e-9
        s = np.minimum((now_ns - self._start_ns) / self._duration_ns, 1.0)
        left = 1.0 - s
        weight = left**3 * (1.0 + s * (3.0 + 6.0 * s))
        slope = -30.0 * (s * left) ** 2
        drift = s * left**3 * (1.0 + 3.0 * s)
        drift_slope = left**2 * (1.0 + s * (2.0 - 15.0 * s))
        return Channels(
            self._position * weight + self._velocity * seconds * drift,
            self._position * slope / seconds + self._velocity * drift_slope,
        )

"""Plays a policy's chunks: where the newest one is now."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.judge import channel_mask
from rove_teleop.core.names import NUM_CHANNELS
from rove_teleop.core.types import ActionChunk, Array, Channels

_Cubic = tuple[Array, Array, Array, Array]


class Playback:
    """The newest chunk as a smooth path in time.

    Between rows the path is a cubic with the slopes of the neighbouring rows (Catmull-Rom).
    Before the first row it rests at the first, after the last it rests at the last. A chunk
    is playable until one ``dt`` after its last row, and lost a grace later; in between its
    last row is held. However long it is, it is lost when no other came for the silence.

    Attributes:
        chunk: The newest chunk, None before the first.
        channels: Channels the policy proposes for, bool of shape (37,).
    """

    def __init__(self, grace_ns: int, silence_ns: int) -> None:
        """Begin without a chunk.

        Args:
            grace_ns: How long the last row is held [ns].
            silence_ns: How long one chunk is played without another one [ns].
        """
        self._grace_ns, self._silence_ns = grace_ns, silence_ns
        self._end_ns = self._loaded_ns = 0
        self._slopes = np.zeros((0, NUM_CHANNELS))
        self._segment = -1
        self._coefficients: _Cubic | None = None
        self.chunk: ActionChunk | None = None
        self.channels = np.zeros(NUM_CHANNELS, dtype=bool)

    def load(self, chunk: ActionChunk, now_ns: int) -> tuple[Channels | None, Channels]:
        """Play this chunk from now on.

        Args:
            chunk: It has passed the judge.
            now_ns: Time of this tick [ns].

        Returns:
            Where the channels would be now by the chunk before, None when there is none or it
            is lost, and where they are by this one.
        """
        before = self.sample(now_ns)
        self.chunk, self._segment, self._loaded_ns = chunk, -1, now_ns
        self._end_ns = chunk.t0_ns + int(len(chunk.position) * chunk.dt * 1e9)
        self._slopes = (
            np.gradient(chunk.position, chunk.dt, axis=0)
            if len(chunk.position) > 1
            else np.zeros_like(chunk.position)
        )
        self.channels = channel_mask(chunk.groups)
        return before, self._path(now_ns)

    def playable(self, now_ns: int) -> bool:
        """Whether the newest chunk still has something to say."""
        return not self.lost(now_ns) and now_ns <= self._end_ns

    def lost(self, now_ns: int) -> bool:
        """Whether there was nothing to play for the grace, or nothing new for the silence."""
        silent = now_ns - self._loaded_ns > self._silence_ns
        return self.chunk is None or silent or now_ns > self._end_ns + self._grace_ns

    def sample(self, now_ns: int) -> Channels | None:
        """Where the policy wants the channels now, each shape (37,); None when it is lost."""
        return None if self.lost(now_ns) else self._path(now_ns)

    def _path(self, now_ns: int) -> Channels:
        assert self.chunk is not None
        rows, dt = self.chunk.position, self.chunk.dt
        at = (now_ns - self.chunk.t0_ns) * 1e-9 / dt
        if at < 0.0 or at >= len(rows) - 1:
            return Channels(rows[0 if at < 0.0 else -1], np.zeros(NUM_CHANNELS))
        segment = int(at)
        if self._coefficients is None or segment != self._segment:
            self._segment, self._coefficients = segment, self._cubic(segment, dt)
        c0, c1, c2, c3 = self._coefficients
        s = at - segment
        position = c0 + s * (c1 + s * (c2 + s * c3))
        return Channels(position, (c1 + s * (2.0 * c2 + (3.0 * s) * c3)) / dt)

    def _cubic(self, segment: int, dt: float) -> _Cubic:
        assert self.chunk is not None
        p, q = self.chunk.position[segment], self.chunk.position[segment + 1]
        u, v = self._slopes[segment] * dt, self._slopes[segment + 1] * dt
        return p, u, 3.0 * (q - p) - 2.0 * u - v, 2.0 * (p - q) + u + v

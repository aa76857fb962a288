"""A fixed-lag smoother: the pose a known time ago, from the samples before and after it.

A straight line is fitted to the samples around the instant ``lag`` ago (local linear regression
with the biweight kernel, Cleveland 1979; Fan and Gijbels, "Local Polynomial Modelling", 1996).
The window is as wide to either side as the lag, so the delay is the same at every frequency, and
samples that come late, unevenly or not at all are bridged as long as the lag covers them: it is a
jitter buffer as well. Instants count by the source's clock, shifted by the quickest transit.
"""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.smoothing.displacement import displaced, displacement
from rove_teleop.core.types import Array
from rove_teleop.errors import ConfigError

LAGS = (0.01, 0.2)
"""Shortest and longest lag [s]."""
_KEPT_S = 0.25  # older samples are forgotten, beyond the window
_REST_S = 0.01  # spacing of the samples that stand for the rest before the first one
_NEAREST = 1.25  # the window reaches beyond the second nearest sample by this factor
_SHORTEST_NS = 1_000_000
_HURRY, _DRIFT = 0.2, 0.01  # s/s by which the transit may be corrected down and up


class FixedLag:
    """Local linear regression around ``now - lag``; a steady motion is exactly ``lag`` behind.

    Turns are added up sample by sample in the operator's axes, and the result is counted from the
    nearest sample, so it is exact about a fixed axis and nearly so about a changing one.
    """

    def __init__(self, lag: float = 0.05) -> None:
        """Begin without a sample.

        Args:
            lag: Delay [s].

        Raises:
            ConfigError: The lag is out of ``LAGS``.
        """
        if not LAGS[0] <= lag <= LAGS[1]:
            raise ConfigError(f'smoothing lag must be {LAGS[0]} to {LAGS[1]} s, got {lag}')
        self.lag = lag
        self.reset()

    def reset(self) -> None:
        """See ``Smoother``."""
        self._poses: list[pin.SE3] = []
        self._path: list[Array] = []
        self._times_s: list[float] = []
        self._last_ns = self._origin_ns = 0
        self._transit_s = 0.0

    def restart(self) -> None:
        """See ``Smoother``."""
        if self._poses:
            self._rest(self._poses[-1], self._times_s[-1])

    def take(self, pose: pin.SE3, t_source_ns: int, t_receive_ns: int) -> None:
        """See ``Smoother``."""
        transit_s = (t_receive_ns - t_source_ns) * 1e-9
        if not self._poses:
            self._last_ns = self._origin_ns = t_source_ns
            self._transit_s = transit_s
            self._rest(pose, 0.0)
            return
        t_ns = max(t_source_ns, self._last_ns + _SHORTEST_NS)
        gap_s = (t_ns - self._last_ns) * 1e-9
        self._transit_s += min(max(transit_s - self._transit_s, -_HURRY * gap_s), _DRIFT * gap_s)
        self._path.append(self._path[-1] + displacement(self._poses[-1], pose))
        self._times_s.append((t_ns - self._origin_ns) * 1e-9)
        self._poses.append(pose)
        self._last_ns = t_ns
        self._forget()

    def at(self, now_ns: int) -> tuple[pin.SE3, Array]:
        """See ``Smoother``."""
        wanted = (now_ns - self._origin_ns) * 1e-9 - self._transit_s - self.lag
        t = min(max(wanted, self._times_s[0]), self._times_s[-1])
        pose, slope = self._line(t)
        return pose, slope if t == wanted else np.zeros(6)

    def delay(self, speed: float = 0.0) -> float:
        """See ``Smoother``: the lag, at every speed and frequency."""
        return self.lag

    def _line(self, t: float) -> tuple[pin.SE3, Array]:
        """Pose and velocity (6,) at a time, by weighted least squares."""
        x = np.array(self._times_s) - t
        far = np.abs(x)
        half = max(self.lag, _NEAREST * float(np.partition(far, 1)[1]))
        w = np.maximum(1.0 - (far / half) ** 2, 0.0) ** 2
        wx = w * x
        s0, s1, s2 = float(w.sum()), float(wx.sum()), float(wx @ x)
        path = np.array(self._path)
        b0, b1 = w @ path, wx @ path
        scale = 1.0 / (s0 * s2 - s1 * s1)
        value, slope = (s2 * b0 - s1 * b1) * scale, (s0 * b1 - s1 * b0) * scale
        nearest = int(far.argmin())
        return displaced(self._poses[nearest], value - path[nearest]), slope

    def _rest(self, pose: pin.SE3, t_s: float) -> None:
        """Let a pose have been there for as long as the window reaches back."""
        count = int(np.ceil((2.0 * self.lag + _REST_S) / _REST_S))
        self._times_s = [t_s - k * _REST_S for k in range(count, -1, -1)]
        self._poses = [pose] * (count + 1)
        self._path = [np.zeros(6)] * (count + 1)

    def _forget(self) -> None:
        oldest = self._times_s[-1] - 2.0 * self.lag - _KEPT_S
        while self._times_s[0] < oldest and len(self._times_s) > 2:
            del self._times_s[0], self._path[0], self._poses[0]

"""Steps, delays and filters of joint paths at the rate of the recording."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.retarget.motion import RATE_HZ
from rove_teleop.core.retargeting.filters import low_pass
from rove_teleop.core.retargeting.follower import TOP_SPEED
from rove_teleop.core.types import Array

PEER_ALPHA = 0.2
"""Of the low-pass that dex-retargeting ships with every configuration."""
_LAGS = np.arange(0.0, 12.0, 0.1)  # samples
_HALVINGS = 16
_LONGEST_S = 0.2


def largest_step(path: Array) -> float:
    """Largest change of a joint from one sample to the next [rad]."""
    return float(np.abs(np.diff(path, axis=0)).max())


def delay(path: Array, filtered: Array) -> float:
    """By how much a filtered path (k, n) lags the path [s]: the lag at which they differ least."""
    rows = np.arange(int(_LAGS[-1]) + 1, len(path))
    misses = [float(((filtered[rows] - _sample(path, rows - lag)) ** 2).sum()) for lag in _LAGS]
    best = int(np.argmin(misses))
    lag = _LAGS[best]
    if 0 < best < len(_LAGS) - 1:
        left, middle, right = misses[best - 1 : best + 2]
        lag += 0.5 * (_LAGS[1] - _LAGS[0]) * (left - right) / (left - 2.0 * middle + right)
    return float(lag) / RATE_HZ


def peer_filter(path: Array) -> Array:
    """dex-retargeting's own low-pass, y += alpha (x - y) per call."""
    return _run(path, lambda before, target: before + PEER_ALPHA * (target - before))


def own_filter(path: Array, time_constant: float) -> Array:
    """The filter of the hand follower with this time constant [s]."""
    return _run(
        path,
        lambda before, target: low_pass(before, target, 1 / RATE_HZ, time_constant, TOP_SPEED),
    )


def matching_time_constant(path: Array, wanted: float) -> float:
    """Time constant [s] with which our filter lags this path by ``wanted`` [s] in the mean."""
    low, high = 1e-4, _LONGEST_S
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if delay(path, own_filter(path, middle)) < wanted:
            low = middle
        else:
            high = middle
    return min(low, high, key=lambda value: abs(delay(path, own_filter(path, value)) - wanted))


def _run(path: Array, step: Callable[[Array, Array], Array]) -> Array:
    filtered = [path[0]]
    for target in path[1:]:
        filtered.append(step(filtered[-1], target))
    return np.array(filtered)


def _sample(path: Array, place: Array) -> Array:
    before = np.floor(place).astype(int)
    share = (place - before)[:, None]
    return (1.0 - share) * path[before] + share * path[np.minimum(before + 1, len(path) - 1)]

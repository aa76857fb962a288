"""How late the control loop was, and how old what it acted on."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.names import Authority
from rove_teleop.core.schedule import Lateness
from rove_teleop.recording.episode import Array, Episode

SEQ, SOURCE, RECEIVE, APPLY = range(4)
"""Columns of the times of a source."""


def lateness_ns(episode: Episode, period_ns: int) -> Array:
    """How late each tick was on an absolute schedule [ns], shape (n,).

    Where the record lacks a tick the schedule begins anew.
    """
    schedule = Lateness(period_ns, 0)
    late = []
    for consecutive, t_ns in zip(
        np.diff(episode.tick, prepend=episode.tick[0] - 1) == 1, episode.t_ns.tolist(), strict=True
    ):
        if not consecutive:
            schedule = Lateness(period_ns, 0)
        late.append(schedule.measure(t_ns))
    return np.array(late)


def sample_age_ns(episode: Episode, since: int = RECEIVE) -> Array:
    """From each operator's sample to the tick whose command is the first made of it [ns].

    Args:
        episode: What was recorded.
        since: ``RECEIVE``, when the sample was received in the first process, or ``SOURCE``,
            when the device took it.

    Returns:
        One age per sample that moved the robot, in order.
    """
    times = episode.operator_times
    led = (episode.authority == Authority.HUMAN).any(axis=1) & (times[:, APPLY] == episode.t_ns)
    fresh = np.diff(times[:, SOURCE], prepend=0) != 0
    rows = np.flatnonzero(led & fresh)
    return times[rows, APPLY] - times[rows, since]


def percentiles_ms(ages_ns: Array) -> dict[str, float | None]:
    """Median, 99th percentile and maximum [ms]; None without a value."""
    if not len(ages_ns):
        return dict.fromkeys(('p50', 'p99', 'max'))
    p50, p99, largest = np.percentile(ages_ns, (50, 99, 100)) / 1e6
    return {'p50': float(p50), 'p99': float(p99), 'max': float(largest)}

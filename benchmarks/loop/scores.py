"""What the recordings of a run come to: latencies, lateness and lags, beside their goals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.loop.lag import STAGES, Stretch, find_lag, stretches
from rove_bringup.report.stats import EpisodeStats
from rove_bringup.report.timing import (
    APPLY,
    SOURCE,
    lateness_ns,
    percentiles_ms,
    sample_age_ns,
)
from rove_teleop.assembly import CONTROL_PERIOD_NS
from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.types import Array
from rove_teleop.recording.episode import Episode

_LOST = ('input_lost', 'policy_lost', 'plant_lost', 'recorder_lost')


@dataclass
class Samples:
    """Every measured value of a run, gathered episode by episode.

    Attributes:
        latency_ms, effect_ms: Of each takeover, see `Switch`.
        lateness, sample_age, source_age: See `timing` [ns].
        command_age: How old the newest command was at each step of the plant [ns].
        plant_age: How old the plant's state was when the arbiter took it [ns].
        losses: How often the arbiter had lost the operator, the policy or the plant.
        found: The stretches in which the operator was in command.
    """

    seconds: float = 0.0
    ticks: int = 0
    missed_periods: int = 0
    missing_frames: int = 0
    takeovers: int = 0
    releases: int = 0
    falls: int = 0
    losses: int = 0
    velocity_step: float = 0.0
    latency_ms: list[float] = field(default_factory=list)
    effect_ms: list[float] = field(default_factory=list)
    lateness: list[Array] = field(default_factory=list)
    sample_age: list[Array] = field(default_factory=list)
    source_age: list[Array] = field(default_factory=list)
    command_age: list[Array] = field(default_factory=list)
    plant_age: list[Array] = field(default_factory=list)
    found: list[Stretch] = field(default_factory=list)


def gather(episodes: Iterable[Episode], kinematics: Kinematics) -> Samples:
    """Measure the episodes of a run; they are looked at one at a time and in order."""
    samples, last = Samples(), None
    for episode in episodes:
        _add(samples, episode, kinematics)
        if last is not None:
            samples.missed_periods += _missed_between(last, (episode.tick[0], episode.t_ns[0]))
        last = episode.tick[-1], episode.t_ns[-1]
    return samples


def _add(samples: Samples, episode: Episode, kinematics: Kinematics) -> None:
    stats = EpisodeStats.of(episode)
    samples.seconds += stats.duration
    samples.ticks += stats.frames
    for name in ('missed_periods', 'missing_frames', 'takeovers', 'releases', 'falls'):
        setattr(samples, name, getattr(samples, name) + getattr(stats, name))
    samples.velocity_step = max(samples.velocity_step, stats.velocity_step)
    samples.latency_ms += stats.takeover_latency_ms
    samples.effect_ms += stats.takeover_effect_ms
    samples.losses += sum(event.kind in _LOST for event in episode.events)
    samples.lateness.append(lateness_ns(episode, CONTROL_PERIOD_NS))
    samples.sample_age.append(stats.sample_age)
    samples.source_age.append(sample_age_ns(episode, SOURCE))
    samples.command_age.append(_command_age(episode))
    plant = episode.plant_times
    samples.plant_age.append((plant[:, APPLY] - plant[:, SOURCE])[plant[:, SOURCE] > 0])
    samples.found += stretches(episode, kinematics)


def _command_age(episode: Episode) -> Array:
    """Age of the newest command at each step of the plant [ns]; its way there not counted.

    Only where the record lacks no command around that step.
    """
    newer = np.searchsorted(episode.t_ns, episode.base_t_ns)
    between = (newer > 0) & (newer < len(episode))
    newest = newer[between] - 1
    known = episode.tick[newest + 1] - episode.tick[newest] == 1
    return (episode.base_t_ns[between] - episode.t_ns[newest])[known]


def _missed_between(last: tuple[int, int], first: tuple[int, int]) -> int:
    """Periods missed in a gap of the record, from the numbers of the ticks around it."""
    elapsed = round((first[1] - last[1]) / CONTROL_PERIOD_NS)
    return max(0, int(elapsed - (first[0] - last[0])))


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        measured: By name, ``p50`` and the like; None where there was nothing to measure.
        goal: Largest value by the same names; ``at least`` is the smallest.
    """

    name: str
    unit: str
    measured: dict[str, float | None]
    goal: dict[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether every goal is met, None without a goal."""
        if not self.goal:
            return None
        return all(self._meets(name, limit) for name, limit in self.goal.items())

    def _meets(self, name: str, limit: float) -> bool:
        if name == 'at least':
            return all(value is not None and value >= limit for value in self.measured.values())
        value = self.measured[name]
        return value is not None and value <= limit

    def record(self) -> dict[str, Any]:
        """As plain values."""
        return {**vars(self), 'met': self.met}


def lines(samples: Samples, requests: int) -> list[Line]:
    """The table of a run that should have had so many takeovers."""
    lags = {
        f'{before} to {after}': _lag(samples.found, before, after)
        for before, after in zip(STAGES, STAGES[1:], strict=False)
    }
    total = _lag(samples.found, STAGES[0], STAGES[-1])
    return [
        Line('takeovers asked for', '', {'count': samples.takeovers}, {'at least': requests}),
        Line(
            'request to first human frame', 'ms', _of_ms(samples.latency_ms),
            {'p50': 15.0, 'p99': 40.0},
        ),
        Line('request to first effect', 'ms', _of_ms(samples.effect_ms)),
        Line('loop lateness', 'ms', _of_ns(samples.lateness)),
        Line(
            'periods missed', '',
            {'count': samples.missed_periods, 'of': samples.ticks + samples.missed_periods},
        ),
        Line(
            'operator sample to command', 'ms', _of_ns(samples.sample_age),
            {'p50': 8.0, 'p99': 20.0},
        ),
        Line('the same from when it was taken', 'ms', _of_ns(samples.source_age)),
        Line('plant state to arbiter', 'ms', _of_ns(samples.plant_age)),
        Line('age of the command at the plant', 'ms', _of_ns(samples.command_age)),
        Line('hand behind hand', 'ms', total, {'lag': 50.0}),
        *(Line(f'  {name}', 'ms', lag) for name, lag in lags.items()),
        Line(
            'velocity step after a switch', 'rad/s', {'max': samples.velocity_step}, {'max': 0.1}
        ),
        Line('falls', '', {'count': samples.falls}, {'count': 0.0}),
        Line('streams lost', '', {'count': samples.losses}),
        Line('frames not recorded', '', {'count': samples.missing_frames}),
    ]  # fmt: skip


def _lag(found: list[Stretch], before: str, after: str) -> dict[str, float | None]:
    lag = find_lag(found, before, after)
    if lag is None:
        return {'lag': None, 'correlation': None}
    return {'lag': lag.ms, 'correlation': lag.correlation}


def _of_ms(values: list[float]) -> dict[str, float | None]:
    return percentiles_ms(np.array(values) * 1e6)


def _of_ns(values: list[Array]) -> dict[str, float | None]:
    return percentiles_ms(np.concatenate(values) if values else np.zeros(0))

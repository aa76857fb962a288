"""How far the robot's palms are behind the operator's wrists, by cross-correlation.

Velocities of both hands are compared on one time axis while the operator is in command. The lag
is where their normalised correlation, added up over all stretches, is largest; between the steps
of the grid by a parabola through the neighbourhood of the largest value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.names import GROUPS, SIDES, Phase
from rove_teleop.core.types import Array
from rove_teleop.recording.episode import Episode

STAGES = ('wrist', 'proposed', 'executed', 'measured')
"""Where a hand's motion is looked at, in the order in which it gets there."""

_STEP = 0.005  # s, of the time axis
_SHORTEST = 1.0  # s; a shorter stretch tells little
_LAGS = np.arange(-20, 61)  # steps
_NEAR = 5  # steps on either side of the largest value that the parabola goes through
_EVERY = 2  # frames; 100 a second are plenty for motion up to 1 Hz
_ARMS = [GROUPS.index(f'{side}_arm') for side in SIDES]


@dataclass(frozen=True)
class Path:
    """Positions over time.

    Attributes:
        t: Times, ascending [s], shape (n,).
        position: Shape (n, m) [m].
    """

    t: Array
    position: Array

    def velocity(self, t: Array) -> Array:
        """Velocity at times on the grid [m/s], shape (len(t), m)."""
        late, early = self._at(t + _STEP), self._at(t - _STEP)
        return (late - early) / (2.0 * _STEP)

    def _at(self, t: Array) -> Array:
        columns = [np.interp(t, self.t, column) for column in self.position.T]
        return np.stack(columns, axis=1)


@dataclass(frozen=True)
class Stretch:
    """The operator in command for a while: the path of both hands at each of ``STAGES``."""

    paths: dict[str, Path]


def stretches(episode: Episode, kinematics: Kinematics) -> Iterator[Stretch]:
    """Every stretch in which both arms are the operator's and nothing fades any more."""
    human = (episode.phase[:, _ARMS] == Phase.HUMAN).all(axis=1)
    edges = np.flatnonzero(np.diff(human.astype(int), prepend=0, append=0))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if episode.t_ns[last - 1] - episode.t_ns[first] >= _SHORTEST * 1e9:
            yield _stretch(episode, np.arange(first, last, _EVERY), kinematics)


@dataclass(frozen=True)
class Lag:
    """How much later a motion is at one place than at another.

    Attributes:
        ms: By so much [ms].
        correlation: How alike the two are when it is taken out, at most 1.
    """

    ms: float
    correlation: float


def find_lag(found: Sequence[Stretch], before: str, after: str) -> Lag | None:
    """The lag from one of ``STAGES`` to another one, None without a stretch to judge by."""
    product, energy = np.zeros((2, len(_LAGS)))
    own = 0.0
    for each in found:
        a, b = each.paths[before], each.paths[after]
        begin = max(a.t[0], b.t[0]) + (1 - _LAGS[0]) * _STEP
        end = min(a.t[-1], b.t[-1]) - (1 + _LAGS[-1]) * _STEP
        t = np.arange(begin, end, _STEP)
        if not len(t):
            continue
        wide = b.velocity(begin + _STEP * np.arange(_LAGS[0], len(t) + _LAGS[-1]))
        v = a.velocity(t)
        own += float((v * v).sum())
        for row in range(len(_LAGS)):
            later = wide[row : row + len(t)]
            product[row] += (v * later).sum()
            energy[row] += (later * later).sum()
    if own == 0.0 or not energy.all():
        return None
    correlation = product / np.sqrt(own * energy)
    return Lag(_peak(correlation) * _STEP * 1e3, float(correlation.max()))


def _peak(correlation: Array) -> float:
    """Where a correlation over ``_LAGS`` is largest [steps]."""
    best = int(np.clip(correlation.argmax(), _NEAR, len(_LAGS) - 1 - _NEAR))
    x = np.arange(-_NEAR, _NEAR + 1)
    bend, slope, _ = np.polyfit(x, correlation[best + x], 2)
    return float(_LAGS[best] - 0.5 * slope / bend)


def _stretch(episode: Episode, rows: Array, kinematics: Kinematics) -> Stretch:
    t_ns = episode.t_ns[rows]
    origin = int(t_ns[0])
    sampled = slice(*np.searchsorted(episode.wrist_t_ns, (t_ns[0], t_ns[-1])))
    wrists = episode.wrist_pose[sampled, :, :3].reshape(-1, 3 * len(SIDES))
    plant_ns, newest = np.unique(episode.plant_times[rows, 1], return_index=True)

    def path(times_ns: Array, position: Array) -> Path:
        return Path((times_ns - origin) * 1e-9, position)

    def measured(joints: Array) -> Array:
        return kinematics.from_joints(joints)

    return Stretch(
        {
            'wrist': path(episode.wrist_t_ns[sampled], wrists),
            'proposed': path(t_ns, _palms(kinematics, episode.human_position[rows])),
            'executed': path(t_ns, _palms(kinematics, episode.executed_position[rows])),
            'measured': path(
                plant_ns, _palms(kinematics, episode.measured_position[rows[newest]], measured)
            ),
        }
    )


def _palms(
    kinematics: Kinematics, rows: Array, channels: Callable[[Array], Array] = np.asarray
) -> Array:
    """Both palms' positions in the stance frame [m], shape (n, 6)."""
    places = [kinematics.palms(channels(row)) for row in rows]
    return np.array([np.concatenate([each[s].translation for s in SIDES]) for each in places])

"""Check an episode: is every frame there, complete, sane, and tagged as its events say?"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rove_teleop.core.names import (
    GROUPS,
    JOINTS,
    NUM_BASE,
    NUM_LEG_JOINTS,
    Authority,
    Phase,
    Stage,
)
from rove_teleop.core.phases import robot_phase
from rove_teleop.core.tags import FrameTags, TagMachine
from rove_teleop.core.types import Event
from rove_teleop.errors import InvalidTransition
from rove_teleop.recording.episode import Array, Episode
from rove_teleop.recording.loading import load_episode

LIMIT_TOLERANCE = 1e-6
"""How far outside a joint limit counts as outside [rad]."""

_INTERVENING = (Authority.HUMAN, Authority.BLEND)
FINITE = (
    'executed_position',
    'executed_velocity',
    'joint_position',
    'joint_velocity',
    'measured_position',
    'measured_velocity',
)
"""The columns in which every number must be finite in every frame."""


def verify_episode(
    path: Path, lower: Array | None = None, upper: Array | None = None
) -> list[str]:
    """Return what is wrong with an episode file; nothing when all is well.

    Args:
        path: The MCAP file.
        lower: Lower joint limits [rad], shape (43,); not checked when None.
        upper: Upper joint limits, likewise.

    Raises:
        RecordingError: The file cannot be read as an episode at all.
    """
    return find_problems(load_episode(path), lower, upper)


def find_problems(
    episode: Episode, lower: Array | None = None, upper: Array | None = None
) -> list[str]:
    """Return what is wrong with a loaded episode, one sentence a problem."""
    problems = [f'file: {problem}' for problem in episode.problems]
    problems += _order(episode)
    problems += _values(episode)
    problems += _proposals(episode)
    if lower is not None and upper is not None:
        problems += _limits(episode, lower, upper)
    tags = list(_tags(episode))
    return problems + (tags or [*_derived(episode), *_recomputed(episode)])


def _order(episode: Episode) -> Iterator[str]:
    steps = np.diff(episode.tick)
    yield from _at(episode, np.flatnonzero(steps > 1) + 1, 'ticks are missing before it')
    yield from _at(episode, np.flatnonzero(steps < 1) + 1, 'its tick does not ascend')
    yield from _at(episode, np.flatnonzero(np.diff(episode.t_ns) <= 0) + 1, 'time stands still')
    ids = np.array([event.event_id for event in episode.events])
    if (np.diff(ids) != 1).any():
        at = int(np.flatnonzero(np.diff(ids) != 1)[0])
        yield f'events: {ids[at]} is followed by {ids[at + 1]}; expected {ids[at] + 1}'


def _values(episode: Episode) -> Iterator[str]:
    for name in FINITE:
        bad = ~np.isfinite(getattr(episode, name)).all(axis=1)
        yield from _at(episode, np.flatnonzero(bad), f'{name} is not finite')
    apart = episode.joint_position[:, NUM_LEG_JOINTS:] != episode.executed_position[:, NUM_BASE:]
    yield from _at(
        episode,
        np.flatnonzero(apart.any(axis=1)),
        'joint_position differs from executed_position above the pelvis',
    )


def _proposals(episode: Episode) -> Iterator[str]:
    for source, authority in (('policy', Authority.POLICY), ('human', Authority.HUMAN)):
        commands = (episode.authority == authority).any(axis=1)
        absent = ~np.isfinite(getattr(episode, f'{source}_position')).all(axis=1)
        yield from _at(
            episode,
            np.flatnonzero(commands & absent),
            f'the {source} has authority without a proposal',
        )
        times = {'policy': episode.policy_times, 'human': episode.operator_times}[source]
        untimed = commands & ~absent & (times[:, 3] == 0)
        yield from _at(episode, np.flatnonzero(untimed), f'the {source} proposal has no times')


def _limits(episode: Episode, lower: Array, upper: Array) -> Iterator[str]:
    outside = outside_limits(episode, lower, upper)
    for joint in np.flatnonzero(outside.any(axis=0)):
        rows = np.flatnonzero(outside[:, joint])
        yield from _at(
            episode,
            rows,
            f'{JOINTS[joint]} is commanded to {episode.joint_position[rows[0], joint]:.4f} rad, '
            f'limits {lower[joint]:.4f} to {upper[joint]:.4f}',
        )


def outside_limits(episode: Episode, lower: Array, upper: Array) -> Array:
    """Which executed joint positions lie outside their limits, shape (n, 43)."""
    position = episode.joint_position
    return (position < lower - LIMIT_TOLERANCE) | (position > upper + LIMIT_TOLERANCE)


def _tags(episode: Episode) -> Iterator[str]:
    """Yield tags that are not even words of the vocabulary."""
    for name, words in (('phase', Phase), ('authority', Authority)):
        bad = ~np.isin(getattr(episode, name), [int(word) for word in words])
        for group in np.flatnonzero(bad.any(axis=0)):
            yield from _at(
                episode, np.flatnonzero(bad[:, group]), f'{GROUPS[group]} has no valid {name}'
            )
    for name, kind in (('robot_phase', Phase), ('stage', Stage)):
        bad = ~np.isin(getattr(episode, name), [int(word) for word in kind])
        yield from _at(episode, np.flatnonzero(bad), f'no valid {name}')


def _derived(episode: Episode) -> Iterator[str]:
    derived = np.array([robot_phase([Phase(p) for p in row]) for row in episode.phase])
    yield from _at(
        episode,
        np.flatnonzero(derived != episode.robot_phase),
        'robot_phase is not the one its groups give',
    )
    intervening = np.isin(episode.authority, _INTERVENING).any(axis=1)
    yield from _at(
        episode,
        np.flatnonzero(intervening != episode.intervention),
        'intervention contradicts authority',
    )


def _recomputed(episode: Episode) -> Iterator[str]:
    """Yield frames whose tags are not those that the events since the first frame give."""
    if not len(episode):
        return
    machine = _machine_at(episode)
    events = sorted(episode.events, key=lambda event: event.event_id)
    pending = deque(event for event in events if event.tick > episode.tick[0])
    wrong: dict[str, list[int]] = {}
    refused = ''
    for row in range(1, len(episode)):
        while pending and pending[0].tick <= episode.tick[row] and not refused:
            refused = _refusal(machine, pending.popleft())
        if refused:
            break
        for name in _differences(machine.tags(), episode, row):
            wrong.setdefault(name, []).append(row)
    for name, rows in wrong.items():
        yield from _at(episode, np.array(rows), f'{name} is not the one its events give')
    if refused:
        yield refused


def _refusal(machine: TagMachine, event: Event) -> str:
    """Apply an event; returns why it cannot have happened, empty when it can."""
    try:
        machine.apply(event)
    except InvalidTransition as error:
        return f'tick {event.tick}: event {event.event_id}: {error}'
    return ''


def _machine_at(episode: Episode) -> TagMachine:
    """The machine as it stood at the first frame of the file."""
    machine = TagMachine()
    machine.phase = [Phase(value) for value in episode.phase[0]]
    machine.authority = [Authority(value) for value in episode.authority[0]]
    machine.stage = Stage(episode.stage[0])
    machine.takeover_id = int(episode.takeover_id[0])
    machine.anchor_id = int(episode.anchor_id[0])
    machine.episode = episode.episode[0]
    return machine


def _differences(tags: FrameTags, episode: Episode, row: int) -> Iterator[str]:
    for name in FrameTags.__dataclass_fields__:
        expected, got = getattr(tags, name), getattr(episode, name)[row]
        same = np.array_equal(expected, got) if isinstance(got, np.ndarray) else expected == got
        if not same:
            yield name


def _at(episode: Episode, rows: Array, what: str) -> Iterator[str]:
    """One sentence for a problem: where it first shows, and in how many frames."""
    if len(rows):
        more = f' (and {len(rows) - 1} more frames)' if len(rows) > 1 else ''
        yield f'tick {episode.tick[rows[0]]}{more}: {what}'

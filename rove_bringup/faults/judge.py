"""Judges a fault by what the run left behind: its reaction and time, and what must never be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rove_bringup.faults.evidence import Evidence, last_before
from rove_bringup.faults.fault import LIMIT_TICKS, Fault, Reaction
from rove_bringup.faults.limits import broken_limits, jerk_marks
from rove_bringup.faults.link import Strike
from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.names import GROUPS, Authority
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Event
from rove_teleop.recording.check import find_problems

_MS = 1e6
_PERIOD_S = 0.005
_SEQ, _SOURCE, _RECEIVE, _APPLY = range(4)
_VERDICTS = ('reject', 'clamp')
_NOTED = ('refuses', 'brakes')
_HARMLESS = (
    'input_back',
    'plant_back',
    'recorder_back',
    'settled',
    'auto',
    'blend',
    'human',
    'recovery',
    'takeover',
    'help',
    'help_over',
    'foreign_writer',
    'foreign_writer_gone',
)
"""Events that no fault needs to explain: they move nothing."""


@dataclass(frozen=True)
class Judged:
    """How one run with one fault went.

    Attributes:
        measured: What was seen of the expected reactions, with their ages.
        ticks: The latest one's distance from its limit; None when nothing had to happen.
        limits_kept, tags_ok: Whether the robot stayed within its limits, and whether the tags
            are those that the events give.
        record_lost: How much of the record is missing [s].
        jerks: Joints whose jerk limit gave way for a tick, as the frames say: the reaction
            itself tightens their acceleration limit.
        problems: Everything that is wrong, in sentences; empty when nothing is.
    """

    fault: str
    what: str
    where: str
    layer: str
    seed: int
    expected: str
    measured: str
    ticks: int | None
    limits_kept: bool
    tags_ok: bool
    record_lost: float
    jerks: int
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything went as it must."""
        return not self.problems

    def record(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), 'problems': list(self.problems), 'passed': self.passed}


@dataclass(frozen=True)
class Seen:
    """A reaction that came.

    Attributes:
        t_ns: When.
        due_ns: When its limit was reached.
        age_ms: Age of the stream then.
        ticks: Control ticks from the limit to the reaction.
    """

    t_ns: int
    due_ns: float
    age_ms: float
    ticks: int


class _Case:
    """One fault, its strike and its evidence; the run was heard by somebody, too."""

    def __init__(
        self,
        strike: Strike,
        evidence: Evidence,
        config: ArbiterConfig,
        heard: Iterable[Event],
    ) -> None:
        self.strike, self.evidence, self.config = strike, evidence, config
        self.episode = evidence.episode
        self.begin_ns = strike.first_ns or 0
        known = {event.event_id: event for event in (*heard, *self.episode.events)}
        self.events = [known[k] for k in sorted(known) if known[k].t_ns >= self.begin_ns]

    def seen(self, reaction: Reaction) -> Seen | None:
        """The reaction, None when it never came."""
        found = self._find(reaction)
        if found is None:
            return None
        t_ns, since_ns = found
        due_ns = since_ns + reaction.limit_ms * _MS
        ticks = int(np.count_nonzero((self.episode.t_ns > due_ns) & (self.episode.t_ns <= t_ns)))
        if reaction.kind == 'brakes' or t_ns > self.episode.t_ns[-1]:
            ticks = int(np.ceil(max(0.0, t_ns - due_ns) / (_PERIOD_S * 1e9)))
        return Seen(t_ns, due_ns, (t_ns - since_ns) / _MS, ticks)

    def _find(self, reaction: Reaction) -> tuple[int, float] | None:
        """When it came, and since when its limit counts."""
        if reaction.kind in _VERDICTS:
            t_ns = self._verdict_ns(reaction)
        elif reaction.kind in _NOTED:
            t_ns = self._noted_ns(reaction)
        else:
            event = self._event(reaction)
            t_ns = None if event is None else event.t_ns
        return None if t_ns is None else (t_ns, self._since_ns(reaction, t_ns))

    def _event(self, reaction: Reaction) -> Event | None:
        for event in self.events:
            concerned = not event.groups or set(event.groups) == set(reaction.groups)
            if event.kind == reaction.kind and concerned and reaction.says in event.detail:
                return event
        return None

    def _verdict_ns(self, reaction: Reaction) -> int | None:
        for t_ns, verdicts in zip(self.episode.t_ns, self.episode.verdicts, strict=True):
            if t_ns < self.begin_ns:
                continue
            for verdict in verdicts:
                if f': {reaction.kind}' in verdict and reaction.says in verdict:
                    return int(t_ns)
        return None

    def _noted_ns(self, reaction: Reaction) -> int | None:
        for note in self.strike.notes:
            known = note.t_ns >= self.begin_ns and note.kind == reaction.kind
            if known and reaction.says in note.text:
                return note.t_ns
        return None

    def _since_ns(self, reaction: Reaction, t_ns: int) -> float:
        since: dict[str, Callable[[], float]] = {
            'fault': lambda: self.begin_ns,
            'disorder': lambda: self.strike.disorder_ns or t_ns,
            'end': lambda: self.strike.end_ns or t_ns,
            'recorder': lambda: self.strike.heard_ns,
            'lease': lambda: self.strike.heard_ns,
            'plant': lambda: self._times('plant', t_ns)[-1, _RECEIVE],
            'operator': lambda: self._operator_ns(reaction.groups, t_ns),
            'policy': lambda: self._policy_ns(reaction, t_ns),
            'joint_command': lambda: self._command_ns(t_ns),
        }
        return float(since[reaction.age_of]())

    def _times(self, source: str, t_ns: int) -> np.ndarray:
        """Times of a source in the frames up to a moment, of which there is at least one."""
        rows = max(last_before(self.episode.t_ns, t_ns), 0) + 1
        return getattr(self.episode, f'{source}_times')[:rows]

    def _operator_ns(self, groups: tuple[str, ...], t_ns: int) -> float:
        """When the last sample came in that was valid for one of the groups and was followed."""
        newest = 0
        for seq, _, receive_ns, _ in self._times('operator', t_ns)[::-1].tolist():
            if self.evidence.samples.get((seq, receive_ns), frozenset()).intersection(groups):
                newest = receive_ns
                break
        return newest

    def _policy_ns(self, reaction: Reaction, t_ns: int) -> float:
        """The limit counts from the end of the last chunk, or the silence began a limit ago."""
        seq, observed_ns, _, applied_ns = self._times('policy', t_ns)[-1].tolist()
        over_ns = self.evidence.chunks[seq, observed_ns]
        silent_ns = applied_ns + self.config.policy_silence_ns
        return min(over_ns, silent_ns - reaction.limit_ms * _MS)

    def _command_ns(self, t_ns: int) -> float:
        """When the plant heard the last command, or earlier when that was valid for less."""
        times = self.evidence.command_ns
        row = times[last_before(times[:, 0], t_ns - 1)]
        return min(row[0], row[1] - 50 * _MS)


def judge(
    fault: Fault,
    strike: Strike,
    evidence: Evidence,
    robot: Robot,
    *,
    layer: str,
    seed: int,
    last_tick: int | None = None,
    heard: Iterable[Event] = (),
) -> Judged:
    """Judge one run.

    Args:
        fault: What went wrong in it.
        strike: When, and what was seen.
        evidence: What the run left behind.
        robot: Gives the joint limits.
        layer: Where it was run.
        seed: Of the run.
        last_tick: Newest tick when the recorder ended; None when it did not.
        heard: Events that somebody heard, for a recording that lacks its end.
    """
    config = ArbiterConfig(initial_base=np.zeros(6))
    case = _Case(strike, evidence, config, heard)
    seen = [case.seen(reaction) for reaction in fault.reactions]
    limits = list(broken_limits(evidence, robot, case.begin_ns))
    lost, tags = _record(evidence, robot, last_tick)
    besides = [(reaction, case.seen(reaction)) for reaction in fault.may]
    happened = [(reaction, each) for reaction, each in besides if each is not None]
    problems = [
        *_reactions(fault.reactions, seen),
        *_reactions([pair[0] for pair in happened], [pair[1] for pair in happened]),
        *_surprises(fault, case.events),
        *_authority(fault, case),
        *limits,
        *tags,
    ]
    if lost > fault.record_lost + 1e-9:
        problems.append(f'{lost:.2f} s of the record are lost, at most {fault.record_lost:g} s')
    ticks = [each.ticks for each in seen if each is not None]
    return Judged(
        fault=fault.name,
        what=fault.what,
        where=fault.where,
        layer=layer,
        seed=seed,
        expected=fault.expected,
        measured=_measured(fault.reactions, seen),
        ticks=max(ticks) if ticks else None,
        limits_kept=not limits,
        tags_ok=not tags,
        record_lost=round(lost, 3),
        jerks=jerk_marks(evidence.episode, case.begin_ns),
        problems=tuple(problems),
    )


def _reactions(reactions: Sequence[Reaction], seen: Sequence[Seen | None]) -> Iterator[str]:
    for reaction, each in zip(reactions, seen, strict=True):
        if each is None:
            yield f'{reaction.text}: never came'
        elif each.ticks > LIMIT_TICKS:
            yield f'{reaction.text}: {each.ticks} ticks late, at most {LIMIT_TICKS}'
        elif each.t_ns < each.due_ns and reaction.age_of not in ('recorder',):
            yield f'{reaction.text}: came at {each.age_ms:.0f} ms already'


def _surprises(fault: Fault, events: list[Event]) -> Iterator[str]:
    """Events that nobody ordered."""
    ordered = {reaction.kind for reaction in (*fault.reactions, *fault.may)}
    for event in events:
        if event.kind not in ordered and event.kind not in (*_HARMLESS, 'episode_end'):
            yield f'{event.kind} ({event.detail}) was not to come'


def _authority(fault: Fault, case: _Case) -> Iterator[str]:
    """Groups that lost their source hold to the end; nobody else changes hands."""
    episode = case.episode
    held: dict[str, int] = {}
    for event in case.events:
        if event.kind.endswith('_lost') or event.kind in ('stop', 'plant_restarted'):
            held.update(dict.fromkeys(event.groups, event.t_ns))
        if event.kind == 'takeover' and event.actor != 'arbiter':
            return  # somebody took over again: another story
    over = next((e.t_ns for e in case.events if e.kind == 'episode_end'), np.inf)
    for index, group in enumerate(GROUPS):
        since_ns = held.get(group, case.begin_ns)
        rows = (episode.t_ns >= since_ns) & (episode.t_ns < over)
        authority = episode.authority[rows, index]
        if group in held and (authority != Authority.HOLD).any():
            yield f'{group} did not stay in hold'
        elif group not in held and len(authority) and (authority != authority[0]).any():
            yield f'{group} changed hands'


def _record(evidence: Evidence, robot: Robot, last_tick: int | None) -> tuple[float, list[str]]:
    """How much of the record is lost [s], and what else is wrong with it."""
    episode = evidence.episode
    problems = find_problems(episode, robot.lower, robot.upper)
    if last_tick is not None:  # it was cut short on purpose
        problems = [text for text in problems if not text.startswith('file: ends too early')]
    missing = int(np.maximum(np.diff(episode.tick) - 1, 0).sum())
    if last_tick is not None:
        missing += max(0, last_tick - int(episode.tick[-1]))
    return missing * _PERIOD_S, problems


def _measured(reactions: tuple[Reaction, ...], seen: list[Seen | None]) -> str:
    texts = []
    for reaction, each in zip(reactions, seen, strict=True):
        if each is None:
            texts.append(f'no {reaction.kind.replace("_", " ")}')
        else:
            texts.append(f'{reaction.kind.replace("_", " ")} after {each.age_ms:.0f} ms')
    return ', '.join(texts) or 'goes on'

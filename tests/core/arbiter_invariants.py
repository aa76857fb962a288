"""What must hold in every tick of an arbiter, seen from outside and kept by other means."""

from __future__ import annotations

from dataclasses import dataclass, field

from arbiter_rig import DT, Rig, make_limits
import numpy as np

from rove_teleop.core.limits import Envelopes, Pace
from rove_teleop.core.names import CHANNELS, GROUP_CHANNELS, GROUPS, Authority, Phase
from rove_teleop.core.tags import FrameTags, TagMachine, recompute_tags
from rove_teleop.core.types import ControlFrame, Event, Request

LIMITS = make_limits()
ENVELOPES = Envelopes(LIMITS)
SWITCH_NS = 500_000_000
FRESH_NS = 100_000_000
LOST_NS = 400_000_000
REST_TICKS = 150
SLACK = 1.0 + 1e-6

POSSIBLE = {
    Phase.AUTO: {Authority.POLICY},
    Phase.TO_AUTO: {Authority.HOLD, Authority.BLEND, Authority.POLICY},
    Phase.HUMAN: {Authority.HUMAN},
    Phase.TO_HUMAN: {Authority.HOLD, Authority.HUMAN},
    Phase.HOLD: {Authority.HOLD},
    Phase.STOPPED: {Authority.HOLD},
}
PLAYING = (Authority.POLICY, Authority.BLEND)
ENDS_PERMISSION = (
    'takeover',
    'hold',
    'stop',
    'input_lost',
    'lease_lost',
    'policy_lost',
    'plant_lost',
    'plant_restarted',
    'episode_end',
)
SWITCHES = (*ENDS_PERMISSION, 'human', 'release', 'blend')


@dataclass
class _Past:
    """What the events so far say about a group."""

    released_ns: int | None = None  # the policy may have it, with chunks observed later
    anchor_id: int = 0
    seen_ns: int = 0
    slow_until_ns: int = 0
    idle_ticks: int = 0


@dataclass
class Invariants:
    """Checks each tick of a rig; call `check` after every step with what was asked in it."""

    rig: Rig
    machine: TagMachine = field(default_factory=TagMachine)
    event_id: int = 0
    past: dict[str, _Past] = field(default_factory=lambda: {group: _Past() for group in GROUPS})
    last: ControlFrame | None = None
    acceleration: np.ndarray = field(default_factory=lambda: np.zeros(len(CHANNELS)))
    seq: int = 0
    limp: bool = False

    @classmethod
    def joining(cls, rig: Rig) -> Invariants:
        """Look at a rig from now on that has run before."""
        promises = cls(rig, event_id=len(rig.events))
        for event in rig.events:
            promises._apply(event)
        if rig.frames:
            promises.machine.tags()
            before, promises.last = rig.frames[-2:]
            step = promises.last.executed.velocity - before.executed.velocity
            promises.acceleration, promises.seq = step / DT, promises.last.tick
        return promises

    def check(self, *requests: Request) -> None:
        """Look at the newest tick."""
        output = self.rig.output
        assert output is not None
        self._check_replies(requests)
        for event in output.events:
            self._take(event)
        self._check_events(requests)
        frame = output.frame
        if frame is None:
            assert output.command is None
            return
        assert FrameTags.of(frame) == self.machine.tags()
        self._check_command()
        self._check_authority(frame)
        self._check_motion(frame)
        self._check_rest(frame)
        self.last = frame

    def check_record(self) -> None:
        """The whole record follows from its events."""
        rig = self.rig
        assert recompute_tags(rig.events, [frame.tick for frame in rig.frames]) == [
            FrameTags.of(frame) for frame in rig.frames
        ]

    def _check_replies(self, requests: tuple[Request, ...]) -> None:
        output = self.rig.output
        assert len(output.replies) == len(requests)
        refused = [one.detail.partition(': ')[2] for one in output.events if one.kind == 'refused']
        for reply in output.replies:
            assert reply.accepted == (not reply.reason)
            asked = {one.event for one in requests if one.request_id == reply.request_id}
            assert reply.accepted or reply.reason in refused or asked == {'heartbeat'}

    def _take(self, event: Event) -> None:
        """Follow an event, first what it needs and then what it means."""
        assert event.event_id == self.event_id + 1
        self.event_id = event.event_id
        assert event.t_ns == self.rig.now_ns
        judge = self.rig.arbiter.judge
        for group in event.groups if event.kind != 'refused' else ():
            past = self.past[group]
            if event.kind == 'human':
                assert judge.proposal is not None
                assert past.anchor_id <= judge.proposal.anchor_id <= self.machine.anchor_id
                assert group in judge.proposal.groups
                assert event.t_ns - judge.proposal.t_operator_ns <= FRESH_NS
            if event.kind == 'blend':
                assert past.released_ns is not None, 'nobody gave it to the policy'
                assert judge.chunk is not None
                assert judge.chunk.t_observation_ns > past.released_ns
        self._apply(event)

    def _apply(self, event: Event) -> None:
        self.machine.apply(event)
        for group in event.groups if event.kind != 'refused' else ():
            self._remember(self.past[group], self.machine.phase[GROUPS.index(group)], event)

    def _remember(self, past: _Past, phase: Phase, event: Event) -> None:
        if event.kind in ENDS_PERMISSION:
            past.released_ns = None
        started = event.kind == 'episode_start' and phase is Phase.HOLD
        if event.kind == 'release' or started:
            past.released_ns = event.t_ns
        if event.kind == 'takeover':
            past.anchor_id = self.machine.anchor_id
        if event.kind in SWITCHES:
            past.slow_until_ns = event.t_ns + SWITCH_NS

    def _check_events(self, requests: tuple[Request, ...]) -> None:
        kinds = [event.kind for event in self.rig.output.events]
        if 'stop' in kinds or any(request.event == 'stop' for request in requests):
            assert set(self.machine.phase) == {Phase.STOPPED}, 'stop always wins'
        stopped = {phase is Phase.STOPPED for phase in self.machine.phase}
        assert len(stopped) == 1, 'all stop or none'
        if self.last is not None and self.last.robot_phase is Phase.STOPPED:
            assert stopped == {True} or 'rearm' in kinds

    def _check_command(self) -> None:
        command, frame = self.rig.output.command, self.rig.output.frame
        if command is None:
            assert self.rig.arbiter.judge.plant_in_doubt
            return
        assert (command.writer_id, command.session) == ('arbiter', 'arbiter-0'), 'one writer'
        assert command.seq == frame.tick > self.seq
        self.seq = command.seq
        assert command.valid_until_ns == self.rig.now_ns + 50_000_000
        for array in (command.position, command.velocity, command.base, command.base_velocity):
            assert np.isfinite(array).all()

    def _check_authority(self, frame: ControlFrame) -> None:
        proposal = self.rig.arbiter.judge.proposal
        for group, phase, who in zip(GROUPS, frame.phase, frame.authority, strict=True):
            assert who in POSSIBLE[phase], (group, phase, who)
            past = self.past[group]
            if who is Authority.HUMAN:
                assert frame.operator_id, 'without a lease'
                assert proposal is not None
                past.seen_ns = max(past.seen_ns, proposal.t_operator_ns)
                assert self.rig.now_ns - past.seen_ns <= LOST_NS
            if who in PLAYING:
                assert past.released_ns is not None, f'{group}: never released'
        assert frame.intervention == any(
            who in (Authority.HUMAN, Authority.BLEND) for who in frame.authority
        )
        assert frame.robot_phase == max(frame.phase)

    def _check_motion(self, frame: ControlFrame) -> None:
        executed, last = frame.executed, self.last
        assert (executed.position >= LIMITS.lower).all()
        assert (executed.position <= LIMITS.upper).all()
        damping = self.rig.output.command is not None and self.rig.output.command.damping
        kinds = {event.kind for event in self.rig.output.events}
        anew = last is None or 'plant_restarted' in kinds or (self.limp and 'rearm' in kinds)
        self.limp = self.limp and 'rearm' not in kinds or damping
        if anew:
            self.acceleration = np.zeros(len(CHANNELS))
            return
        moved = executed.position - last.executed.position
        np.testing.assert_allclose(moved, executed.velocity * DT, atol=1e-9)
        envelope = ENVELOPES.of(tuple(self._pace(frame, group) for group in GROUPS))
        acceleration = (executed.velocity - last.executed.velocity) / DT
        jerk = (acceleration - self.acceleration) / DT
        self.acceleration = acceleration
        speed = np.maximum(envelope.velocity, np.abs(last.executed.velocity))
        assert (np.abs(executed.velocity) <= speed * SLACK).all(), 'an excess only decays'
        self._check_breaches(
            frame, 'acceleration', np.abs(acceleration) > envelope.acceleration * SLACK
        )
        self._check_breaches(frame, 'jerk', np.abs(jerk) > envelope.jerk * SLACK + 1e-3)

    def _pace(self, frame: ControlFrame, group: str) -> Pace:
        if frame.phase[GROUPS.index(group)] is Phase.STOPPED:
            return Pace.STOP
        soon = self.rig.now_ns < self.past[group].slow_until_ns
        return Pace.SWITCH if soon else Pace.MOVING

    @staticmethod
    def _check_breaches(frame: ControlFrame, name: str, beyond: np.ndarray) -> None:
        if not beyond.any():
            return
        told = {
            text.partition(':')[0] for text in frame.limits if f'{name}!' in text.partition(':')[2]
        }
        assert {CHANNELS[index] for index in np.flatnonzero(beyond)} <= told, name

    def _check_rest(self, frame: ControlFrame) -> None:
        """What nobody commands comes to rest."""
        for group, who in zip(GROUPS, frame.authority, strict=True):
            past = self.past[group]
            past.idle_ticks = past.idle_ticks + 1 if who is Authority.HOLD else 0
            if past.idle_ticks > REST_TICKS:
                assert np.abs(frame.executed.velocity[GROUP_CHANNELS[group]]).max() < 1e-3

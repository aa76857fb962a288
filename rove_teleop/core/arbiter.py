"""The arbiter: the only part that moves joints, and the writer of the frame record.

Every tick: judge the inputs, apply requests and findings to the phases, compose a target from
whoever is in command, keep it safe, and follow it within limits. Nothing here waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.compose import Composer
from rove_teleop.core.desk import Desk, concerned, obstacle
from rove_teleop.core.frame import TickResult, make_command, make_frame
from rove_teleop.core.judge import Judge, channel_mask
from rove_teleop.core.lease import Lease
from rove_teleop.core.limits import ChannelLimits, Envelopes
from rove_teleop.core.monitor import Monitor, Sight
from rove_teleop.core.names import (
    GROUPS,
    NUM_BASE,
    NUM_CHANNELS,
    NUM_JOINTS,
    NUM_LEG_JOINTS,
    Authority,
    Phase,
)
from rove_teleop.core.phases import PHASE_EVENTS
from rove_teleop.core.playback import Playback
from rove_teleop.core.safety import Safety, SafetyRule
from rove_teleop.core.tags import TagMachine, detail_value
from rove_teleop.core.tracker import Tracker, describe
from rove_teleop.core.types import (
    ActionChunk,
    Array,
    Channels,
    ControlFrame,
    Event,
    JointCommand,
    JointProposal,
    PlantState,
    Request,
    SourceTimes,
)
from rove_teleop.core.watch import Watch
from rove_teleop.errors import InvalidTransition

_BASE = slice(0, NUM_BASE)
_LEG_SPEED = 4.0  # [rad/s]; a leg solution that moves faster is another branch


class Legs(Protocol):
    """Where the leg joints are for a base reference."""

    def solve(self, base: Array, base_velocity: Array) -> tuple[Array, Array]:
        """Leg positions and velocities (12,) of a base reference and its rate (6,)."""


@dataclass(frozen=True)
class ArbiterInputs:
    """The newest of everything; the same object may be given again and keeps its age.

    Attributes:
        requests: Those that came since the last tick, in order of arrival.
        recorder_alive: Whether the recorder was heard from lately.
        foreign_writers: Who else may publish commands, each in a few words.
    """

    proposal: JointProposal | None = None
    chunk: ActionChunk | None = None
    plant: PlantState | None = None
    requests: tuple[Request, ...] = ()
    recorder_alive: bool = True
    foreign_writers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """Answer to one request; the reason is empty when it was accepted."""

    request_id: str
    accepted: bool
    reason: str = ''


@dataclass(frozen=True)
class ArbiterOutput:
    """What one tick made; command and frame are None until the plant has been seen.

    There is no command either while it is in doubt whether the plant started again.
    """

    command: JointCommand | None
    frame: ControlFrame | None
    events: tuple[Event, ...]
    replies: tuple[Reply, ...]


class Arbiter:
    """Decides per group who commands, and executes it without a jolt.

    Attributes:
        lease: The operator's lease; acquire and renew it here.
        seat: The director's; once it was granted, nobody else is the director.
        judge: Verdicts and their counts.
    """

    def __init__(
        self,
        config: ArbiterConfig,
        limits: ChannelLimits,
        legs: Legs,
        lease: Lease | None = None,
        rules: tuple[SafetyRule, ...] = (),
    ) -> None:
        """Begin held; the executed state is latched from the first plant state.

        Args:
            config: Times and thresholds.
            limits: Limits of the channels.
            legs: Leg kinematics.
            lease: Another lease than the default one, for its token factory.
            rules: Safety rules beyond the position limits.
        """
        self._config, self._legs = config, legs
        self.lease = lease or Lease(config.lease_ns)
        self.judge = Judge(limits.velocity)
        self._tags = TagMachine()
        self.seat = Lease(config.lease_ns, of='director')
        self._desk = Desk(config, self.lease, self.seat)
        self._watch = Watch(config, self._tags, self.judge, self.lease, self.seat)
        self._playback = Playback(config.policy_lost_ns, config.policy_silence_ns)
        self._composer = Composer(config, limits)
        self._safety = Safety(limits, rules)
        self._monitor = Monitor(config)
        self._tracker = Tracker(limits.lower, limits.upper, config.period_ns * 1e-9)
        self._envelopes = Envelopes(limits)
        self._started = False
        self._tick = self._event_id = self._stop_tick = self._now_ns = 0
        self._awaited = np.zeros(NUM_CHANNELS, dtype=bool)
        self._events: list[Event] = []
        self._refused: list[tuple[Request, str]] = []
        self._reason = 'waiting for an episode'
        self._joints = Channels(np.zeros(NUM_JOINTS), np.zeros(NUM_JOINTS))
        self._applied: dict[str, SourceTimes] = {}

    def step(self, inputs: ArbiterInputs, now_ns: int) -> ArbiterOutput:
        """One control tick.

        Args:
            inputs: The newest of everything.
            now_ns: Time of this tick [ns, monotonic].
        """
        self._tick, self._now_ns, self._events = self._tick + 1, now_ns, []
        self._take(inputs)
        while self._refused:
            self._refuse(*self._refused.pop(0))
        replies = tuple(
            self._answer(request)
            for request in sorted(inputs.requests, key=lambda r: r.event != 'stop')
        )
        self._find(inputs)
        if not self._started:
            return ArbiterOutput(None, None, tuple(self._events), replies)
        policy = self._playback.sample(now_ns)
        self._move(policy)
        result, lost_ns = self._result(), self._config.operator_lost_ns
        tags = self._tags.tags()
        frame = make_frame(result, tags, self.judge, policy, self._applied, lost_ns)
        command = None if self.judge.plant_in_doubt else make_command(result, self._config)
        return ArbiterOutput(command, frame, tuple(self._events), replies)

    @property
    def plant_trouble(self) -> str:
        """Why nothing may start moving now, empty when the plant is well."""
        return self._watch.plant_trouble

    def _find(self, inputs: ArbiterInputs) -> None:
        """Let happen what happens by itself."""
        now_ns, plant = self._now_ns, self.judge.plant
        for finding in self._watch.findings(self._playback, inputs.recorder_alive, now_ns):
            self._emit(finding.kind, finding.groups, finding.actor, finding.detail)
        if plant is None or not self._started:
            return
        sight = Sight(
            episode=bool(self._tags.episode),
            authority=self._tags.authority,
            executed=self._tracker.position,
            joints=self._joints.position,
            measured=plant.position,
            chunk=self.judge.chunk,
        )
        for finding in self._monitor.step(sight, now_ns):
            self._emit(finding.kind, finding.groups, finding.actor, finding.detail)

    def admit(self, request: Request, now_ns: int) -> str:
        """Check a request before its tick and use up its id; the event says if it was done.

        Returns:
            Why it is refused, which the next tick records; empty to give it to that tick.
        """
        reason = self._desk.refusal(request, now_ns) or self._refusal(request)
        if reason:
            self._refused.append((request, reason))
        else:
            self._desk.reserve(request)
        return reason

    def _take(self, inputs: ArbiterInputs) -> None:
        """Judge the inputs and let the accepted ones in."""
        now_ns, composer = self._now_ns, self._composer
        self._watch.foreign_writers = inputs.foreign_writers
        if (plant := self.judge.take_plant(inputs.plant)) is not None:
            self._stamp('plant', plant.seq, plant.t_ns, plant.t_receive_ns)
            self._safety.observe(plant)
            if not self._started:
                self._latch(plant, self._config.initial_base)
            elif self.judge.plant_restarted:
                self._emit('plant_restarted', GROUPS, 'plant', f'seq={plant.seq}')
        if (chunk := self.judge.take_chunk(inputs.chunk, now_ns)) is not None:
            self._stamp('policy', chunk.seq, chunk.t_observation_ns, chunk.t_receive_ns)
            before, after = self._playback.load(chunk, now_ns)
            composer.splice(before, after, self._executed(), now_ns)
        reference = np.where(composer.followed, composer.human, self._tracker.position)
        checked = composer.followed | self._awaited
        proposal = self.judge.take_proposal(inputs.proposal, checked, reference, now_ns)
        if proposal is not None:
            seq, t_source_ns = proposal.operator_seq, proposal.t_source_ns
            self._stamp('operator', seq, t_source_ns, proposal.t_operator_ns)
            self._follow()

    def _follow(self) -> None:
        """Let the accepted proposal lead the groups that may follow it."""
        proposal = self.judge.proposal
        if proposal is not None and (groups := self._watch.led_by(proposal)):
            self._composer.take(proposal, channel_mask(groups), self._tracker.position)

    def _latch(self, plant: PlantState, base: Array) -> None:
        """Begin where the robot is; of the base (6,) only the reference is known."""
        position = np.concatenate((base, plant.position[NUM_LEG_JOINTS:]))
        self._tracker.seed(position, np.zeros(NUM_CHANNELS))
        legs = self._legs.solve(self._tracker.position[_BASE], np.zeros(NUM_BASE))[0]
        joints = np.concatenate((legs, self._tracker.position[NUM_BASE:]))
        self._joints = Channels(joints, np.zeros(NUM_JOINTS))
        self._started = True

    def _stamp(self, source: str, seq: int, t_source_ns: int, t_receive_ns: int) -> None:
        self._applied[source] = SourceTimes(seq, t_source_ns, t_receive_ns, self._now_ns)

    def _result(self) -> TickResult:
        active = self._tracker.active
        return TickResult(
            tick=self._tick,
            now_ns=self._now_ns,
            executed=self._executed(),
            joints=self._joints,
            reason=self._reason,
            operator_id=self.lease.holder,
            help=self._monitor.text,
            limits=describe(active) if active.any() else (),
            damping=self._watch.damping,
        )

    def _executed(self) -> Channels:
        return Channels(self._tracker.position, self._tracker.velocity)

    def _answer(self, request: Request) -> Reply:
        reason = self._desk.refusal(request, self._now_ns) or self._refusal(request)
        self._desk.settle(request)
        if reason:
            self._refuse(request, reason)
        else:
            self._desk.remember(request)
            self._perform(request)
        return Reply(request.request_id, not reason, reason)

    def _refuse(self, request: Request, reason: str) -> None:
        self._emit('refused', request.groups, request.operator_id, f'{request.event}: {reason}')

    def _perform(self, request: Request) -> None:
        """Do what a request that nothing stands against asks for."""
        kind, detail = request.event, request.detail
        groups: tuple[str, ...] = ()
        if kind == 'heartbeat':
            self.lease.heartbeat(request.operator_id, request.epoch, self._now_ns)
            return
        if kind in PHASE_EVENTS:
            groups = concerned(request, self._tags.phase)
        if kind == 'takeover':
            answered = self._monitor.answered(self._now_ns)
            detail = f'anchor_id={self._tags.anchor_id + 1} {answered} {detail}'
        if kind in ('takeover', 'release'):
            detail = f't_receive_ns={request.t_receive_ns or self._now_ns} {detail}'
        elif kind == 'episode_start' and not detail_value(detail, 'episode'):
            detail = f'episode={self._event_id + 1} {detail}'
        elif kind == 'mark_recovery':
            kind, detail = 'recovery', f'source=operator {detail}'
        self._emit(kind, groups, request.operator_id, ' '.join(detail.split()))

    def _refusal(self, request: Request) -> str:
        """Why a request that passed the desk cannot be done now, empty when it can."""
        kind, reason = request.event, obstacle(request, self._tags)
        if kind == 'rearm' and self._stop_tick == self._tick:
            reason = 'a stop came in the same tick'
        if kind in ('takeover', 'release', 'rearm', 'episode_start'):
            reason = reason or self._watch.plant_trouble
        if kind == 'takeover':
            reason = reason or self._watch.writer_trouble
            reason = reason or self._watch.operator_trouble(request.groups, self._now_ns)
        if reason or kind not in PHASE_EVENTS:
            return reason
        try:
            concerned(request, self._tags.phase)
        except InvalidTransition as error:
            return str(error)
        return ''

    def _emit(self, kind: str, groups: tuple[str, ...], actor: str, detail: str) -> None:
        """Record an event and let everything that depends on the phases follow it."""
        fell = self._watch.damping
        self._event_id += 1
        event = Event(self._event_id, self._tick, self._now_ns, kind, tuple(groups), actor, detail)
        self._events.append(event)
        self._tags.apply(event)
        if kind not in PHASE_EVENTS or not groups:
            return
        self._watch.note(event)
        if kind == 'stop' or Phase.STOPPED not in self._tags.phase:
            self._reason = f'{kind} by {actor}: {detail}'.removesuffix(': ')
        self._composer.assign(self._tags.authority)
        self._awaited = self._awaiting()
        channels = channel_mask(groups)
        if kind == 'takeover':
            self._composer.begin_takeover(channels, self._tracker.position)
        elif kind == 'human':
            self._follow()
            ends_ns = self._composer.begin_human(channels, self._executed(), self._now_ns)
            self._watch.fade_until(groups, ends_ns)
        elif kind == 'blend':
            policy = self._playback.sample(self._now_ns)
            assert policy is not None  # a blend begins with a playable chunk
            ends_ns = self._composer.begin_blend(channels, self._executed(), policy, self._now_ns)
            self._watch.fade_until(groups, ends_ns)
        elif kind == 'stop':
            self._stop_tick = self._tick
        elif kind == 'rearm' and fell and self.judge.plant is not None:
            self._latch(self.judge.plant, self._tracker.position[_BASE])  # it was limp
        elif kind == 'plant_restarted' and self.judge.plant is not None:
            self._latch(self.judge.plant, self._config.initial_base)

    def _awaiting(self) -> Array:
        """Channels that will follow the operator's next proposal, fingers not included."""
        groups = [
            group
            for group, phase, authority in zip(
                GROUPS, self._tags.phase, self._tags.authority, strict=True
            )
            if phase is Phase.TO_HUMAN and authority is Authority.HOLD and 'hand' not in group
        ]
        return channel_mask(groups)

    def _move(self, policy: Channels | None) -> None:
        """Advance the executed command by one period."""
        if self._watch.newly_frozen:
            self._composer.freeze(channel_mask(self._watch.newly_frozen))
        tracker = self._tracker
        envelope = self._envelopes.of(self._watch.paces(self._now_ns))
        target = self._composer.target(
            tracker.position, policy, self._playback.channels, self._now_ns
        )
        bounds = self._safety.bounds(tracker.position, tracker.velocity, envelope)
        before = tracker.position[_BASE]
        tracker.step(target, bounds, envelope)
        legs = self._joints.position[:NUM_LEG_JOINTS], np.zeros(NUM_LEG_JOINTS)
        if tracker.velocity[_BASE].any():
            solution = self._legs.solve(tracker.position[_BASE], tracker.velocity[_BASE])
            if fault := self._legs_fault(*solution):
                self.judge.counts[f'legs: reject {fault}'] += 1
                tracker.halt(_BASE, before)
            else:
                legs = solution
        self._joints = Channels(
            np.concatenate((legs[0], tracker.position[NUM_BASE:])),
            np.concatenate((legs[1], tracker.velocity[NUM_BASE:])),
        )

    def _legs_fault(self, position: Array, velocity: Array) -> str:
        """Why the legs must not follow a solution, empty when they may."""
        if not (np.isfinite(position).all() and np.isfinite(velocity).all()):
            return 'not finite'
        step = np.abs(position - self._joints.position[:NUM_LEG_JOINTS]).max()
        dt = self._config.period_ns * 1e-9
        if max(step / dt, np.abs(velocity).max()) > _LEG_SPEED:
            return 'too fast'
        return '' if velocity.any() else 'out of reach'

"""Watches every stream and every group, and says what has happened to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.engage import apart_text, outside
from rove_teleop.core.judge import Judge
from rove_teleop.core.lease import Lease
from rove_teleop.core.limits import Pace
from rove_teleop.core.names import GROUP_CHANNELS, GROUPS, SIDES, Authority, Phase, Stage
from rove_teleop.core.phases import OPERATED, RUNNING
from rove_teleop.core.playback import Playback
from rove_teleop.core.safety import tilt
from rove_teleop.core.tags import TagMachine
from rove_teleop.core.types import Array, Event, JointProposal

_MS = 1_000_000
_MOVED_ON_PURPOSE = ('left_arm', 'right_arm', 'torso')  # fingers move to be picked up, too


@dataclass(frozen=True)
class Finding:
    """Something that happened by itself: an event without number and time."""

    kind: str
    groups: tuple[str, ...] = ()
    detail: str = ''
    actor: str = 'arbiter'


@dataclass
class _Group:
    """What is remembered about one group; times in ns."""

    name: str
    anchor_id: int = 0  # oldest anchor whose proposals it follows
    valid_ns: int = 0  # the operator's newest sample for it
    frozen: bool = False
    lost: bool = False
    released_ns: int = 0
    wait_until_ns: int | None = None  # a release waits for a fresh chunk until then
    switch_end_ns: int = 0


class Watch:
    """Timers of the groups and of the streams; the arbiter asks once per tick.

    Attributes:
        newly_frozen: Groups whose human target stands still from this tick on.
        damping: True from a fall until it is rearmed, or the plant started again.
        foreign_writers: Who else may publish commands; set it before asking for findings.
    """

    def __init__(
        self, config: ArbiterConfig, tags: TagMachine, judge: Judge, lease: Lease, seat: Lease
    ) -> None:
        """Watch the given parts; nothing is changed in them but the lease's expiry.

        Args:
            config: Times.
            tags: Phases and authorities.
            judge: The streams.
            lease: The operator's.
            seat: The director's.
        """
        self._config, self._tags, self._judge, self._lease = config, tags, judge, lease
        self._leases = lease, seat
        self._groups = [_Group(name) for name in GROUPS]
        self._plant_lost = self._recorder_lost = False
        self._motion_ns: int | None = None
        self._leased = lease.holder, lease.epoch
        self.newly_frozen: list[str] = []
        self.damping = False
        self.foreign_writers: tuple[str, ...] = ()
        self._known_writers: tuple[str, ...] = ()

    @property
    def writer_trouble(self) -> str:
        """Why nobody may take over a robot that others command, too; empty if they do not."""
        others = ', '.join(self.foreign_writers)
        return f'joint_command has another writer: {others}; end it first' if others else ''

    @property
    def plant_trouble(self) -> str:
        """Why nothing may start moving now, empty when the plant is well."""
        plant = self._judge.plant
        if plant is None:
            return 'there is no plant state yet'
        if self._plant_lost:
            return 'the plant state is stale'
        if plant.fault:
            return f'the plant reports {plant.fault!r}'
        if tilt(plant.base_pose) > self._config.tilt_limit:
            return 'the robot has fallen'
        return ''

    def operator_trouble(self, groups: tuple[str, ...], now_ns: int) -> str:
        """Why the operator cannot lead some groups (all of them if empty) now."""
        proposal = self._judge.proposal
        if proposal is None or now_ns - _sample_ns(proposal) > self._config.operator_freeze_ns:
            return 'there is no fresh operator sample'
        if missing := [group for group in groups if group not in proposal.groups]:
            return f'the operator is not tracked for {", ".join(missing)}: {proposal.reason}'
        return _misalignment(proposal, groups or proposal.groups)

    def paces(self, now_ns: int) -> tuple[Pace, ...]:
        """How fast each group may be now."""
        return tuple(
            Pace.STOP
            if phase is Phase.STOPPED
            else Pace.SWITCH
            if now_ns < group.switch_end_ns
            else Pace.MOVING
            for group, phase in zip(self._groups, self._tags.phase, strict=True)
        )

    def fade_until(self, groups: tuple[str, ...], ends_ns: Array) -> None:
        """A switch of several groups lasts until the offsets of all are gone.

        Args:
            groups: Those that switch together.
            ends_ns: When each channel's offset is gone, shape (37,).
        """
        end_ns = max(int(ends_ns[GROUP_CHANNELS[name]].max()) for name in groups)
        for group in self._groups:
            if group.name in groups:
                group.switch_end_ns = max(group.switch_end_ns, end_ns)

    def led_by(self, proposal: JointProposal) -> list[str]:
        """Groups under human authority that may follow this proposal."""
        return [
            group.name
            for group, authority in zip(self._groups, self._tags.authority, strict=True)
            if authority is Authority.HUMAN and self._leads(proposal, group)
        ]

    def note(self, event: Event) -> None:
        """Take an event that was applied to the tags."""
        if event.kind in ('rearm', 'plant_restarted'):
            self.damping = False
        for group, phase in zip(self._groups, self._tags.phase, strict=True):
            if group.name in event.groups:
                self._note(group, phase, event.kind, event.t_ns)

    def _note(self, group: _Group, phase: Phase, kind: str, now_ns: int) -> None:
        if kind == 'episode_start':
            if phase is Phase.HOLD:
                group.released_ns = now_ns
                group.wait_until_ns = now_ns + self._config.start_wait_ns
            return
        if kind == 'release':
            group.released_ns = now_ns
            group.wait_until_ns = now_ns + self._config.release_wait_ns
        elif kind not in ('input_back', 'plant_back'):
            group.wait_until_ns = None
        if kind == 'takeover':
            group.anchor_id, group.valid_ns = self._tags.anchor_id, now_ns
            group.frozen = group.lost = False
        elif kind in ('input_lost', 'input_back'):
            group.lost = kind == 'input_lost'
        if kind not in ('settled', 'auto', 'input_back', 'plant_back', 'rearm'):
            group.switch_end_ns = now_ns + self._config.switch_ns

    def findings(self, playback: Playback, recorder_alive: bool, now_ns: int) -> Iterator[Finding]:
        """What has happened by itself; each finding is applied before the next is asked for."""
        yield from self._lease_findings(now_ns)
        yield from self._plant_findings(now_ns)
        yield from self._operator_findings(now_ns)
        yield from self._policy_findings(playback, now_ns)
        if recorder_alive == self._recorder_lost:
            self._recorder_lost = not recorder_alive
            yield Finding('recorder_lost' if self._recorder_lost else 'recorder_back')
        yield from self._writer_findings()
        if self._recovered(now_ns):
            yield Finding('recovery', detail='source=rule')

    def _writer_findings(self) -> Iterator[Finding]:
        known, self._known_writers = self._known_writers, self.foreign_writers
        for writer in self.foreign_writers:
            if writer not in known:
                yield Finding('foreign_writer', (), writer)
        if known and not self.foreign_writers:
            yield Finding('foreign_writer_gone')

    def _lease_findings(self, now_ns: int) -> Iterator[Finding]:
        self._lease.expire(now_ns)
        (holder, _), leased = self._leased, (self._lease.holder, self._lease.epoch)
        if holder and leased != self._leased:
            operated = self._in_phases(*OPERATED)
            yield Finding('lease_lost', operated, f'operator={holder} {self._lease.ended}')
        self._leased = leased
        for refusals in (lease.refusals for lease in self._leases):
            while refusals:
                who, reason = refusals.popleft()
                yield Finding('refused', (), f'lease: {reason}', who)

    def _plant_findings(self, now_ns: int) -> Iterator[Finding]:
        plant = self._judge.plant
        if plant is None:
            return
        age_ns = now_ns - (plant.t_receive_ns or plant.t_ns)
        was_lost, self._plant_lost = self._plant_lost, age_ns > self._config.plant_hold_ns
        running = any(phase is not Phase.STOPPED for phase in self._tags.phase)
        if self._plant_lost and not was_lost:
            groups = self._in_phases(*RUNNING)
            yield Finding('plant_lost', groups, f'no plant state for {age_ns // _MS} ms')
        elif was_lost and not self._plant_lost:
            yield Finding('plant_back')
        if running and age_ns > self._config.plant_stop_ns:
            yield Finding('stop', GROUPS, f'no plant state for {age_ns // _MS} ms')
        elif not self.damping and (angle := tilt(plant.base_pose)) > self._config.tilt_limit:
            self.damping = True
            yield Finding('stop', GROUPS, f'the robot tilts by {np.rad2deg(angle):.0f} deg')
        elif running and plant.fault:
            yield Finding('stop', GROUPS, f'plant fault: {plant.fault}')

    def _operator_findings(self, now_ns: int) -> Iterator[Finding]:
        proposal = self._judge.proposal
        begins, settled, lost, back = [], [], [], []
        self.newly_frozen = []
        for index, group in enumerate(self._groups):
            phase, authority = self._tags.phase[index], self._tags.authority[index]
            operated = phase in OPERATED
            if not (operated or group.lost):
                continue
            leads = proposal is not None and self._leads(proposal, group)
            sample_ns = _sample_ns(proposal) if leads and proposal is not None else 0
            fresh = now_ns - sample_ns <= self._config.operator_freeze_ns
            if not operated:
                back += [group.name] if fresh and leads else []
            elif authority is Authority.HOLD and fresh and leads:
                group.valid_ns = sample_ns
                begins.append(group.name)
            elif self._operator_lost(group, sample_ns, now_ns):
                lost.append(group.name)
            elif phase is Phase.TO_HUMAN and authority is Authority.HUMAN:
                settled += [group.name] if now_ns >= group.switch_end_ns else []
        if lost:
            detail = f'no valid operator sample for {self._config.operator_lost_ns // _MS} ms'
            yield Finding('input_lost', tuple(lost), detail)
        for kind, names in (('human', begins), ('settled', settled), ('input_back', back)):
            if names:
                yield Finding(kind, tuple(names))

    def _operator_lost(self, group: _Group, sample_ns: int, now_ns: int) -> bool:
        """Follow the age of the operator's newest sample for a group he has, or waits for."""
        if self._tags.authority[GROUPS.index(group.name)] is Authority.HUMAN:
            group.valid_ns = max(group.valid_ns, sample_ns)  # before, late ones do not count
        age_ns = now_ns - group.valid_ns
        frozen = age_ns > self._config.operator_freeze_ns
        if frozen and not group.frozen:
            self.newly_frozen.append(group.name)
        group.frozen = frozen
        return age_ns > self._config.operator_lost_ns

    def _policy_findings(self, playback: Playback, now_ns: int) -> Iterator[Finding]:
        playable = playback.playable(now_ns)
        observed_ns = playback.chunk.t_observation_ns if playback.chunk is not None else 0
        begins, done, lost = [], [], []
        for index, group in enumerate(self._groups):
            if group.wait_until_ns is not None:
                if playable and observed_ns > group.released_ns and not self._plant_lost:
                    begins.append(group.name)
                elif now_ns > group.wait_until_ns:
                    lost.append(group.name)
            elif self._tags.authority[index] in (Authority.POLICY, Authority.BLEND):
                if playback.lost(now_ns):
                    lost.append(group.name)
                elif self._tags.phase[index] is Phase.TO_AUTO and now_ns >= group.switch_end_ns:
                    done.append(group.name)
        if lost:
            yield Finding('policy_lost', tuple(lost), 'nothing playable from the policy')
        for kind, names in (('blend', begins), ('auto', done)):
            if names:
                yield Finding(kind, tuple(names))

    def _recovered(self, now_ns: int) -> bool:
        """The rule for t_r, see `ArbiterConfig`."""
        if self._tags.stage is not Stage.ADAPTATION:
            self._motion_ns = None
            return False
        if self._motion_ns is not None:
            return now_ns - self._motion_ns >= self._config.recovery_ns
        proposal = self._judge.proposal
        if proposal is None or np.abs(proposal.velocity).max() <= self._config.recovery_speed:
            return False
        for name in self.led_by(proposal):
            speed = np.abs(proposal.velocity[GROUP_CHANNELS[name]]).max()
            if name in _MOVED_ON_PURPOSE and speed > self._config.recovery_speed:
                self._motion_ns = now_ns
        return False

    def _leads(self, proposal: JointProposal, group: _Group) -> bool:
        known = group.anchor_id <= proposal.anchor_id <= self._tags.anchor_id
        return known and group.name in proposal.groups

    def _in_phases(self, *phases: Phase) -> tuple[str, ...]:
        return tuple(
            group.name
            for group, phase in zip(self._groups, self._tags.phase, strict=True)
            if phase in phases
        )


def _sample_ns(proposal: JointProposal) -> int:
    """When the operator was last seen in a proposal that did come; 0 is never."""
    return min(proposal.t_operator_ns, proposal.t_receive_ns)


def _misalignment(proposal: JointProposal, groups: tuple[str, ...]) -> str:
    """Why the gate of a proposal keeps an arm from being taken, empty when it does not."""
    if proposal.gate is None:
        return ''
    for side in SIDES:
        if f'{side}_arm' not in groups:
            continue
        apart = proposal.alignment.get(side)
        if apart is None:
            return f'it is not known how far the {side} hand is from the palm'
        if outside(apart, proposal.gate):
            return f'the {side} hand {apart_text(apart, proposal.gate)}'
    return ''

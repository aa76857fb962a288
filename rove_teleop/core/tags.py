"""The tags of a frame, and their recomputation from the event log.

The arbiter keeps its phases in a `TagMachine` and changes them only by events, so whoever
replays the recorded events through another `TagMachine` gets the tags of every frame.

Stage (ROVE): ``rollout`` until the first intervention frame, ``adaptation`` from it, and
``recovery`` from the event of that name. When every group is the policy's again it has the
robot and the next frames are ``rollout``, so a second takeover has an adaptation of
its own. A pause keeps the stage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rove_teleop.core.names import GROUPS, Authority, Phase, Stage
from rove_teleop.core.phases import (
    OPERATED,
    PHASE_EVENTS,
    authority_after,
    robot_phase,
    transition,
)
from rove_teleop.core.types import ControlFrame, Event

_INDEX = {group: index for index, group in enumerate(GROUPS)}
_INTERVENING = (Authority.HUMAN, Authority.BLEND)
_PHASE_EVENTS = frozenset(PHASE_EVENTS)


@dataclass(frozen=True)
class FrameTags:
    """What a frame says about who was in command; fields as in `ControlFrame`."""

    phase: tuple[Phase, ...]
    authority: tuple[Authority, ...]
    robot_phase: Phase
    intervention: bool
    stage: Stage
    takeover_id: int
    anchor_id: int
    episode: str

    @classmethod
    def of(cls, frame: ControlFrame) -> FrameTags:
        """The tags a recorded frame carries."""
        return cls(**{name: getattr(frame, name) for name in cls.__dataclass_fields__})


class TagMachine:
    """Phases, authorities and labels, changed by events only.

    Attributes:
        phase, authority: Per group, in the order of ``GROUPS``.
        takeover_id: Takeovers so far, re-clutches not counted; 0 before the first.
        anchor_id: Anchors latched so far; 0 before the first.
        episode: Name of the running episode, empty between episodes.
    """

    def __init__(self) -> None:
        """Begin held, without an episode."""
        self.phase = [Phase.HOLD] * len(GROUPS)
        self.authority = [Authority.HOLD] * len(GROUPS)
        self.stage = Stage.ROLLOUT
        self.takeover_id = 0
        self.anchor_id = 0
        self.episode = ''

    def apply(self, event: Event) -> None:
        """Take one event.

        Raises:
            InvalidTransition: A group of the event is in a phase that refuses it.
        """
        if event.kind == 'takeover':
            self._count_takeover(event)
        if event.kind in _PHASE_EVENTS:
            for group in event.groups:
                index = _INDEX[group]
                phase, authority = self.phase[index], self.authority[index]
                self.phase[index] = transition(phase, event.kind)
                self.authority[index] = authority_after(phase, authority, event.kind)
        if event.kind == 'episode_start':
            self.episode = detail_value(event.detail, 'episode')
            self.stage = Stage.ROLLOUT
        elif event.kind in ('episode_end', 'plant_restarted'):
            self.episode = ''
        elif event.kind == 'recovery':
            self.stage = Stage.RECOVERY

    def tags(self) -> FrameTags:
        """The tags of the frame that ends this tick; call it exactly once per tick."""
        intervention = any(authority in _INTERVENING for authority in self.authority)
        if intervention:
            self.stage = max(self.stage, Stage.ADAPTATION)
        elif all(authority is Authority.POLICY for authority in self.authority):
            self.stage = Stage.ROLLOUT
        return FrameTags(
            phase=tuple(self.phase),
            authority=tuple(self.authority),
            robot_phase=robot_phase(self.phase),
            intervention=intervention,
            stage=self.stage,
            takeover_id=self.takeover_id,
            anchor_id=self.anchor_id,
            episode=self.episode,
        )

    def _count_takeover(self, event: Event) -> None:
        if any(self.phase[_INDEX[group]] not in OPERATED for group in event.groups):
            self.takeover_id += 1
        self.anchor_id += 1


def detail_value(detail: str, key: str) -> str:
    """Value of ``key`` in a detail text of ``key=value`` words, empty when it is not there."""
    for word in detail.split():
        name, _, value = word.partition('=')
        if name == key:
            return value
    return ''


def recompute_tags(events: Iterable[Event], ticks: Iterable[int]) -> list[FrameTags]:
    """Tags of every frame from nothing but the event log.

    Args:
        events: All events of one arbiter lifetime, in the order they were emitted.
        ticks: Ticks of the recorded frames, ascending, from the first frame on.

    Raises:
        InvalidTransition: The log is incomplete or out of order.
    """
    machine = TagMachine()
    pending = sorted(events, key=lambda event: event.event_id)
    result, at = [], 0
    for tick in ticks:
        while at < len(pending) and pending[at].tick <= tick:
            machine.apply(pending[at])
            at += 1
        result.append(machine.tags())
    return result

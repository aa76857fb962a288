"""Judges what comes in: pass, clamp or reject, always with a reason, and counts the verdicts.

A rejected input is as if it had never come. The bands for a proposal compare each channel with
the last accepted one: a step beyond what the channel could do in that time at full speed plus
``PASS`` is cut to that (clamp); beyond ``REJECT`` on top of it no tracking error explains it,
so it is a teleport.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
import math
from typing import Protocol, TypeVar

import numpy as np

from rove_teleop.core.names import (
    CHANNELS,
    GROUP_CHANNELS,
    GROUPS,
    NUM_BASE,
    NUM_CHANNELS,
    NUM_JOINTS,
)
from rove_teleop.core.pose import pose_fault
from rove_teleop.core.types import ActionChunk, Array, JointProposal, PlantState

PASS = np.array([0.03] * 3 + [0.1] * 3 + [0.25] * (NUM_CHANNELS - NUM_BASE))
REJECT = np.array([0.2] * 3 + [0.5] * 3 + [1.5] * (NUM_CHANNELS - NUM_BASE))
"""Steps of the human target [m, rad], see above; shape (37,)."""

MAX_POSITION = 10.0  # [m, rad]; nothing on this robot is further
MAX_VELOCITY = 50.0  # [m/s, rad/s]
MAX_MEASURED = 1e6  # more than any sensor of a sound robot says
MAX_CHUNK_ROWS = 2000
MAX_CHUNK_S = 10.0
MAX_CHUNK_LEAD_NS = 1_000_000_000
MAX_GAP_S = 0.1
FUTURE_NS = 20_000_000
RESTART_NS = 1_000_000_000
RESTART_COUNT = 3


class Numbered(Protocol):
    """A message that counts."""

    @property
    def seq(self) -> int:
        """Its number."""


Message = TypeVar('Message', bound=Numbered)


def newest(messages: Iterable[Message]) -> Message:
    """Of several that came between two ticks, the one with the highest number.

    So a stranger who repeats what was said before never covers what is being said.
    """
    return max(messages, key=lambda message: message.seq)


@dataclass(frozen=True)
class Verdict:
    """How an input was judged.

    Attributes:
        band: ``pass``, ``clamp`` or ``reject``; ``none`` when there was no input.
        reason: What was wrong, empty for pass.
    """

    source: str
    band: str = 'none'
    reason: str = ''

    @cached_property
    def text(self) -> str:
        """As it stands in the frame record."""
        return f'{self.source}: {self.band} {self.reason}'.rstrip()


class _Order:
    """Refuses what is older than what was already accepted; a silent source may restart."""

    def __init__(self) -> None:
        self._seq, self.accepted_ns = -1, -RESTART_NS

    def fault(self, seq: int, now_ns: int) -> str:
        if seq > self._seq or now_ns - self.accepted_ns > RESTART_NS:
            return ''
        return f'seq {seq} after {self._seq}'

    def accept(self, seq: int, now_ns: int) -> None:
        self._seq, self.accepted_ns = seq, now_ns


class _PlantOrder:
    """Tells a plant that started again from a state that is late, repeated or a stranger's.

    Only a restarted plant counts up from a lower number without the old stream going on.
    """

    def __init__(self) -> None:
        self._seq, self._lower, self.count = -1, -1, 0

    def fault(self, seq: int) -> str:
        if seq >= self._seq:
            self.count = 0
        else:
            self.count = self.count + 1 if self.count and seq > self._lower else 1
            self._lower = seq
        good = seq > self._seq or self.count >= RESTART_COUNT
        return '' if good else f'seq {seq} after {self._seq}'

    def accept(self, seq: int) -> bool:
        """Go on from here; True when it is a new stream."""
        restarted = seq < self._seq
        self._seq, self.count = seq, 0
        return restarted


class Judge:
    """Judges each new object once; the same object again keeps its verdict.

    Attributes:
        proposal, chunk, plant: The newest accepted input of each source, None before.
        verdicts: The newest verdict per source, by name.
        counts: Clamps and rejections so far, by their text.
        plant_restarted: Whether the plant state accepted last began a new stream.
    """

    def __init__(self, velocity_limit: Array) -> None:
        """Begin with nothing accepted.

        Args:
            velocity_limit: Of the channels, shape (37,).
        """
        self._velocity_limit = velocity_limit
        self._seen: dict[str, object] = {}
        self._order = {'operator': _Order(), 'policy': _Order()}
        self._plant_order = _PlantOrder()
        self._policy_id = ''
        self.proposal: JointProposal | None = None
        self.chunk: ActionChunk | None = None
        self.plant: PlantState | None = None
        self.plant_restarted = False
        self.verdicts = {name: Verdict(name) for name in (*self._order, 'plant')}
        self.counts: Counter[str] = Counter()

    def take_plant(self, state: PlantState | None) -> PlantState | None:
        """Judge a plant state; the accepted one if it is new, else None."""
        if state is None or not self._new('plant', state):
            return None
        fault = _plant_fault(state) or self._plant_order.fault(state.seq)
        if not self._rule('plant', 'reject' if fault else 'pass', fault):
            return None
        self.plant_restarted = self._plant_order.accept(state.seq)
        self.plant = state
        return state

    @property
    def plant_in_doubt(self) -> bool:
        """Whether lower numbers came that may be a restart, or may be nothing."""
        return self._plant_order.count > 0

    def take_chunk(self, chunk: ActionChunk | None, now_ns: int) -> ActionChunk | None:
        """Judge a chunk; the accepted one if it is new, else None."""
        if chunk is None or not self._new('policy', chunk):
            return None
        if chunk.policy_id != self._policy_id:
            self._order['policy'] = _Order()
        order = self._order['policy']
        fault = _chunk_fault(chunk, now_ns) or order.fault(chunk.seq, now_ns)
        if not self._rule('policy', 'reject' if fault else 'pass', fault):
            return None
        order.accept(chunk.seq, now_ns)
        self._policy_id, self.chunk = chunk.policy_id, chunk
        return chunk

    def take_proposal(
        self, proposal: JointProposal | None, followed: Array, reference: Array, now_ns: int
    ) -> JointProposal | None:
        """Judge a proposal; the accepted one, perhaps clamped, if it is new, else None.

        Args:
            proposal: The newest that came.
            followed: Channels under human authority, bool of shape (37,); only they can jump.
            reference: The human target so far, shape (37,).
            now_ns: Time of this tick [ns].
        """
        if proposal is None or not self._new('operator', proposal):
            return None
        order = self._order['operator']
        if fault := _proposal_fault(proposal, now_ns) or order.fault(proposal.seq, now_ns):
            self._rule('operator', 'reject', fault)
            return None
        proposal, band, reason = self._bands(proposal, followed, reference, now_ns)
        if not self._rule('operator', band, reason):
            return None
        order.accept(proposal.seq, now_ns)
        self.proposal = proposal
        return proposal

    def _new(self, source: str, value: object) -> bool:
        if self._seen.get(source) is value:
            return False
        self._seen[source] = value
        return True

    def _rule(self, source: str, band: str, reason: str = '') -> bool:
        """Note a verdict; True when the input may be used."""
        verdict = self.verdicts[source]
        if (verdict.band, verdict.reason) != (band, reason):
            self.verdicts[source] = Verdict(source, band, reason)
        if band != 'pass':
            self.counts[f'{source}: {band} {_kind(reason)}'] += 1
        return band != 'reject'

    def _bands(
        self, proposal: JointProposal, followed: Array, reference: Array, now_ns: int
    ) -> tuple[JointProposal, str, str]:
        checked = followed & channel_mask(proposal.groups)
        gap_s = min((now_ns - self._order['operator'].accepted_ns) * 1e-9, MAX_GAP_S)
        limit = PASS + self._velocity_limit * gap_s
        step = np.where(checked, proposal.position - reference, 0.0)
        over = np.abs(step) - limit
        worst = int(np.argmax(over / REJECT))
        if over[worst] <= 0.0:
            return proposal, 'pass', ''
        reason = f'{CHANNELS[worst]} steps by {step[worst]:.2f}'
        if over[worst] > REJECT[worst]:
            return proposal, 'reject', reason
        cut = reference + np.minimum(np.maximum(step, -limit), limit)
        position = np.where(checked, cut, proposal.position)
        return replace(proposal, position=position), 'clamp', reason


def channel_mask(groups: Iterable[str]) -> Array:
    """Channels of some groups, bool of shape (37,)."""
    mask = np.zeros(NUM_CHANNELS, dtype=bool)
    for group in groups:
        mask[GROUP_CHANNELS[group]] = True
    return mask


def _kind(reason: str) -> str:
    """A reason without its numbers, so that equal ones are counted together."""
    return ' '.join(word for word in reason.split() if not any(c.isdigit() for c in word))


def _plant_fault(state: PlantState) -> str:
    vectors = (
        ('position', state.position, (NUM_JOINTS,)),
        ('velocity', state.velocity, (NUM_JOINTS,)),
    )
    for name, value, shape in vectors:
        if fault := _array_fault(name, value, shape, MAX_MEASURED):
            return fault
    fault = pose_fault(state.base_pose, farthest=MAX_MEASURED)
    return f'base_pose {fault}' if fault else ''


def _chunk_fault(chunk: ActionChunk, now_ns: int) -> str:
    if not (math.isfinite(chunk.dt) and 1e-3 <= chunk.dt <= 10.0):
        return f'dt {chunk.dt} s is outside 0.001 to 10'
    rows = np.shape(chunk.position)[0] if np.ndim(chunk.position) else 0
    if not 1 <= rows <= MAX_CHUNK_ROWS:
        return f'{rows} rows, expected 1 to {MAX_CHUNK_ROWS}'
    if rows * chunk.dt > MAX_CHUNK_S * (1.0 + 1e-9):
        return f'lasts {rows * chunk.dt:.1f} s, expected at most {MAX_CHUNK_S:g} s'
    if fault := _array_fault('position', chunk.position, (rows, NUM_CHANNELS), MAX_POSITION):
        return fault
    if fault := _groups_fault(chunk.groups):
        return fault
    if chunk.t_observation_ns > now_ns + FUTURE_NS:
        return 'observation is from the future'
    if chunk.t0_ns > now_ns + MAX_CHUNK_LEAD_NS:
        return 'starts more than 1 s ahead'
    over = (now_ns - chunk.t0_ns) * 1e-9 > rows * chunk.dt
    return 'ended before it came' if over else ''


def _proposal_fault(proposal: JointProposal, now_ns: int) -> str:
    shape = (NUM_CHANNELS,)
    return (
        _array_fault('position', proposal.position, shape, MAX_POSITION)
        or _array_fault('velocity', proposal.velocity, shape, MAX_VELOCITY)
        or _groups_fault(proposal.groups)
        or _alignment_fault(proposal)
        or ('sample is from the future' if proposal.t_operator_ns > now_ns + FUTURE_NS else '')
    )


def _alignment_fault(proposal: JointProposal) -> str:
    numbers = [number for pair in proposal.alignment.values() for number in pair]
    if not all(0.0 <= number < math.inf for number in numbers):
        return 'alignment is not finite or negative'
    if proposal.gate is not None and not all(0.0 < edge < math.inf for edge in proposal.gate):
        return 'gate is not finite or not positive'
    return ''


def _array_fault(name: str, value: Array, shape: tuple[int, ...], limit: float) -> str:
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return f'{name} is not numbers'
    if array.shape != shape:
        return f'{name} has shape {array.shape}, expected {shape}'
    if np.abs(array).max(initial=0.0) <= limit:  # never true of NaN
        return ''
    finite = np.isfinite(array).all()
    return f'{name} exceeds {limit:g}' if finite else f'{name} is not finite'


def _groups_fault(groups: tuple[str, ...]) -> str:
    unknown = [group for group in groups if group not in GROUP_CHANNELS]
    return f'unknown group {unknown[0]!r}; known: {", ".join(GROUPS)}' if unknown else ''

"""What a run left behind, as far as a fault is judged by it: the frames, and what fed them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rove_bringup.lockstep import Tick
from rove_teleop.core.names import NUM_JOINTS
from rove_teleop.core.types import Array
from rove_teleop.errors import RecordingError
from rove_teleop.recording.builder import EpisodeBuilder
from rove_teleop.recording.columns import Columns
from rove_teleop.recording.episode import Episode
from rove_teleop.recording.reader import EpisodeReader, Record

_PREFIX = 'rove_msgs/msg/'
_USED = ('ControlFrame', 'Event', 'JointProposal', 'ActionChunk', 'PlantState', 'JointCommand')

Key = tuple[int, int]
"""Number and time [ns] of a message, as the frames name it."""


@dataclass(frozen=True)
class Evidence:
    """One run.

    Attributes:
        episode: Its frames and events.
        samples: Groups the operator's samples were valid for, by number and receive time.
        chunks: When the chunks were over [ns], by number and time of the observation.
        plant_ns, plant_position, plant_velocity: The plant states, (m,) and (m, 43).
        plant_faults: What the plant reported to be wrong.
        command_ns: When commands came to the plant and how long they were valid, (k, 2).
    """

    episode: Episode
    samples: dict[Key, frozenset[str]]
    chunks: dict[Key, int]
    plant_ns: Array
    plant_position: Array
    plant_velocity: Array
    plant_faults: frozenset[str]
    command_ns: Array


class Witness:
    """Gathers the evidence; give it every tick of a run in lockstep, or every record of a file."""

    def __init__(self) -> None:
        self._frames = EpisodeBuilder()
        self._samples: dict[Key, frozenset[str]] = {}
        self._chunks: dict[Key, int] = {}
        joints = ('f8', (NUM_JOINTS,))
        self._plant = Columns({'t_ns': ('i8', ()), 'position': joints, 'velocity': joints})
        self._commands = Columns({'times': ('i8', (2,))})
        self._faults: set[str] = set()

    def take(self, tick: Tick) -> None:
        """One tick."""
        if tick.frame is not None:
            self._frames.add_frame(tick.frame)
        for event in tick.events:
            self._frames.add_event(event)
        if (proposal := tick.proposal) is not None:
            key = (proposal.operator_seq, proposal.t_operator_ns)
            self._add_sample(key, proposal.groups)
        if (chunk := tick.chunk) is not None:
            self._add_chunk(
                (chunk.seq, chunk.t_observation_ns), chunk.t0_ns, len(chunk.position) * chunk.dt
            )
        self._add_plant(tick.plant.t_ns, tick.plant)
        if tick.command is not None:
            self._commands.append({'times': (tick.now_ns, tick.command.valid_until_ns)})

    def take_record(self, record: Record) -> None:
        """One recorded message."""
        self._frames.add_record(record)
        message, kind = record.message, record.type_name.removeprefix(_PREFIX)
        if kind == 'JointProposal':
            key = (message.operator_seq, message.operator_monotonic_ns)
            self._add_sample(key, message.groups)
        elif kind == 'ActionChunk' and len(message.names):
            rows = len(message.positions) // len(message.names)
            key = (message.seq, message.observation_monotonic_ns)
            self._add_chunk(key, message.t0_monotonic_ns, rows * message.dt)
        elif kind == 'PlantState':
            self._add_plant(message.monotonic_ns, message)
        elif kind == 'JointCommand':
            self._commands.append({'times': (message.monotonic_ns, message.valid_until_ns)})

    def tell(
        self,
        metadata: dict[str, dict[str, str]] | None = None,
        truncated: bool = False,
        problems: tuple[str, ...] = (),
    ) -> Evidence:
        """Everything gathered so far."""
        plant = self._plant.arrays()
        return Evidence(
            episode=self._frames.build(metadata, truncated, problems),
            samples=self._samples,
            chunks=self._chunks,
            plant_ns=plant['t_ns'],
            plant_position=plant['position'],
            plant_velocity=plant['velocity'],
            plant_faults=frozenset(self._faults),
            command_ns=self._commands.arrays()['times'],
        )

    def _add_sample(self, key: Key, groups: Iterable[str]) -> None:
        """A sample counts for every group it once led; as it gets old, it loses them."""
        self._samples[key] = self._samples.get(key, frozenset()).union(groups)

    def _add_chunk(self, key: Key, t0_ns: int, seconds: float) -> None:
        self._chunks[key] = t0_ns + int(seconds * 1e9)

    def _add_plant(self, t_ns: int, state: Any) -> None:
        row = {'t_ns': t_ns, 'position': state.position, 'velocity': state.velocity}
        self._plant.append(row)
        if state.fault:
            self._faults.add(state.fault)


def read_evidence(path: Path) -> Evidence:
    """The evidence in a recording, also in one that was cut short.

    Raises:
        RecordingError: It is not a recording, or there is no frame in it.
    """
    reader = EpisodeReader(path, {_PREFIX + name for name in _USED})
    witness = Witness()
    for record in reader:
        witness.take_record(record)
    evidence = witness.tell(reader.metadata, reader.truncated, tuple(reader.problems))
    if not len(evidence.episode):
        raise RecordingError(f'{path}: there is no control frame in it')
    return evidence


def last_before(times: Array, at_ns: float) -> int:
    """Index of the last of some ascending times that is not after a moment, -1 if none is."""
    return int(np.searchsorted(times, at_ns, side='right')) - 1

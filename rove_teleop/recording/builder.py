"""Gather the frames, events and states of a run, as objects or as recorded messages."""

from __future__ import annotations

from typing import Any

import numpy as np

from rove_teleop.core.names import GROUPS, NUM_CHANNELS, NUM_JOINTS, SIDES
from rove_teleop.core.types import (
    Channels,
    ControlFrame,
    Event,
    OperatorState,
    PlantState,
    SourceTimes,
    TaskState,
)
from rove_teleop.recording.columns import Columns
from rove_teleop.recording.episode import Episode
from rove_teleop.recording.reader import Record
from rove_teleop.recording.schemas import (
    CONTROL_FRAME,
    EVENT,
    OPERATOR_STATE,
    PLANT_STATE,
    TASK_STATE,
)

_PROPOSALS = ('policy', 'human')
_SOURCES = ('operator', 'policy', 'plant')
_SCALARS = (
    'tick',
    't_ns',
    'stamp_ns',
    'log_time_ns',
    'takeover_id',
    'anchor_id',
)
_LAYOUT: dict[str, tuple[str, tuple[int, ...]]] = {
    **{name: ('i8', ()) for name in _SCALARS},
    **{name: ('i1', (len(GROUPS),)) for name in ('phase', 'authority')},
    **{name: ('i1', ()) for name in ('robot_phase', 'stage')},
    'intervention': ('?', ()),
    **{
        f'{source}_{what}': ('f8', (NUM_CHANNELS,))
        for source in (*_PROPOSALS, 'executed')
        for what in ('position', 'velocity')
    },
    **{
        f'{source}_{what}': ('f8', (NUM_JOINTS,))
        for source in ('joint', 'measured')
        for what in ('position', 'velocity')
    },
    **{f'{source}_times': ('i8', (4,)) for source in _SOURCES},
    'alignment': ('f8', (len(SIDES), 2)),
}
_NOTHING = np.full(NUM_CHANNELS, np.nan)
_NO_POSE = np.full(7, np.nan)
_UNKNOWN = np.nan, np.nan


class EpisodeBuilder:
    """Collects what an episode is made of; feed it objects in a run, records from a file."""

    def __init__(self) -> None:
        self._frames = Columns(_LAYOUT)
        self._base = Columns({'base_t_ns': ('i8', ()), 'base_pose': ('f8', (7,))})
        self._wrists = Columns({'wrist_t_ns': ('i8', ()), 'wrist_pose': ('f8', (2, 7))})
        self._texts: dict[str, list[Any]] = {
            name: [] for name in ('episode', 'reason', 'operator_id', 'verdicts', 'limits', 'help')
        }
        self._events: list[Event] = []
        self._task: list[TaskState] = []

    @property
    def num_frames(self) -> int:
        """Frames added so far."""
        return len(self._frames)

    def add_frame(self, frame: ControlFrame) -> None:
        """Add one tick of a run in memory; its time stands for stamp and receive time too."""
        row = {
            **{name: getattr(frame, name) for name in _LAYOUT if hasattr(frame, name)},
            'stamp_ns': frame.t_ns,
            'log_time_ns': frame.t_ns,
            **_channels('policy', frame.policy_proposal),
            **_channels('human', frame.human_proposal),
            **_channels('executed', frame.executed),
            **{f'{source}_times': _times(getattr(frame, source)) for source in _SOURCES},
            'alignment': [frame.alignment.get(side, _UNKNOWN) for side in SIDES],
        }
        self._append(row, frame)

    def add_event(self, event: Event) -> None:
        """Add something that happened."""
        self._events.append(event)

    def add_task(self, state: TaskState) -> None:
        """Add how the task stands."""
        self._task.append(state)

    def add_plant(self, state: PlantState) -> None:
        """Add what the plant measured; only its pelvis is kept."""
        self._base.append({'base_t_ns': state.t_ns, 'base_pose': state.base_pose})

    def add_operator(self, state: OperatorState) -> None:
        """Add a sample of the operator; only his wrists are kept."""
        self._add_wrists(state, state.t_source_ns)

    def _add_wrists(self, sample: Any, t_ns: int) -> None:
        wrists = [_pose(getattr(sample, f'{side}_wrist')) for side in SIDES]
        self._wrists.append({'wrist_t_ns': t_ns, 'wrist_pose': wrists})

    def add_record(self, record: Record) -> None:
        """Add one recorded message; types that an episode has no use for are passed over.

        Raises:
            RecordingError: A field has the wrong size.
            AttributeError: A field is missing.
        """
        message = record.message
        if record.type_name == CONTROL_FRAME:
            self._append(_message_row(message, record.log_time_ns), message)
        elif record.type_name == EVENT:
            self.add_event(_event(message))
        elif record.type_name == TASK_STATE:
            self.add_task(_task(message))
        elif record.type_name == PLANT_STATE:
            self._base.append({'base_t_ns': message.monotonic_ns, 'base_pose': message.base_pose})
        elif record.type_name == OPERATOR_STATE:
            self._add_wrists(message, message.source_monotonic_ns)

    def build(
        self,
        metadata: dict[str, dict[str, str]] | None = None,
        truncated: bool = False,
        problems: tuple[str, ...] = (),
    ) -> Episode:
        """Return what was gathered so far."""
        columns: dict[str, Any] = {
            **self._frames.arrays(),
            **self._base.arrays(),
            **self._wrists.arrays(),
            **{name: tuple(values) for name, values in self._texts.items()},
        }
        return Episode(
            **columns,
            events=tuple(self._events),
            task=tuple(self._task),
            metadata=metadata or {},
            truncated=truncated,
            problems=problems,
        )

    def _append(self, row: dict[str, Any], source: Any) -> None:
        self._frames.append(row)
        self._texts['episode'].append(source.episode)
        self._texts['reason'].append(source.reason)
        self._texts['operator_id'].append(source.operator_id)
        self._texts['verdicts'].append(tuple(source.verdicts))
        self._texts['limits'].append(tuple(source.limits))
        self._texts['help'].append(getattr(source, 'help', ''))  # younger than the rest


def _message_row(message: Any, log_time_ns: int) -> dict[str, Any]:
    stamp = message.header.stamp
    special = {'t_ns', 'stamp_ns', 'log_time_ns', 'alignment'}
    row = {name: getattr(message, name) for name in _LAYOUT if name not in special}
    for name in (f'{source}_{what}' for source in _PROPOSALS for what in ('position', 'velocity')):
        row[name] = row[name] if len(row[name]) else _NOTHING
    for name in (f'{source}_times' for source in _SOURCES):
        times = row[name]
        row[name] = (times.seq, times.source_ns, times.receive_ns, times.apply_ns)
    alignment = getattr(message, 'alignment', (*_UNKNOWN, *_UNKNOWN))  # younger than the rest
    row['alignment'] = np.reshape(alignment, (len(SIDES), 2))
    row['t_ns'], row['log_time_ns'] = message.monotonic_ns, log_time_ns
    row['stamp_ns'] = stamp.sec * 1_000_000_000 + stamp.nanosec
    return row


def _channels(source: str, channels: Channels | None) -> dict[str, np.ndarray]:
    if channels is None:
        return {f'{source}_position': _NOTHING, f'{source}_velocity': _NOTHING}
    return {f'{source}_position': channels.position, f'{source}_velocity': channels.velocity}


def _pose(pose: Any) -> np.ndarray:
    """A pose (7,) as it was sampled, NaN where it is none."""
    return np.asarray(pose) if pose is not None and np.shape(pose) == (7,) else _NO_POSE


def _times(times: SourceTimes) -> tuple[int, int, int, int]:
    return (times.seq, times.t_source_ns, times.t_receive_ns, times.t_apply_ns)


def _event(message: Any) -> Event:
    return Event(
        event_id=message.event_id,
        tick=message.tick,
        t_ns=message.monotonic_ns,
        kind=message.kind,
        groups=tuple(message.groups),
        actor=message.actor,
        detail=message.detail,
    )


def _task(message: Any) -> TaskState:
    poses = np.reshape(message.objects, (-1, 7))
    return TaskState(
        task=message.task,
        text=message.text,
        seed=message.seed,
        t_ns=message.monotonic_ns,
        success=message.success,
        failed=message.failed,
        progress=message.progress,
        objects=dict(zip(message.object_names, poses, strict=True)),
    )

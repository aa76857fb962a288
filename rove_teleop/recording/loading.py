"""Load an episode from its file."""

from __future__ import annotations

from pathlib import Path

from rove_teleop.errors import RecordingError
from rove_teleop.recording.builder import EpisodeBuilder
from rove_teleop.recording.episode import Episode
from rove_teleop.recording.reader import EpisodeReader
from rove_teleop.recording.schemas import (
    CONTROL_FRAME,
    EVENT,
    OPERATOR_STATE,
    PLANT_STATE,
    TASK_STATE,
)

_USED = {CONTROL_FRAME, EVENT, OPERATOR_STATE, PLANT_STATE, TASK_STATE}


def load_episode(path: Path) -> Episode:
    """Read an episode from its MCAP file; one cut short by a kill is read up to the cut.

    Raises:
        RecordingError: Not an MCAP file, no control frames in it, or a field of theirs is
            missing or of the wrong size.
    """
    reader = EpisodeReader(path, _USED)
    builder = EpisodeBuilder()
    for record in reader:
        where = f'{path}: topic {record.topic}'
        try:
            builder.add_record(record)
        except AttributeError as error:
            raise RecordingError(
                f'{where}: {record.type_name} as recorded has no field {error.name!r}'
            ) from error
        except RecordingError as error:
            raise RecordingError(f'{where}: {error}') from error
    if not builder.num_frames:
        raise RecordingError(
            f'{path}: no message of type {CONTROL_FRAME}; '
            f'topics in the file: {", ".join(sorted(reader.topics)) or "none"}'
        )
    return builder.build(reader.metadata, reader.truncated, tuple(reader.problems))

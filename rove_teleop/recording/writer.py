"""Write one episode to one MCAP file without ever blocking the loop that feeds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
import os
from pathlib import Path
import threading
import time
from typing import IO, cast

from mcap.writer import CompressionType, Writer

from rove_teleop import __version__
from rove_teleop.errors import RecordingError
from rove_teleop.recording.backlog import Backlog, Entry, Priority
from rove_teleop.recording.schemas import (
    COMPRESSED_IMAGE,
    CONTROL_FRAME,
    ENCODING,
    EVENT,
    IMAGE,
    schema_text,
)

EPISODE_METADATA = 'episode'
RESULT_METADATA = 'result'

_SYNC_PERIOD = 0.5  # [s]

_PRIORITIES = {
    CONTROL_FRAME: Priority.VITAL,
    EVENT: Priority.VITAL,
    COMPRESSED_IMAGE: Priority.BULK,
    IMAGE: Priority.BULK,
}


@dataclass(frozen=True)
class WriterReport:
    """What became of the messages given to a writer.

    Attributes:
        written, dropped: Messages by topic.
        size: Bytes on disk.
        error: Empty, or why recording stopped early.
    """

    path: Path
    written: dict[str, int]
    dropped: dict[str, int]
    size: int
    error: str


def episode_metadata(episode: str, task: str, seed: int, robot: str) -> dict[str, str]:
    """What a recording says about itself, whoever writes it."""
    return {
        'episode': episode,
        'task': task,
        'seed': str(seed),
        'robot': robot,
        'rove': __version__,
    }


class EpisodeWriter:
    """Takes serialized messages at once and brings them to disk from a thread of its own.

    Everything written is handed to the system within ``flush_period``, in a form that can be
    read although the file has no end yet, so a killed process loses no more than that; and
    the system brings it to the disk every half second. An error of the disk never reaches the
    caller: it is in ``error``, and what was recorded until then is kept.
    """

    def __init__(
        self,
        path: Path,
        metadata: Mapping[str, str],
        *,
        capacity: int = 64 << 20,
        flush_period: float = 0.25,
        patience: float = 0.0,
        schema: Callable[[str], str] = schema_text,
    ) -> None:
        """Create the file and start the thread.

        Args:
            path: A file that does not exist yet; its directory is made.
            metadata: What the episode is: episode, seed, task, robot, versions.
            capacity: Most bytes waiting for the disk before messages are given up.
            flush_period: Longest time a message stays off the disk [s].
            patience: How long ``write`` may wait for room [s]. Zero in a control loop; a
                runner on an injected clock has time and loses nothing.
            schema: Gives the ``ros2msg`` schema of a message type.

        Raises:
            RecordingError: The file exists or cannot be created.
        """
        self.path = path
        self.error = ''
        self._schema, self._patience, self._flush_period = schema, patience, flush_period
        self._backlog = Backlog(capacity)
        self._written: Counter[str] = Counter()
        self._channels: dict[tuple[str, str], int | None] = {}
        self._schemas: dict[str, int] = {}
        self._result: dict[str, str] = {}
        self._unsafe: Counter[str] = Counter()
        self._file = _Sink(path)
        self._safe_size = 0
        self._mcap = Writer(cast(IO[bytes], self._file), compression=CompressionType.LZ4)
        self._start(metadata)
        self._ended = threading.Event()
        self._syncing = threading.Thread(target=self._sync, name=f'sync {path.name}', daemon=True)
        self._thread = threading.Thread(target=self._run, name=f'record {path.name}', daemon=True)
        self._syncing.start()
        self._thread.start()

    def write(
        self,
        topic: str,
        type_name: str,
        data: bytes,
        log_time_ns: int,
        publish_time_ns: int | None = None,
    ) -> bool:
        """Queue one message; returns within microseconds.

        Args:
            topic: The topic's name, with or without the leading slash.
            type_name: ``package/msg/Type``.
            data: The message as CDR, as ``rclpy`` serializes it.
            log_time_ns: When it was received.
            publish_time_ns: When it was sent; the same if unknown.

        Returns:
            False when the message was given up (and counted).
        """
        sent = log_time_ns if publish_time_ns is None else publish_time_ns
        entry = Entry(topic.removeprefix('/'), type_name, data, log_time_ns, sent)
        priority = _PRIORITIES.get(type_name, Priority.NORMAL)
        return self._backlog.put(priority, entry, self._patience)

    def finish(self, result: Mapping[str, str] | None = None) -> None:
        """Ask for the end of the file and return at once.

        Args:
            result: How the episode ended, stored beside what it was.
        """
        self._result.update(result or {})
        self._backlog.close()

    def close(
        self, result: Mapping[str, str] | None = None, timeout: float = 10.0
    ) -> WriterReport:
        """Bring everything queued to disk and end the file; again is harmless.

        Args:
            result: How the episode ended, stored beside what it was.
            timeout: How long to wait for the disk [s]; past it, ``error`` says so.
        """
        self.finish(result)
        self._thread.join(timeout)
        if self._thread.is_alive() and not self.error:
            self.error = f'{self.path}: not on disk within {timeout:g} s'
        return self.report()

    @property
    def closed(self) -> bool:
        """Whether the file is ended and released."""
        return not self._thread.is_alive()

    def report(self) -> WriterReport:
        """What was written and lost until now."""
        return WriterReport(
            path=self.path,
            written=dict(self._written),
            dropped=dict(self._backlog.dropped),
            size=self._safe_size,
            error=self.error,
        )

    def _start(self, metadata: Mapping[str, str]) -> None:
        try:
            self._mcap.start(profile='ros2', library='rove')
            self._mcap.add_metadata(EPISODE_METADATA, dict(metadata))
            self._flush()
        except OSError as error:
            self._file.close()
            raise RecordingError(f'{self.path}: cannot be written: {error}') from error

    def _run(self) -> None:
        try:
            self._record()
            self._end()
        except Exception as error:  # nothing of the disk may reach the loop
            self.error = f'{self.path}: recording stopped: {error}'
            self._give_up()
        finally:
            self._backlog.close()
            for entry in self._backlog.take(0.0):
                self._backlog.lose(entry.topic)

    def _record(self) -> None:
        poll = self._flush_period / 5
        flush_at = time.monotonic() + self._flush_period
        while True:
            ending = self._backlog.closed
            for entry in self._backlog.take(poll):
                self._add(entry)
            if ending or time.monotonic() >= flush_at:
                self._flush()
                flush_at = time.monotonic() + self._flush_period
            if ending:
                return

    def _add(self, entry: Entry) -> None:
        channel = self._channel(entry.topic, entry.type_name)
        if channel is None:
            self._backlog.lose(entry.topic)
            return
        self._mcap.add_message(channel, entry.log_time_ns, entry.data, entry.publish_time_ns)
        self._unsafe[entry.topic] += 1

    def _channel(self, topic: str, type_name: str) -> int | None:
        key = (topic, type_name)
        if key not in self._channels:
            try:
                schema = self._register(type_name)
            except RecordingError as error:
                self.error = str(error)
                self._channels[key] = None
            else:
                self._channels[key] = self._mcap.register_channel(topic, 'cdr', schema)
        return self._channels[key]

    def _register(self, type_name: str) -> int:
        if type_name not in self._schemas:
            text = self._schema(type_name).encode()
            self._schemas[type_name] = self._mcap.register_schema(type_name, ENCODING, text)
        return self._schemas[type_name]

    def _flush(self) -> None:
        self._mcap.flush()
        self._safe_size = self._file.tell()
        self._written += self._unsafe
        self._unsafe.clear()

    def _end(self) -> None:
        dropped = {f'dropped.{topic}': str(n) for topic, n in self._backlog.dropped.items()}
        self._mcap.add_metadata(RESULT_METADATA, {**self._result, **dropped})
        self._mcap.finish()
        self._flush()
        self._release()

    def _give_up(self) -> None:
        """Cut the file after the last complete flush and let go of it."""
        for topic, count in self._unsafe.items():
            self._backlog.lose(topic, count)
        # If not even this works, the reader finds the end of the complete part by itself.
        with suppress(OSError, ValueError):
            self._release(self._safe_size)

    def _sync(self) -> None:
        """Bring the system's buffers to the disk, apart from the thread that fills them.

        A slow disk then delays only what a loss of power would cost; what a killed process
        loses depends on the flushes alone.
        """
        while not self._ended.wait(_SYNC_PERIOD):
            try:
                self._file.sync()
            except OSError as error:
                self.error = f'{self.path}: not safe on disk: {error}'

    def _release(self, size: int | None = None) -> None:
        """Let go of the file, cut to ``size`` bytes if given."""
        self._ended.set()
        self._syncing.join()
        try:
            self._file.sync()
        finally:
            self._file.close(size)


class _Sink:
    """A new file as MCAP's writer wants it, unbuffered, so that nothing lingers on an error."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open('xb', buffering=0)
        except OSError as error:
            if path.exists():
                raise RecordingError(
                    f'{path}: already exists; a recording is never overwritten, choose a new name'
                ) from error
            raise RecordingError(f'{path}: cannot be created: {error}') from error
        self._size = 0

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        while view:
            count = self._file.write(view)
            self._size += count
            view = view[count:]
        return len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Nothing to do: every write goes to the system at once."""

    def sync(self) -> None:
        os.fsync(self._file.fileno())

    def close(self, size: int | None = None) -> None:
        """Close the file, cut to ``size`` bytes if given."""
        try:
            if size is not None:
                self._file.truncate(size)
        finally:
            self._file.close()

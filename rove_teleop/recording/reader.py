"""Read an episode file, also one whose writer was killed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
import struct
from typing import Any, BinaryIO, NamedTuple

from mcap.exceptions import McapError
from mcap.records import Channel, Chunk, McapRecord, Message, Metadata, Schema
from mcap.stream_reader import StreamReader, breakup_chunk

from rove_teleop.errors import RecordingError
from rove_teleop.recording.cdr import Decoder
from rove_teleop.recording.schemas import ENCODING

MAGIC = b'\x89MCAP0\r\n'

_BROKEN = (McapError, struct.error, EOFError, RuntimeError, ValueError, UnicodeDecodeError)
"""What MCAP, lz4 and zstd raise on bytes that end too early or are not theirs."""


class Record(NamedTuple):
    """One recorded message, decoded by the schema in the file."""

    topic: str
    log_time_ns: int
    message: Any
    type_name: str
    publish_time_ns: int


class EpisodeReader:
    """Goes through the messages of one episode in the order in which they were written.

    Attributes:
        metadata: Metadata records by name, complete once iterated.
        topics: Message type by topic, of those met so far.
        truncated: Whether the file has no proper end (the recorder was killed, or the disk
            was full); known once iterated.
        problems: Damaged parts that were passed over.
    """

    def __init__(self, path: Path, types: Collection[str] | None = None) -> None:
        """Open a recording.

        Args:
            path: The MCAP file.
            types: Message types to decode; None for all. Others are passed over unread.

        Raises:
            RecordingError: There is no such file, or it is not MCAP.
        """
        self.path, self.truncated = path, False
        self.metadata: dict[str, dict[str, str]] = {}
        self.topics: dict[str, str] = {}
        self.problems: list[str] = []
        self._types = None if types is None else frozenset(types)
        self._schemas: dict[int, Schema] = {}
        self._channels: dict[int, Channel] = {}
        self._decoders: dict[int, Decoder] = {}
        _check_magic(path)

    def __iter__(self) -> Iterator[Record]:
        """Yield every message that is whole.

        Raises:
            RecordingError: A message does not fit the schema recorded with it.
        """
        with self.path.open('rb') as file:
            for record in self._records(file):
                if isinstance(record, Metadata):
                    self.metadata[record.name] = dict(record.metadata)
                elif isinstance(record, Schema):
                    self._schemas[record.id] = record
                elif isinstance(record, Channel):
                    self._note(record)
                elif isinstance(record, Message):
                    decoded = self._decode(record)
                    if decoded is not None:
                        yield decoded

    def _records(self, file: BinaryIO) -> Iterator[McapRecord]:
        """Yield records one by one, chunks taken apart, until the file or its sense ends."""
        stream = StreamReader(file, emit_chunks=True).records
        while True:
            try:
                record = next(stream)
            except StopIteration:
                break
            except _BROKEN as error:
                self.truncated = True
                self.problems.append(f'ends too early, at byte {file.tell()}: {error!r}')
                return
            if isinstance(record, Chunk):
                yield from self._chunk(record, file.tell())
            else:
                yield record

    def _chunk(self, chunk: Chunk, end: int) -> list[McapRecord]:
        try:
            return breakup_chunk(chunk, validate_crc=True)
        except _BROKEN as error:
            self.problems.append(f'chunk that ends at byte {end} is damaged: {error!r}')
            return []

    def _note(self, channel: Channel) -> None:
        self._channels[channel.id] = channel
        schema = self._schemas.get(channel.schema_id)
        if schema is not None:
            self.topics[channel.topic.removeprefix('/')] = schema.name

    def _decode(self, message: Message) -> Record | None:
        channel = self._channels.get(message.channel_id)
        schema = self._schemas.get(channel.schema_id) if channel else None
        if channel is None or schema is None:
            # Its description was in a damaged chunk, which is reported already.
            return None
        if self._types is not None and schema.name not in self._types:
            return None
        topic = channel.topic.removeprefix('/')
        try:
            decode = self._decoder(channel, schema)
            value = decode(message.data)
        except RecordingError as error:
            raise RecordingError(f'{self.path}: topic {topic}: {error}') from error
        return Record(topic, message.log_time, value, schema.name, message.publish_time)

    def _decoder(self, channel: Channel, schema: Schema) -> Decoder:
        if schema.id not in self._decoders:
            if (channel.message_encoding, schema.encoding) != ('cdr', ENCODING):
                raise RecordingError(
                    f'encoded as {channel.message_encoding}/{schema.encoding}, '
                    f'expected cdr/{ENCODING}'
                )
            self._decoders[schema.id] = Decoder(schema.name, schema.data.decode())
        return self._decoders[schema.id]


def read_episode(path: Path, types: Collection[str] | None = None) -> EpisodeReader:
    """Open an episode: iterate for its records, then look at ``truncated`` and ``problems``.

    Raises:
        RecordingError: There is no such file, or it is not MCAP.
    """
    return EpisodeReader(path, types)


def _check_magic(path: Path) -> None:
    try:
        with path.open('rb') as file:
            start = file.read(len(MAGIC))
    except OSError as error:
        raise RecordingError(f'{path}: cannot be read: {error}') from error
    if start != MAGIC:
        got = 'an empty file' if not start else start.hex(' ')
        raise RecordingError(
            f'{path}: not an MCAP recording: expected it to start with {MAGIC.hex(" ")}, got {got}'
        )

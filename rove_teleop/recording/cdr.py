"""Decode ROS messages (CDR) by the schema stored beside them, without a ROS installation.

A recording is read by its own schema, so an episode written before a message type changed
stays readable. Number sequences come back as numpy views of the recorded bytes.

Source: OMG DDS-XTYPES 1.3, section 7.4.1 (classic CDR): values are aligned to their size,
counted from the end of the 4-byte encapsulation header; strings carry their length and a
terminating zero.
"""

from __future__ import annotations

from collections.abc import Callable
import struct
from types import SimpleNamespace
from typing import Any

import numpy as np

from rove_teleop.errors import RecordingError
from rove_teleop.recording.schemas import NUMBERS, Field, split_schema

_CDR_LITTLE_ENDIAN = b'\x00\x01'
_Read = Callable[[bytes, int], tuple[Any, int]]
_LENGTH = struct.Struct('<I').unpack_from


class Decoder:
    """Turns the bytes of one message type into objects with its fields as attributes."""

    def __init__(self, type_name: str, schema: str) -> None:
        """Prepare for one type.

        Args:
            type_name: ``package/msg/Type``.
            schema: Its ``ros2msg`` schema.

        Raises:
            RecordingError: The schema is not readable or lacks a nested type.
        """
        self.type_name = type_name
        self._messages = split_schema(type_name, schema)
        self._plans: dict[str, list[tuple[str, _Read]]] = {}
        self._root = self._plan(next(iter(self._messages)))

    def __call__(self, data: bytes) -> SimpleNamespace:
        """Decode one message.

        Raises:
            RecordingError: The bytes do not fit the schema; names the field.
        """
        if data[:2] != _CDR_LITTLE_ENDIAN:
            raise RecordingError(
                f'{self.type_name}: expected little-endian CDR (00 01), got {data[:2].hex(" ")}'
            )
        message, _ = _read_message(self._root, data[4:], 0, self.type_name)
        return message

    def _plan(self, name: str) -> list[tuple[str, _Read]]:
        if name in self._plans:
            return self._plans[name]
        if name not in self._messages:
            raise RecordingError(f'schema of {self.type_name}: definition of {name} is missing')
        plan: list[tuple[str, _Read]] = []
        self._plans[name] = plan
        # An empty message travels as one byte.
        fields = self._messages[name] or (Field('structure_needs_one_member', 'uint8', None),)
        plan.extend((field.name, self._reader(field)) for field in fields)
        return plan

    def _reader(self, field: Field) -> _Read:
        if field.type in NUMBERS:
            code = '<' + NUMBERS[field.type]
            return _scalar(code) if field.length is None else _array(code, field.length)
        if field.type == 'string':
            return _repeated(_read_string, field.length)
        if field.type == 'wstring':
            raise RecordingError(f'{self.type_name}.{field.name}: wstring is not supported')
        plan = self._plan(field.type)
        return _repeated(lambda buf, at: _read_message(plan, buf, at, field.type), field.length)


def _read_message(
    plan: list[tuple[str, _Read]], buf: bytes, at: int, name: str
) -> tuple[SimpleNamespace, int]:
    values: dict[str, Any] = {}
    for field, read in plan:
        try:
            values[field], at = read(buf, at)
        except (struct.error, ValueError) as error:
            if isinstance(error, RecordingError):
                raise
            raise RecordingError(
                f'{name}.{field}: message of {len(buf)} bytes does not fit its schema ({error})'
            ) from error
    return SimpleNamespace(**values), at


def _scalar(code: str) -> _Read:
    number = struct.Struct(code)
    size, unpack = number.size, number.unpack_from

    def read(buf: bytes, at: int) -> tuple[Any, int]:
        at += -at % size
        return unpack(buf, at)[0], at + size

    return read


def _array(code: str, length: int) -> _Read:
    dtype = np.dtype(code)
    size = dtype.itemsize

    def read(buf: bytes, at: int) -> tuple[np.ndarray, int]:
        count, at = (length, at) if length else _read_length(buf, at)
        if count:
            at += -at % size
        return np.frombuffer(buf, dtype, count, at), at + count * size

    return read


def _repeated(read: _Read, length: int | None) -> _Read:
    if length is None:
        return read

    def read_all(buf: bytes, at: int) -> tuple[list[Any], int]:
        count, at = (length, at) if length else _read_length(buf, at)
        if count > len(buf):
            raise ValueError(f'{count} elements announced')
        values = []
        for _ in range(count):
            value, at = read(buf, at)
            values.append(value)
        return values, at

    return read_all


def _read_length(buf: bytes, at: int) -> tuple[int, int]:
    at += -at % 4
    return _LENGTH(buf, at)[0], at + 4


def _read_string(buf: bytes, at: int) -> tuple[str, int]:
    length, at = _read_length(buf, at)
    end = at + length
    if end > len(buf):
        raise ValueError(f'string of {length} bytes announced')
    return buf[at : max(at, end - 1)].decode('utf-8'), end

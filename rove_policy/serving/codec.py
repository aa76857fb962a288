"""msgpack with arrays, written so that hostile bytes can do no more than be refused.

An array is extension type 1, whose body is the msgpack list ``[dtype, shape, data]``: a dtype of
``DTYPES``, at most four sizes, and the values in C order, little-endian. Nothing is ever
unpickled, and sizes are checked before memory is taken.
"""

from __future__ import annotations

from math import prod
from typing import Any

import msgpack
import numpy as np

from rove_teleop.core.types import Array
from rove_teleop.errors import InvalidInput

ARRAY_CODE = 1
DTYPES = ('|b1', '|u1', '<u2', '<i4', '<i8', '<f4', '<f8')
MAX_DIMENSIONS = 4
MAX_MESSAGE = 16 * 1024 * 1024
"""Longest message in either direction [bytes]: two raw 1920x1080 images and a margin."""
MAX_TEXT = 64 * 1024
MAX_ITEMS = 4096

_LIMITS: dict[str, Any] = {
    'raw': False,
    'strict_map_key': True,
    'max_str_len': MAX_TEXT,
    'max_array_len': MAX_ITEMS,
    'max_map_len': MAX_ITEMS,
}


def encode(message: dict[str, Any]) -> bytes:
    """Turn a message of plain values, lists, dicts and arrays into bytes.

    Raises:
        InvalidInput: A value has a type that does not travel, or the whole is too long.
    """
    try:
        data: bytes = msgpack.packb(message, default=_pack_array)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(f'message cannot be encoded: {error}') from error
    if len(data) > MAX_MESSAGE:
        raise InvalidInput(f'message has {len(data)} bytes; expected at most {MAX_MESSAGE}')
    return data


def decode(data: bytes) -> dict[str, Any]:
    """Turn bytes into a message; its arrays are read-only.

    Raises:
        InvalidInput: The bytes are not a message: too long, not msgpack, not a map, or with
            an array that is not what its header says.
    """
    if len(data) > MAX_MESSAGE:
        raise InvalidInput(f'message has {len(data)} bytes; expected at most {MAX_MESSAGE}')
    try:
        message = msgpack.unpackb(data, ext_hook=_unpack_array, **_LIMITS)
    except InvalidInput:
        raise
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as error:
        raise InvalidInput(f'message is not msgpack: {type(error).__name__} {error}') from error
    if not isinstance(message, dict):
        raise InvalidInput(f'message is {type(message).__name__}; expected a map')
    return message


def _pack_array(value: Any) -> msgpack.ExtType:
    if not isinstance(value, np.ndarray):
        raise TypeError(f'{type(value).__name__} does not travel')
    array = value.astype(value.dtype.newbyteorder('<'), copy=False)
    if array.dtype.str not in DTYPES or array.ndim > MAX_DIMENSIONS:
        raise TypeError(f'array of {array.dtype} with {array.ndim} dimensions does not travel')
    body = msgpack.packb([array.dtype.str, list(array.shape), array.tobytes()])
    return msgpack.ExtType(ARRAY_CODE, body)


def _unpack_array(code: int, body: bytes) -> Array:
    if code != ARRAY_CODE:
        raise InvalidInput(f'extension type {code} is unknown; expected {ARRAY_CODE}')
    parts = msgpack.unpackb(body, **_LIMITS)
    if not isinstance(parts, list) or len(parts) != 3:
        raise InvalidInput('array is malformed; expected [dtype, shape, data]')
    dtype, shape, data = parts
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise InvalidInput(f'array dtype is {dtype!r:.40}; expected one of {", ".join(DTYPES)}')
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise InvalidInput(f'array shape is malformed; expected at most {MAX_DIMENSIONS} sizes')
    if not all(type(size) is int and 0 <= size <= MAX_MESSAGE for size in shape):
        raise InvalidInput(f'array shape is {shape!r:.80}; expected sizes of 0 and more')
    expected = prod(shape) * np.dtype(dtype).itemsize
    if not isinstance(data, bytes) or len(data) != expected:
        got = len(data) if isinstance(data, bytes) else type(data).__name__
        raise InvalidInput(f'array data is {got} bytes long; expected {expected} for {shape}')
    return np.frombuffer(data, dtype).reshape(shape)

"""What makes an action chunk usable, in one place for loop, wire and tests."""

from __future__ import annotations

from numbers import Real

import numpy as np

from rove_teleop.core.names import GROUPS, NUM_CHANNELS
from rove_teleop.core.types import ActionChunk

MAX_ROWS = 1000
MIN_DT, MAX_DT = 1e-3, 1.0  # [s]
MAX_REASON = 200  # characters


def chunk_problem(chunk: ActionChunk) -> str:
    """Say what makes a chunk unusable, or return an empty string."""
    position = chunk.position
    if not isinstance(position, np.ndarray) or position.dtype.kind != 'f':
        return f'position is {type(position).__name__}; expected an array of floats'
    if position.ndim != 2 or position.shape[1] != NUM_CHANNELS:
        return f'position has shape {position.shape}; expected (n, {NUM_CHANNELS})'
    if not 1 <= len(position) <= MAX_ROWS:
        return f'position has {len(position)} rows; expected 1 to {MAX_ROWS}'
    if not np.isfinite(position).all():
        row, channel = np.argwhere(~np.isfinite(position))[0]
        return f'position is not finite in row {row}, channel {channel}'
    if not _within(chunk.dt, MIN_DT, MAX_DT):
        return f'dt is {chunk.dt!r}; expected {MIN_DT} to {MAX_DT} s'
    if not chunk.groups or any(group not in GROUPS for group in chunk.groups):
        return f'groups are {chunk.groups!r}; expected some of {", ".join(GROUPS)}'
    if not (_within(chunk.success, 0.0, 1.0) and _within(chunk.help, 0.0, 1.0)):
        return f'hints are {chunk.success!r}, {chunk.help!r}; expected 0 to 1'
    reason = chunk.help_reason
    if not isinstance(reason, str) or len(reason) > MAX_REASON:
        return f'help_reason is {reason!r:.40}; expected text of at most {MAX_REASON} characters'
    return ''


def _within(value: object, low: float, high: float) -> bool:
    return isinstance(value, Real) and low <= float(value) <= high

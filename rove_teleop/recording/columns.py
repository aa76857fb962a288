"""Rows gathered into numpy columns that grow as they are filled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rove_teleop.errors import RecordingError


class Columns:
    """A table with one numpy array per column; memory doubles as it fills."""

    def __init__(self, layout: Mapping[str, tuple[str, tuple[int, ...]]]) -> None:
        """Make an empty table.

        Args:
            layout: Per column its numpy type and the shape of one row's value.
        """
        self._shapes = {name: shape for name, (_, shape) in layout.items()}
        self._data = {name: np.zeros((256, *shape), dt) for name, (dt, shape) in layout.items()}
        self._count = 0

    def __len__(self) -> int:
        """Number of rows."""
        return self._count

    def append(self, row: Mapping[str, Any]) -> None:
        """Add one row.

        Raises:
            RecordingError: A value has another shape than its column.
        """
        for name, shape in self._shapes.items():
            if np.shape(row[name]) != shape:
                raise RecordingError(f'{name}: expected shape {shape}, got {np.shape(row[name])}')
        if self._count == len(next(iter(self._data.values()))):
            self._data = {
                name: np.concatenate([data, np.zeros_like(data)])
                for name, data in self._data.items()
            }
        for name, data in self._data.items():
            data[self._count] = row[name]
        self._count += 1

    def arrays(self) -> dict[str, np.ndarray]:
        """Return a copy of every column, each with as many rows as were added."""
        return {name: data[: self._count].copy() for name, data in self._data.items()}

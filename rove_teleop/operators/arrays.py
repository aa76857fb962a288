"""Named arrays of a recording file, with an error that says what the file lacks."""

from __future__ import annotations

from pathlib import Path
import zipfile

import numpy as np

from rove_teleop.core.types import Array
from rove_teleop.errors import RecordingError


class ArrayFile:
    """An ``.npz`` file read whole; nothing in it can run code (no pickles)."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            RecordingError: It is not there or not a readable npz archive.
        """
        self.path = path
        try:
            archive = np.load(path, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError('a single array')
            with archive:
                self._arrays = {name: archive[name] for name in archive.files}
        except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
            raise RecordingError(
                f'{path}: not a readable recording ({error}), expected an .npz archive of '
                'plain arrays'
            ) from error

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arrays, sorted."""
        return tuple(sorted(self._arrays))

    def numbers(self, name: str, shape: tuple[int | None, ...], unit: str) -> Array:
        """A float64 array of a shape; None in ``shape`` stands for any length.

        Raises:
            RecordingError: It is missing, of another shape or not of numbers.
        """
        wanted = '(' + ', '.join('n' if size is None else str(size) for size in shape) + ')'
        array = self.raw(name, f'{wanted} {unit}')
        fits = array.ndim == len(shape) and all(
            size in (None, got) for size, got in zip(shape, array.shape, strict=True)
        )
        if not fits or array.dtype.kind not in 'fiu':
            raise RecordingError(
                f'{self.path}: field {name} is {array.dtype} {array.shape}, '
                f'expected numbers {wanted} {unit}'
            )
        return array.astype(float)

    def finite(self, name: str, shape: tuple[int | None, ...], unit: str) -> Array:
        """The same, and every number finite."""
        array = self.numbers(name, shape, unit)
        bad = ~np.isfinite(array)
        if bad.any():
            at = tuple(int(i) for i in np.argwhere(bad)[0])
            raise RecordingError(
                f'{self.path}: field {name} is {array[at]} at sample {at[0]}, '
                f'expected finite numbers {unit}'
            )
        return array

    def text(self, name: str) -> str:
        """A single string."""
        return str(self.raw(name, 'a string').item())

    def raw(self, name: str, expected: str) -> Array:
        """An array as it is in the file.

        Raises:
            RecordingError: It is missing; the message lists what is there.
        """
        if name not in self._arrays:
            raise RecordingError(
                f'{self.path}: field {name} is missing, expected {expected}; '
                f'the file has {", ".join(self.names) or "nothing"}'
            )
        return self._arrays[name]

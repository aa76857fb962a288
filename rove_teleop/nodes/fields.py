"""Checks on the fields of a message: sizes, lists of names, and numbers that name something."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import cache
import math
from typing import TypeVar

import numpy as np

from rove_teleop.core.names import GROUPS, SIDES
from rove_teleop.core.types import Array
from rove_teleop.errors import InvalidInput

HAND_SHAPE = (25, 7)
Member = TypeVar('Member', bound=IntEnum)


def vector(name: str, values: Sequence[float], size: int) -> Array:
    """The numbers of a field, of which there must be ``size``."""
    if len(values) != size:
        raise InvalidInput(f'{name} has {len(values)} numbers; expected {size}')
    return np.array(values, dtype=float)


def alignment_of(values: Sequence[float]) -> dict[str, tuple[float, float]]:
    """Distance [m] and angle [rad] by side from four numbers; NaN stands for not known."""
    numbers = vector('alignment', values, 2 * len(SIDES)).tolist()
    pairs = zip(SIDES, zip(numbers[::2], numbers[1::2], strict=True), strict=True)
    return {side: pair for side, pair in pairs if not any(map(math.isnan, pair))}


def alignment_numbers(alignment: dict[str, tuple[float, float]]) -> Array:
    """The four numbers of an alignment by side, shape (4,)."""
    unknown = (np.nan, np.nan)
    return np.array([alignment.get(side, unknown) for side in SIDES], dtype=float).ravel()


@cache
def _members_by_value(kind: type[Member]) -> dict[int, Member]:
    return {member.value: member for member in kind}


def member(name: str, value: int, kind: type[Member]) -> Member:
    """What a number stands for."""
    known = _members_by_value(kind)
    if value not in known:
        expected = ', '.join(f'{member.value} ({member.name})' for member in kind)
        raise InvalidInput(f'{name} is {value}; expected one of {expected}')
    return known[value]


def members(name: str, values: Array, kind: type[Member]) -> tuple[Member, ...]:
    """What one number for each group stands for."""
    if len(values) != len(GROUPS):
        raise InvalidInput(f'{name} has {len(values)} entries; expected {len(GROUPS)}')
    return tuple(member(name, value, kind) for value in values.tolist())


def check_names(kind: str, got: Sequence[str], expected: list[str]) -> None:
    """Refuse names that are not the expected ones in their order."""
    if list(got) != expected:
        unknown = sorted(set(got) - set(expected)) or 'none'
        missing = sorted(set(expected) - set(got)) or 'none'
        raise InvalidInput(
            f'{kind} does not name the {len(expected)} entries in model order; '
            f'unknown: {unknown}, missing: {missing}'
        )


def named_poses(kind: str, names: Sequence[str], values: Sequence[float]) -> dict[str, Array]:
    """Poses (7,) by name from one flat list."""
    rows = vector(kind, values, 7 * len(names)).reshape(-1, 7)
    return dict(zip(names, rows, strict=True))  # the sizes have just been compared


class Parts:
    """Takes the parts of an operator sample one by one; ``dropped`` says what did not fit."""

    def __init__(self) -> None:
        """Begin with nothing dropped."""
        self.dropped: list[str] = []

    def pose(self, name: str, values: Sequence[float], shape: tuple[int, ...]) -> Array | None:
        """One pose or hand, None when it is empty or does not fit."""
        if len(values) == 0:
            return None
        try:
            return vector(name, values, int(np.prod(shape))).reshape(shape)
        except InvalidInput as error:
            self.dropped.append(str(error))
            return None

    def body(self, names: Sequence[str], values: Sequence[float]) -> dict[str, Array]:
        """The further poses, none when they do not fit their names."""
        try:
            return named_poses('body', names, values)
        except InvalidInput as error:
            self.dropped.append(str(error))
            return {}

    def axes(self, names: Sequence[str], values: Sequence[float]) -> dict[str, float]:
        """The analog axes, none when they do not fit their names."""
        if len(names) != len(values):
            self.dropped.append(f'axes has {len(values)} numbers; expected {len(names)}')
            return {}
        return dict(zip(names, values, strict=True))

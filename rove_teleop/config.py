"""Configuration as frozen dataclasses: each field carries its doc, range and choices.

ROS parameters, launch arguments and command-line options are all generated from the same
fields, so the three can never say different things.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from rove_teleop.errors import ConfigError


def param(
    default: Any,
    doc: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] | None = None,
) -> Any:
    """A dataclass field with what a user needs to know about it.

    Args:
        default: Value when nothing is said; its type is the parameter's type.
        doc: One sentence, with the unit.
        low: Lowest value of a number.
        high: Highest value of a number.
        choices: The only allowed values of a string.
    """
    metadata = {'doc': doc, 'low': low, 'high': high, 'choices': choices}
    return dataclasses.field(default=default, metadata=metadata)


def check(config: Any) -> None:
    """Check every field of a configuration against its range and choices.

    Raises:
        ConfigError: Names the field, the value and what would be right.
    """
    for item in dataclasses.fields(config):
        value = getattr(config, item.name)
        low, high = item.metadata.get('low'), item.metadata.get('high')
        if low is not None and not low <= value <= high:
            raise ConfigError(f'{item.name} is {value}; expected {low} to {high}')
        choices = item.metadata.get('choices')
        if choices and value not in choices:
            raise ConfigError(f'{item.name} is {value!r}; known: {", ".join(choices)}')

"""ROS parameters from a frozen dataclass: declared with description and range, refused early."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterValueException
from rclpy.node import Node

from rove_teleop.errors import ConfigError

Params = TypeVar('Params')


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
        low, high: Inclusive range of a number.
        choices: The only allowed values of a string.
    """
    metadata = {'doc': doc, 'low': low, 'high': high, 'choices': choices}
    return dataclasses.field(default=default, metadata=metadata)


def declare(node: Node, kind: type[Params]) -> Params:
    """Declare every field of a params class on a node and read the values.

    Raises:
        ConfigError: A value is out of its range or not among the choices.
    """
    values = {}
    for item in dataclasses.fields(kind):  # type: ignore[arg-type]  # Params is a dataclass
        descriptor = ParameterDescriptor(description=item.metadata['doc'], read_only=True)
        low, high = item.metadata['low'], item.metadata['high']
        if low is not None and isinstance(item.default, int):
            descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high))]
        elif low is not None:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(low), to_value=float(high))
            ]
        try:
            value = node.declare_parameter(item.name, item.default, descriptor).value
        except InvalidParameterValueException as error:
            raise ConfigError(
                f'parameter {item.name} is out of range {low} .. {high}: {error}'
            ) from error
        choices = item.metadata['choices']
        if choices and value not in choices:
            raise ConfigError(f'parameter {item.name} is {value!r}; known: {", ".join(choices)}')
        values[item.name] = value
    return kind(**values)

"""ROS parameters from a frozen dataclass: declared with description and range, refused early."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node

from rove_teleop.config import check
from rove_teleop.errors import ConfigError

Params = TypeVar('Params')


def declare(node: Node, kind: type[Params]) -> Params:
    """Declare every field of a params class on a node and read the values.

    Raises:
        ConfigError: A value is of the wrong type, out of its range or not among the choices.
    """
    values = {}
    for item in dataclasses.fields(kind):  # type: ignore[arg-type]  # Params is a dataclass
        descriptor = _descriptor(item)
        try:
            value = node.declare_parameter(item.name, item.default, descriptor).value
        except (InvalidParameterValueException, InvalidParameterTypeException) as error:
            raise ConfigError(f'parameter {item.name} of {node.get_name()}: {error}') from error
        values[item.name] = value
    params = kind(**values)
    check(params)
    return params


def _descriptor(item: dataclasses.Field) -> ParameterDescriptor:
    choices = item.metadata['choices']
    doc = item.metadata['doc'] + (f' One of: {", ".join(choices)}.' if choices else '')
    descriptor = ParameterDescriptor(description=doc, read_only=True)
    low, high = item.metadata['low'], item.metadata['high']
    if low is None:
        return descriptor
    if isinstance(item.default, int):
        descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high))]
    else:
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=float(low), to_value=float(high))
        ]
    return descriptor

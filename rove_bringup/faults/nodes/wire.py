"""Messages broken as messages, by other names or sizes; read as every node reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from builtin_interfaces.msg import Time
import numpy as np

from rove_bringup.faults.damage import Change
from rove_teleop.errors import InvalidInput
from rove_teleop.nodes import convert

_WAYS: dict[str, tuple[Callable[[Any, Time], Any], Callable[[Any, int], Any]]] = {
    'operator_input': (convert.operator_state_to_msg, convert.operator_state_from_msg),
    'operator_state': (convert.operator_state_to_msg, convert.operator_state_from_msg),
    'joint_proposal': (convert.joint_proposal_to_msg, convert.joint_proposal_from_msg),
    'action_chunk': (convert.action_chunk_to_msg, convert.action_chunk_from_msg),
    'plant_state': (convert.plant_state_to_msg, convert.plant_state_from_msg),
    'joint_command': (convert.joint_command_to_msg, convert.joint_command_from_msg),
}


def on_the_wire(stream: str, spoil: Callable[[Any], None]) -> Change:
    """A change of a message between sender and receiver.

    Args:
        stream: Which message it is.
        spoil: Changes the message in place.

    Returns:
        What the receiver makes of it; None when he refuses to read it.
    """
    to_msg, from_msg = _WAYS[stream]

    def change(value: Any, random: np.random.Generator) -> Any:
        message = to_msg(value, Time())
        spoil(message)
        try:
            return from_msg(message, value.t_receive_ns)
        except InvalidInput:
            return None

    return change


def rename(message: Any) -> None:
    """Two names change places."""
    names = list(message.names)
    names[0], names[-1] = names[-1], names[0]
    message.names = names


def misname(message: Any) -> None:
    """One name is of another robot."""
    message.names = ['elbow_of_another_robot', *message.names[1:]]


def cut(field: str) -> Callable[[Any], None]:
    """The last number of a field is missing."""

    def spoil(message: Any) -> None:
        setattr(message, field, getattr(message, field)[:-1])

    return spoil

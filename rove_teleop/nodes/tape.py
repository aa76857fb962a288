"""Records core values without a ROS graph: the same messages, schemas and file as the recorder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from builtin_interfaces.msg import Time
from rclpy.serialization import serialize_message

from rove_teleop.nodes import convert
from rove_teleop.recording.writer import EpisodeWriter

_TO_MSG: dict[str, tuple[str, Callable[[Any, Time], Any]]] = {
    'control_frame': ('rove_msgs/msg/ControlFrame', convert.control_frame_to_msg),
    'event': ('rove_msgs/msg/Event', convert.event_to_msg),
    'plant_state': ('rove_msgs/msg/PlantState', convert.plant_state_to_msg),
    'task_state': ('rove_msgs/msg/TaskState', convert.task_state_to_msg),
    'operator_state': ('rove_msgs/msg/OperatorState', convert.operator_state_to_msg),
    'joint_proposal': ('rove_msgs/msg/JointProposal', convert.joint_proposal_to_msg),
    'joint_command': ('rove_msgs/msg/JointCommand', convert.joint_command_to_msg),
    'action_chunk': ('rove_msgs/msg/ActionChunk', convert.action_chunk_to_msg),
}
_SECOND_NS = 1_000_000_000


class Tape:
    """Writes core values to an episode file under the topics the recorder would use."""

    def __init__(self, writer: EpisodeWriter) -> None:
        """Write to this file; the caller closes it."""
        self._writer = writer

    def write(self, topic: str, value: Any, now_ns: int) -> None:
        """Write one value.

        Args:
            topic: One of the recorded topics.
            value: The core value that belongs to it.
            now_ns: Time it was published [ns].
        """
        type_name, to_msg = _TO_MSG[topic]
        stamp = Time(sec=now_ns // _SECOND_NS, nanosec=now_ns % _SECOND_NS)
        data = serialize_message(to_msg(value, stamp))
        self._writer.write(topic, type_name, data, now_ns)

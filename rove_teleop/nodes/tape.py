"""Records core values without a ROS graph: the same messages, schemas and file as the recorder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from builtin_interfaces.msg import Time
from rclpy.serialization import serialize_message

from rove_teleop.core.types import Array
from rove_teleop.nodes import convert, images
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
        self._writer.write(
            topic, type_name, serialize_message(to_msg(value, _stamp(now_ns))), now_ns
        )

    def write_image(self, camera: str, image: Array, now_ns: int) -> None:
        """Write a picture as JPEG.

        Args:
            camera: Name of the camera.
            image: RGB, uint8 (H, W, 3).
            now_ns: Time it was taken [ns].
        """
        data = serialize_message(images.compress(image, camera, _stamp(now_ns)))
        topic = images.compressed_topic(camera)
        self._writer.write(topic, images.COMPRESSED_TYPE, data, now_ns)


def _stamp(now_ns: int) -> Time:
    return Time(sec=now_ns // _SECOND_NS, nanosec=now_ns % _SECOND_NS)

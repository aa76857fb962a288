"""A subscription that is looked into by hand, so that no message wakes anybody up."""

from __future__ import annotations

import time

from rclpy._rclpy_pybind11 import Subscription  # the public one always calls back
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.type_support import check_is_valid_msg_type


class Inbox:
    """The messages of a topic since the last look; no executor knows of it."""

    def __init__(self, node: Node, kind: type, topic: str, profile: QoSProfile) -> None:
        """Subscribe.

        Args:
            node: Node that owns the subscription.
            kind: Message class.
            topic: Relative topic name.
            profile: Quality of service; its depth is what fits in between two looks.
        """
        check_is_valid_msg_type(kind)
        self._kind = kind
        with node.handle:
            name, history = node.resolve_topic_name(topic), profile.get_c_qos_profile()
            self._subscription = Subscription(node.handle, kind, name, history)
        self._looked_ns = time.monotonic_ns()

    def take(self) -> list[tuple[bytes, int]]:
        """Serialized messages and when each came [ns, monotonic], in order of arrival.

        The middleware notes the arrival by the wall clock, so a step of that clock may move it,
        but never out of the time since the last look.
        """
        now_ns, wall_ns = time.monotonic_ns(), time.time_ns()
        messages = []
        with self._subscription:
            while (taken := self._subscription.take_message(self._kind, True)) is not None:
                data, info = taken
                came_ns = now_ns - (wall_ns - info['received_timestamp'])
                messages.append((data, min(max(came_ns, self._looked_ns), now_ns)))
        self._looked_ns = now_ns
        return messages

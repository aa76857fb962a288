"""A publisher on a topic on which nobody else should publish, and who does so nevertheless."""

from __future__ import annotations

from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.topic_endpoint_info import TopicEndpointInfo

_PERIOD_S = 0.1  # counting takes some 20 us


class SoleWriter:
    """Publishes, and watches the graph for other publishers of the same topic.

    Attributes:
        publisher: Its publisher.
        others: Who else may publish, by node and gid; empty when nobody.
    """

    def __init__(self, node: Node, kind: type, topic: str, profile: QoSProfile) -> None:
        """Create the publisher.

        Args:
            node: Node that publishes.
            kind: Message class.
            topic: Relative topic name.
            profile: Quality of service.
        """
        self._node, self._topic = node, topic
        before = {_gid(info) for info in self._infos()}
        self.publisher: Any = node.create_publisher(kind, topic, profile)
        mine = [info for info in self._infos() if _gid(info) not in before]
        named = [info for info in mine if info.node_name == node.get_name()]
        self._own = _gid((named or mine)[0])
        self.others: tuple[str, ...] = ()
        node.create_timer(_PERIOD_S, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _look(self) -> None:
        if self._node.count_publishers(self._topic) == 1:
            self.others = ()
            return
        foreign = [info for info in self._infos() if _gid(info) != self._own]
        self.others = tuple(sorted(_words(info) for info in foreign))

    def _infos(self) -> list[TopicEndpointInfo]:
        return list(self._node.get_publishers_info_by_topic(self._topic))


def _gid(info: TopicEndpointInfo) -> str:
    return bytes(info.endpoint_gid).hex()


def _words(info: TopicEndpointInfo) -> str:
    space = info.node_namespace.rstrip('/')
    return f'node {space}/{info.node_name}, gid {_gid(info)}'

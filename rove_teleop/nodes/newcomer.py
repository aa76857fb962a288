"""An arbiter that has just started listens before it speaks: there is one per robot."""

from __future__ import annotations

import time

from rclpy.executors import Executor
from rclpy.experimental.events_executor import EventsExecutor
from rclpy.node import Node

from rove_msgs.msg import ControlFrame
from rove_teleop.errors import RoveError
from rove_teleop.nodes import qos

LISTEN_S = 1.0
"""From the first moment of the process; an arbiter takes as long to load."""


class Newcomer:
    """Hears whether an arbiter is at work, while the new one is loading."""

    def __init__(self, listen_s: float = LISTEN_S) -> None:
        """Begin to listen.

        Args:
            listen_s: How long in all [s].
        """
        self._until = time.monotonic() + listen_s
        self._heard = False
        self._node = Node('arbiter_newcomer', enable_rosout=False, start_parameter_services=False)
        self._node.create_subscription(
            ControlFrame, 'control_frame', self._hear, qos.COMMAND, raw=True
        )

    def _hear(self, data: bytes) -> None:
        self._heard = True

    def look(self) -> None:
        """Listen to the end; the new arbiter has not spoken yet.

        Raises:
            RoveError: Somebody else arbitrates.
        """
        executor: Executor = EventsExecutor()
        executor.add_node(self._node)
        while not self._heard and (left := self._until - time.monotonic()) > 0.0:
            executor.spin_once(timeout_sec=left)
        executor.shutdown()
        self._node.destroy_node()
        if self._heard:
            raise RoveError(
                'another arbiter is at work: control_frame is being published; '
                'end it, or use another ROS_DOMAIN_ID or namespace'
            )

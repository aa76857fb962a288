"""A node that talks to the nodes under test, and the executor all of them run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
import time
from typing import Any

from builtin_interfaces.msg import Time
import rclpy
from rclpy.experimental.events_executor import EventsExecutor
from rclpy.node import Node

from rove_msgs.msg import PlantState
from rove_teleop.nodes import convert, qos
from tests.fakes.frames import Script, plant_state

PATIENCE_S = 30.0  # what happens at once on an idle machine
STAMP = Time()


class Bench:
    """Spins nodes in this process and looks at what they say."""

    def __init__(self) -> None:
        self.executor = EventsExecutor()
        self.node = self.add(Node('bench'))

    def add(self, node: Any) -> Any:
        self.executor.add_node(node)
        return node

    def until(self, holds: Callable[[], object], patience: float = PATIENCE_S) -> None:
        """Spin until something holds; fails when it takes too long."""
        deadline = time.monotonic() + patience
        while not holds():
            assert time.monotonic() < deadline, 'nothing happened'
            self.executor.spin_once(timeout_sec=0.01)

    def spin(self, seconds: float) -> None:
        self.spin_until(lambda: False, seconds)

    def spin_until(self, holds: Callable[[], object], seconds: float) -> None:
        """Spin until something holds or the time is over."""
        deadline = time.monotonic() + seconds
        while not holds() and time.monotonic() < deadline:
            self.executor.spin_once(timeout_sec=0.01)

    def call(self, kind: type, name: str, request: Any) -> Any:
        client = self.node.create_client(kind, name)
        self.until(client.service_is_ready)
        future = client.call_async(request)
        self.until(future.done)
        self.node.destroy_client(client)
        return future.result()

    def collect(self, kind: type, topic: str) -> list[Any]:
        """What comes in on a topic from now on."""
        messages: list[Any] = []
        self.node.create_subscription(kind, topic, messages.append, qos.EVENT)
        return messages

    def stand(self) -> None:
        """Let a robot that stands still be measured from now on, 200 times a second."""
        states = self.node.create_publisher(PlantState, 'plant_state', qos.COMMAND)
        start_ns = time.monotonic_ns()

        def measure() -> None:
            now_ns = time.monotonic_ns()
            state = replace(plant_state(Script(), (now_ns - start_ns) // 1_000_000), t_ns=now_ns)
            states.publish(convert.plant_state_to_msg(state, STAMP))

        self.node.create_timer(0.005, measure)

    def close(self) -> None:
        nodes = self.executor.get_nodes()
        self.executor.shutdown()
        for node in nodes:
            node.destroy_node()


@contextmanager
def running_bench() -> Iterator[Bench]:
    """A bench, and ROS for as long as it is used."""
    rclpy.init()
    bench = Bench()
    try:
        yield bench
    finally:
        bench.close()
        rclpy.try_shutdown()

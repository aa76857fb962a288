"""The policy node: observations in, action chunks out; the policy runs in a thread of its own."""

from __future__ import annotations

from dataclasses import dataclass
import time
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage

from rove_msgs.msg import ActionChunk
from rove_policy.core import Picture, PolicyInputs, PolicyLoop, PolicyLoopConfig
from rove_policy.policy import make_policy
from rove_policy.serving.async_policy import AsyncPolicy
from rove_teleop.config import param
from rove_teleop.nodes import convert, latest, qos
from rove_teleop.nodes.images import compressed_topic, decode
from rove_teleop.nodes.losses import Losses
from rove_teleop.nodes.params import declare
from rove_teleop.nodes.run import main_of


@dataclass(frozen=True)
class PolicyParams:
    """Parameters of the policy node."""

    policy: str = param('scripted', 'Policy to run: a known name, or module:Class.')
    address: str = param('tcp://127.0.0.1:5601', 'Address of the server of a remote policy.')
    rate: float = param(50.0, 'How often it looks for a reason to ask [Hz].', low=1.0, high=200.0)


class PolicyNode(Node):
    """Subscribe ``plant_state``, ``control_frame``, ``task_state``, cameras; publish chunks.

    Publishes ``action_chunk``. A policy that fails or hangs costs chunks, never a tick: the
    arbiter holds when they stop coming.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Make the policy and start asking it."""
        super().__init__('policy', **kwargs)
        params = declare(self, PolicyParams)
        options = {'address': params.address} if params.policy == 'remote' else {}
        policy = make_policy(params.policy, **options)
        self._policy = policy
        self._watched: set[str] = set()
        self._worker = AsyncPolicy(policy)
        self._loop = PolicyLoop(self._worker, PolicyLoopConfig())
        self._pictures: dict[str, Picture] = {}
        self._fault = ''
        self._pub = self.create_publisher(ActionChunk, 'action_chunk', qos.COMMAND)
        losses = Losses(self)
        self._plant = latest.plant_state(self, losses)
        self._frame = latest.control_frame(self, losses)
        self._task = latest.task_state(self, losses)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0 / params.rate, self._step, clock=steady)

    def destroy_node(self) -> None:
        """Let go of the policy."""
        self._worker.close()
        super().destroy_node()

    def _watch_camera(self, name: str) -> None:
        """Subscribe to a camera the policy wants; a remote one says so once it is connected."""

        def on_image(msg: CompressedImage) -> None:
            now_ns = time.monotonic_ns()
            image = decode(msg)
            if image is not None:
                self._pictures = {**self._pictures, name: Picture(image, now_ns)}

        self._watched.add(name)
        self.create_subscription(CompressedImage, compressed_topic(name), on_image, qos.CAMERA)

    def _step(self) -> None:
        for name in set(getattr(self._policy, 'images', ())) - self._watched:
            self._watch_camera(name)
        values = (self._plant.get(), self._frame.get(), self._task.get())
        inputs = PolicyInputs(*values, self._pictures)
        chunk = self._loop.step(inputs, time.monotonic_ns())
        if chunk is not None:
            stamp = self.get_clock().now().to_msg()
            self._pub.publish(convert.action_chunk_to_msg(chunk, stamp))
        if self._loop.fault != self._fault:
            self._fault = self._loop.fault
            if self._fault:
                self.get_logger().warning(f'no chunk: {self._fault}')


main = main_of(PolicyNode)

if __name__ == '__main__':
    main()

"""The operator node: whoever operates, publishes ``OperatorState`` and asks for transitions."""

from __future__ import annotations

from dataclasses import dataclass
import time
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future

from rove_msgs.msg import OperatorState
from rove_msgs.srv import AcquireLease, RequestTransition
from rove_teleop.config import param
from rove_teleop.core import types
from rove_teleop.errors import InvalidInput
from rove_teleop.nodes import convert, latest, qos
from rove_teleop.nodes.losses import Losses
from rove_teleop.nodes.params import declare
from rove_teleop.nodes.run import main_of
from rove_teleop.operators.config import OperatorConfig
from rove_teleop.operators.insistence import StopInsistence
from rove_teleop.operators.live import LiveOperator
from rove_teleop.operators.source import OperatorView

_HEARTBEAT_S = 0.5
_LOG_EVERY_S = 1.0
_TIMED = ('takeover', 'release')  # say when the operator's button was received here
_SILENT_NS = 1_000_000_000  # a device that is silent for longer does not keep the lease


@dataclass(frozen=True)
class OperatorParams(OperatorConfig):
    """Parameters of the operator node."""

    rate: float = param(100.0, 'Operator samples a second [Hz].', low=10.0, high=500.0)


class OperatorNode(Node):
    """Publish ``operator_state``; call ``acquire_lease`` and ``request_transition``.

    It sees what a person in front of the robot sees: ``control_frame`` (who is in command),
    ``plant_state`` and ``task_state``. A live device publishes on ``operator_input``.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Build the operator and start asking for the lease."""
        super().__init__('operator', **kwargs)
        params = declare(self, OperatorParams)
        self._operator = params.make_operator()
        self._lease, self._epoch = '', 0
        self._heard_ns: int | None = None
        self._insistence = StopInsistence()
        self._asking: Future | None = None
        self._attempt: tuple[str, int] | None = None
        self._pub = self.create_publisher(OperatorState, 'operator_state', qos.COMMAND)
        self._lease_client = self.create_client(AcquireLease, 'acquire_lease')
        self._request_client = self.create_client(RequestTransition, 'request_transition')
        losses = Losses(self)
        self._frame = latest.control_frame(self, losses)
        self._plant = latest.plant_state(self, losses)
        self._task = latest.task_state(self, losses)
        if isinstance(self._operator, LiveOperator):
            self.create_subscription(OperatorState, 'operator_input', self._on_input, qos.COMMAND)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0 / params.rate, self._step, clock=steady)
        self.create_timer(_HEARTBEAT_S, self._heartbeat, clock=steady)

    def _on_input(self, msg: OperatorState) -> None:
        assert isinstance(self._operator, LiveOperator)
        try:
            state = convert.operator_state_from_msg(msg)
        except InvalidInput as error:
            self.get_logger().warning(f'input refused: {error}', throttle_duration_sec=1.0)
            return
        now_ns = time.monotonic_ns()
        verdict = self._operator.receive(state, now_ns)
        if verdict.state is not None:
            self._heard_ns = now_ns
        self._step()  # a device's sample does not wait for the timer

    def _heartbeat(self) -> None:
        """Ask for the lease, or keep it: the answer to either is the same."""
        waiting = self._asking is not None and not self._asking.done()
        if waiting or not self._is_there() or not self._lease_client.service_is_ready():
            return
        request = AcquireLease.Request()
        request.operator_id, request.lease = self._operator.source_id, self._lease
        self._asking = self._lease_client.call_async(request)
        self._asking.add_done_callback(self._on_lease)

    def _is_there(self) -> bool:
        """Whether there is somebody to hold the lease; a dead device is nobody."""
        if not isinstance(self._operator, LiveOperator):
            return bool(self._operator.source_id)
        return self._heard_ns is not None and time.monotonic_ns() - self._heard_ns < _SILENT_NS

    def _on_lease(self, future: Future) -> None:
        response = future.result()
        if response is not None and response.granted:
            self._lease, self._epoch = response.lease, response.epoch
        else:
            self._lease, self._epoch = '', 0

    def _step(self) -> None:
        now_ns = time.monotonic_ns()
        view = OperatorView(self._frame.get(), self._plant.get(), self._task.get())
        self._begin_episode_if_new(view, now_ns)
        output = self._operator.step(view, now_ns)
        if output.state is not None:
            stamp = self.get_clock().now().to_msg()
            self._pub.publish(convert.operator_state_to_msg(output.state, stamp))
        for wish in self._insistence.step(output.requests, view.frame, now_ns):
            self._request(wish, now_ns)
        if self._insistence.given_up:
            self.get_logger().error(
                'stop: no frame shows that the robot stopped; use the emergency stop'
            )

    def _begin_episode_if_new(self, view: OperatorView, now_ns: int) -> None:
        if view.frame is None or view.task is None:
            return
        attempt = (view.frame.episode, view.task.seed)
        if attempt != self._attempt:
            self._attempt = attempt
            session = f'{self._operator.source_id}-{now_ns}'
            self._operator.reset(view.task.seed, session)

    def _request(self, wish: types.Request, now_ns: int) -> None:
        if not self._request_client.service_is_ready():
            self.get_logger().error(
                f'{wish.event} not sent: no arbiter serves request_transition',
                throttle_duration_sec=_LOG_EVERY_S,
            )
            return
        request = RequestTransition.Request()
        request.event, request.groups = wish.event, list(wish.groups)
        request.operator_id = self._operator.source_id
        request.lease, request.epoch = self._lease, self._epoch
        request.request_id, request.detail = wish.request_id, wish.detail
        if wish.event in _TIMED:
            request.detail = f'{wish.detail} asked_ns={wish.t_receive_ns or now_ns}'.lstrip()
        future = self._request_client.call_async(request)
        future.add_done_callback(lambda done: self._on_reply(wish, done))

    def _on_reply(self, wish: types.Request, future: Future) -> None:
        response = future.result()
        if response is not None and not response.accepted:
            self.get_logger().warning(f'{wish.event} refused: {response.reason}')


main = main_of(OperatorNode)

if __name__ == '__main__':
    main()

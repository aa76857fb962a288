"""The operator node: whoever operates, publishes ``OperatorState`` and asks for transitions."""

from __future__ import annotations

from dataclasses import dataclass
import time
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from rclpy.time import Time
from std_srvs.srv import Trigger

from rove_msgs.msg import OperatorKey, OperatorState
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
from rove_teleop.operators.key_requests import KEYBOARD, KeyPress, KeyRequests
from rove_teleop.operators.live import LiveOperator
from rove_teleop.operators.source import OperatorView

_HEARTBEAT_S = 0.5
_LOG_EVERY_S = 1.0
_TIMED = ('takeover', 'release')  # say when the operator's button was received here
_SILENT_NS = 1_000_000_000  # a device that is silent for longer does not keep the lease


@dataclass(frozen=True)
class OperatorParams(OperatorConfig):
    """Parameters of the operator node."""

    rate: float = param(90.0, 'Samples a second [Hz], as a headset gives.', low=10.0, high=500.0)
    keys: bool = param(True, "Whether a keyboard's keys are asked for with this lease.")


class OperatorNode(Node):
    """Publish ``operator_state``; call ``acquire_lease`` and ``request_transition``.

    It sees what a person in front of the robot sees: ``control_frame`` (who is in command),
    ``plant_state`` and ``task_state``. A live device publishes on ``operator_input``, a keyboard
    beside any operator on ``operator_keys``; what it asks for is asked with this node's lease,
    and so is the service ``release``. With nobody else there the keyboard holds the lease.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Build the operator and start asking for the lease."""
        super().__init__('operator', **kwargs)
        params = declare(self, OperatorParams)
        self._operator = params.make_operator()
        self._lease, self._epoch, self._leased = '', 0, ''
        self._keys = KeyRequests()
        self._count = 0
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
            self.create_subscription(OperatorState, 'operator_input', self._on_input, qos.INPUT)
        if params.keys:
            self.create_subscription(OperatorKey, 'operator_keys', self._on_key, qos.KEYS)
        self.create_service(Trigger, 'release', self._on_release)
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

    def _on_key(self, msg: OperatorKey) -> None:
        now_ns = time.monotonic_ns()
        age_ns = (self.get_clock().now() - Time.from_msg(msg.header.stamp)).nanoseconds
        press = KeyPress(msg.session, msg.seq, msg.event, tuple(msg.groups), age_ns * 1e-9)
        wish, reason = self._keys.take(press, now_ns)
        if reason:
            self.get_logger().warning(reason, throttle_duration_sec=_LOG_EVERY_S)
        if wish is not None:
            self._request(wish, now_ns)

    def _on_release(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Ask for a release; what became of it is an event, for nothing here waits."""
        if not self._lease:
            response.message = 'nobody here holds the operator lease'
            return response
        self._count, now_ns = self._count + 1, time.monotonic_ns()
        request_id = f'release/{self._leased}/{now_ns}-{self._count}'
        wish = types.Request('release', request_id=request_id, detail='service')
        response.success = self._request(wish, now_ns) is not None
        response.message = (
            'asked for; the next event is the release, or a refusal with its reason'
            if response.success
            else 'no arbiter serves request_transition'
        )
        return response

    def _heartbeat(self) -> None:
        """Ask for the lease, or keep it: the answer to either is the same."""
        name = self._name()
        waiting = self._asking is not None and not self._asking.done()
        if waiting or not name or not self._lease_client.service_is_ready():
            return
        if self._lease and name != self._leased:  # somebody came to whom it belongs
            self._call_lease(self._leased, release=True)
        else:
            self._call_lease(name)

    def _name(self) -> str:
        """Who shall hold the lease; a dead device is nobody, and then the keyboard is somebody."""
        now_ns = time.monotonic_ns()
        live = isinstance(self._operator, LiveOperator)
        silent = live and (self._heard_ns is None or now_ns - self._heard_ns >= _SILENT_NS)
        if self._operator.source_id and not silent:
            return self._operator.source_id
        return KEYBOARD if self._keys.present(now_ns) else ''

    def _call_lease(self, name: str, release: bool = False) -> None:
        request = AcquireLease.Request(operator_id=name, lease=self._lease, release=release)
        self._leased = name
        self._asking = self._lease_client.call_async(request)
        self._asking.add_done_callback(self._on_lease)

    def _on_lease(self, future: Future) -> None:
        response = future.result()
        if response is not None and response.granted and response.lease:
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

    def _request(self, wish: types.Request, now_ns: int) -> Future | None:
        """Send a wish to the arbiter; its answer, None if nobody serves requests."""
        if not self._request_client.service_is_ready():
            self.get_logger().error(
                f'{wish.event} not sent: no arbiter serves request_transition',
                throttle_duration_sec=_LOG_EVERY_S,
            )
            return None
        request = RequestTransition.Request()
        request.event, request.groups = wish.event, list(wish.groups)
        request.operator_id = self._leased or self._operator.source_id
        request.lease, request.epoch = self._lease, self._epoch
        request.request_id, request.detail = wish.request_id, wish.detail
        if wish.event in _TIMED:
            request.detail = f'{wish.detail} asked_ns={wish.t_receive_ns or now_ns}'.lstrip()
        future = self._request_client.call_async(request)
        future.add_done_callback(lambda done: self._on_reply(wish, done))
        return future

    def _on_reply(self, wish: types.Request, future: Future) -> None:
        response = future.result()
        if response is not None and not response.accepted:
            self.get_logger().warning(f'{wish.event} refused: {response.reason}')


main = main_of(OperatorNode, priority=10)

if __name__ == '__main__':
    main()

"""A keyboard beside the operator as a node: presses go out, and what the robot does comes in."""

from __future__ import annotations

from collections import deque
import time
from typing import Any
from uuid import uuid4

from rclpy.client import Client
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from rove_msgs.msg import Event as EventMsg
from rove_msgs.msg import OperatorKey
from rove_msgs.srv import RequestTransition
from rove_teleop.core.types import ControlFrame, Event, Request
from rove_teleop.nodes import convert, latest, qos
from rove_teleop.operators.insistence import StopInsistence
from rove_teleop.operators.key_requests import KEYBOARD
from rove_teleop.operators.keyboard import Wish

_PRESENCE_S = 0.4
_INSIST_S = 0.02
_SILENT_NS = 500_000_000


class KeyboardNode(Node):
    """Publish ``operator_keys``; call ``stop`` and ``request_transition``; watch what happens.

    It watches ``control_frame`` and ``event``. Stop and hold go straight to the arbiter, so they
    work whoever operates, and without him. A stop is repeated until the robot is seen to have
    stopped. Everything else needs the lease, and goes to the one who holds it.

    Attributes:
        events: What happened since the last look, in order; the reader empties it.
        problem: Why the last press did not go out, empty if it did.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Look for arbiter and operator."""
        super().__init__('keyboard', **kwargs)
        self._session, self._seq = uuid4().hex[:12], 0
        self._pub = self.create_publisher(OperatorKey, 'operator_keys', qos.KEYS)
        self._stop = self.create_client(Trigger, 'stop')
        self._hold = self.create_client(RequestTransition, 'request_transition')
        self._insistence = StopInsistence()
        self._frame = latest.control_frame(self)
        self.events: deque[Event] = deque(maxlen=200)
        self.problem = ''
        self.create_subscription(EventMsg, 'event', self._on_event, qos.EVENT)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_PRESENCE_S, self._publish, clock=steady)
        self.create_timer(_INSIST_S, self._insist, clock=steady)

    @property
    def frame(self) -> ControlFrame | None:
        """The newest frame, None while the arbiter is silent."""
        frame = self._frame.get()
        if frame is None or time.monotonic_ns() - frame.t_ns > _SILENT_NS:
            return None
        return frame

    def press(self, wish: Wish) -> None:
        """Ask for something."""
        self.problem = ''
        if wish.event == 'stop':
            self._insist(Request('stop', request_id='stop'))
        elif wish.event == 'hold':
            self._ask_to_hold(wish)
        elif not self.count_subscribers('operator_keys'):
            self.problem = f'{wish.event} not sent: no operator listens'
        else:
            self._publish(wish)

    def _on_event(self, msg: EventMsg) -> None:
        self.events.append(convert.event_from_msg(msg))

    def _publish(self, wish: Wish | None = None) -> None:
        """Send a wish, or that the keyboard is there."""
        msg = OperatorKey(session=self._session, seq=self._seq)
        msg.header.stamp = self.get_clock().now().to_msg()
        if wish is not None:
            msg.event, msg.groups = wish.event, list(wish.groups)
        self._seq += 1
        self._pub.publish(msg)

    def _insist(self, *stops: Request) -> None:
        for _ in self._insistence.step(stops, self.frame, time.monotonic_ns()):
            if self._is_there(self._stop, 'stop'):
                self._stop.call_async(Trigger.Request())
        if self._insistence.given_up:
            self.problem = 'stop: no frame shows that the robot stopped; use the emergency stop'

    def _ask_to_hold(self, wish: Wish) -> None:
        if not self._is_there(self._hold, 'hold'):
            return
        request = RequestTransition.Request(
            event='hold', groups=list(wish.groups), operator_id=KEYBOARD, detail='key'
        )
        request.request_id = f'{KEYBOARD}/{self._session}/{self._seq}'
        self._seq += 1
        self._hold.call_async(request).add_done_callback(self._on_reply)

    def _is_there(self, client: Client, name: str) -> bool:
        if not client.service_is_ready():
            self.problem = f'{name} not sent: no arbiter is there; use the emergency stop'
            return False
        return True

    def _on_reply(self, future: Future) -> None:
        response = future.result()
        if response is not None and not response.accepted:
            self.problem = f'hold refused: {response.reason}'

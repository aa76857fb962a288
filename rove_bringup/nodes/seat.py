"""The director's seat: asked for and kept at the arbiter, so that nobody else directs."""

from __future__ import annotations

import time

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future

from rove_msgs.srv import AcquireLease, RequestTransition
from rove_teleop.core.desk import DIRECTOR

_RENEW_S = 0.5
_AGAIN_S = 2.0  # an answer that got lost is not waited for any longer


class Seat:
    """Asks for the director's lease until it is granted, and renews it.

    Attributes:
        trouble: Why it is not taken, one text; empty when it is.
    """

    def __init__(self, node: Node) -> None:
        """Ask as this node."""
        self._client = node.create_client(AcquireLease, 'acquire_lease')
        self.trouble = [self._client.srv_name]
        self._lease, self._epoch = '', 0
        self._asking: Future | None = None
        self._seen, self._asked_ns = False, 0
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(_RENEW_S, self._renew, clock=steady)

    def sign(self, request: RequestTransition.Request) -> None:
        """Prove that a request comes from here."""
        request.operator_id, request.lease, request.epoch = DIRECTOR, self._lease, self._epoch

    def _renew(self) -> None:
        seen, self._seen = self._seen, self._client.service_is_ready()
        waiting = self._asking is not None and not self._asking.done()
        late = time.monotonic_ns() - self._asked_ns > _AGAIN_S * 1e9
        if not (seen and self._seen) or (waiting and not late):
            return  # a service just seen may not see its client yet
        wish = AcquireLease.Request(operator_id=DIRECTOR, lease=self._lease)
        self._asking, self._asked_ns = self._client.call_async(wish), time.monotonic_ns()
        self._asking.add_done_callback(self._on_answer)

    def _on_answer(self, future: Future) -> None:
        answer = future.result()
        if answer is None:
            return
        self._lease, self._epoch = answer.lease, answer.epoch
        refused = f'{self._client.srv_name} ({answer.reason})'
        self.trouble = [] if answer.granted else [refused]

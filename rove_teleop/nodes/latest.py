"""The newest message of a topic, decoded only when somebody looks at it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
import time
from typing import Any, Generic, TypeVar

from rclpy._rclpy_pybind11 import RMWError  # rclpy has no public name for it
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message

from rove_msgs import msg as rove
from rove_teleop.core.types import ControlFrame, PlantState, TaskState
from rove_teleop.errors import InvalidInput
from rove_teleop.nodes import convert, qos
from rove_teleop.nodes.inbox import Inbox
from rove_teleop.nodes.losses import Losses

Value = TypeVar('Value')


@dataclass
class Heard:
    """How many messages came in on a stream, and when the last one did [ns]; 0 is never."""

    count: int = 0
    last_ns: int = 0

    def note(self, now_ns: int) -> None:
        """One more came in."""
        self.count, self.last_ns = self.count + 1, now_ns


class Latest(Generic[Value]):
    """The newest message of a topic, decoded once when somebody looks at it.

    A node that looks at a 200 Hz topic 50 times a second then pays for 50 of them.

    Attributes:
        heard: What came in.
    """

    def __init__(
        self,
        node: Node,
        kind: type,
        topic: str,
        profile: QoSProfile,
        from_msg: Callable[[Any, int], Value],
        losses: Losses | None = None,
        choose: Callable[[Iterable[Value]], Value] | None = None,
        on_news: Callable[[], None] | None = None,
    ) -> None:
        """Subscribe.

        Args:
            node: Node that owns the subscription.
            kind: Message class.
            topic: Relative topic name.
            profile: Quality of service.
            from_msg: Core value of a message and its receive time [ns, monotonic].
            losses: Told of every message, to say when there are none.
            choose: Picks one of several that came between two looks; the last one if None.
            on_news: Called after every message; without it, none wakes the node up.
        """
        self._log = node.get_logger()
        self._topic, self._kind, self._from_msg = topic, kind, from_msg
        self._losses, self._choose, self._on_news = losses, choose, on_news
        self.heard = Heard()
        self._raw: deque[tuple[bytes, int]] = deque(maxlen=1 if choose is None else profile.depth)
        self._value: Value | None = None
        if on_news is None:
            self._inbox = Inbox(node, kind, topic, profile)
        else:
            node.create_subscription(kind, topic, self._hear, profile, raw=True)

    def _hear(self, data: bytes) -> None:
        assert self._on_news is not None
        self._keep(data, time.monotonic_ns())
        self._on_news()

    def _keep(self, data: bytes, receive_ns: int) -> None:
        self._raw.append((data, receive_ns))
        self.heard.note(receive_ns)
        if self._losses is not None:
            self._losses.heard(self._topic)

    def _look(self) -> None:
        if self._on_news is None:
            for data, receive_ns in self._inbox.take():
                self._keep(data, receive_ns)

    def get(self) -> Value | None:
        """The newest value, None before the first; a malformed one is warned of and skipped."""
        self._look()
        values = []
        while self._raw:
            data, receive_ns = self._raw.popleft()
            try:
                values.append(self._from_msg(deserialize_message(data, self._kind), receive_ns))
            except (InvalidInput, RMWError) as error:
                self._log.warning(f'{self._topic} refused: {error}', throttle_duration_sec=1.0)
        if values:
            self._value = values[0] if self._choose is None else self._choose(values)
        return self._value

    def forget(self) -> None:
        """Drop what came until now."""
        self._look()
        self._raw.clear()
        self._value = None


def control_frame(
    node: Node, losses: Losses | None = None, on_news: Callable[[], None] | None = None
) -> Latest[ControlFrame]:
    """The newest tick of the arbiter."""
    return Latest(
        node,
        rove.ControlFrame,
        'control_frame',
        qos.NEWEST,
        convert.control_frame_from_msg,
        losses,
        on_news=on_news,
    )


def plant_state(node: Node, losses: Losses | None = None) -> Latest[PlantState]:
    """The newest state of the plant."""
    return Latest(
        node, rove.PlantState, 'plant_state', qos.NEWEST, convert.plant_state_from_msg, losses
    )


def task_state(node: Node, losses: Losses | None = None) -> Latest[TaskState]:
    """The newest judgement of the task."""
    return Latest(
        node, rove.TaskState, 'task_state', qos.NEWEST, convert.task_state_from_msg, losses
    )

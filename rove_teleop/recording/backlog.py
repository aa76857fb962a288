"""The bounded queue between the loop and the disk."""

from __future__ import annotations

from collections import Counter, deque
from enum import IntEnum
import threading
import time
from typing import NamedTuple


class Priority(IntEnum):
    """What is given up first when the disk does not keep up: the lower value."""

    BULK = 0
    NORMAL = 1
    VITAL = 2


class Entry(NamedTuple):
    """One serialized message on its way to the file."""

    topic: str
    type_name: str
    data: bytes
    log_time_ns: int
    publish_time_ns: int


class Backlog:
    """Serialized messages that wait for the disk, bounded in bytes.

    When it is full, the oldest message of the lowest priority below the newcomer's is given
    up; only if there is none, the newcomer is. Every loss is counted by topic.
    """

    def __init__(self, capacity: int) -> None:
        """Make an empty backlog.

        Args:
            capacity: Most bytes of message data held at once.
        """
        self._capacity = capacity
        self._queues: dict[Priority, deque[tuple[int, Entry]]] = {p: deque() for p in Priority}
        self._size = 0
        self._sequence = 0
        self._changed = threading.Condition(threading.Lock())
        self._hurry = threading.Event()
        self._open = True
        self.dropped: Counter[str] = Counter()

    def put(self, priority: Priority, entry: Entry, patience: float = 0.0) -> bool:
        """Queue one message.

        Args:
            priority: What may be given up for it: anything lower.
            entry: The message.
            patience: How long to wait for room before something is given up [s].

        Returns:
            False when this message was given up.
        """
        size = len(entry.data)
        with self._changed:
            if patience and self._size + size > self._capacity:
                self._wait_for_room(size, patience)
            if not self._open or not self._make_room(priority, size):
                self.dropped[entry.topic] += 1
                return False
            self._sequence += 1
            self._queues[priority].append((self._sequence, entry))
            self._size += size
            crowded = self._size > self._capacity // 4
        if crowded:
            self._hurry.set()
        return True

    def take(self, timeout: float) -> list[Entry]:
        """Return everything queued, in order of arrival.

        Waits up to ``timeout`` [s] for more to come, less when room gets scarce or the
        backlog is closed.
        """
        self._hurry.wait(timeout)
        with self._changed:
            arrived = [pair for queue in self._queues.values() for pair in queue]
            for queue in self._queues.values():
                queue.clear()
            self._size = 0
            if self._open:
                self._hurry.clear()
            self._changed.notify_all()
        return [entry for _, entry in sorted(arrived)]

    def lose(self, topic: str, count: int = 1) -> None:
        """Count messages that were taken and could not be kept."""
        with self._changed:
            self.dropped[topic] += count

    @property
    def closed(self) -> bool:
        """Whether nothing is accepted any more."""
        return not self._open

    def close(self) -> None:
        """Accept nothing any more; what is queued can still be taken."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
        self._hurry.set()

    def _make_room(self, priority: Priority, size: int) -> bool:
        if size > self._capacity:
            return False
        for lower in Priority:
            queue = self._queues[lower]
            while lower < priority and queue and self._size + size > self._capacity:
                _, entry = queue.popleft()
                self._size -= len(entry.data)
                self.dropped[entry.topic] += 1
        return self._size + size <= self._capacity

    def _wait_for_room(self, size: int, patience: float) -> None:
        deadline = time.monotonic() + patience
        self._hurry.set()
        while self._open and self._size and self._size + size > self._capacity:
            if not self._changed.wait(deadline - time.monotonic()):
                return

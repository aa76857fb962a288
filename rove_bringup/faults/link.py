"""The way of one stream from its sender to its receiver, with the fault that strikes it."""

from __future__ import annotations

from dataclasses import dataclass, field
import heapq
from typing import Any

import numpy as np

from rove_bringup.faults.damage import Damage, Sent
from rove_bringup.faults.fault import Fault


@dataclass(frozen=True)
class Note:
    """Something the record does not hold: ``refuses`` or ``brakes``, and why."""

    t_ns: int
    kind: str
    text: str = ''


@dataclass
class Strike:
    """One fault in one run: when it struck, and what was seen beside the record.

    Attributes:
        random: Everything random in it.
        start_ns, end_ns: When it lasts [ns]; None before it is known.
        first_ns: When the first message was touched [ns].
        disorder_ns: When the first one arrived twice, or after a later one [ns].
        heard_ns: When the lease's holder was last heard from, or the recorder [ns].
    """

    fault: Fault
    random: np.random.Generator
    start_ns: int | None = None
    end_ns: int | None = None
    first_ns: int | None = None
    disorder_ns: int | None = None
    heard_ns: int = 0
    notes: list[Note] = field(default_factory=list)

    def begin(self, now_ns: int) -> None:
        """Strike from now on."""
        self.start_ns = now_ns
        self.end_ns = now_ns + round(self.fault.duration * 1e9)

    def lasts(self, now_ns: int) -> bool:
        """Whether it is under way."""
        return self.start_ns is not None and self.start_ns <= now_ns < (self.end_ns or 0)

    def touch(self, now_ns: int) -> None:
        """Something was done to the system."""
        self.first_ns = now_ns if self.first_ns is None else self.first_ns

    def note(self, now_ns: int, kind: str, text: str = '') -> None:
        """Something was seen."""
        self.notes.append(Note(now_ns, kind, text))


class Link:
    """Carries the messages of one stream; a fault of this stream strikes them here."""

    def __init__(self, stream: str, strike: Strike, each: bool = False) -> None:
        """Carry one stream.

        Args:
            stream: Its name.
            strike: What may strike it.
            each: Whether the receiver looks at each message, instead of the newest of a tick.
        """
        self._each = each
        self._strike = strike
        make = strike.fault.damage
        struck = strike.fault.where == stream and make is not None
        self._damage: Damage | None = make() if struck and make is not None else None
        self._queue: list[tuple[int, int, int, Any]] = []
        self._sent = self._index = self._put_count = self._newest = 0
        self._last: Any = None

    def send(self, value: Any, now_ns: int) -> None:
        """Put a message on its way; the same object again is no new one."""
        if value is None or value is self._last:
            return
        self._last = value
        self._sent += 1
        damage = self._damage
        if damage is None or not self._strike.lasts(now_ns):
            if damage is not None:
                damage.before(value, now_ns)
            self._put(now_ns, value)
            return
        self._strike.touch(now_ns)
        end_ns = self._strike.end_ns or now_ns
        sent = Sent(value, now_ns, end_ns, self._strike.random, self._index)
        self._index += 1
        for at_ns, arriving in damage.arrivals(sent):
            self._put(at_ns, arriving)

    def arrived(self, now_ns: int) -> list[Any]:
        """What came in until now, in order of arrival."""
        values, numbers = [], []
        while self._queue and self._queue[0][0] <= now_ns:
            _, _, number, value = heapq.heappop(self._queue)
            values.append(value)
            numbers.append(number)
        looked_at = numbers if self._each else numbers and [max(numbers)]
        for number in looked_at:
            if number <= self._newest and self._strike.disorder_ns is None:
                self._strike.disorder_ns = now_ns
            self._newest = max(self._newest, number)
        return values

    def _put(self, at_ns: int, value: Any) -> None:
        self._put_count += 1
        heapq.heappush(self._queue, (at_ns, self._put_count, self._sent, value))

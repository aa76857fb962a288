"""What can happen to the messages of one stream on their way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

_MS = 1_000_000

Arrivals = Iterable[tuple[int, Any]]
"""When something arrives [ns], and what."""
Change = Callable[[Any, np.random.Generator], Any]
"""A message as it becomes; None when it cannot even be read."""


@dataclass(frozen=True)
class Sent:
    """One message as it is sent.

    Attributes:
        value: The message.
        now_ns: When it is sent [ns].
        end_ns: When the fault ends [ns].
        random: Everything random.
        index: How many were sent since the fault began.
    """

    value: Any
    now_ns: int
    end_ns: int
    random: np.random.Generator
    index: int = 0


class Damage(Protocol):
    """What is done to the messages that are sent while a fault lasts."""

    def before(self, value: Any, now_ns: int) -> None:
        """A message from before the fault, for those who replay it later."""

    def arrivals(self, sent: Sent) -> Arrivals:
        """What becomes of a message: nothing, itself sooner or later, others beside it."""


class Plain:
    """Damage that needs no past."""

    def before(self, value: Any, now_ns: int) -> None:
        """Nothing to remember."""


@dataclass
class Network(Plain):
    """A bad network.

    Attributes:
        delay_ms, jitter_ms: Every message is late by the one, and by up to the other.
        loss, duplicates: Shares of the messages.
        ordered: Whether a message waits for those sent before it.
    """

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    duplicates: float = 0.0
    ordered: bool = True
    _last_ns: int = field(default=0, init=False)

    def arrivals(self, sent: Sent) -> Arrivals:
        """Late, lost or twice."""
        if sent.random.random() < self.loss:
            return
        copies = 2 if sent.random.random() < self.duplicates else 1
        for _ in range(copies):
            late_ms = self.delay_ms + sent.random.uniform(0.0, self.jitter_ms)
            at_ns = sent.now_ns + round(late_ms * _MS)
            if self.ordered:
                at_ns = self._last_ns = max(at_ns, self._last_ns)
            yield at_ns, copy(sent.value)  # another object, as from another packet


class Silence(Network):
    """Nothing arrives."""

    def __init__(self) -> None:
        super().__init__(loss=1.0)


class Burst(Plain):
    """Nothing arrives, and then everything at once."""

    def arrivals(self, sent: Sent) -> Arrivals:
        """All when the fault is over."""
        yield sent.end_ns, sent.value


@dataclass
class Spoiled(Plain):
    """Messages arrive in time and broken.

    Attributes:
        change: What breaks them.
        every: One of so many is broken, the first among them.
    """

    change: Change
    every: int = 1

    def arrivals(self, sent: Sent) -> Arrivals:
        """The broken one, unless nobody can read it."""
        broken = sent.index % self.every == 0
        value = self.change(sent.value, sent.random) if broken else sent.value
        if value is not None:
            yield sent.now_ns, value


@dataclass
class Beside(Plain):
    """A stranger's message follows every message.

    Attributes:
        change: Makes it from the true one.
    """

    change: Change

    def arrivals(self, sent: Sent) -> Arrivals:
        """The true one, then the stranger's."""
        yield sent.now_ns, sent.value
        stranger = self.change(sent.value, sent.random)
        if stranger is not None:
            yield sent.now_ns, stranger


@dataclass
class Replay:
    """Messages from before the fault come again, each after a true one or instead of it.

    Attributes:
        instead: Whether the true ones are missing.
        kept: How many are remembered; the oldest of them come again.
    """

    instead: bool = False
    kept: int = 50
    _past: list[Any] = field(default_factory=list, init=False)

    def before(self, value: Any, now_ns: int) -> None:
        """Remember a message."""
        self._past = [*self._past[-self.kept + 1 :], value]

    def arrivals(self, sent: Sent) -> Arrivals:
        """The true one unless it is missing, then an old one."""
        if not self.instead:
            yield sent.now_ns, sent.value
        if self._past:
            yield sent.now_ns, copy(self._past[sent.index % len(self._past)])

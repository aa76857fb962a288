"""The last takeover and the last release: how long each took, and how well it was aligned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from rove_teleop.core.tags import detail_value
from rove_teleop.core.types import ControlFrame, Event

_BEGINS = {'takeover': 'human', 'release': 'blend'}
"""The request, and the event with which the new source commands."""


@dataclass(frozen=True)
class Handover:
    """One passage of authority.

    Attributes:
        groups: Groups it was about.
        asked_ns: When the request was received in the first process of ours.
        begun_ns: When the new source commanded, None as long as it does not.
        alignment: By side, how far the operator's hand was from the palm [m, rad].
        help_ms: How long a request for help had waited for it, empty if there was none.
    """

    groups: tuple[str, ...]
    asked_ns: int
    begun_ns: int | None = None
    alignment: dict[str, tuple[float, float]] = field(default_factory=dict)
    help_ms: str = ''

    @property
    def latency_ms(self) -> float | None:
        """From the request to the first command of the new source [ms]."""
        return None if self.begun_ns is None else (self.begun_ns - self.asked_ns) / 1e6


class Handovers:
    """Follows the events of the arbiter.

    Attributes:
        last: The newest handover of each kind, ``takeover`` and ``release``.
        counts: How many there were of each kind.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.last: dict[str, Handover] = {}
        self.counts = dict.fromkeys(_BEGINS, 0)

    def step(self, events: Iterable[Event], frame: ControlFrame | None) -> None:
        """Take what a tick made."""
        for event in events:
            if event.kind in _BEGINS:
                self.counts[event.kind] += 1
                alignment = frame.alignment if frame and event.kind == 'takeover' else {}
                self.last[event.kind] = Handover(
                    groups=event.groups,
                    asked_ns=_asked_ns(event),
                    alignment=alignment,
                    help_ms=detail_value(event.detail, 'help_ms'),
                )
            for kind, begin in _BEGINS.items():
                handover = self.last.get(kind)
                if event.kind == begin and handover and handover.begun_ns is None:
                    self.last[kind] = replace(handover, begun_ns=event.t_ns)


def _asked_ns(event: Event) -> int:
    for key in ('asked_ns', 't_receive_ns'):
        text = detail_value(event.detail, key)
        if text.isdigit():
            return int(text)
    return event.t_ns

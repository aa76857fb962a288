"""What the operator's side makes of keys that were pressed elsewhere: judged, then requested."""

from __future__ import annotations

from dataclasses import dataclass

from rove_teleop.core.names import GROUPS
from rove_teleop.core.types import Request
from rove_teleop.operators.buttons import OPERATOR_REQUESTS

KEYBOARD = 'keyboard'
"""Who asks when there is a keyboard and nobody else."""
PRESENT_NS = 1_000_000_000
MAX_AGE = 0.5  # [s]; as old as a takeover may be
_SESSIONS = 16


@dataclass(frozen=True)
class KeyPress:
    """A press as it came in.

    Attributes:
        session, seq: One run of the keyboard, and its presses counted.
        event: What it asks for, empty for a sign of life.
        age: From the press until it came in, by the clocks of both machines [s].
    """

    session: str
    seq: int
    event: str = ''
    groups: tuple[str, ...] = ()
    age: float = 0.0


class KeyRequests:
    """Turns presses into requests, each once; what is late, repeated or unknown is refused."""

    def __init__(self) -> None:
        """Begin without having heard a keyboard."""
        self._seq: dict[str, int] = {}
        self._heard_ns: int | None = None

    def present(self, now_ns: int) -> bool:
        """Whether a keyboard was heard in the last second."""
        return self._heard_ns is not None and now_ns - self._heard_ns < PRESENT_NS

    def take(self, press: KeyPress, now_ns: int) -> tuple[Request | None, str]:
        """The request of a press, None if there is none, and why it was refused, if so."""
        if press.seq <= self._seq.get(press.session, -1):
            return None, f'key {press.seq} came again or out of order'
        self._remember(press)
        if not abs(press.age) <= MAX_AGE:
            return None, f'key came {press.age:.1f} s after it was pressed, or the clocks differ'
        self._heard_ns = now_ns
        if not press.event:
            return None, ''
        if press.event not in OPERATOR_REQUESTS:
            known = ', '.join(OPERATOR_REQUESTS)
            return None, f'key asks for {press.event!r:.40}; known: {known}'
        if unknown := [group for group in press.groups if group not in GROUPS]:
            return None, f'key names the group {unknown[0]!r:.40}; known: {", ".join(GROUPS)}'
        request = Request(
            event=press.event,
            groups=press.groups,
            request_id=f'{KEYBOARD}/{press.session}/{press.seq}',
            detail='key',
            t_receive_ns=now_ns,
        )
        return request, ''

    def _remember(self, press: KeyPress) -> None:
        self._seq.pop(press.session, None)
        self._seq[press.session] = press.seq
        if len(self._seq) > _SESSIONS:
            del self._seq[next(iter(self._seq))]

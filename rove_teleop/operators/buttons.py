"""From buttons held down to requests, so that only a fresh, deliberate press acts.

Rules:

* A request is made when a button goes down, never while it stays down.
* A button that is already down at the start, after a gap in the samples or in a new session
  is ignored until it has been released: a held button never engages anything.
* After a release a button must stay up for ``debounce_ns`` before it can act again.
* ``rearm`` acts only while every other button is up.
* ``stop`` is the exception to all of them: it acts as soon as it is seen down, and nothing
  pressed in the same sample acts beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rove_teleop.core.names import GROUPS
from rove_teleop.core.phases import REQUESTS
from rove_teleop.core.types import Request
from rove_teleop.errors import ConfigError, UnknownName

OPERATOR_REQUESTS = (
    'stop',
    'hold',
    'release',
    'takeover',
    'rearm',
    'success',
    'failure',
    'mark_recovery',
)
"""What a button may ask for; pressed together they are requested in this order."""


@dataclass(frozen=True)
class Binding:
    """What a button asks for.

    Attributes:
        event: One of ``OPERATOR_REQUESTS``.
        groups: Groups it is about; empty means all.
    """

    event: str
    groups: tuple[str, ...] = ()


DEFAULT_BINDINGS: dict[str, Binding] = {
    **{event: Binding(event) for event in OPERATOR_REQUESTS},
    'right_a': Binding('takeover'),
    'right_b': Binding('release'),
    'left_x': Binding('hold'),
    'left_y': Binding('stop'),
    'left_stick': Binding('rearm'),
    'right_stick': Binding('mark_recovery'),
    'right_menu': Binding('success'),
    'left_menu': Binding('failure'),
    'key_t': Binding('takeover'),
    'key_r': Binding('release'),
    'key_h': Binding('hold'),
    'key_space': Binding('stop'),
    'key_a': Binding('rearm'),
    'key_m': Binding('mark_recovery'),
    'key_s': Binding('success'),
    'key_f': Binding('failure'),
}
"""Two hand controllers, a keyboard, and devices that send the requests by name."""


class ButtonMapper:
    """Turns the buttons of each sample into requests."""

    def __init__(
        self,
        bindings: Mapping[str, Binding] = DEFAULT_BINDINGS,
        *,
        debounce_ns: int = 30_000_000,
        gap_ns: int = 400_000_000,
    ) -> None:
        """Begin with every held button ignored.

        Args:
            bindings: What each button asks for; others do nothing.
            debounce_ns: How long a button must have been up before a press counts [ns].
            gap_ns: Silence after which held buttons are ignored until released [ns].

        Raises:
            UnknownName: A binding names an unknown request or group.
            ConfigError: A time is negative.
        """
        for binding in bindings.values():
            if binding.event not in OPERATOR_REQUESTS or binding.event not in REQUESTS:
                raise UnknownName('request', binding.event, OPERATOR_REQUESTS)
            for group in binding.groups:
                if group not in GROUPS:
                    raise UnknownName('group', group, GROUPS)
        if debounce_ns < 0 or gap_ns < 0:
            raise ConfigError(f'{debounce_ns=} and {gap_ns=} must not be negative')
        self._bindings = dict(bindings)
        self._debounce_ns = debounce_ns
        self._gap_ns = gap_ns
        self._count = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything: whatever is down now is ignored until it has been released."""
        self._t_ns: int | None = None
        self._down: frozenset[str] = frozenset()
        self._up_since_ns: dict[str, int] = {}

    def step(
        self,
        buttons: Iterable[str],
        t_ns: int,
        *,
        operator_id: str = '',
        session: str = '',
    ) -> tuple[Request, ...]:
        """Requests that the buttons of one sample make.

        Args:
            buttons: Names of all buttons that are down.
            t_ns: When the sample was received (monotonic [ns]).
            operator_id: Written into the requests.
            session: Part of the requests' ids.
        """
        down = frozenset(buttons) & self._bindings.keys()
        if self._t_ns is not None and t_ns - self._t_ns > self._gap_ns:
            self.reset()
        pressed = self._pressed(down, t_ns)
        self._remember(down, t_ns)
        events = {self._bindings[button].event for button in pressed}
        if 'stop' in events:
            pressed = [b for b in pressed if self._bindings[b].event == 'stop']
        pressed.sort(key=lambda button: OPERATOR_REQUESTS.index(self._bindings[button].event))
        unique = dict.fromkeys(self._bindings[button] for button in pressed)
        return tuple(self._request(b, t_ns, operator_id, session) for b in unique)

    def stops(
        self,
        buttons: Iterable[str],
        t_ns: int,
        *,
        operator_id: str = '',
        session: str = '',
    ) -> tuple[Request, ...]:
        """The stop, if any, in a sample that is not good enough for anything else."""
        down = frozenset(buttons) & self._bindings.keys()
        fresh = {b for b in down - self._down if self._bindings[b].event == 'stop'}
        self._down |= fresh
        unique = dict.fromkeys(self._bindings[button] for button in sorted(fresh))
        return tuple(self._request(b, t_ns, operator_id, session) for b in unique)

    def _pressed(self, down: frozenset[str], t_ns: int) -> list[str]:
        """Buttons that act in this sample."""
        pressed = []
        for button in sorted(down - self._down):
            event = self._bindings[button].event
            up_since = self._up_since_ns.get(button)
            armed = up_since is not None and t_ns - up_since >= self._debounce_ns
            alone = event != 'rearm' or down == {button}
            if event == 'stop' or (armed and alone):
                pressed.append(button)
        return pressed

    def _remember(self, down: frozenset[str], t_ns: int) -> None:
        for button in self._bindings.keys() - down:
            fresh = button in self._down or button not in self._up_since_ns
            if fresh:
                self._up_since_ns[button] = t_ns
        if self._t_ns is None:  # what is seen up in the very first sample has long been up
            start = t_ns - self._debounce_ns
            self._up_since_ns = dict.fromkeys(self._bindings.keys() - down, start)
        self._t_ns, self._down = t_ns, down

    def _request(self, binding: Binding, t_ns: int, operator_id: str, session: str) -> Request:
        self._count += 1
        return Request(
            event=binding.event,
            groups=binding.groups,
            operator_id=operator_id,
            request_id=f'{operator_id}/{session}/{self._count}',
            detail='button',
            t_receive_ns=t_ns,
        )

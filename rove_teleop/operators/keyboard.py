"""A keyboard beside the operator: which key asks for what, for which groups, and how often.

A terminal tells no key-up. While a key stays down it repeats, so the same key again counts only
after it has been silent for a while: a held key never engages anything anew. ``stop`` is the
exception: it always counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from rove_teleop.core.names import GROUPS

KEYS = {
    ' ': 'stop',
    'h': 'hold',
    'r': 'release',
    't': 'takeover',
    'a': 'rearm',
    's': 'success',
    'f': 'failure',
    'm': 'mark_recovery',
}
"""What each key asks for; a capital letter asks for the same."""
ALL_GROUPS = '0'
GROUP_KEYS = {str(number): group for number, group in enumerate(GROUPS, 1)}
"""Keys that choose groups for the next takeover, release or hold."""
REPEAT_NS = 800_000_000  # a keyboard waits for up to 660 ms before it repeats a held key
_PARTIAL = ('takeover', 'release', 'hold')


@dataclass(frozen=True)
class Wish:
    """What a press asks for; empty groups means all of them."""

    event: str
    groups: tuple[str, ...] = ()


class Keyboard:
    """Turns characters as they come from a terminal into wishes.

    Attributes:
        groups: Chosen groups, empty for all.
    """

    def __init__(self, repeat_ns: int = REPEAT_NS) -> None:
        """Begin with all groups chosen.

        Args:
            repeat_ns: Silence after which the same key is a press of its own [ns].
        """
        self.groups: tuple[str, ...] = ()
        self._repeat_ns = repeat_ns
        self._last_ns: dict[str, int] = {}

    def press(self, key: str, now_ns: int) -> Wish | None:
        """What one character asks for, None for nothing.

        Args:
            key: The character.
            now_ns: When it came [ns, monotonic].
        """
        key = key.lower()
        last_ns = self._last_ns.get(key)
        self._last_ns[key] = now_ns
        event = KEYS.get(key, '')
        if event != 'stop' and last_ns is not None and now_ns - last_ns < self._repeat_ns:
            return None
        self._choose(key)
        if not event:
            return None
        return Wish(event, self.groups if event in _PARTIAL else ())

    def _choose(self, key: str) -> None:
        if key == ALL_GROUPS:
            self.groups = ()
        elif group := GROUP_KEYS.get(key):
            chosen = set(self.groups) ^ {group}
            self.groups = tuple(name for name in GROUPS if name in chosen)

"""Asks for a takeover when the policy asks, stands still, or pushes against something.

Asking is an event and a line in the frame. It moves nothing, gives nobody authority and changes
no phase. There is one request at a time; it ends with a takeover, or when its cause is gone
(``help_over``), and after that the same cause is silent for a while.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.judge import channel_mask
from rove_teleop.core.names import GROUPS, JOINTS, NUM_BASE, NUM_LEG_JOINTS, Authority
from rove_teleop.core.types import ActionChunk, Array
from rove_teleop.core.watch import Finding

_WATCHED = ('torso', 'left_arm', 'right_arm')  # a grip lives on the distance of the fingers
_LONGEST = 80  # characters of a policy's reason
_MS = 1_000_000


@dataclass(frozen=True)
class Sight:
    """What the monitor looks at.

    Attributes:
        episode: Whether a task runs.
        authority: Per group, in the order of ``GROUPS``.
        executed: Channels (37,) as they were commanded last.
        joints, measured: The 43 joints as commanded last and as measured [rad].
        chunk: The policy's newest, None before the first.
    """

    episode: bool
    authority: Sequence[Authority]
    executed: Array
    joints: Array
    measured: Array
    chunk: ActionChunk | None


@dataclass(frozen=True)
class Asking:
    """A request for help that nobody has answered yet.

    Attributes:
        cause: ``policy``, ``stall`` or ``tracking``.
        since_ns: When it was made.
    """

    cause: str
    actor: str
    reason: str
    groups: tuple[str, ...]
    since_ns: int


class Monitor:
    """Watches the robot while the policy has it.

    Attributes:
        asking: The request that is open, None if there is none.
    """

    def __init__(self, config: ArbiterConfig) -> None:
        """Begin without a suspicion."""
        self._config = config
        self.asking: Asking | None = None
        self._playing: tuple[str, ...] = ()
        self._channels = self._watched = channel_mask(())
        self._still: tuple[Array, int] | None = None
        self._apart_ns: int | None = None
        self._quiet_until_ns: dict[str, int] = {}

    @property
    def text(self) -> str:
        """The open request as it stands in the frame, empty if there is none."""
        return '' if self.asking is None else f'{self.asking.actor}: {self.asking.reason}'

    def answered(self, now_ns: int) -> str:
        """Note a takeover.

        Returns:
            How long the open request waited for it, as ``key=value``; empty if none was open.
        """
        asking = self.asking
        self._close(now_ns)
        self._forget()
        return '' if asking is None else f'help_ms={(now_ns - asking.since_ns) // _MS}'

    def step(self, sight: Sight, now_ns: int) -> Iterator[Finding]:
        """Look once.

        Args:
            sight: What there is to see.
            now_ns: Time of this tick [ns].

        Yields:
            A request for help, or its end.
        """
        playing = tuple(
            group
            for group, who in zip(GROUPS, sight.authority, strict=True)
            if who is Authority.POLICY and sight.episode
        )
        if playing != self._playing:
            self._playing, self._channels = playing, channel_mask(playing)
            self._watched = channel_mask(set(_WATCHED).intersection(playing))
            self._forget()
        causes = dict(self._causes(sight, now_ns)) if playing else {}
        asking = self.asking
        if asking is not None and asking.cause not in causes:
            self._close(now_ns)
            yield Finding('help_over', asking.groups, asking.reason, asking.actor)
        if self.asking is not None:
            return
        for cause, reason in causes.items():
            if now_ns >= self._quiet_until_ns.get(cause, now_ns):
                actor = 'policy' if cause == 'policy' else 'monitor'
                self.asking = Asking(cause, actor, reason, playing, now_ns)
                yield Finding('help', playing, reason, actor)
                return

    def _causes(self, sight: Sight, now_ns: int) -> Iterator[tuple[str, str]]:
        """What there is to ask help for now, and why, the most telling first."""
        chunk = sight.chunk
        if chunk is not None and chunk.help >= self._config.help_hint:
            yield 'policy', _printable(chunk.help_reason) or f'hint {chunk.help:.2f}'
        if joint := self._lags(sight, now_ns):
            yield 'tracking', f'{joint} does not follow'
        if self._stands_still(sight, now_ns):
            yield 'stall', f'nothing has moved for {self._config.stall_ns / 1e9:g} s'

    def _stands_still(self, sight: Sight, now_ns: int) -> bool:
        if self._still is not None:
            moved = np.abs(sight.executed - self._still[0])[self._channels].max()
            if moved <= self._config.stall_motion:
                return now_ns - self._still[1] > self._config.stall_ns
        self._still = sight.executed, now_ns
        return False

    def _lags(self, sight: Sight, now_ns: int) -> str:
        """The joint that is farthest behind its command for so long; empty if none is."""
        behind = np.abs(sight.joints - sight.measured)[NUM_LEG_JOINTS:]
        behind = np.where(self._watched[NUM_BASE:], behind, 0.0)
        if behind.max() <= self._config.tracking_error:
            self._apart_ns = None
            return ''
        if self._apart_ns is None:
            self._apart_ns = now_ns
        if now_ns - self._apart_ns <= self._config.tracking_ns:
            return ''
        return JOINTS[NUM_LEG_JOINTS + int(behind.argmax())]

    def _close(self, now_ns: int) -> None:
        if self.asking is not None:
            self._quiet_until_ns[self.asking.cause] = now_ns + self._config.help_pause_ns
        self.asking = None

    def _forget(self) -> None:
        self._still = self._apart_ns = None


def _printable(text: str) -> str:
    """A policy's words, cut and on one line."""
    return ' '.join(''.join(c if c.isprintable() else ' ' for c in text).split())[:_LONGEST]

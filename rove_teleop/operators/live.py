"""A live operator: samples from a device, judged before anything else sees them.

The device publishes its samples on ``operator_input``; what passes here goes on to
``operator_state``. A refused sample is as if it had never come. A sample that passes may still
lose single poses: those become None (not tracked), so that a broken hand never takes the stop
button away.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, replace
import math

from rove_teleop.core.types import OperatorState, Request
from rove_teleop.errors import ConfigError
from rove_teleop.operators.buttons import ButtonMapper
from rove_teleop.operators.cleaning import cleaned, malformed
from rove_teleop.operators.source import OperatorOutput, OperatorView

_SESSIONS_KEPT = 100
_LATE = 'late'  # too old to move a robot, never too old to stop it


@dataclass(frozen=True)
class Verdict:
    """What became of a sample.

    Attributes:
        reason: Why it was refused, empty if it passed.
        state: The sample that goes on, None if refused.
        dropped: Poses that were taken out of it, ``field: reason``.
    """

    reason: str = ''
    state: OperatorState | None = None
    dropped: tuple[str, ...] = ()


class LiveOperator:
    """Judges what a device sends and turns its buttons into requests.

    Attributes:
        source_id: The device that is listened to, empty until one has been heard.
        counts: How often each verdict fell: ``passed``, or the reason.
    """

    def __init__(
        self,
        source_id: str = '',
        *,
        buttons: ButtonMapper | None = None,
        late_ns: int = 100_000_000,
        lost_ns: int = 400_000_000,
        clock_jump_ns: int = 1_000_000_000,
    ) -> None:
        """Begin without having heard anybody.

        Args:
            source_id: The only device to listen to; empty listens to the first one heard.
            buttons: The button map; the default one when None.
            late_ns: A sample that was this much longer on its way than the quickest one of late
                is refused [ns]: it comes from a burst after a stall.
            lost_ns: Silence after which another device may take the place of the one heard [ns].
            clock_jump_ns: A source clock that runs ahead by this much is refused [ns].

        Raises:
            ConfigError: A time is not positive.
        """
        if min(late_ns, lost_ns, clock_jump_ns) <= 0:
            raise ConfigError(f'{late_ns=}, {lost_ns=} and {clock_jump_ns=} must be positive')
        self.source_id = source_id
        self.counts: Counter[str] = Counter()
        self._only = source_id
        self._buttons = buttons or ButtonMapper()
        self._late_ns, self._lost_ns, self._jump_ns = late_ns, lost_ns, clock_jump_ns
        self._retired: deque[tuple[str, str]] = deque(maxlen=_SESSIONS_KEPT)
        self._last: OperatorState | None = None
        self._transit = _QuickestTransit()
        self._news: OperatorState | None = None
        self._requests: list[Request] = []

    def reset(self, seed: int, session: str) -> None:
        """Begin an episode: held buttons must be released before they act again.

        A live sample keeps the session of its device; ``seed`` and ``session`` are not used.
        A stop that nobody has collected yet is kept.
        """
        self._buttons.reset()
        self._requests = [request for request in self._requests if request.event == 'stop']

    def receive(self, state: OperatorState, now_ns: int) -> Verdict:
        """Judge one sample as it comes in.

        Args:
            state: The sample; its receive time is set here, whatever the device wrote.
            now_ns: The present (monotonic [ns]).
        """
        state = replace(state, t_receive_ns=now_ns)
        reason = self._refusal(state, now_ns)
        if reason:
            kind = reason.partition(':')[0]
            self.counts[kind] += 1
            if kind == _LATE:
                self._requests += self._buttons.stops(
                    state.buttons,
                    state.t_receive_ns,
                    operator_id=state.source_id,
                    session=state.session,
                )
            return Verdict(reason)
        self._accept(state)
        state, dropped = cleaned(state)
        self.counts['passed'] += 1
        for entry in dropped:
            self.counts[entry.partition(':')[0] + ' dropped'] += 1
        self._news = state
        self._requests += self._buttons.step(
            state.buttons,
            state.t_receive_ns,
            operator_id=state.source_id,
            session=state.session,
        )
        return Verdict(state=state, dropped=dropped)

    def step(self, view: OperatorView, now_ns: int) -> OperatorOutput:
        """The newest sample since the last step, if any, and the requests made since then."""
        output = OperatorOutput(self._news, tuple(self._requests))
        self._news, self._requests = None, []
        return output

    def _refusal(self, state: OperatorState, now_ns: int) -> str:
        """Why a sample is refused; empty if it is not."""
        return malformed(state) or self._foreign(state, now_ns) or self._untimely(state)

    def _foreign(self, state: OperatorState, now_ns: int) -> str:
        if self._only and state.source_id != self._only:
            return f'foreign source: got {state.source_id!r}, listening to {self._only!r}'
        if _stream(state) in self._retired:
            return f'old session: {state.session!r} has ended'
        last = self._last
        if last is None or _stream(state) == _stream(last):
            return ''
        silent = now_ns - last.t_receive_ns > self._lost_ns
        if state.source_id != last.source_id and not silent:
            return f'foreign source: got {state.source_id!r}, {last.source_id!r} is active'
        return ''

    def _untimely(self, state: OperatorState) -> str:
        last = self._last
        if last is None or _stream(state) != _stream(last):
            return ''
        if state.seq <= last.seq:
            return f'sequence: got {state.seq} after {last.seq}, expected to increase'
        if state.t_source_ns <= last.t_source_ns:
            back = (last.t_source_ns - state.t_source_ns) / 1e6
            return f'source time went back: by {back:.1f} ms, expected to increase'
        late = self._transit.excess(state)
        if late < -self._jump_ns:
            return f'source clock jumped: {-late / 1e9:.1f} s ahead; start a new session'
        self._transit.observe(state)
        if late > self._late_ns:
            return f'{_LATE}: {late / 1e6:.0f} ms longer on its way than usual'
        return ''

    def _accept(self, state: OperatorState) -> None:
        last = self._last
        if last is None or _stream(state) != _stream(last):
            if last is not None:
                self._retired.append(_stream(last))
            self._buttons.reset()
            self._transit = _QuickestTransit()
            self._transit.observe(state)
        self.source_id, self._last = state.source_id, state


def _stream(state: OperatorState) -> tuple[str, str]:
    """What a sample belongs to; sequence numbers mean something only within it."""
    return state.source_id, state.session


class _QuickestTransit:
    """The quickest way a sample had of late: receive time less source time [ns].

    The two clocks may differ by any constant and drift; a way that stays slower becomes the
    usual one after two windows.
    """

    _WINDOW_NS = 2_500_000_000
    _SAMPLES = 50

    def __init__(self) -> None:
        self._before, self._quickest = math.inf, math.inf
        self._since_ns, self._count = 0, 0

    def observe(self, state: OperatorState) -> None:
        """Take in a sample. A silence does not end a window: samples do."""
        if self._count == 0:
            self._since_ns = state.t_receive_ns
        full = state.t_receive_ns - self._since_ns > self._WINDOW_NS
        if full and self._count >= self._SAMPLES:
            self._before, self._quickest = self._quickest, math.inf
            self._since_ns, self._count = state.t_receive_ns, 0
        self._quickest = min(self._quickest, state.t_receive_ns - state.t_source_ns)
        self._count += 1

    def excess(self, state: OperatorState) -> float:
        """How much longer than the quickest this sample was on its way [ns]."""
        return state.t_receive_ns - state.t_source_ns - min(self._before, self._quickest)

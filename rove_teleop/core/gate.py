"""Which of the operator samples that come in are followed: one source, one session, in order."""

from __future__ import annotations

from collections import deque

from rove_teleop.core.types import OperatorState

_RESTART_NS = 1_000_000_000  # a source silent for longer may begin to count anew
_KEPT = 100  # sources and ended sessions that are remembered

Stream = tuple[str, str]
"""Source and session; sequence numbers mean something only within it."""


def stream_of(sample: OperatorState) -> Stream:
    """The stream a sample belongs to."""
    return sample.source_id, sample.session


class SampleGate:
    """Lets the samples of one operator through.

    While somebody holds the lease these are his. Without a holder they are those of the source
    that is heard, until it has been silent for a second and nobody is operating. A session that
    another one of its source has replaced never comes back.

    Attributes:
        newest: The last sample that was let through, None before the first.
    """

    def __init__(self) -> None:
        """Begin without having heard anybody."""
        self.newest: OperatorState | None = None
        self._sessions: dict[str, str] = {}
        self._ended: deque[Stream] = deque(maxlen=_KEPT)

    def take(self, sample: OperatorState, holder: str, operated: bool) -> bool:
        """Whether a sample is to be followed.

        Args:
            sample: The sample.
            holder: Source that holds the lease, empty if nobody does.
            operated: Whether an operator has any group.
        """
        if sample is self.newest or not self._is_heard(sample, holder, operated):
            return False
        if stream_of(sample) in self._ended or self._is_older(sample):
            return False
        self._enter(sample)
        return True

    def _is_heard(self, sample: OperatorState, holder: str, operated: bool) -> bool:
        if holder:
            return sample.source_id == holder
        last = self.newest
        if last is None or sample.source_id == last.source_id:
            return True
        return not operated and sample.t_receive_ns - last.t_receive_ns > _RESTART_NS

    def _is_older(self, sample: OperatorState) -> bool:
        """Whether a sample is a duplicate or out of order; a new session starts afresh."""
        last = self.newest
        if last is None or stream_of(sample) != stream_of(last):
            return False
        silent = sample.t_receive_ns - last.t_receive_ns > _RESTART_NS
        return sample.seq <= last.seq and not silent

    def _enter(self, sample: OperatorState) -> None:
        before = self._sessions.pop(sample.source_id, sample.session)
        if before != sample.session:
            self._ended.append((sample.source_id, before))
        self._sessions[sample.source_id] = sample.session
        if len(self._sessions) > _KEPT:
            del self._sessions[next(iter(self._sessions))]
        self.newest = sample

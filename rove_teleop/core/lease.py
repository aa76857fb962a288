"""The operator's lease: at most one operator may take over, and only while heard from."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
import secrets

_TOLD = 64  # refusals that are kept until somebody collects them, and told only once


@dataclass(frozen=True)
class LeaseGrant:
    """Answer to a wish for the lease.

    Attributes:
        epoch: Number of this lease, to be named in every takeover and release.
        secret: Proof of the holder for renewals; never on a topic, in a log or a recording.
        reason: Why it was refused, empty when granted.
    """

    granted: bool
    epoch: int = 0
    secret: str = ''
    reason: str = ''


class Lease:
    """Who may take over. Every grant has a new epoch, so old messages are recognised.

    Attributes:
        holder: Operator who holds it, empty when it is free.
        epoch: Epoch of the newest grant; 0 before the first.
        ended: How the lease before ended, empty before the first end.
        refusals: Who was refused and why, oldest first, each once until the next grant; for
            the event log, which takes them out.
    """

    def __init__(
        self,
        timeout_ns: int = 2_000_000_000,
        token: Callable[[], str] = secrets.token_urlsafe,
        of: str = 'operator',
    ) -> None:
        """Begin free.

        Args:
            timeout_ns: Silence after which the lease falls back [ns].
            token: Makes a fresh secret.
            of: Whose lease it is, for the reasons.
        """
        self._timeout_ns = timeout_ns
        self._token = token
        self._of = of
        self._secret = ''
        self._heard_ns = 0
        self.holder = ''
        self.epoch = 0
        self.ended = ''
        self.refusals: deque[tuple[str, str]] = deque(maxlen=_TOLD)
        self._told: deque[tuple[str, str]] = deque(maxlen=_TOLD)

    def acquire(self, operator_id: str, now_ns: int, secret: str = '') -> LeaseGrant:
        """Ask for the lease, or renew it with the secret of the present grant."""
        self.expire(now_ns)
        if not operator_id:
            return self._refuse(operator_id, 'operator_id is empty; name who asks')
        if self.holder and self.owns(operator_id, secret):
            self._heard_ns = now_ns
            return LeaseGrant(True, self.epoch, self._secret)
        if self.holder:
            return self._refuse(operator_id, f'held by {self.holder!r} until it is given back')
        self.holder, self._secret, self._heard_ns = operator_id, self._token(), now_ns
        self.epoch += 1
        self._told.clear()
        return LeaseGrant(True, self.epoch, self._secret)

    def owns(self, operator_id: str, secret: str) -> bool:
        """Whether this is the holder, proved by the secret."""
        same = compare_digest(secret.encode(), self._secret.encode())
        return bool(self.holder) and operator_id == self.holder and same

    def refusal(self, operator_id: str, epoch: int) -> str:
        """Why somebody is not the present holder, empty when he is."""
        if not self.holder:
            return f'nobody holds the {self._of} lease; acquire it first'
        if operator_id != self.holder:
            return f'the {self._of} lease is held by {self.holder!r}, not by {operator_id!r}'
        if epoch != self.epoch:
            return f'stale lease epoch {epoch}; the present one is {self.epoch}'
        return ''

    def heartbeat(self, operator_id: str, epoch: int, now_ns: int) -> bool:
        """Keep the lease alive; False when this is not the present holder."""
        if self.refusal(operator_id, epoch):
            return False
        self._heard_ns = max(self._heard_ns, now_ns)
        return True

    def give_back(self, operator_id: str, secret: str) -> bool:
        """End the lease early; False when this is not the holder."""
        if not self.owns(operator_id, secret):
            return False
        self._free('gave it back')
        return True

    def expire(self, now_ns: int) -> str:
        """Take the lease from a silent holder.

        Returns:
            The holder it was taken from, empty when nothing happened.
        """
        if not self.holder or now_ns - self._heard_ns <= self._timeout_ns:
            return ''
        silent = self.holder
        self._free('sent no heartbeat')
        return silent

    def _refuse(self, operator_id: str, reason: str) -> LeaseGrant:
        if (operator_id, reason) not in self._told:
            self._told.append((operator_id, reason))
            self.refusals.append((operator_id, reason))
        return LeaseGrant(False, reason=reason)

    def _free(self, how: str) -> None:
        self.holder, self._secret, self.ended = '', '', how

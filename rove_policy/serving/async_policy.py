"""A policy in a thread of its own, for those that are slow or far away."""

from __future__ import annotations

from collections import deque
import threading

from rove_policy.policy import Policy
from rove_policy.types import Observation
from rove_policy.worker import Answer, Start, ask

JOIN_TIMEOUT = 2.0  # [s]


class AsyncPolicy:
    """A ``Worker`` whose ``submit`` returns at once; the policy is used by one thread only.

    Args:
        policy: The policy; it belongs to this object, which closes it.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._changed = threading.Condition()
        self._start: Start | None = None
        self._waiting: Observation | None = None
        self._running = False
        self._closed = False
        self._answers: deque[Answer] = deque(maxlen=8)
        self._thread = threading.Thread(target=self._run, name='policy', daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """True while an observation has no answer yet."""
        with self._changed:
            return self._running or self._waiting is not None

    def reset(self, seed: int, task: str) -> None:
        """Begin a new episode with the next observation."""
        with self._changed:
            self._start = Start(seed, task)

    def submit(self, observation: Observation) -> None:
        """Ask for a chunk; an observation that still waits for its turn is replaced."""
        with self._changed:
            self._waiting = observation
            self._changed.notify()

    def poll(self) -> Answer | None:
        """Return the oldest answer not fetched yet, or None."""
        with self._changed:
            return self._answers.popleft() if self._answers else None

    def close(self) -> None:
        """Stop the thread and close the policy; a policy that hangs is left behind."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(JOIN_TIMEOUT)
        close = getattr(self._policy, 'close', None)
        if close is not None and not self._thread.is_alive():
            close()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting is not None)
                if self._closed or self._waiting is None:
                    return
                observation, self._waiting = self._waiting, None
                start, self._start = self._start, None
                self._running = True
            answer = ask(self._policy, start, observation)
            with self._changed:
                self._running = False
                self._answers.append(answer)
                if answer.fault and self._start is None:
                    self._start = start
                self._changed.notify_all()

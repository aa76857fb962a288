"""How late a periodic loop is, measured on its own absolute schedule."""

from __future__ import annotations

from collections import deque

import numpy as np


class Lateness:
    """Compares the calls of a loop with the times at which they were due.

    The schedule begins with the first call and does not drift with late ones. A call later
    than a period has missed those that were due in between: it counts them and goes on with
    the next one, as a timer does. A call before its time moves the schedule to it, for a
    timer is never early, so the schedule was late.
    """

    def __init__(self, period_ns: int, kept: int) -> None:
        """Begin without a schedule.

        Args:
            period_ns: Time between two calls [ns].
            kept: Number of calls that are looked back on.
        """
        self._period_ns = period_ns
        self._due_ns: int | None = None
        self._late: deque[int] = deque(maxlen=kept)

    def measure(self, now_ns: int) -> int:
        """Note a call.

        Args:
            now_ns: Time of this call [ns, monotonic].

        Returns:
            How late it is [ns], never negative.
        """
        due_ns = now_ns if self._due_ns is None else min(self._due_ns, now_ns)
        late_ns = now_ns - due_ns
        self._due_ns = due_ns + (late_ns // self._period_ns + 1) * self._period_ns
        self._late.append(late_ns)
        return late_ns

    @property
    def missed(self) -> int:
        """Calls that never came, among those that are kept."""
        return sum(late_ns // self._period_ns for late_ns in self._late)

    def percentiles(self, *percents: float) -> tuple[float, ...]:
        """Lateness of the kept calls at some percentiles [ns]; zeros before the first call."""
        if not self._late:
            return (0.0,) * len(percents)
        return tuple(float(value) for value in np.percentile(self._late, percents))

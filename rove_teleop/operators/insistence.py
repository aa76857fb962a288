"""A stop is asked for again until the robot is seen to have stopped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rove_teleop.core.names import Phase
from rove_teleop.core.types import ControlFrame, Request

PERIOD_NS = 50_000_000
PATIENCE_NS = 2_000_000_000


class StopInsistence:
    """Passes requests on, and repeats a stop while no frame from after it shows a stop.

    Attributes:
        given_up: Whether this step gave up: the stop was repeated in vain for two seconds.
    """

    def __init__(self) -> None:
        """Begin with nothing to insist on."""
        self.given_up = False
        self._stop: Request | None = None
        self._since_ns = self._next_ns = self._count = 0

    def step(
        self, requests: Iterable[Request], frame: ControlFrame | None, now_ns: int
    ) -> tuple[Request, ...]:
        """What to send now.

        Args:
            requests: New wishes, passed on as they are.
            frame: The newest frame.
            now_ns: Time of this call [ns, monotonic].
        """
        self.given_up = False
        sent = tuple(requests)
        stops = [request for request in sent if request.event == 'stop']
        if stops:
            self._begin(stops[-1], now_ns)
            return sent
        if self._stop is None:
            return sent
        if _has_stopped(frame, self._since_ns):
            self._stop = None
        elif now_ns - self._since_ns > PATIENCE_NS:
            self._stop, self.given_up = None, True
        elif now_ns >= self._next_ns:
            sent += (self._again(self._stop, now_ns),)
        return sent

    def _begin(self, stop: Request, now_ns: int) -> None:
        self._stop, self._count = stop, 0
        self._since_ns, self._next_ns = now_ns, now_ns + PERIOD_NS

    def _again(self, stop: Request, now_ns: int) -> Request:
        self._count += 1
        self._next_ns = now_ns + PERIOD_NS
        return replace(stop, request_id=f'{stop.request_id}/again-{self._count}')


def _has_stopped(frame: ControlFrame | None, since_ns: int) -> bool:
    return frame is not None and frame.t_ns >= since_ns and frame.robot_phase is Phase.STOPPED

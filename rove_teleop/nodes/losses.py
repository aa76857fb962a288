"""Says in the log which streams a node has lost, and which are back."""

from __future__ import annotations

import time

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

_PERIOD_S = 0.1


class Losses:
    """Watches the age of streams; each loss and each return is one line in the log."""

    def __init__(self, node: Node, timeout: float = 0.5) -> None:
        """Watch on behalf of a node.

        Args:
            node: Node whose log is written.
            timeout: Silence after which a stream is lost [s].
        """
        self._log = node.get_logger()
        self._timeout_ns = round(timeout * 1e9)
        self._heard: dict[str, int] = {}
        self._lost: set[str] = set()
        node.create_timer(_PERIOD_S, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def heard(self, stream: str) -> None:
        """A message of this stream came in."""
        self._heard[stream] = time.monotonic_ns()

    def _look(self) -> None:
        now_ns = time.monotonic_ns()
        for stream, heard_ns in self._heard.items():
            silent = now_ns - heard_ns > self._timeout_ns
            if silent and stream not in self._lost:
                self._lost.add(stream)
                self._log.warning(f'lost {stream}: silent for {(now_ns - heard_ns) / 1e9:.2f} s')
            elif not silent and stream in self._lost:
                self._lost.remove(stream)
                self._log.info(f'{stream} is back')

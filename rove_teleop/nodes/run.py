"""Run one node in one process, on the fastest single-threaded executor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import signal
import sys
from types import FrameType

import rclpy
from rclpy.experimental.events_executor import EventsExecutor
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from rove_teleop.errors import RoveError


class StopFlag:
    """Turns SIGINT and SIGTERM into a flag, so no callback is cut in the middle."""

    def __init__(self) -> None:
        """Take over both signals."""
        self.stopped = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped = True


def run(make_node: Callable[[], Node], args: Sequence[str] | None = None) -> int:
    """Spin a node until Ctrl-C, SIGTERM or shutdown; returns the process's exit code.

    ``EventsExecutor.spin`` hangs in this rclpy, so ``spin_once`` is looped.
    """
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    stop = StopFlag()
    node = None
    try:
        node = make_node()
        executor = EventsExecutor()
        executor.add_node(node)
        while rclpy.ok() and not stop.stopped:
            executor.spin_once(timeout_sec=0.1)
        executor.shutdown()
    except RoveError as error:
        get_logger('rove').fatal(str(error))
        return 2
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def main_of(make_node: Callable[[], Node]) -> Callable[[], None]:
    """The console script of a node."""

    def main() -> None:
        sys.exit(run(make_node))

    return main

"""Run one node in one process, on the fastest single-threaded executor."""

from __future__ import annotations

from collections.abc import Callable
import gc
import signal
import sys
from types import FrameType

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.experimental.events_executor import EventsExecutor
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from rove_teleop.errors import RoveError
from rove_teleop.nodes.threads import first_node


class StopFlag:
    """Turns SIGINT and SIGTERM into a flag, so nothing is cut in the middle."""

    def __init__(self) -> None:
        """Take over both signals."""
        self.stopped = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def ignore_from_now(self) -> None:
        """Let a second Ctrl-C or a launcher's signal on top of it not cut the ending short."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped = True


def run(make_node: Callable[[], Node], args: list[str] | None = None, priority: int = 0) -> int:
    """Spin a node until Ctrl-C, SIGTERM or shutdown; returns the process's exit code.

    ``EventsExecutor.spin`` hangs in this rclpy, so ``spin_once`` is looped.

    Args:
        make_node: Makes the node.
        args: Command line, the process's own when None.
        priority: SCHED_FIFO priority to ask for, 1 to 99; 0 leaves the scheduling alone.
    """
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    stop = StopFlag()
    node = None
    try:
        first = first_node(priority)
        node = make_node()
        first.destroy_node()
        gc.collect()
        gc.freeze()  # what was loaded stays, and is not looked through again in the loop
        executor = EventsExecutor()
        executor.add_node(node)
        while rclpy.ok() and not stop.stopped:
            executor.spin_once(timeout_sec=0.1)
        executor.shutdown()
    except ExternalShutdownException:
        return 0
    except RoveError as error:
        get_logger('rove').fatal(str(error))
        return 2
    finally:
        stop.ignore_from_now()
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def main_of(make_node: Callable[[], Node], priority: int = 0) -> Callable[[], None]:
    """The console script of a node; see ``run``."""

    def main() -> None:
        sys.exit(run(make_node, priority=priority))

    return main

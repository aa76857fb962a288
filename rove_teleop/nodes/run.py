"""Run one node in one process, on the fastest single-threaded executor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import logging
import sys

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.experimental.events_executor import EventsExecutor
from rclpy.node import Node

from rove_teleop.errors import RoveError


def run(make_node: Callable[[], Node], args: Sequence[str] | None = None) -> int:
    """Spin a node until Ctrl-C or shutdown; returns the process's exit code.

    ``EventsExecutor.spin`` hangs in this rclpy, so ``spin_once`` is looped.
    """
    rclpy.init(args=args)
    node = None
    try:
        node = make_node()
        executor = EventsExecutor()
        executor.add_node(node)
        while rclpy.ok():
            executor.spin_once(timeout_sec=0.1)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except RoveError as error:
        logging.getLogger('rove').error('%s', error)
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

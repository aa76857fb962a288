"""Scheduling of the threads that Fast DDS starts beside a node's own.

Whoever opens the shared-memory port of another process first waits for its listener to wake up,
and waits by yielding in a loop for up to a third of a second (``healthy_check_timeout_ms``). Two
real-time threads that do so keep everybody else from two processors, the listener included: the
control loop and the twin stood still for 330 ms when another process joined. So listeners wake
up before everybody, and the threads that only speak are ordinary ones.
"""

from __future__ import annotations

from contextlib import suppress
import os
from pathlib import Path

from rclpy.node import Node

_TASKS = Path('/proc/self/task')
_LISTENER_PRIORITY = 50  # above every loop of ours; a listener only takes messages in


def first_node(priority: int) -> Node:
    """Start Fast DDS as it shall run, and set the priority of this thread.

    Its threads come with the first node and take after the thread that makes it, so they are
    never slow, however long the node that is wanted takes to load.

    Args:
        priority: SCHED_FIFO priority to ask for, 1 to 99; 0 for an ordinary thread.

    Returns:
        A hidden node; destroy it when there is another.
    """
    _schedule(0, _LISTENER_PRIORITY)
    node = Node('_first', enable_rosout=False, start_parameter_services=False)
    arrange_middleware_threads()
    _schedule(0, priority)
    return node


def arrange_middleware_threads() -> None:
    """Set the scheduling of the Fast DDS threads of this process, as far as permitted."""
    for task in _TASKS.iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            name = (task / 'comm').read_text().strip()
            if name.startswith('dds.'):
                _schedule(int(task.name), _LISTENER_PRIORITY if _listens(name) else 0)


def _schedule(thread: int, priority: int) -> None:
    """Ask for a SCHED_FIFO priority, or none, for a thread (0 is this one)."""
    policy = os.SCHED_FIFO if priority else os.SCHED_OTHER
    with suppress(PermissionError):
        os.sched_setscheduler(thread, policy, os.sched_param(priority))


def _listens(name: str) -> bool:
    return name.startswith('dds.shm.') and name != 'dds.shm.wdog'

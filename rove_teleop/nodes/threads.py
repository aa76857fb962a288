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

_TASKS = Path('/proc/self/task')
_LISTENER_PRIORITY = 50  # above every loop of ours; a listener only takes messages in


def arrange_middleware_threads() -> bool:
    """Set the scheduling of this process's Fast DDS threads, once a node exists.

    Returns:
        Whether that was permitted; if not, all stay as they are.
    """
    listen = os.SCHED_FIFO, os.sched_param(_LISTENER_PRIORITY)
    speak = os.SCHED_OTHER, os.sched_param(0)
    for task in _TASKS.iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            name = (task / 'comm').read_text().strip()
            if not name.startswith('dds.'):
                continue
            try:
                os.sched_setscheduler(int(task.name), *(listen if _listens(name) else speak))
            except PermissionError:
                return False
    return True


def _listens(name: str) -> bool:
    return name.startswith('dds.shm.') and name != 'dds.shm.wdog'

"""The tasks known by name."""

from __future__ import annotations

from collections.abc import Callable

from rove_teleop.errors import UnknownName
from rove_teleop.tasks.pick_place import PickPlace
from rove_teleop.tasks.stand import Stand
from rove_teleop.tasks.task import Task

TASKS: dict[str, Callable[[], Task]] = {task.name: task for task in (PickPlace, Stand)}


def make_task(name: str) -> Task:
    """Make a task by its registered name.

    Raises:
        UnknownName: No task has this name; the message lists the known ones.
    """
    if name not in TASKS:
        raise UnknownName('task', name, TASKS)
    return TASKS[name]()

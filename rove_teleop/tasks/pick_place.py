"""Pick-and-place with the fingers: a free cube, a table, a green square to put it on."""

from __future__ import annotations

import math

import numpy as np

from rove_teleop.core.planes import Plane
from rove_teleop.core.types import Array, TaskState
from rove_teleop.tasks.task import TaskView

TABLE_TOP = 0.78
"""Height of the table's surface above the ground [m], as in the scene."""
CUBE_SIZE = 0.05
"""Edge of the cube [m]."""
GOAL_RADIUS = 0.05
"""The cube's middle is on the square within this distance of its middle [m]."""

_HALF_TABLE = 0.015  # of its thickness [m]
_TABLE_AREA = 0.3, 0.82, -0.46, 0.46  # x from, to, y from, to [m]
_CUBE_AREA = (0.37, -0.25), (0.45, -0.12)  # two corners [m]
_GOAL_AREA = (0.37, -0.08), (0.45, 0.08)
_CUBE_YAW = 0.35  # [rad], either way
_LEAST_CARRY = 0.14  # from the cube to the goal [m]
_SETTLED_S = 0.5
_STILL = np.array([0.02] * 3 + [0.3] * 3)  # [m/s], [rad/s]
_UPRIGHT = math.cos(math.radians(15.0))
_LIFTED = 0.02  # the cube's clearance above the table [m]


class PickPlace:
    """Pick up the cube with one hand and put it down on the green square.

    Free object ``cube``; fixed scenery ``table`` and ``goal``. Success: the cube rests on the
    table within ``GOAL_RADIUS`` of the goal, flat on one of its sides, and no hand touches it,
    for half a second. Failed: the cube left the table or the robot fell.
    """

    name = 'pick_place'
    text = 'pick up the red cube and put it on the green square'
    scene = 'pick_place'
    surfaces: tuple[Plane, ...] = (
        Plane((0.0, 0.0, 1.0), TABLE_TOP, _HALF_TABLE, _TABLE_AREA),
        Plane((0.0, 0.0, -1.0), 2.0 * _HALF_TABLE - TABLE_TOP, _HALF_TABLE, _TABLE_AREA),
    )

    def __init__(self) -> None:
        self._attempt: tuple[int, int] = (-1, 0)
        self._settled_since_ns: int | None = None

    def place(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw where cube and goal start, at least 14 cm apart."""
        while True:
            cube = rng.uniform(*_CUBE_AREA)
            goal = rng.uniform(*_GOAL_AREA)
            if np.linalg.norm(cube - goal) >= _LEAST_CARRY:
                break
        yaw = rng.uniform(-_CUBE_YAW, _CUBE_YAW)
        return {
            'cube': _upright(cube, TABLE_TOP + 0.5 * CUBE_SIZE, yaw),
            'goal': _upright(goal, TABLE_TOP, 0.0),
        }

    def judge(self, view: TaskView) -> TaskState:
        """Judge one instant; time at rest counts from the first instant it was seen at rest."""
        if view.seed != self._attempt[0] or view.t_ns < self._attempt[1]:
            self._settled_since_ns = None
        self._attempt = (view.seed, view.t_ns)
        failed = view.fallen or _off_the_table(view)
        if failed or not _rests_on_goal(view):
            self._settled_since_ns = None
        elif self._settled_since_ns is None:
            self._settled_since_ns = view.t_ns
        since = self._settled_since_ns
        success = since is not None and view.t_ns - since >= _SETTLED_S * 1e9
        return TaskState(
            task=self.name,
            text=self.text,
            seed=view.seed,
            t_ns=view.t_ns,
            success=success,
            failed=failed,
            progress='placed' if success else 'lifted' if _lifted(view) else 'start',
            objects=dict(view.pose),
        )


def on_goal(cube: Array, goal: Array) -> bool:
    """Whether the middle of the cube is above the green square; poses (7,)."""
    return math.dist(cube[:2], goal[:2]) <= GOAL_RADIUS


def _upright(xy: Array, z: float, yaw: float) -> Array:
    return np.array([*xy, z, 0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw)])


def _rests_on_goal(view: TaskView) -> bool:
    cube = view.pose['cube']
    return (
        on_goal(cube, view.pose['goal'])
        and view.touching('cube', 'table')
        and not _held(view)
        and bool((np.abs(view.velocity['cube']) < _STILL).all())
        and _lies_flat(cube[3:])
    )


def _lies_flat(quaternion_xyzw: Array) -> bool:
    """Whether any axis of the cube points straight up: the last row of its rotation matrix."""
    x, y, z, w = quaternion_xyzw
    up = (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y))
    return max(map(abs, up)) >= _UPRIGHT


def _held(view: TaskView) -> bool:
    return any(view.touching('cube', other) for other in ('left_hand', 'right_hand', 'robot'))


def _lifted(view: TaskView) -> bool:
    clearance = view.pose['cube'][2] - 0.5 * CUBE_SIZE - TABLE_TOP
    return _held(view) and not view.touching('cube', 'table') and clearance > _LIFTED


def _off_the_table(view: TaskView) -> bool:
    return bool(view.pose['cube'][2] < TABLE_TOP - 0.5 * CUBE_SIZE)

"""Picking and placing as geometry: from where things are to where the palm goes next.

One description for whoever moves the hand, policy or operator. It looks at the scene, never
at a memory: called at any moment, it says how to go on from there.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
import pinocchio as pin

from rove_teleop.core.types import Array
from rove_teleop.tasks.pick_place import CUBE_SIZE, TABLE_TOP, on_goal
from rove_teleop.tasks.trajectory import Waypoint

GRASP_CENTRE = np.array([0.092, 0.070, 0.0])
"""Where the middle of the cube is in the palm frame of the right hand when grasped [m]."""
PITCH = 0.5
"""How far the fingers of a hand held palm down point below the horizon [rad]."""
OPEN, CLOSED, HELD = 0.0, 1.0, 0.3
"""Closure of the hand: ready to grasp, squeezing, and from where it counts as closed;
fingers stop at about 0.5 on a cube of 5 cm."""

_PALM_DOWN = pin.rpy.rpyToMatrix(-0.5 * math.pi, 0.0, 0.0)
_HOVER, _OVER = 0.08, 0.05  # above the grasp: before going down, and clear of the cube [m]
_LIFT = 0.12  # of the cube above the table [m]
_REACH = 0.045  # a cube farther than this from the grasp centre is not in the hand [m]
_ALIGNED, _TURNED = 0.015, 0.2  # as good as there [m], [rad]
_DROP = 0.003  # the cube is let go this high above the table [m]
_SPEED, _TURN = 0.16, 0.8  # mean along the way [m/s], [rad/s]
_SHORTEST = 0.5  # [s]
_CLOSE, _SETTLE, _OPEN = 0.7, 0.2, 0.6  # [s]


@dataclass(frozen=True)
class Scene:
    """What the skill looks at, in the world frame.

    Attributes:
        palm: T_world_palm of the right hand.
        grip: How far the hand is closed, 0 open to 1 closed.
        cube: Pose of the cube, shape (7,).
        goal: Pose of the goal, shape (7,).
    """

    palm: pin.SE3
    grip: float
    cube: Array
    goal: Array

    @property
    def cube_in_palm(self) -> Array:
        """Middle of the cube in the palm frame [m], shape (3,)."""
        return self.palm.actInv(self.cube[:3])

    @property
    def clearance(self) -> float:
        """Height of the lowest point of a cube lying flat above the table [m]."""
        return float(self.cube[2]) - 0.5 * CUBE_SIZE - TABLE_TOP

    @property
    def in_hand(self) -> bool:
        """Whether the cube is between the fingers of a closed hand."""
        near = np.linalg.norm(self.cube_in_palm - GRASP_CENTRE) < _REACH
        return bool(near) and self.grip >= HELD

    @property
    def lifted(self) -> bool:
        """Whether the cube is in the hand and off the table."""
        return self.in_hand and self.clearance > 0.03

    @property
    def placed(self) -> bool:
        """Whether the cube lies on the goal and the hand has let go."""
        return on_goal(self.cube, self.goal) and self.clearance < 0.01 and not self.in_hand

    @property
    def clear(self) -> bool:
        """Whether the hand is away from the cube."""
        return float(np.linalg.norm(self.cube_in_palm - GRASP_CENTRE)) > 0.8 * _HOVER


def go_on(scene: Scene, aim: Array | None = None) -> list[Waypoint]:
    """The way from here to a cube on the goal and a hand that has withdrawn.

    Args:
        scene: Where things are.
        aim: Error of the aim at the cube in the world [m], shape (3,); none when None.

    Returns:
        The waypoints; none when nothing is left to do.
    """
    way = _Way(scene)
    if scene.placed:
        if not scene.clear:
            way.let_go()
    elif scene.in_hand:
        _carry(way, scene.palm.actInv(_leveled(scene.cube)), scene.goal)
    else:
        grasp = grasp_pose(scene.cube, aim)
        _reach(way, grasp)
        way.wait('close', CLOSED, _CLOSE)
        way.wait('settle', CLOSED, _SETTLE)
        held = pin.SE3(np.eye(3), grasp.act(GRASP_CENTRE))
        _carry(way, grasp.actInv(held), scene.goal)
    return way.waypoints


def grasp_pose(cube: Array, aim: Array | None = None) -> pin.SE3:
    """T_world_palm that has the cube between the fingers, along its nearest sides.

    Args:
        cube: Pose of the cube, shape (7,).
        aim: Error of the aim in the world [m], shape (3,); none when None.
    """
    R_world_cube = _leveled(cube).rotation
    yaw = math.remainder(math.atan2(R_world_cube[1, 0], R_world_cube[0, 0]), 0.5 * math.pi)
    tilt = pin.rpy.rpyToMatrix(0.0, PITCH, 0.0) @ _PALM_DOWN
    rotation = pin.rpy.rpyToMatrix(0.0, 0.0, yaw) @ tilt
    centre = cube[:3] if aim is None else cube[:3] + aim
    return pin.SE3(rotation, centre - rotation @ GRASP_CENTRE)


class _Way:
    """Waypoints being laid, each from the end of the one before."""

    def __init__(self, scene: Scene) -> None:
        self.palm, self.grip = scene.palm, scene.grip
        self.waypoints: list[Waypoint] = []

    def go(self, name: str, palm: pin.SE3, grip: float) -> None:
        distance = float(np.linalg.norm(palm.translation - self.palm.translation))
        angle = float(np.linalg.norm(pin.log3(self.palm.rotation.T @ palm.rotation)))
        self._add(name, palm, grip, max(_SHORTEST, distance / _SPEED, angle / _TURN))

    def up(self, name: str, height: float, rotation: Array | None = None) -> None:
        translation = np.array([*self.palm.translation[:2], height])
        rotation = self.palm.rotation if rotation is None else rotation
        self.go(name, pin.SE3(rotation, translation), self.grip)

    def wait(self, name: str, grip: float, duration: float) -> None:
        self._add(name, self.palm, grip, duration)

    def let_go(self) -> None:
        self.wait('open', OPEN, _OPEN)
        self.up('retreat', self.palm.translation[2] + _HOVER)

    def is_near(self, palm: pin.SE3) -> bool:
        error = self.palm.actInv(palm)
        far = np.linalg.norm(error.translation) > _ALIGNED
        return not far and bool(np.linalg.norm(pin.log3(error.rotation)) < _TURNED)

    def _add(self, name: str, palm: pin.SE3, grip: float, duration: float) -> None:
        self.waypoints.append(Waypoint(name, palm, grip, duration))
        self.palm, self.grip = palm, grip


def _reach(way: _Way, grasp: pin.SE3) -> None:
    """Open over the cube and go down around it, without touching it on the way."""
    above = pin.SE3(grasp.rotation, grasp.translation + [0.0, 0.0, _HOVER])
    level = pin.SE3(grasp.rotation, np.array([*grasp.translation[:2], way.palm.translation[2]]))
    opened = way.grip < 0.5 * HELD
    if opened and way.is_near(grasp):
        return
    if not (opened and way.is_near(level)):
        clear = grasp.translation[2] + _OVER
        if way.palm.translation[2] < clear - _ALIGNED:
            way.wait('open', OPEN, _OPEN)
            way.up('raise', clear, grasp.rotation)
        way.go('approach', above, OPEN)
    way.go('descend', grasp, OPEN)


def _carry(way: _Way, T_palm_cube: pin.SE3, goal: Array) -> None:
    """With the cube in the hand: up, over the goal, down until it lies flat, and let go."""
    heading = way.palm.rotation @ T_palm_cube.rotation
    flat = pin.Quaternion.FromTwoVectors(heading[:, 2], np.array([0.0, 0.0, 1.0]))
    rest = pin.SE3(
        flat.toRotationMatrix() @ heading, goal[:3] + [0.0, 0.0, 0.5 * CUBE_SIZE + _DROP]
    )
    there = rest * T_palm_cube.inverse()
    over = pin.SE3(there.rotation, there.translation + [0.0, 0.0, _LIFT])
    if np.linalg.norm((way.palm.translation - there.translation)[:2]) > _ALIGNED:
        if way.palm.translation[2] < over.translation[2] - _ALIGNED:
            way.up('lift', over.translation[2])
        way.go('carry', over, way.grip)
    way.go('lower', there, way.grip)
    way.let_go()


def _leveled(cube: Array) -> pin.SE3:
    """T_world_cube with the axes renamed so that z is the one nearest to straight up."""
    rotation = pin.Quaternion(np.asarray(cube[3:])).toRotationMatrix()
    k = int(np.argmax(np.abs(rotation[2])))
    up = rotation[:, k] * np.sign(rotation[2, k])
    side = rotation[:, (k + 1) % 3]
    return pin.SE3(np.column_stack([side, np.cross(up, side), up]), np.array(cube[:3]))

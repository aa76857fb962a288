"""The named things of a scene: free objects, markers that only show a place, fixed furniture."""

from __future__ import annotations

import mujoco
import numpy as np

from rove_teleop.core.geometry import wxyz_from_xyzw, xyzw_from_wxyz
from rove_teleop.core.types import Array
from rove_teleop.errors import UnknownName
from rove_teleop.twin.model import ROBOT_ROOT


class SceneObjects:
    """Reads and writes the poses of everything in the world that is not the robot.

    A free object is a body of the world with a free joint, a marker one with ``mocap``, and
    fixed furniture any other.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        """Find the bodies by name."""
        self._free: dict[str, tuple[int, int]] = {}  # addresses in qpos and in qvel
        self._markers: dict[str, int] = {}
        self._fixed: dict[str, int] = {}
        for index in range(1, model.nbody):
            body = model.body(index)
            if body.parentid[0] != 0 or body.name == ROBOT_ROOT:
                continue
            if body.mocapid[0] >= 0:
                self._markers[body.name] = body.mocapid[0]
            elif body.jntnum[0]:
                joint = model.joint(body.jntadr[0])
                self._free[body.name] = joint.qposadr[0], joint.dofadr[0]
            else:
                self._fixed[body.name] = index

    @property
    def movable(self) -> tuple[str, ...]:
        """Names of the free objects and the markers."""
        return *self._free, *self._markers

    def place(self, data: mujoco.MjData, name: str, pose: Array) -> None:
        """Put a free object, at rest, or a marker somewhere.

        Args:
            data: State to change.
            name: Name in the scene.
            pose: World pose ``[x y z qx qy qz qw]``, (7,).

        Raises:
            UnknownName: The scene has no such movable thing.
        """
        if name in self._free:
            qpos, dof = self._free[name]
            data.qpos[qpos : qpos + 3] = pose[:3]
            data.qpos[qpos + 3 : qpos + 7] = wxyz_from_xyzw(pose[3:])
            data.qvel[dof : dof + 6] = 0.0
        elif name in self._markers:
            data.mocap_pos[self._markers[name]] = pose[:3]
            data.mocap_quat[self._markers[name]] = wxyz_from_xyzw(pose[3:])
        else:
            raise UnknownName('scene object', name, self.movable)

    def free_poses(self, data: mujoco.MjData) -> dict[str, Array]:
        """World poses of the free objects by name, each (7,)."""
        return {name: free_pose(data, qpos) for name, (qpos, _) in self._free.items()}

    def poses(self, data: mujoco.MjData) -> dict[str, Array]:
        """World poses of everything named, each (7,)."""
        poses = self.free_poses(data)
        for name, index in self._markers.items():
            poses[name] = _pose(data.mocap_pos[index], data.mocap_quat[index])
        for name, index in self._fixed.items():
            poses[name] = _pose(data.xpos[index], data.xquat[index])
        return poses

    def velocities(self, data: mujoco.MjData) -> dict[str, Array]:
        """World twists of the free objects, linear then angular, each (6,)."""
        return {name: free_twist(data, *adr) for name, adr in self._free.items()}


def free_pose(data: mujoco.MjData, qpos: int) -> Array:
    """World pose (7,) of the free joint at an address of qpos."""
    return _pose(data.qpos[qpos : qpos + 3], data.qpos[qpos + 3 : qpos + 7])


def free_twist(data: mujoco.MjData, qpos: int, dof: int) -> Array:
    """World twist (6,) of a free joint; MuJoCo's own angular part is in body axes."""
    twist = data.qvel[dof : dof + 6].copy()
    angular = np.empty(3)
    mujoco.mju_rotVecQuat(angular, twist[3:], data.qpos[qpos + 3 : qpos + 7])
    twist[3:] = angular
    return twist


def _pose(position: Array, quaternion_wxyz: Array) -> Array:
    return np.concatenate([position, xyzw_from_wxyz(quaternion_wxyz)])

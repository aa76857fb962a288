"""Poses and rotations as the rest of core uses them; the only place where conventions convert.

A pose array is ``[x y z qx qy qz qw]``; ``T_a_b`` maps coordinates in b to coordinates in a,
so adjacent names cancel: ``T_world_hand = T_world_base * T_base_hand``.
"""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.types import Array

R_ROS_XR = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""OpenXR axes (x right, y up, -z forward) to REP 103 (x forward, y left, z up)."""


def se3_from_pose(pose: Array) -> pin.SE3:
    """Transform of a pose array ``[x y z qx qy qz qw]``, shape (7,)."""
    return pin.XYZQUATToSE3(pose)


def pose_from_se3(transform: pin.SE3) -> Array:
    """Pose array (7,) of a transform, with a non-negative scalar part."""
    pose = pin.SE3ToXYZQUAT(transform)
    if pose[6] < 0.0:
        pose[3:] = -pose[3:]
    return pose


def se3_from_base(base: Array) -> pin.SE3:
    """T_stance_pelvis of a base reference ``[x y z roll pitch yaw]`` [m, rad], shape (6,)."""
    return pin.SE3(pin.rpy.rpyToMatrix(base[3:6]), np.array(base[:3]))


def base_from_se3(transform: pin.SE3) -> Array:
    """Base reference (6,) [m, rad] of T_stance_pelvis."""
    return np.concatenate([transform.translation, pin.rpy.matrixToRpy(transform.rotation)])


def yaw_of(rotation: Array) -> float:
    """Heading [rad] of a rotation matrix (3, 3): the angle of its x axis about world z."""
    return float(np.arctan2(rotation[1, 0], rotation[0, 0]))


def xyzw_from_wxyz(quaternion_wxyz: Array) -> Array:
    """Reorder a quaternion (4,) from MuJoCo's order to ROS's and pinocchio's."""
    return np.asarray(quaternion_wxyz)[[1, 2, 3, 0]]


def wxyz_from_xyzw(quaternion_xyzw: Array) -> Array:
    """Reorder a quaternion (4,) from ROS's and pinocchio's order to MuJoCo's."""
    return np.asarray(quaternion_xyzw)[[3, 0, 1, 2]]

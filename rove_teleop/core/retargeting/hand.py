"""A robot hand as data, and its fingertips as functions of its joints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from rove_teleop.core.names import HAND_JOINTS, JOINTS, SIDES
from rove_teleop.core.robot import PALM_FRAMES, Robot
from rove_teleop.core.types import Array
from rove_teleop.errors import ModelError, UnknownName

_FINGERS = ('thumb', 'index', 'middle')


@dataclass(frozen=True)
class HandConfig:
    """Where the fingers of a hand begin and end; ``{side}`` in names stands for left or right.

    Attributes:
        tips: Link and point on it [m] of each fingertip, of the left hand.
        knuckles: Joint at which each finger begins.
        thumb: Joints of the thumb that turn it sideways, close it and bend its last bone.
        axes: Rows are the human's forward, aside (to the index) and back in the axes of the
            left palm link.
        mirror: What turns a point of the left hand into one of the right hand.
    """

    tips: Mapping[str, tuple[str, tuple[float, float, float]]]
    knuckles: Mapping[str, str]
    thumb: tuple[str, str, str]
    axes: tuple[tuple[float, ...], ...] = ((1, 0, 0), (0, 0, 1), (0, 1, 0))
    mirror: tuple[float, float, float] = (1.0, -1.0, 1.0)


DEX3 = HandConfig(
    tips={
        'thumb': ('{side}_hand_thumb_2_link', (0.0, -0.043, 0.0)),
        'index': ('{side}_hand_index_1_link', (0.043, 0.0, 0.0)),
        'middle': ('{side}_hand_middle_1_link', (0.043, 0.0, 0.0)),
    },
    knuckles={
        'index': '{side}_hand_index_0_joint',
        'middle': '{side}_hand_middle_0_joint',
    },
    thumb=(
        '{side}_hand_thumb_0_joint',
        '{side}_hand_thumb_1_joint',
        '{side}_hand_thumb_2_joint',
    ),
)
"""Unitree Dex3-1: a thumb that opposes two fingers of two joints each."""


class HandModel:
    """Kinematics of one hand, joints in model order, points in the palm link [m].

    Attributes:
        lower, upper: Position limits [rad], shape (n,).
        axes: Rows forward, aside, back in the palm link's axes, shape (3, 3).
        knuckle: Knuckles of index and middle, shape (2, 3).
        length: Straight index and middle, knuckle to tip [m], shape (2,).
        thumb: Indices of the joints that turn, close and bend the thumb, shape (3,).
        curl: Sign with which the last of them closes.
    """

    def __init__(self, robot: Robot, side: str, config: HandConfig = DEX3) -> None:
        """Cut one hand out of the robot.

        Raises:
            UnknownName: ``side`` is neither left nor right.
            ModelError: The robot lacks a link or joint that the configuration names.
        """
        if side not in SIDES:
            raise UnknownName('side', side, SIDES)
        names = HAND_JOINTS[side]
        others = [i for i in range(1, robot.model.njoints) if robot.model.names[i] not in names]
        self._model = pin.buildReducedModel(robot.model, others, pin.neutral(robot.model))
        mirror = np.ones(3) if side == 'left' else np.array(config.mirror)
        self._tips = [self._add_tip(side, *config.tips[name], mirror) for name in _FINGERS]
        self._data = self._model.createData()
        joints = [self._joint(name, side) for name in names]
        self._order = np.array([self._model.joints[joint].idx_q for joint in joints])
        palm = self._model.frames[self._model.getFrameId(PALM_FRAMES[side])].placement
        self._rotation, self._origin = palm.rotation.copy(), palm.translation.copy()
        start = JOINTS.index(names[0])
        self.lower = robot.lower[start : start + len(names)].copy()
        self.upper = robot.upper[start : start + len(names)].copy()
        self.axes = np.array(config.axes) * mirror
        self.thumb = np.array([joints.index(self._joint(name, side)) for name in config.thumb])
        bend = self.thumb[-1]
        self.curl = 1.0 if self.upper[bend] > -self.lower[bend] else -1.0
        straight = self.fingertips(self.clip(np.zeros(len(names))))[0]
        knuckles = [self._joint(config.knuckles[name], side) for name in _FINGERS[1:]]
        self.knuckle = np.array([self._in_palm(self._data.oMi[j].translation) for j in knuckles])
        self.length = np.linalg.norm(straight[1:] - self.knuckle, axis=1)

    def clip(self, position: Array) -> Array:
        """Joints (n,) brought within their limits."""
        return np.minimum(np.maximum(position, self.lower), self.upper)

    def fingertips(self, position: Array) -> tuple[Array, Array]:
        """Tips of thumb, index and middle, shape (3, 3), and Jacobians, shape (3, 3, n)."""
        q = np.empty(len(self._order))
        q[self._order] = position
        pin.computeJointJacobians(self._model, self._data, q)
        tips, jacobians = np.empty((3, 3)), np.empty((3, 3, len(q)))
        for row, frame in enumerate(self._tips):
            placement = pin.updateFramePlacement(self._model, self._data, frame)
            tips[row] = placement.translation
            jacobians[row] = pin.getFrameJacobian(
                self._model, self._data, frame, pin.LOCAL_WORLD_ALIGNED
            )[:3]
        jacobians = self._rotation.T @ jacobians[:, :, self._order]
        return self._in_palm(tips), jacobians

    def _in_palm(self, points: Array) -> Array:
        return (points - self._origin) @ self._rotation

    def _joint(self, name: str, side: str) -> int:
        name = name.format(side=side)
        if not self._model.existJointName(name):
            raise ModelError(f'the hand has no joint {name}; it has {list(self._model.names)[1:]}')
        return int(self._model.getJointId(name))

    def _add_tip(
        self, side: str, link: str, point: tuple[float, float, float], mirror: Array
    ) -> int:
        link = link.format(side=side)
        if not self._model.existFrame(link):
            raise ModelError(f'the robot has no link {link}')
        body = self._model.frames[self._model.getFrameId(link)]
        placement = body.placement * pin.SE3(np.eye(3), np.array(point) * mirror)
        frame = pin.Frame(f'{link}_tip', body.parentJoint, placement, pin.FrameType.OP_FRAME)
        return int(self._model.addFrame(frame))

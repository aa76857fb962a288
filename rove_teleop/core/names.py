"""The words of the system as data: joints, channels, groups, phases, authorities, stages.

Model order of the 43 joints: legs, waist, arms, hands. A *channel* is what a proposal
commands: six numbers of the base reference in place of the twelve leg joints, then the 31
joints above the pelvis, so ``CHANNELS[6:] == JOINTS[12:]``.
"""

from __future__ import annotations

from enum import IntEnum

_LEG = ('hip_pitch', 'hip_roll', 'hip_yaw', 'knee', 'ankle_pitch', 'ankle_roll')
_ARM = (
    'shoulder_pitch',
    'shoulder_roll',
    'shoulder_yaw',
    'elbow',
    'wrist_roll',
    'wrist_pitch',
    'wrist_yaw',
)
_HAND = ('thumb_0', 'thumb_1', 'thumb_2', 'middle_0', 'middle_1', 'index_0', 'index_1')

SIDES = ('left', 'right')
LEG_JOINTS = tuple(f'{side}_{name}_joint' for side in SIDES for name in _LEG)
WAIST_JOINTS = ('waist_yaw_joint', 'waist_roll_joint', 'waist_pitch_joint')
ARM_JOINTS = {side: tuple(f'{side}_{name}_joint' for name in _ARM) for side in SIDES}
HAND_JOINTS = {side: tuple(f'{side}_hand_{name}_joint' for name in _HAND) for side in SIDES}
UPPER_JOINTS = (
    WAIST_JOINTS
    + ARM_JOINTS['left']
    + ARM_JOINTS['right']
    + HAND_JOINTS['left']
    + HAND_JOINTS['right']
)
JOINTS = LEG_JOINTS + UPPER_JOINTS
"""The 43 joints in model order."""

BASE_CHANNELS = ('base_x', 'base_y', 'base_z', 'base_roll', 'base_pitch', 'base_yaw')
"""Pelvis pose in the stance frame [m, rad] (fixed-axis roll, pitch, yaw).

The stance frame lies on the ground midway between the soles, x forward, z up.
"""
CHANNELS = BASE_CHANNELS + UPPER_JOINTS
"""The 37 channels in model order."""

NUM_JOINTS = len(JOINTS)
NUM_LEG_JOINTS = len(LEG_JOINTS)
NUM_CHANNELS = len(CHANNELS)
NUM_BASE = len(BASE_CHANNELS)

GROUPS = ('left_arm', 'right_arm', 'left_hand', 'right_hand', 'torso', 'legs')
GROUP_CHANNELS = {
    'legs': slice(0, 6),
    'torso': slice(6, 9),
    'left_arm': slice(9, 16),
    'right_arm': slice(16, 23),
    'left_hand': slice(23, 30),
    'right_hand': slice(30, 37),
}
"""The channels of each group; together they cover all 37 exactly once."""


class Authority(IntEnum):
    """Who commands a group this tick."""

    POLICY = 0
    HUMAN = 1
    BLEND = 2
    HOLD = 3


class Phase(IntEnum):
    """Phase of a group; a higher value wins when the whole robot's phase is derived."""

    AUTO = 0
    TO_AUTO = 1
    HUMAN = 2
    TO_HUMAN = 3
    HOLD = 4
    STOPPED = 5


class Stage(IntEnum):
    """Learning label of a frame (ROVE): before, at the start of, and after the correction."""

    ROLLOUT = 0
    ADAPTATION = 1
    RECOVERY = 2

"""From a human hand's 25 joints to the joints of a robot hand."""

from rove_teleop.core.retargeting.catalogue import (
    DEX3_DEXPILOT,
    DEX3_VECTOR,
    HAND_CONFIGS,
)
from rove_teleop.core.retargeting.chain import FingerChain, Mimic, Point
from rove_teleop.core.retargeting.follower import HandFollower
from rove_teleop.core.retargeting.hand import DEX3, HandConfig, HandModel
from rove_teleop.core.retargeting.keypoints import HandFeatures, hand_features, hand_points
from rove_teleop.core.retargeting.protocol import HandRetargeter
from rove_teleop.core.retargeting.solver import LightRetargeter
from rove_teleop.core.retargeting.vector import VectorRetargeter
from rove_teleop.core.retargeting.vectors import VectorConfig

__all__ = [
    'DEX3',
    'DEX3_DEXPILOT',
    'DEX3_VECTOR',
    'HAND_CONFIGS',
    'FingerChain',
    'HandConfig',
    'HandFeatures',
    'HandFollower',
    'HandModel',
    'HandRetargeter',
    'LightRetargeter',
    'Mimic',
    'Point',
    'VectorConfig',
    'VectorRetargeter',
    'hand_features',
    'hand_points',
]

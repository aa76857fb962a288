"""From a human hand's 25 joints to the seven joints of a robot hand."""

from rove_teleop.core.retargeting.follower import HandFollower
from rove_teleop.core.retargeting.hand import DEX3, HandConfig, HandModel
from rove_teleop.core.retargeting.keypoints import HandFeatures, hand_features
from rove_teleop.core.retargeting.protocol import HandRetargeter
from rove_teleop.core.retargeting.solver import LightRetargeter

__all__ = [
    'DEX3',
    'HandConfig',
    'HandFeatures',
    'HandFollower',
    'HandModel',
    'HandRetargeter',
    'LightRetargeter',
    'hand_features',
]

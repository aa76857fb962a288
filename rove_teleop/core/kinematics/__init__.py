"""Forward kinematics and whole-body inverse kinematics over the channels."""

from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.forward import Kinematics
from rove_teleop.core.kinematics.solver import IkSolution, WholeBodyIK
from rove_teleop.core.kinematics.targets import PalmTarget, Targets

__all__ = [
    'IkConfig',
    'IkSolution',
    'Kinematics',
    'PalmTarget',
    'Targets',
    'WholeBodyIK',
]

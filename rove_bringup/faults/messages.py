"""The faults of messages, as data; run in lockstep."""

from __future__ import annotations

from rove_bringup.faults.fault import Fault
from rove_bringup.faults.operator_messages import DEVICE_FAULTS, TELEOP_FAULTS
from rove_bringup.faults.robot_messages import (
    COMMAND_FAULTS,
    OTHER_FAULTS,
    PLANT_FAULTS,
    POLICY_FAULTS,
)

MESSAGE_FAULTS: tuple[Fault, ...] = (
    *DEVICE_FAULTS,
    *TELEOP_FAULTS,
    *POLICY_FAULTS,
    *PLANT_FAULTS,
    *COMMAND_FAULTS,
    *OTHER_FAULTS,
)
"""Every fault of the lockstep layer."""

"""One number opens and closes either hand, and is read back from its joints."""

from __future__ import annotations

import numpy as np
import pytest

from rove_teleop.assembly import make_robot
from rove_teleop.core.names import HAND_JOINTS, JOINTS, SIDES
from rove_teleop.tasks.grip import grip_of, hand_joints


@pytest.mark.parametrize('side', SIDES)
@pytest.mark.parametrize('grip', [0.0, 0.4, 1.0, 1.3])
def test_the_grip_of_a_hand_closed_by_a_grip_is_that_grip(side: str, grip: float):
    assert grip_of(side, hand_joints(side, grip)) == pytest.approx(grip)


@pytest.mark.parametrize('side', SIDES)
def test_open_and_closed_are_within_the_joint_limits(side: str):
    robot = make_robot()
    part = [JOINTS.index(name) for name in HAND_JOINTS[side]]
    for grip in (0.0, 1.0):
        joints = hand_joints(side, grip)
        assert (joints >= robot.lower[part]).all()
        assert (joints <= robot.upper[part]).all()


def test_a_flat_hand_is_more_open_than_open_and_a_fist_more_closed_than_closed():
    assert grip_of('right', np.zeros(7)) < -1.0
    assert grip_of('right', np.array([0.0, 0.0, -1.7, 1.5, 1.7, 1.5, 1.7])) > 2.0

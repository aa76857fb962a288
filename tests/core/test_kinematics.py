from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import kinematics, make_robot, standing

from rove_teleop.core.geometry import pose_from_se3, se3_from_base
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import NUM_BASE, NUM_JOINTS, SIDES
from rove_teleop.core.types import PlantState


@pytest.fixture(scope='module')
def forward():
    return kinematics()


def test_palms_of_the_nominal_pose_mirror_each_other(forward):
    left, right = forward.palms(standing()).values()
    assert np.allclose(left.translation, right.translation * [1, -1, 1], atol=1e-4)


def test_palms_move_with_the_pelvis(forward):
    position = standing()
    before = forward.palms(position)
    shift = np.array([0.05, -0.02, -0.1])
    position[:3] += shift
    for side, palm in forward.palms(position).items():
        assert np.allclose(palm.translation, before[side].translation + shift)


def test_a_link_can_be_asked_for_by_name(forward):
    assert forward.frame(standing(), 'left_hand_palm_link').isApprox(
        forward.palms(standing())['left']
    )


def test_the_centre_of_mass_of_the_nominal_pose_is_between_the_feet(forward):
    x, y, z = forward.com(standing())
    assert -0.02 < x < 0.09 and abs(y) < 1e-3 and 0.5 < z < 0.9


def test_channels_of_joints_and_back(forward):
    robot, legs = make_robot(), LegKinematics(make_robot())
    base = legs.nominal_base + [0.02, 0.01, -0.1, 0.02, 0.1, -0.05]
    joints = robot.nominal.copy()
    joints[:12] = legs.solve(base, np.zeros(NUM_BASE))[0]
    channels = forward.from_joints(joints)
    assert np.allclose(channels[:NUM_BASE], base, atol=1e-7)
    assert np.array_equal(channels[NUM_BASE:], joints[12:])


def test_the_stance_frame_is_found_wherever_the_robot_stands(forward):
    robot, legs = make_robot(), LegKinematics(make_robot())
    T_world_stance = pin.SE3(pin.rpy.rpyToMatrix(0, 0, 0.7), np.array([1.0, 2.0, 0.0]))
    T_world_pelvis = T_world_stance * se3_from_base(legs.nominal_base)
    zero = np.zeros(NUM_JOINTS)
    state = PlantState(
        seq=0,
        t_ns=0,
        position=robot.nominal,
        velocity=zero,
        effort=zero,
        base_pose=pose_from_se3(T_world_pelvis),
        base_twist=np.zeros(6),
        imu_angular_velocity=np.zeros(3),
        imu_linear_acceleration=np.zeros(3),
        foot_force=np.zeros(2),
    )
    assert forward.T_world_stance(state).isApprox(T_world_stance, 1e-6)


def test_both_sides_are_there(forward):
    assert tuple(forward.palms(standing())) == SIDES

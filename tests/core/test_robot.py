"""The robot is loaded by name, and a broken description says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rove_teleop.core.geometry import R_ROS_XR, base_from_se3, se3_from_base
from rove_teleop.core.names import CHANNELS, GROUP_CHANNELS, JOINTS, NUM_CHANNELS, NUM_JOINTS
from rove_teleop.core.robot import Robot
from rove_teleop.errors import ModelError
from rove_teleop.share import share

URDF = share('urdf/g1_dex3.urdf')


def test_every_joint_has_its_own_place_and_sensible_limits() -> None:
    robot = Robot.from_urdf(URDF)
    assert len(set(robot.idx_q.tolist())) == NUM_JOINTS
    assert (robot.lower < robot.upper).all()
    assert (robot.effort > 0).all() and (robot.velocity > 0).all()
    assert (robot.nominal >= robot.lower).all() and (robot.nominal <= robot.upper).all()


def test_a_configuration_holds_each_joint_where_its_name_is() -> None:
    robot = Robot.from_urdf(URDF)
    position = np.linspace(-0.1, 0.1, NUM_JOINTS)
    q = robot.configuration(position)
    np.testing.assert_array_equal(robot.joint_position(q), position)
    knee = robot.model.joints[robot.model.getJointId('left_knee_joint')].idx_q
    assert q[knee] == position[JOINTS.index('left_knee_joint')]


def test_the_groups_cover_every_channel_exactly_once() -> None:
    covered = np.concatenate([np.arange(NUM_CHANNELS)[s] for s in GROUP_CHANNELS.values()])
    assert sorted(covered.tolist()) == list(range(NUM_CHANNELS))
    assert CHANNELS[6:] == JOINTS[12:]


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ModelError, match='nowhere.urdf does not exist'):
        Robot.from_urdf('nowhere.urdf')


def test_a_file_that_is_no_urdf_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'broken.urdf'
    path.write_text('<robot name="x"><link name="a"></robot>')
    with pytest.raises(ModelError, match='broken.urdf is not a readable URDF'):
        Robot.from_urdf(path)


def test_missing_joints_are_listed(tmp_path: Path) -> None:
    path = tmp_path / 'renamed.urdf'
    path.write_text(URDF.read_text().replace('left_knee_joint', 'left_kneecap_joint'))
    with pytest.raises(ModelError, match='lacks the joints left_knee_joint'):
        Robot.from_urdf(path)


def test_openxr_axes_map_to_rep_103() -> None:
    assert np.linalg.det(R_ROS_XR) == pytest.approx(1.0)
    np.testing.assert_array_equal(R_ROS_XR @ [0, 0, -1], [1, 0, 0])  # forward
    np.testing.assert_array_equal(R_ROS_XR @ [1, 0, 0], [0, -1, 0])  # right
    np.testing.assert_array_equal(R_ROS_XR @ [0, 1, 0], [0, 0, 1])  # up


def test_a_base_reference_survives_the_way_through_a_transform() -> None:
    base = np.array([0.05, -0.02, 0.7, 0.1, -0.2, 0.3])
    np.testing.assert_allclose(base_from_se3(se3_from_base(base)), base, atol=1e-12)

from __future__ import annotations

import mujoco
import numpy as np
import pinocchio as pin
import pytest

from rove_teleop.core.names import JOINTS
from rove_teleop.core.robot import Robot
from rove_teleop.errors import ModelError, UnknownName
from rove_teleop.share import share
from rove_teleop.twin.gains import MOTORS
from rove_teleop.twin.model import VIEW_CAMERA, robot_spec, scene_spec

MOVING_MASS = 34.394
REP_FRAMES = (
    'base_link',
    'torso',
    'gaze',
    'l_wrist',
    'r_wrist',
    'l_gripper',
    'r_gripper',
    'l_sole',
    'r_sole',
    'head_camera_optical_frame',
)


@pytest.fixture(scope='module')
def robot() -> Robot:
    return Robot.from_urdf(share('urdf/g1_dex3.urdf'))


@pytest.fixture(scope='module')
def model() -> mujoco.MjModel:
    model = robot_spec().compile()
    model.dof_armature[:] = 0.0  # the motors' rotors are not in the URDF
    return model


@pytest.fixture(params=range(6))
def pose(request, robot, model):
    """The same random pose in both libraries: (pinocchio data, q, MuJoCo data)."""
    rng = np.random.default_rng(request.param)
    position = rng.uniform(robot.lower, robot.upper)
    quaternion_xyzw = rng.normal(size=4)
    quaternion_xyzw /= np.linalg.norm(quaternion_xyzw)
    base = np.concatenate([rng.uniform(-1, 1, 3), quaternion_xyzw])
    q = robot.configuration(position, base)
    data = mujoco.MjData(model)
    data.qpos[:7] = base[[0, 1, 2, 6, 3, 4, 5]]
    for name, value in zip(JOINTS, position, strict=True):
        data.joint(name).qpos = value
    mujoco.mj_forward(model, data)
    pin_data = robot.model.createData()
    pin.framesForwardKinematics(robot.model, pin_data, q)
    return pin_data, q, data


def dof_order(robot: Robot, model: mujoco.MjModel) -> np.ndarray:
    """For each of MuJoCo's velocities, where it sits in pinocchio's."""
    order = np.arange(robot.model.nv)
    for index, name in enumerate(JOINTS):
        order[model.joint(name).dofadr[0]] = robot.idx_v[index]
    return order


def test_every_link_is_at_the_same_place_in_pinocchio_and_mujoco(robot, model, pose):
    pin_data, _, data = pose
    for index in range(1, model.nbody):
        body = model.body(index)
        frame = pin_data.oMf[robot.model.getFrameId(body.name)]
        np.testing.assert_allclose(data.xpos[index], frame.translation, atol=1e-9)
        np.testing.assert_allclose(data.xmat[index].reshape(3, 3), frame.rotation, atol=1e-9)


def test_centre_of_mass_agrees(robot, model, pose):
    pin_data, q, data = pose
    com = pin.centerOfMass(robot.model, pin_data, q)
    np.testing.assert_allclose(data.subtree_com[0], com, rtol=1e-6, atol=1e-9)


def test_joint_space_inertia_agrees(robot, model, pose):
    pin_data, q, data = pose
    expected = pin.crba(robot.model, pin_data, q, pin.Convention.WORLD)
    expected = np.triu(expected) + np.triu(expected, 1).T
    to_body = np.eye(robot.model.nv)
    to_body[:3, :3] = pin_data.oMi[1].rotation.T  # MuJoCo's linear base velocity is in the world
    expected = to_body.T @ expected @ to_body
    order = dof_order(robot, model)
    inertia = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, inertia)
    scale = np.sqrt(np.outer(np.diag(inertia), np.diag(inertia)))
    assert np.abs((inertia - expected[np.ix_(order, order)]) / scale).max() < 1e-6


def test_both_libraries_weigh_the_same_robot(robot, model):
    assert mujoco.mj_getTotalmass(model) == pytest.approx(MOVING_MASS, abs=5e-4)
    assert pin.computeTotalMass(robot.model) == pytest.approx(MOVING_MASS, abs=5e-4)


def test_model_has_one_motor_per_joint_within_the_joint_effort(robot):
    model = robot_spec().compile()
    assert (model.nq, model.nv, model.nu) == (50, 49, 43)
    for index, name in enumerate(JOINTS):
        actuator = model.actuator(name)
        np.testing.assert_allclose(np.abs(actuator.forcerange), robot.effort[index])
        assert actuator.gainprm[0] == MOTORS[name].kp


@pytest.mark.parametrize('frame', REP_FRAMES)
def test_rep_frames_exist_in_both_libraries(robot, model, frame):
    assert robot.model.existFrame(frame)
    assert model.body(frame).mass == 0.0


def test_the_optical_frame_looks_along_its_z_axis_with_y_down(robot):
    data = robot.model.createData()
    pin.framesForwardKinematics(robot.model, data, robot.configuration(robot.nominal))
    optical = data.oMf[robot.model.getFrameId('head_camera_optical_frame')].rotation
    device = data.oMf[robot.model.getFrameId('d435_link')].rotation
    np.testing.assert_allclose(optical[:, 2], device[:, 0], atol=1e-9)
    np.testing.assert_allclose(optical[:, 0], -device[:, 1], atol=1e-9)
    assert optical[2, 2] < 0.0  # the camera looks down


def test_the_head_camera_looks_along_the_optical_axis(model):
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    optical = data.body('head_camera_optical_frame').xmat.reshape(3, 3)
    camera = data.camera('head').xmat.reshape(3, 3)
    np.testing.assert_allclose(camera, optical * (1, -1, -1), atol=1e-6)


def test_no_two_links_touch_in_the_nominal_pose(robot, model):
    data = mujoco.MjData(model)
    for name, value in zip(JOINTS, robot.nominal, strict=True):
        data.joint(name).qpos = value
    mujoco.mj_forward(model, data)
    assert data.ncon == 0


def test_scenes_come_with_a_third_person_camera():
    model = scene_spec('pick_place').compile()
    assert model.camera(VIEW_CAMERA).id >= 0


def test_an_unknown_scene_is_refused_with_the_known_ones():
    with pytest.raises(UnknownName, match='pick_place'):
        scene_spec('nowhere')


def test_a_missing_description_is_named(tmp_path):
    with pytest.raises(ModelError, match='absent.urdf does not exist'):
        robot_spec(tmp_path / 'absent.urdf')


def test_a_broken_description_is_named(tmp_path):
    broken = tmp_path / 'broken.urdf'
    broken.write_text('<robot name="x"><link></robot>')
    with pytest.raises(ModelError, match='broken.urdf'):
        robot_spec(broken)


def test_a_description_without_our_joints_says_which_are_missing(tmp_path):
    small = tmp_path / 'small.urdf'
    small.write_text('<robot name="x"><link name="a"/></robot>')
    with pytest.raises(ModelError, match='left_hip_pitch_joint'):
        robot_spec(small)

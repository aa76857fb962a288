from __future__ import annotations

import numpy as np
import pytest

from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import JOINTS, NUM_BASE, NUM_JOINTS, NUM_LEG_JOINTS, SIDES
from rove_teleop.core.types import Array
from rove_teleop.twin.plant import FELL, TwinPlant
from tests.contracts.plant_contract import DT_NS, joint_command

ARMS = slice(15, 29)
FORWARD, LEFT = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])


@pytest.fixture
def plant() -> TwinPlant:
    plant = TwinPlant(scene='empty')
    plant.reset(0)
    return plant


def stand(plant: TwinPlant, seconds: float, first_ns: int = 0):
    for tick in range(int(seconds * 1e9 / DT_NS)):
        state = plant.step(None, first_ns + tick * DT_NS)
        if state.fault:
            break
    return state


def follow(plant: TwinPlant, seconds: float, motion):
    """Command a motion: t -> (joint offsets, their velocity, base offset, its velocity)."""
    robot, legs = plant.robot, LegKinematics(plant.robot)
    for tick in range(int(seconds * 1e9 / DT_NS)):
        offset, velocity, base_offset, base_velocity = motion(tick * DT_NS * 1e-9)
        position, velocity = robot.nominal + offset, velocity.copy()
        base = legs.nominal_base + base_offset
        leg_position, leg_velocity = legs.solve(base, base_velocity)
        position[:NUM_LEG_JOINTS], velocity[:NUM_LEG_JOINTS] = leg_position, leg_velocity
        command = joint_command(
            robot, tick + 1, tick * DT_NS,
            position=position, velocity=velocity, base=base, base_velocity=base_velocity,
        )  # fmt: skip
        state = plant.step(command, tick * DT_NS)
        if state.fault:
            break
    return state


def sway(joints: dict[str, float], amplitude: float, hertz: float):
    """A sine on some joints with signs, growing over the first second."""
    sign = np.zeros(NUM_JOINTS)
    for name, value in joints.items():
        sign[JOINTS.index(name)] = value

    def motion(t: float):
        omega, grow, growing = 2.0 * np.pi * hertz, min(t, 1.0), float(t < 1.0)
        wave, slope = np.sin(omega * t), omega * np.cos(omega * t)
        offset = sign * amplitude * grow * wave
        velocity = sign * amplitude * (grow * slope + growing * wave)
        return offset, velocity, np.zeros(NUM_BASE), np.zeros(NUM_BASE)

    return motion


def reach(base_offset: Array, seconds: float):
    """The base moves smoothly to an offset and stays there."""

    def motion(t: float):
        s = min(t / seconds, 1.0)
        share, rate = s * s * (3.0 - 2.0 * s), 6.0 * s * (1.0 - s) / seconds
        still = np.zeros(NUM_JOINTS)
        return still, still, share * np.asarray(base_offset), rate * np.asarray(base_offset)

    return motion


def test_it_stands_for_sixty_seconds_without_any_command(plant):
    state = stand(plant, 60.0)
    assert state.fault == ''
    assert np.linalg.norm(state.base_pose[:2]) < 0.02
    assert np.abs(state.base_twist).max() < 0.01


def test_the_feet_carry_the_robots_weight_in_equal_parts(plant):
    state = stand(plant, 3.0)
    assert state.foot_force.sum() == pytest.approx(9.81 * 34.394, rel=0.01)
    assert state.foot_force[0] == pytest.approx(state.foot_force[1], rel=0.02)


def test_a_robot_at_rest_feels_gravity_and_no_rotation(plant):
    state = stand(plant, 3.0)
    np.testing.assert_allclose(state.imu_linear_acceleration, (0, 0, 9.81), atol=0.05)
    np.testing.assert_allclose(state.imu_angular_velocity, 0.0, atol=0.01)


@pytest.mark.parametrize('direction', [FORWARD, -FORWARD, LEFT, -LEFT], ids='fblr')
def test_it_withstands_a_push_of_40_newton_at_the_pelvis(plant, direction):
    stand(plant, 0.5)
    plant.apply_push(40.0 * direction, 0.2)
    pushed = stand(plant, 0.2, 10**9)
    assert (pushed.base_twist[:3] @ direction) > 0.05
    state = stand(plant, 4.0, 2 * 10**9)
    assert state.fault == ''
    assert np.abs(state.base_twist).max() < 0.05
    assert np.linalg.norm(state.base_pose[:2]) < 0.05


@pytest.mark.parametrize('hertz', [0.5, 1.0])
@pytest.mark.parametrize(
    'joints',
    [
        {f'{side}_shoulder_pitch_joint': 1.0 for side in SIDES},
        {'left_shoulder_pitch_joint': 1.0, 'right_shoulder_pitch_joint': -1.0},
        {f'{side}_shoulder_roll_joint': 0.6 for side in SIDES},
        {f'{side}_elbow_joint': 1.0 for side in SIDES},
        {'waist_yaw_joint': 1.0},
    ],
    ids=['both arms', 'arms in turn', 'sideways', 'elbows', 'waist'],
)
def test_it_stands_while_the_arms_move(plant, joints, hertz):
    state = follow(plant, 4.0, sway(joints, 0.6, hertz))
    assert state.fault == ''
    assert np.linalg.norm(state.base_pose[:2] - (-0.007, 0.0)) < 0.06


def test_an_arm_tracks_a_motion_of_one_hertz_within_two_hundredths_of_a_radian(plant):
    motion = sway({'left_shoulder_pitch_joint': 1.0, 'left_elbow_joint': -0.5}, 0.5, 1.0)
    for seconds in (2.0, 2.1, 2.25, 2.4):
        plant.reset(0)
        state = follow(plant, seconds, motion)
        expected = plant.robot.nominal + motion(seconds - DT_NS * 1e-9)[0]
        assert np.abs(state.position - expected)[ARMS].max() < 0.02


@pytest.mark.parametrize(
    'offset',
    [
        (0.08, 0, 0, 0, 0, 0),
        (0, 0.05, 0, 0, 0, 0),
        (0, 0, -0.2, 0, 0, 0),
        (-0.05, 0, -0.3, 0, 0.5, 0),
        (0, 0, 0, 0, 0, 0.3),
    ],
    ids=['forward', 'left', 'squat', 'deep squat leaning', 'turn'],
)
def test_the_pelvis_goes_where_the_base_reference_says(plant, offset):
    state = follow(plant, 4.0, reach(offset, 2.0))
    assert state.fault == ''
    nominal = LegKinematics(plant.robot).nominal_base
    assert np.abs(state.base_pose[:3] - nominal[:3] - offset[:3]).max() < 0.015


def test_after_a_fall_it_goes_limp_and_stays_fallen(plant):
    plant.apply_push(400.0 * LEFT, 0.3)
    assert stand(plant, 3.0).fault == FELL
    for tick in range(600):
        raised = joint_command(
            plant.robot, tick + 1, tick * DT_NS, position=plant.robot.nominal - 0.5
        )
        state = plant.step(raised, tick * DT_NS)
    assert state.fault == FELL
    assert np.abs(state.velocity).max() < 0.5
    assert np.abs(state.effort).max() < 2.0

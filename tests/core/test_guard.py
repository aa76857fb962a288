from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rove_teleop.core.guard import CommandGuard, GuardLimits
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import NUM_JOINTS
from rove_teleop.core.robot import Robot
from rove_teleop.share import share
from tests.contracts.plant_contract import BAD, DT_NS, ELBOW, joint_command, with_entry

REASONS = {
    'too few positions': 'position: wrong size',
    'a matrix of positions': 'position: wrong size',
    'too many efforts': 'effort: wrong size',
    'NaN position': 'position: not finite',
    'NaN velocity': 'velocity: not finite',
    'infinite effort': 'effort: not finite',
    'NaN base': 'base: not finite',
    'infinite base velocity': 'base_velocity: not finite',
    'no longer valid': 'expired',
    'an old sequence number': 'old sequence number',
    'another writer': 'foreign writer',
    'another live session': 'another session is live',
    'text for positions': 'position: not an array of numbers',
    'nothing for positions': 'position: not an array of numbers',
}


@pytest.fixture(scope='module')
def robot() -> Robot:
    return Robot.from_urdf(share('urdf/g1_dex3.urdf'))


@pytest.fixture
def guard(robot) -> CommandGuard:
    return CommandGuard(robot, robot.nominal, LegKinematics(robot).nominal_base)


def swing(guard, robot, steps, speed=2.0):
    """Good commands that move the elbow at constant speed; returns the next tick's number."""
    for k in range(steps):
        position = with_entry(robot.nominal, ELBOW, robot.nominal[ELBOW] + speed * k * 0.005)
        velocity = with_entry(np.zeros(NUM_JOINTS), ELBOW, speed)
        command = joint_command(robot, k + 1, k * DT_NS, position=position, velocity=velocity)
        guard.step(command, k * DT_NS)
    return steps


def test_every_kind_of_bad_command_has_a_reason():
    assert set(REASONS) == set(BAD)


@pytest.mark.parametrize('fault', BAD)
def test_a_bad_command_is_refused_and_counted_with_its_reason(guard, robot, fault):
    guard.step(joint_command(robot, 1, 0), 0)
    guard.step(BAD[fault](joint_command(robot, 2, DT_NS)), DT_NS)
    assert dict(guard.refused) == {REASONS[fault]: 1}
    assert guard.accepted == 1


def test_the_same_command_handed_in_again_is_neither_new_nor_refused(guard, robot):
    command = joint_command(robot, 1, 0)
    for tick in range(5):
        guard.step(command, tick * DT_NS)
    assert guard.accepted == 1
    assert not guard.refused


def test_a_command_is_passed_through_unchanged_when_it_is_within_limits(guard, robot):
    guard.step(joint_command(robot, 1, 0), 0)
    position = robot.nominal + 0.01
    command = joint_command(robot, 2, DT_NS, position=position, effort=np.full(NUM_JOINTS, 0.5))
    setpoint = guard.step(command, DT_NS)
    np.testing.assert_allclose(setpoint.position, np.clip(position, robot.lower, robot.upper))
    np.testing.assert_allclose(setpoint.effort, 0.5)
    assert setpoint.following


def test_one_late_command_is_bridged_at_the_speed_of_the_last(guard, robot):
    tick = swing(guard, robot, 20)
    before = guard.step(None, tick * DT_NS)
    after = guard.step(None, (tick + 1) * DT_NS)
    assert after.position[ELBOW] - before.position[ELBOW] == pytest.approx(2.0 * 0.005, rel=1e-6)
    assert after.following


def test_without_commands_it_brakes_at_the_bounded_deceleration_and_holds(guard, robot):
    tick = swing(guard, robot, 20)
    velocity = []
    for k in range(tick, tick + 40):
        setpoint = guard.step(None, k * DT_NS)
        velocity.append(setpoint.velocity[ELBOW])
    change = np.abs(np.diff(velocity))
    assert change.max() <= guard.limits.deceleration * 0.005 + 1e-9
    assert velocity[8] == 2.0  # 45 ms after the last command
    assert velocity[-1] == 0.0
    assert not setpoint.following
    held = guard.step(None, (tick + 40) * DT_NS)
    np.testing.assert_array_equal(held.position, setpoint.position)


def test_a_command_is_followed_no_longer_than_it_says(guard, robot):
    guard.step(joint_command(robot, 1, 0, valid_until_ns=3 * DT_NS), 0)
    followed = [guard.step(None, tick * DT_NS).following for tick in range(1, 6)]
    assert followed == [True, True, False, False, False]


def test_a_command_that_is_valid_for_long_is_followed_no_longer_than_the_timeout(guard, robot):
    guard.step(joint_command(robot, 1, 0, valid_until_ns=10**12), 0)
    followed = [guard.step(None, tick * DT_NS).following for tick in range(1, 13)]
    assert followed == [True] * 10 + [False] * 2


def test_a_session_whose_command_expired_early_still_keeps_others_out(guard, robot):
    guard.step(joint_command(robot, 1, 0, valid_until_ns=DT_NS), 0)
    guard.step(None, DT_NS)
    other = replace(joint_command(robot, 1, 2 * DT_NS), session='next', writer_id='heir')
    guard.step(other, 2 * DT_NS)
    assert guard.refused == {'another session is live': 1}


def test_commands_that_come_back_are_followed_again(guard, robot):
    tick = swing(guard, robot, 20) + 40
    guard.step(None, tick * DT_NS)
    setpoint = guard.step(joint_command(robot, 99, tick * DT_NS), tick * DT_NS)
    assert setpoint.following


def test_a_jump_is_approached_no_faster_than_the_greatest_speed(guard, robot):
    guard.step(joint_command(robot, 1, 0), 0)
    far = with_entry(robot.nominal, ELBOW, -1.0)
    first = guard.step(joint_command(robot, 2, DT_NS, position=far), DT_NS)
    moved = abs(first.position[ELBOW] - robot.nominal[ELBOW])
    assert moved == pytest.approx(guard.limits.max_speed * 0.005)


def test_random_commands_never_leave_the_limits(guard, robot):
    rng = np.random.default_rng(0)
    last = robot.nominal
    for k in range(2000):
        command = joint_command(
            robot, k, k * DT_NS,
            position=rng.normal(size=NUM_JOINTS) * 10.0 ** rng.uniform(-2, 300),
            velocity=rng.normal(size=NUM_JOINTS) * 10.0 ** rng.uniform(-2, 300),
            effort=rng.normal(size=NUM_JOINTS) * 10.0 ** rng.uniform(-2, 300),
        )  # fmt: skip
        setpoint = guard.step(command if rng.random() < 0.8 else None, k * DT_NS)
        assert (setpoint.position >= robot.lower).all()
        assert (setpoint.position <= robot.upper).all()
        assert (np.abs(setpoint.effort) <= robot.effort).all()
        assert (np.abs(setpoint.velocity) <= guard.limits.max_speed).all()
        assert np.abs(setpoint.position - last).max() <= guard.limits.max_speed * 0.005 + 1e-12
        last = setpoint.position


def test_a_hold_begun_near_a_limit_stops_at_it(robot):
    start = with_entry(robot.nominal, ELBOW, robot.upper[ELBOW] - 1.0)
    guard = CommandGuard(
        robot, start, LegKinematics(robot).nominal_base, GuardLimits(deceleration=1.0)
    )
    velocity = with_entry(np.zeros(NUM_JOINTS), ELBOW, 5.0)
    guard.step(joint_command(robot, 1, 0, position=start, velocity=velocity), 0)
    for k in range(1, 400):
        setpoint = guard.step(None, k * DT_NS)
    assert setpoint.position[ELBOW] == robot.upper[ELBOW]
    assert setpoint.velocity[ELBOW] == 0.0


def test_a_new_session_must_wait_until_the_old_one_is_silent(guard, robot):
    guard.step(joint_command(robot, 5, 0), 0)
    early = replace(joint_command(robot, 1, DT_NS), session='next', writer_id='heir')
    guard.step(early, DT_NS)
    assert guard.refused == {'another session is live': 1}
    later = 20 * DT_NS
    guard.step(replace(joint_command(robot, 2, later), session='next', writer_id='heir'), later)
    assert guard.accepted == 2


def test_an_ended_session_never_returns(guard, robot):
    guard.step(joint_command(robot, 5, 0), 0)
    later = 20 * DT_NS
    guard.step(replace(joint_command(robot, 1, later), session='next'), later)
    last = 40 * DT_NS
    guard.step(joint_command(robot, 6, last), last)
    assert guard.refused == {'ended session': 1}


def test_damping_lasts_until_a_command_that_does_not_ask_for_it(guard, robot):
    guard.step(joint_command(robot, 1, 0, damping=True), 0)
    for k in range(1, 40):
        assert guard.step(None, k * DT_NS).damping
    later = 40 * DT_NS
    assert not guard.step(joint_command(robot, 2, later), later).damping


def test_a_limp_robot_takes_the_set_point_with_it(guard, robot):
    guard.step(joint_command(robot, 1, 0, damping=True), 0)
    sunk = with_entry(robot.nominal, ELBOW, -0.5)
    guard.yield_to(sunk, LegKinematics(robot).nominal_base)
    setpoint = guard.step(joint_command(robot, 2, DT_NS), DT_NS)
    assert abs(setpoint.position[ELBOW] - sunk[ELBOW]) <= guard.limits.max_speed * 0.005


def test_a_velocity_that_contradicts_the_positions_has_little_effect(guard, robot):
    guard.step(joint_command(robot, 1, 0), 0)
    still = joint_command(robot, 2, DT_NS, velocity=np.full(NUM_JOINTS, 10.0))
    setpoint = guard.step(still, DT_NS)
    assert np.abs(setpoint.velocity).max() <= guard.limits.velocity_slack


def test_legs_and_waist_follow_a_jump_more_slowly_than_arms(guard, robot):
    guard.step(joint_command(robot, 1, 0), 0)
    jump = joint_command(robot, 2, DT_NS, position=robot.nominal + 0.2)
    moved = guard.step(jump, DT_NS).position - robot.nominal
    assert np.abs(moved[:15]).max() <= guard.limits.max_trunk_speed * 0.005 + 1e-12
    assert moved[ELBOW] == pytest.approx(guard.limits.max_speed * 0.005)


def test_a_strangers_command_does_not_cover_the_true_one_that_came_before_it(guard, robot):
    for k in range(20):
        now_ns = k * DT_NS
        true = joint_command(robot, k, now_ns)
        assert guard.hear(true, now_ns) == ''
        stranger = replace(true, seq=k + 1000, writer_id='stranger', position=robot.upper)
        assert guard.hear(stranger, now_ns) == 'foreign writer'
        setpoint = guard.step(None, now_ns)
        assert setpoint.following
        assert np.array_equal(setpoint.position, robot.nominal)

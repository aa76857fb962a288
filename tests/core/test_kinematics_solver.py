"""The whole-body solver: exact where it can be, calm where it cannot, safe everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import DT, SIDES, kinematics, make_robot, moved, standing, standing_solver

from rove_teleop.core.kinematics import IkConfig, PalmTarget, Targets, WholeBodyIK
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import (
    GROUP_CHANNELS,
    GROUPS,
    NUM_BASE,
    NUM_LEG_JOINTS,
)

FREE = 23
FORWARD = kinematics()
START = FORWARD.palms(standing())
MILLIMETRE = 1e-3


@dataclass
class Run:
    """What a solver did over some ticks, one row a tick."""

    position: np.ndarray
    velocity: np.ndarray
    clearance: np.ndarray
    error: np.ndarray

    @property
    def acceleration(self) -> np.ndarray:
        return np.diff(self.velocity[:, NUM_BASE:FREE], axis=0) / DT


@pytest.fixture
def solver() -> WholeBodyIK:
    return standing_solver()


def follow(solver: WholeBodyIK, targets: Callable[[float], Targets], seconds: float) -> Run:
    rows = []
    for k in range(int(seconds / DT)):
        wanted = targets(k * DT)
        solution = solver.solve(wanted, DT)
        assert solution.ok
        palms = FORWARD.palms(solution.position)
        errors = [
            np.linalg.norm(palms[s].translation - target.pose.translation)
            for s, target in wanted.palms.items()
        ]
        rows.append((solution.position, solution.velocity, solution.clearance, max(errors)))
    return Run(*(np.array(column) for column in zip(*rows, strict=True)))


def reach(offset: list[float], turn: list[float] | None = None) -> Callable[[float], Targets]:
    """Both palms displaced at once; the second number counts outwards."""

    def targets(_: float) -> Targets:
        x, y, z = offset
        return Targets(
            {
                'left': PalmTarget(moved(START['left'], [x, y, z], turn)),
                'right': PalmTarget(moved(START['right'], [x, -y, z], turn)),
            }
        )

    return targets


def test_a_target_at_rest_gives_rest(solver):
    run = follow(solver, reach([0, 0, 0]), 3.0)
    assert np.abs(run.position - standing()).max() < 1e-9
    assert np.abs(run.velocity).max() < 1e-9


def test_a_reachable_step_is_reached_and_stays_reached_without_chatter(solver):
    run = follow(solver, reach([0.2, 0.05, 0.2]), 4.0)
    assert run.error[-1] < MILLIMETRE
    assert np.abs(run.velocity[-200:, NUM_BASE:]).max() < 0.02
    flips = np.sign(run.velocity[-200:, NUM_BASE:FREE]) * (
        np.abs(run.velocity[-200:, 6:23]) > 1e-3
    )
    assert (np.abs(np.diff(flips, axis=0)).sum(axis=0) <= 2).all()


def test_a_moving_target_is_followed_within_two_millimetres(solver):
    def wave(t: float) -> Targets:
        def offset(t: float) -> np.ndarray:
            s = min(t, 1.0) ** 2
            return s * np.array([0.05 * np.sin(3 * t), 0.0, 0.1 + 0.05 * np.sin(2.5 * t)])

        speed = np.concatenate([(offset(t + 1e-5) - offset(t)) / 1e-5, np.zeros(3)])
        return Targets({s: PalmTarget(moved(START[s], offset(t)), speed) for s in SIDES})

    assert follow(solver, wave, 4.0).error.max() < 2 * MILLIMETRE


def test_a_metre_out_of_reach_the_robot_comes_to_rest_at_full_stretch(solver):
    run = follow(solver, reach([1.0, 0.0, 0.1]), 6.0)
    assert np.abs(run.velocity[-100:, NUM_BASE:]).max() < 0.1
    assert np.sqrt(np.mean(run.acceleration**2)) < 15.0
    palm = FORWARD.palms(run.position[-1])['left']
    assert palm.translation[0] > START['left'].translation[0] + 0.4


def test_a_low_target_is_reached_by_squatting_and_a_forward_one_by_leaning(solver):
    down = follow(solver, reach([0.15, 0.05, -0.4]), 6.0)
    assert down.error[-1] < 20 * MILLIMETRE
    assert down.position[-1, 2] < standing()[2] - 0.1
    solver.reset(standing())
    forward = follow(solver, reach([0.5, 0.0, 0.1]), 6.0)
    lean = forward.position[-1, 4] + forward.position[-1, 8]
    assert lean > 0.2


@pytest.mark.parametrize(
    'offset',
    [[0.4, 0.0, 0.1], [1.0, 0.0, 0.0], [0.0, 0.0, 0.8], [0.1, 0.05, -0.5], [0.1, -0.35, 0.1]],
    ids=['forward', 'far', 'up', 'down', 'crossed'],
)
def test_limits_hold_and_the_centre_of_mass_stays_over_the_feet(solver, offset):
    config, robot = solver.config, make_robot()
    run = follow(solver, reach(offset), 4.0)
    com = np.array([FORWARD.com(position)[:2] for position in run.position[::10]])
    assert config.com_x[0] - 5e-3 < com[:, 0].min() and com[:, 0].max() < config.com_x[1] + 5e-3
    assert np.abs(com[:, 1]).max() < config.com_y[1] + 5e-3
    arms, waist = run.velocity[:, 9:FREE], run.velocity[:, 6:9]
    assert np.abs(arms).max() <= config.velocity_arms + 1e-6
    assert np.abs(waist).max() <= config.velocity_waist + 1e-6
    most = config.acceleration_arms * (config.emergency if solver.emergencies else 1.0)
    assert np.abs(run.acceleration[:, 3:]).max() <= most + 1e-3
    upper = run.position[:, NUM_BASE:]
    assert (upper >= robot.lower[NUM_LEG_JOINTS:]).all()
    assert (upper <= robot.upper[NUM_LEG_JOINTS:]).all()
    base = run.position[:, :NUM_BASE]
    assert (base >= np.array(config.base_lower) - 1e-6).all()
    assert (base <= np.array(config.base_upper) + 1e-6).all()


@pytest.mark.parametrize('offset', [[0.1, 0.05, -0.5], [0.5, 0.0, 0.1]], ids=['down', 'forward'])
def test_the_legs_can_follow_the_base_with_the_feet_where_they_are(solver, offset):
    run = follow(solver, reach(offset), 4.0)
    legs = LegKinematics(make_robot())
    last = None
    for position, velocity in zip(run.position[::4], run.velocity[::4], strict=True):
        joints, speed = legs.solve(position[:NUM_BASE], velocity[:NUM_BASE])
        slip = np.abs(legs.base_of(joints) - position[:NUM_BASE]).max()
        assert slip < MILLIMETRE
        assert np.abs(speed).max() < solver.config.velocity_legs
        assert last is None or np.abs(joints - last).max() < 0.1
        last = joints.copy()


@pytest.mark.parametrize(
    'offset',
    [[0.0, -0.35, 0.1], [-0.3, -0.2, 0.1], [0.0, -0.1, -0.2], [-0.1, -0.22, 0.35]],
    ids=['hands crossed', 'into the belly', 'into the thighs', 'into the chest'],
)
def test_the_robot_does_not_touch_itself(solver, offset):
    run = follow(solver, reach(offset), 4.0)
    assert run.clearance.min() > 0.015


def test_hands_that_swap_sides_do_not_meet(solver):
    def swap(t: float) -> Targets:
        share = min(t / 1.0, 1.0)
        left = START['left'].translation + [0.2, 0.0, 0.2]
        right = START['right'].translation + [0.2, 0.0, 0.2]
        return Targets(
            {
                'left': PalmTarget(pin.SE3(START['left'].rotation, left + share * (right - left))),
                'right': PalmTarget(
                    pin.SE3(START['right'].rotation, right + share * (left - right))
                ),
            }
        )

    assert follow(solver, swap, 3.0).clearance.min() > 0.01


def test_locked_groups_do_not_move_at_all(solver):
    targets = reach([0.2, 0.0, 0.2])
    for _ in range(200):
        solution = solver.solve(targets(0.0), DT, ('torso', 'legs', 'left_arm'))
    moving = np.flatnonzero(solution.position != standing())
    arm = GROUP_CHANNELS['right_arm']
    assert set(moving) <= set(range(arm.start, arm.stop)) and len(moving)
    assert not solution.velocity[: arm.start].any()


def test_an_arm_without_a_target_keeps_still_relative_to_the_body(solver):
    right = Targets({'right': PalmTarget(moved(START['right'], [0.3, 0.0, 0.1]))})
    for _ in range(200):
        solution = solver.solve(right, DT)
    arm = GROUP_CHANNELS['left_arm']
    assert np.array_equal(solution.position[arm], standing()[arm])


def test_fingers_are_none_of_its_business(solver):
    start = standing()
    start[23:] = 0.2
    solver.reset(start)
    solution = solver.solve(reach([0.2, 0.0, 0.2])(0.0), DT)
    assert (solution.position[23:] == 0.2).all() and not solution.velocity[23:].any()


def test_freeing_a_group_starts_from_rest_wherever_it_is(solver):
    start = standing()
    start[6:9] = (0.4, 0.1, 0.1)
    start[[10, 17]] = 0.6, -0.6  # arms out
    start[2] -= 0.05
    solver.reset(start)
    palms = FORWARD.palms(start)
    solution = solver.solve(Targets({s: PalmTarget(T) for s, T in palms.items()}), DT)
    assert np.abs(solution.velocity).max() < 1e-9


def test_a_pelvis_height_and_a_torso_orientation_can_be_asked_for(solver):
    turned = pin.rpy.rpyToMatrix(0.0, 0.2, 0.3)
    targets = Targets(torso=turned, pelvis_height=0.68)
    for _ in range(2400):
        solution = solver.solve(targets, DT)
    assert solution.position[2] == pytest.approx(0.68, abs=0.02)
    torso = FORWARD.frame(solution.position, 'torso_link').rotation
    assert np.linalg.norm(pin.log3(torso.T @ turned)) < 0.15


def test_any_tick_length_leads_to_the_same_place(solver):
    targets = reach([0.15, 0.0, 0.2])
    ends = []
    for dt in (0.002, 0.005, 0.02):
        solver.reset(standing())
        for _ in range(int(3.0 / dt)):
            solution = solver.solve(targets(0.0), dt)
        ends.append(FORWARD.palms(solution.position)['left'].translation)
    assert np.ptp(ends, axis=0).max() < 2 * MILLIMETRE


def test_random_targets_never_break_a_limit_nor_leave_it_without_a_solution(solver):
    rng = np.random.default_rng(5)
    robot, config = make_robot(), solver.config
    lower, upper = robot.lower[NUM_LEG_JOINTS:], robot.upper[NUM_LEG_JOINTS:]
    targets = reach([0, 0, 0])(0.0)
    clearance = np.inf
    for k in range(4000):
        if k % 20 == 0:
            scale = rng.choice([0.3, 1.0, 5.0])
            targets = Targets(
                {
                    side: PalmTarget(
                        pin.SE3(pin.SE3.Random().rotation, rng.uniform(-scale, scale, 3)),
                        rng.normal(size=6) * rng.choice([0.0, 1.0, 100.0]),
                    )
                    for side in SIDES
                    if rng.random() < 0.8
                }
            )
        solution = solver.solve(targets, DT, rng.choice(GROUPS, rng.integers(3)))
        assert solution.ok and np.isfinite(solution.velocity).all()
        assert (solution.position[NUM_BASE:] >= lower).all()
        assert (solution.position[NUM_BASE:] <= upper).all()
        assert np.abs(solution.velocity[9:FREE]).max() <= config.velocity_arms + 1e-6
        clearance = min(clearance, solution.clearance)
    assert solver.failures == 0
    assert clearance > -0.005


def test_without_a_solution_it_brakes_says_so_and_counts():
    solver = standing_solver()
    for _ in range(40):
        before = solver.solve(reach([0.4, 0.0, 0.2])(0.0), DT)
    solver._program.solve = lambda _: None
    after = solver.solve(reach([0.4, 0.0, 0.2])(0.0), DT)
    assert not after.ok and after.reason == 'no solution' and solver.failures == 1
    assert (np.abs(after.velocity) <= np.abs(before.velocity) + 1e-9).all()
    for _ in range(600):
        after = solver.solve(reach([0.4, 0.0, 0.2])(0.0), DT)
    assert not after.velocity.any()


def test_another_configuration_is_another_solver():
    slow = WholeBodyIK(
        make_robot(), LegKinematics(make_robot()), IkConfig(velocity_arms=1.0, palm_gain=20.0)
    )
    slow.reset(standing())
    run = follow(slow, reach([0.3, 0.0, 0.2]), 1.0)
    assert np.abs(run.velocity[:, 9:FREE]).max() <= 1.0 + 1e-6


def test_the_hands_go_from_the_floor_to_above_the_head_on_feet_that_stand_still(solver):
    legs = LegKinematics(make_robot())
    low = {s: np.array([0.33, y, 0.06]) for s, y in (('left', 0.12), ('right', -0.12))}
    high = {s: np.array([0.12, y, 1.5]) for s, y in (('left', 0.25), ('right', -0.25))}
    pitch = {id(low): 1.2, id(high): -1.2}
    lowest, highest = np.inf, -np.inf
    for places in (low, high):
        turn = pin.rpy.rpyToMatrix(0.0, pitch[id(places)], 0.0)
        palms = {s: PalmTarget(pin.SE3(turn, place)) for s, place in places.items()}
        for k in range(1600):
            solution = solver.solve(Targets(palms), DT)
            if k % 20:
                continue
            heights = [T.translation[2] for T in FORWARD.palms(solution.position).values()]
            lowest, highest = min(lowest, *heights), max(highest, *heights)
            feet = legs.base_of(solver.legs) - solution.position[:NUM_BASE]
            assert np.abs(feet).max() < MILLIMETRE
            x, y, _ = FORWARD.com(solution.position)
            assert -0.05 < x < 0.125 and abs(y) < 0.08
    assert lowest < 0.1 and highest > 1.45


def test_a_pelvis_without_limits_of_its_own_still_never_leaves_its_feet():
    free, robot = math.inf, make_robot()
    config = IkConfig(
        palm_speed=free,
        base_lower=(*[-free] * 4, -1.2, -free),
        base_upper=(*[free] * 4, 1.2, free),
        base_velocity=(free, free),
        base_acceleration=(free, free),
        acceleration_legs=free,
        velocity_legs=6.0,
        com=0.0,
        com_x=(-free, free),
        com_y=(-free, free),
        posture_base=0.0,
        knee_minimum=0.3,
    )
    solver = WholeBodyIK(robot, LegKinematics(robot), config)
    solver.reset(standing())
    legs = LegKinematics(robot)
    rng = np.random.default_rng(4)
    for k in range(1500):
        if k % 100 == 0:
            offset = rng.uniform((-0.6, -0.4, -0.7), (0.8, 0.4, 0.6))
        solution = solver.solve(reach(list(offset))(0.0), DT)
        assert solution.ok
        slip = np.abs(legs.base_of(solver.legs) - solution.position[:NUM_BASE]).max()
        assert slip < MILLIMETRE
        assert (solver.legs >= robot.lower[:NUM_LEG_JOINTS]).all()
        assert (solver.legs <= robot.upper[:NUM_LEG_JOINTS]).all()

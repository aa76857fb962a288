"""What no solver can reach, and what nobody can mean, is refused and moves nothing."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import DT, SIDES, kinematics, make_robot, moved, standing, standing_solver

from rove_teleop.core.kinematics import IkConfig, PalmTarget, Targets, WholeBodyIK
from rove_teleop.core.kinematics.targets import target_fault
from rove_teleop.core.names import NUM_BASE, NUM_CHANNELS
from rove_teleop.errors import InvalidInput

FREE = 23
FORWARD = kinematics()
START = FORWARD.palms(standing())
MILLIMETRE = 1e-3


@pytest.fixture
def solver() -> WholeBodyIK:
    return standing_solver()


def test_palm_targets_that_are_none_are_refused_at_the_door():
    for pose, message in (
        (pin.SE3(np.eye(3), np.array([np.nan, 0, 0])), 'not finite'),
        (pin.SE3(np.eye(3), np.array([1e9, 0, 0])), 'farther than'),
        (pin.SE3(np.zeros((3, 3)), np.zeros(3)), 'no rotation'),
        (pin.SE3(np.diag([1.0, 1.0, -1.0]), np.zeros(3)), 'no rotation'),
    ):
        with pytest.raises(InvalidInput, match=message):
            PalmTarget(pose)
    with pytest.raises(InvalidInput, match='six finite numbers'):
        PalmTarget(pin.SE3.Identity(), np.full(6, np.inf))


@pytest.mark.parametrize(
    'fields, message',
    [
        ({'palms': {'middle': PalmTarget(pin.SE3.Identity())}}, 'left and right'),
        ({'torso': np.ones((3, 3))}, 'rotation matrix'),
        ({'torso': np.full((3, 3), np.nan)}, 'rotation matrix'),
        ({'pelvis_height': 3.0}, r'0.2 to 1.0 m, got 3.0'),
        ({'pelvis_height': float('nan')}, '0.2 to 1.0 m'),
    ],
)
def test_other_targets_that_make_no_sense_are_refused(fields, message):
    with pytest.raises(InvalidInput, match=message):
        Targets(**fields)


def test_positions_and_ticks_that_make_no_sense_are_refused(solver):
    with pytest.raises(InvalidInput, match='37 finite numbers'):
        solver.reset(np.full(NUM_CHANNELS, np.nan))
    with pytest.raises(InvalidInput, match='37 finite numbers'):
        solver.reset(np.zeros(3))
    for dt in (0.0, -1.0, 1.0, float('nan')):
        with pytest.raises(InvalidInput, match='dt must be in'):
            solver.solve(Targets(), dt)


def wild(rng: np.random.Generator) -> pin.SE3:
    """A pose that a broken tracker might send."""
    kind = rng.integers(7)
    rotation = pin.SE3.Random().rotation
    if kind == 0:
        return pin.SE3(rotation, np.array([np.nan, np.inf, 0.0]))
    if kind == 1:
        return pin.SE3(np.full((3, 3), np.nan), np.zeros(3))
    if kind == 2:
        return pin.SE3(rotation, rng.normal(size=3) * 10.0 ** rng.uniform(1.5, 300))
    if kind == 3:
        return pin.SE3(np.diag([-1.0, 1.0, 1.0]), np.array([0.3, 0.1, 0.9]))
    scale = (0.3, 1.0, 8.0)[kind - 4]
    return pin.SE3(rotation, rng.uniform(-scale, scale, 3) + [0.0, 0.0, 0.8])


def test_of_100_000_wild_targets_none_raises_or_breaks_a_limit_and_refusals_have_reasons(solver):
    rng = np.random.default_rng(9)
    pin.seed(9)
    robot, sent, refused, clearance = make_robot(), 0, 0, np.inf
    fastest = np.repeat((IkConfig().velocity_waist, IkConfig().velocity_arms), (3, 14)) + 1e-6
    while sent < 100_000:
        poses = {side: wild(rng) for side in SIDES if rng.random() < 0.9}
        sent += len(poses)
        ticks = int(rng.integers(1, 3))
        refused += ticks * sum(bool(target_fault(pose)) for pose in poses.values())
        for _ in range(ticks):
            solution = solver.follow(poses, DT)
        joints = np.concatenate((solver.legs, solution.position[NUM_BASE:]))
        assert np.isfinite(solution.position).all() and np.isfinite(solution.velocity).all()
        assert (joints >= robot.lower).all() and (joints <= robot.upper).all()
        clearance = min(clearance, solution.clearance)
        assert (np.abs(solution.velocity[NUM_BASE:FREE]) <= fastest).all()
    assert sum(solver.rejected.values()) == refused > 0
    assert {reason.split(' palm ')[1] for reason in solver.rejected} == {
        'has numbers that are not finite',
        'has a matrix that is not finite',
        'has a matrix that is no rotation',
        'is farther than 10.0 m from the stance origin',
    }
    assert solver.failures == 0
    assert clearance > 0.0


def test_a_palm_whose_pose_is_refused_keeps_to_its_last_target(solver):
    good = {s: moved(START[s], [0.1, 0.0, 0.1]) for s in SIDES}
    bad = pin.SE3(np.eye(3), np.full(3, np.nan))
    for _ in range(300):
        before = solver.follow(good, DT)
    for _ in range(100):
        after = solver.follow({'left': bad, 'right': good['right']}, DT)
    held, kept = (FORWARD.palms(each.position)['left'] for each in (before, after))
    assert np.abs(kept.translation - held.translation).max() < MILLIMETRE
    assert solver.rejected == {'left palm has numbers that are not finite': 100}


def test_a_tick_or_a_side_that_cannot_be_is_refused_and_nothing_moves(solver):
    poses = {s: moved(START[s], [0.1, 0.0, 0.1]) for s in SIDES}
    before = solver.position
    for dt in (0.0, -1.0, float('nan'), 5.0):
        solution = solver.follow(poses, dt)
        assert not solution.ok and np.array_equal(solution.position, before)
    solver.follow({'middle': START['left']}, DT)
    assert solver.rejected == {'tick is not in its range': 4, 'no such side: middle': 1}

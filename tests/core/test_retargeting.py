"""Human hands onto robot hands: golden poses, round trips, limits, gradients, smoothness."""

from __future__ import annotations

from functools import cache

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import make_robot

from rove_teleop.core.names import HAND_JOINTS, SIDES
from rove_teleop.core.retargeting import (
    HandConfig,
    HandFollower,
    HandModel,
    LightRetargeter,
    hand_features,
)
from rove_teleop.core.retargeting.follower import TOP_SPEED
from rove_teleop.core.retargeting.hand import DEX3
from rove_teleop.core.retargeting.objective import HandObjective, HandTargets, ObjectiveConfig
from rove_teleop.errors import InvalidInput, ModelError, UnknownName
from rove_teleop.operators.hand_model import hand_pose

FIST = dict.fromkeys(('thumb', 'index', 'middle', 'ring', 'pinky'), 1.0)
PINCH = {'thumb': 0.5, 'index': 0.5}
POINT = {**FIST, 'index': 0.0}
THUMB, MIDDLE, INDEX = slice(0, 3), slice(3, 5), slice(5, 7)


@cache
def model(side: str) -> HandModel:
    return HandModel(make_robot(), side)


def retargeted(side: str, **curls: float) -> np.ndarray:
    return LightRetargeter(make_robot(), side).retarget(hand_pose(side, **curls))


def gaps(side: str, position: np.ndarray) -> np.ndarray:
    """Distances from the thumb's tip to those of index and middle finger [m]."""
    tips, _ = model(side).fingertips(position)
    return np.linalg.norm(tips[1:] - tips[0], axis=1)


@pytest.mark.parametrize('side', SIDES)
def test_an_open_hand_is_open(side):
    assert np.abs(retargeted(side)).max() < 0.1


@pytest.mark.parametrize('side', SIDES)
def test_a_fist_is_closed(side):
    position = np.abs(retargeted(side, **FIST))
    limit = np.maximum(-model(side).lower, model(side).upper)
    assert (position[3:] > 0.9 * limit[3:]).all()
    assert position[2] > 0.6


@pytest.mark.parametrize('side', SIDES)
def test_a_pinch_brings_thumb_and_index_together_and_leaves_the_middle_finger(side):
    position = retargeted(side, **PINCH)
    to_index, to_middle = gaps(side, position)
    assert to_index < 0.015 < 0.08 < to_middle
    assert np.abs(position[MIDDLE]).max() < 0.1


@pytest.mark.parametrize('side', SIDES)
def test_a_pointing_hand_keeps_its_index_straight(side):
    position = np.abs(retargeted(side, **POINT))
    assert position[INDEX].max() < 0.1
    assert position[MIDDLE].min() > 1.4


def test_left_and_right_hands_mirror_each_other():
    for curls in ({}, FIST, PINCH, POINT):
        left, right = retargeted('left', **curls), retargeted('right', **curls)
        assert np.allclose(left * [1, -1, -1, -1, -1, -1, -1], right, atol=1e-3)


@pytest.mark.parametrize('side', SIDES)
def test_the_frame_and_size_of_the_source_do_not_matter(side):
    pin.seed(1)
    straight = hand_pose(side, **PINCH)
    turned = hand_pose(side, **PINCH, T_world_wrist=pin.SE3.Random())
    turned[:, :3] *= 1.3
    turned[:, 3:] = 0.0  # orientations are not looked at
    retargeter = LightRetargeter(make_robot(), side)
    first = retargeter.retarget(straight)
    retargeter.reset(np.zeros(7))
    assert np.allclose(retargeter.retarget(turned), first, atol=1e-3)


@pytest.mark.parametrize('side', SIDES)
def test_fingertips_have_the_jacobian_of_their_motion(side):
    rng = np.random.default_rng(1)
    position = rng.uniform(model(side).lower, model(side).upper)
    tips, jacobians = model(side).fingertips(position)
    for joint, step in enumerate(np.eye(7) * 1e-6):
        slope = (model(side).fingertips(position + step)[0] - tips) / 1e-6
        assert np.allclose(jacobians[:, :, joint], slope, atol=1e-5)


@pytest.mark.parametrize('side', SIDES)
@pytest.mark.parametrize('curls', [{}, FIST, PINCH], ids=['open', 'fist', 'pinch'])
def test_the_objective_has_the_gradient_of_its_value(side, curls):
    objective = HandObjective(model(side), ObjectiveConfig())
    targets = objective.imitate(hand_features(hand_pose(side, **curls), side))
    rng = np.random.default_rng(2)
    for _ in range(20):
        position = rng.uniform(model(side).lower, model(side).upper)
        residual, jacobian = objective.residual(position, targets)
        for joint, step in enumerate(np.eye(7) * 1e-6):
            up, down = (objective.residual(position + s, targets)[0] for s in (step, -step))
            assert np.allclose(jacobian[:, joint], (up - down) / 2e-6, atol=1e-4)
            slope = 0.5 * (up @ up - down @ down) / 2e-6
            assert residual @ jacobian[:, joint] == pytest.approx(slope, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize('side', SIDES)
def test_poses_of_the_robot_itself_are_found_again(side):
    rng = np.random.default_rng(3)
    hand, retargeter = model(side), LightRetargeter(make_robot(), side)
    misses = []
    for _ in range(100):
        position = rng.uniform(hand.lower, hand.upper)
        tips, _ = hand.fingertips(position)
        targets = HandTargets(
            fingers=tips[1:] - hand.knuckle,
            pinch=tips[1:] - tips[0],
            pinch_weight=np.full(2, 30.0),
            thumb=position[hand.thumb],
        )
        retargeter.reset(np.zeros(7))
        found, _ = hand.fingertips(retargeter.fit(targets))
        misses.append(np.linalg.norm(found - tips, axis=1).max())
    assert np.quantile(misses, 0.9) < 1e-3
    assert np.max(misses) < 1e-2  # a straight finger is a local minimum of the cold start


@pytest.mark.parametrize('side', SIDES)
def test_joints_never_leave_their_limits_and_a_still_hand_gives_still_joints(side):
    rng = np.random.default_rng(4)
    retargeter = LightRetargeter(make_robot(), side)
    for _ in range(300):
        hand = hand_pose(side, **dict(zip(FIST, rng.random(5), strict=True)))
        hand[:, :3] += rng.normal(scale=rng.choice([0.0, 0.003, 0.008]), size=(25, 3))
        position = retargeter.retarget(hand)
        assert (position >= retargeter.model.lower).all()
        assert (position <= retargeter.model.upper).all()
    for _ in range(5):
        position = retargeter.retarget(hand)
    assert np.abs(retargeter.retarget(hand) - position).max() < 2e-3


def test_closing_slowly_closes_without_jumps():
    retargeter = LightRetargeter(make_robot(), 'left')
    curls = np.linspace(0.0, 1.0, 120)
    path = np.array(
        [retargeter.retarget(hand_pose('left', **dict.fromkeys(FIST, c))) for c in curls]
    )
    assert np.abs(np.diff(path, axis=0)).max() < 0.2


@pytest.mark.parametrize(
    'spoil, message',
    [
        (lambda hand: hand[:21], r'shape \(25, 7\), got \(21, 7\)'),
        (lambda hand: np.where(np.arange(7) < 1, np.nan, hand), 'not finite'),
        (lambda hand: hand * 1e6, 'beyond all reason'),
        (lambda hand: hand * 0.0, 'palm of 0.0 mm'),
        (lambda hand: hand * [1, 0, 0, 1, 1, 1, 1], 'knuckles within 0.0 mm'),
    ],
)
def test_what_is_no_hand_is_refused_by_what_is_wrong_with_it(spoil, message):
    with pytest.raises(InvalidInput, match=message):
        hand_features(spoil(hand_pose('left')), 'left')


def test_a_reset_to_what_is_no_position_is_refused():
    with pytest.raises(InvalidInput, match='7 finite numbers'):
        LightRetargeter(make_robot(), 'left').reset(np.full(7, np.nan))


def test_sides_and_links_that_do_not_exist_are_named():
    with pytest.raises(UnknownName, match='known: left, right'):
        HandModel(make_robot(), 'middle')
    with pytest.raises(UnknownName, match='known: left, right'):
        hand_pose('middle')
    wrong = HandConfig(
        tips={**DEX3.tips, 'thumb': ('{side}_hand_thumb_9_link', (0.0, 0.0, 0.0))},
        knuckles=DEX3.knuckles,
        thumb=DEX3.thumb,
    )
    with pytest.raises(ModelError, match='left_hand_thumb_9_link'):
        HandModel(make_robot(), 'left', wrong)
    wrong = HandConfig(DEX3.tips, {**DEX3.knuckles, 'index': 'knob'}, DEX3.thumb)
    with pytest.raises(ModelError, match='no joint knob'):
        HandModel(make_robot(), 'left', wrong)


class Mirror:
    """A retargeter that shows what it was given: the first joint follows the wrist's x."""

    def __init__(self) -> None:
        self.calls = 0

    def retarget(self, hand: np.ndarray) -> np.ndarray:
        self.calls += 1
        return np.full(7, hand[0, 0])

    def reset(self, position: np.ndarray) -> None:
        self.position = position


def hand_at(x: float) -> np.ndarray:
    return np.full((25, 7), x)


def test_the_low_pass_of_a_follower_does_not_depend_on_the_rate_of_ticks():
    ends = []
    for ticks in (20, 50, 100):
        follower = HandFollower(make_robot(), 'left', Mirror())
        follower.take(hand_at(0.0))
        follower.step(True, np.zeros(7), 0.1 / ticks)
        follower.take(hand_at(0.4))
        for _ in range(ticks):
            position, _ = follower.step(True, np.zeros(7), 0.1 / ticks)
        ends.append(position[0])
    assert np.ptp(ends) < 1e-9 and 0.3 < ends[0] < 0.4


def test_a_jump_of_the_tracking_becomes_a_ramp_of_the_top_speed():
    follower = HandFollower(make_robot(), 'left', Mirror())
    follower.take(hand_at(0.0))
    follower.step(True, np.zeros(7), 0.005)
    follower.take(hand_at(1.5))
    speeds = [follower.step(True, np.zeros(7), 0.005)[1][0] for _ in range(100)]
    assert max(speeds) == pytest.approx(TOP_SPEED)
    assert speeds[20] == pytest.approx(TOP_SPEED) and speeds[-1] < 0.1


def test_the_velocity_of_a_follower_is_that_of_its_position():
    follower = HandFollower(make_robot(), 'left')
    before = np.zeros(7)
    for k in range(50):
        follower.take(hand_pose('left', **dict.fromkeys(FIST, k / 50)))
        position, velocity = follower.step(True, np.zeros(7), 0.005)
        if k:
            assert np.allclose(position - before, velocity * 0.005)
        before = position


def test_a_follower_retargets_each_sample_once_and_only_for_the_operator():
    mirror = Mirror()
    follower = HandFollower(make_robot(), 'left', mirror)
    follower.take(hand_at(0.5))
    executed = np.full(7, 0.25)
    position, velocity = follower.step(False, executed, 0.005)
    assert np.array_equal(position, executed) and not velocity.any() and not mirror.calls
    for _ in range(3):
        follower.step(True, executed, 0.005)
    assert mirror.calls == 1
    assert np.array_equal(mirror.position, executed)


def test_a_follower_without_a_hand_is_not_ready_and_stays_where_it_was_with_one_lost():
    follower = HandFollower(make_robot(), 'left', Mirror())
    assert not follower.ready
    follower.take(hand_at(0.5))
    assert follower.ready
    position, _ = follower.step(True, np.zeros(7), 0.005)
    follower.lose()
    assert not follower.ready
    for _ in range(100):
        after, _ = follower.step(True, np.zeros(7), 0.005)
    assert np.allclose(after, position)


def test_the_order_of_joints_is_that_of_the_model():
    assert tuple(name.split('_hand_')[1] for name in HAND_JOINTS['left']) == (
        'thumb_0_joint',
        'thumb_1_joint',
        'thumb_2_joint',
        'middle_0_joint',
        'middle_1_joint',
        'index_0_joint',
        'index_1_joint',
    )
    only_index = np.abs(retargeted('right', index=1.0))
    assert only_index[INDEX].min() > 1.4 and only_index[MIDDLE].max() < 0.1

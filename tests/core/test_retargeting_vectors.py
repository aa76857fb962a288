"""Vector and DexPilot retargeting: golden poses, round trips, limits, derivatives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import make_robot

from rove_teleop.core.names import HAND_JOINTS, SIDES
from rove_teleop.core.retargeting import (
    DEX3_DEXPILOT,
    DEX3_VECTOR,
    HAND_CONFIGS,
    VectorConfig,
    VectorRetargeter,
    hand_points,
)
from rove_teleop.core.retargeting.dexpilot import Pinches, finger_pairs
from rove_teleop.core.retargeting.huber import HuberObjective
from rove_teleop.core.retargeting.newton import BoxNewton
from rove_teleop.errors import ConfigError, InvalidInput, ModelError, UnknownName
from rove_teleop.hands.golden import GOLDEN_POSES
from rove_teleop.operators.hand_model import hand_pose

CONFIGS = pytest.mark.parametrize('config', [DEX3_VECTOR, DEX3_DEXPILOT], ids=lambda c: c.name)
BOTH = pytest.mark.parametrize('side', SIDES)
MIRROR = np.array([1, -1, -1, -1, -1, -1, -1])
STEP = 1e-6
TIPS = [4, 9, 14, 19, 24]


def retargeter(side: str, config: VectorConfig) -> VectorRetargeter:
    return VectorRetargeter.of_robot(make_robot(), side, config)


def settled(side: str, config: VectorConfig, pose: str) -> np.ndarray:
    found = retargeter(side, config)
    found.reset(np.zeros(7))
    for _ in range(30):
        position = found.retarget(hand_pose(side, **GOLDEN_POSES[pose]))
    return position


EXPECTED = {  # left hand: thumb 0-2, middle 0-1, index 0-1
    'dex3 vector': {
        'open': (-1.05, 1.05, 0.30, 0.0, 0.0, 0.0, 0.0),
        'fist': (0.34, 0.28, 0.92, -1.54, -1.75, -1.42, -1.75),
        'pinch': (-0.31, 0.82, 0.03, 0.0, 0.0, -0.75, -0.87),
        'point': (0.34, 0.28, 0.92, -1.54, -1.75, 0.0, 0.0),
    },
    'dex3 dexpilot': {
        'open': (-1.05, 1.05, 0.29, 0.0, 0.0, 0.0, 0.0),
        'fist': (0.41, 0.26, 0.89, -1.53, -1.75, -1.42, -1.75),
        'pinch': (-0.41, 0.87, 0.00, 0.0, 0.0, -0.78, -1.05),
        'point': (0.41, 0.29, 0.88, -1.53, -1.75, 0.0, 0.0),
    },
}


@BOTH
@CONFIGS
@pytest.mark.parametrize('pose', GOLDEN_POSES)
def test_golden_poses_have_the_joints_that_a_person_has_seen(side, config, pose):
    expected = np.array(EXPECTED[config.name][pose])
    position = settled(side, config, pose) * (1 if side == 'left' else MIRROR)
    assert np.allclose(position, expected, atol=0.05)


@BOTH
def test_a_pinch_closes_with_dexpilot(side):
    chain = retargeter(side, DEX3_DEXPILOT).chain
    chain.move(settled(side, DEX3_DEXPILOT, 'pinch'))
    _, thumb, index, middle = chain.points
    assert np.linalg.norm(thumb - index) < 2e-3
    assert np.linalg.norm(thumb - middle) > 0.06


@BOTH
@CONFIGS
def test_poses_of_the_robot_itself_are_found_again(side, config):
    """Its own vectors, given as a human's, are matched from a start half a radian away."""
    rng = np.random.default_rng(3)
    found = retargeter(side, replace(config, project=1e-6))
    chain, axes = found.chain, found._rotation
    misses = []
    for _ in range(100):
        position = rng.uniform(chain.lower, chain.upper)
        chain.move(position)
        points = chain.points.copy()
        origins, tasks = config.indices
        found.reset(chain.clip(position + rng.uniform(-0.5, 0.5, 7)))
        for _ in range(20):
            answer = found.fit((points[tasks] - points[origins]) @ axes.T / config.scale)
        chain.move(answer)
        misses.append(np.abs(chain.points - points).max())
    assert np.quantile(misses, 0.95) < 1e-3
    assert np.median(misses) < 1e-4


@BOTH
@CONFIGS
def test_joints_never_leave_their_limits_by_any_amount(side, config):
    rng = np.random.default_rng(4)
    found = VectorRetargeter.of_robot(make_robot(), side, config)
    start = [make_robot().model.getJointId(name) for name in HAND_JOINTS[side]]
    rows = [make_robot().model.joints[joint].idx_q for joint in start]
    lower = make_robot().model.lowerPositionLimit[rows]
    upper = make_robot().model.upperPositionLimit[rows]
    for _ in range(200):
        hand = hand_pose(side, **dict(zip(GOLDEN_POSES['fist'], rng.random(5), strict=True)))
        noise = rng.normal(scale=rng.choice([0.0, 0.003, 0.03]), size=(25, 3))
        hand[TIPS, :3] += noise[TIPS]
        position = found.retarget(hand)
        assert np.isfinite(position).all()
        assert (position >= lower).all() and (position <= upper).all()


@CONFIGS
def test_a_still_hand_gives_still_joints(config):
    found = VectorRetargeter.of_robot(make_robot(), 'left', config)
    hand = hand_pose('left', thumb=0.3, index=0.6, middle=0.4)
    for _ in range(40):
        position = found.retarget(hand)
    assert np.abs(found.retarget(hand) - position).max() < 1e-3


@BOTH
def test_the_frame_and_size_of_the_source_do_not_matter(side):
    pin.seed(1)
    points = hand_points(hand_pose(side, index=0.4), side)
    turned = hand_pose(side, index=0.4, T_world_wrist=pin.SE3.Random())
    turned[:, :3] *= 1.3
    assert np.allclose(hand_points(turned, side), points, atol=1e-9)


@BOTH
@CONFIGS
def test_points_have_the_derivatives_of_their_motion(side, config):
    chain = retargeter(side, config).chain
    rng = np.random.default_rng(5)
    for _ in range(10):
        x = rng.uniform(chain.lower, chain.upper)
        forces = rng.normal(size=chain.points.shape)
        chain.move(x)
        jacobian = chain.jacobian()
        curvature = chain.curvature(forces)
        for joint, step in enumerate(np.eye(chain.size) * STEP):
            ends, slopes = [], []
            for place in (x + step, x - step):
                chain.move(place)
                ends.append(chain.points.ravel().copy())
                slopes.append(forces.ravel() @ chain.jacobian())
            assert np.allclose(jacobian[:, joint], (ends[0] - ends[1]) / (2 * STEP), atol=1e-8)
            assert np.allclose(
                curvature[:, joint], (slopes[0] - slopes[1]) / (2 * STEP), atol=1e-7
            )


@BOTH
@CONFIGS
def test_the_objective_has_the_derivatives_of_its_value(side, config):
    chain = retargeter(side, config).chain
    objective = HuberObjective(chain, *config.indices, config.beta, config.pull)
    rng = np.random.default_rng(6)
    size = len(config.origins)
    for spread in (0.01, 0.1):  # errors below beta, and beyond
        last = rng.uniform(chain.lower, chain.upper)
        chain.move(last)
        origins, tasks = config.indices
        near = chain.points[tasks] - chain.points[origins]
        objective.aim(
            near + rng.normal(scale=spread, size=(size, 3)), rng.uniform(0.1, 2.0, size), last
        )
        for _ in range(10):
            x = chain.clip(last + rng.normal(scale=spread, size=chain.size))
            objective.value(x)
            gradient, hessian, _ = objective.derivatives()
            for joint, step in enumerate(np.eye(chain.size) * STEP):
                values, slopes = [], []
                for place in (x + step, x - step):
                    values.append(objective.value(place))
                    slopes.append(objective.derivatives()[0])
                slope = (values[0] - values[1]) / (2 * STEP)
                assert gradient[joint] == pytest.approx(slope, rel=1e-5, abs=1e-8)
                row = (slopes[0] - slopes[1]) / (2 * STEP)
                assert np.allclose(hessian[joint], row, rtol=1e-4, atol=1e-6)


@CONFIGS
def test_the_convex_part_is_convex(config):
    chain = retargeter('left', config).chain
    objective = HuberObjective(chain, *config.indices, config.beta, config.pull)
    rng = np.random.default_rng(7)
    for _ in range(50):
        objective.value(rng.uniform(chain.lower, chain.upper))
        convex = objective.derivatives()[2]
        assert np.linalg.eigvalsh(convex).min() >= 2 * config.pull - 1e-9


class Saddle:
    """x^2 - y^2 + y^4 / 4, with minima at y = +-sqrt(2) and a saddle at the origin."""

    def value(self, x: np.ndarray) -> float:
        self.x = x
        return float(x[0] ** 2 - x[1] ** 2 + 0.25 * x[1] ** 4)

    def derivatives(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        a, b = self.x
        gradient = np.array([2 * a, -2 * b + b**3])
        return gradient, np.diag([2.0, -2.0 + 3 * b**2]), np.diag([2.0, 0.1 + 3 * b**2])


@pytest.mark.parametrize('top, end', [(3.0, np.sqrt(2.0)), (1.0, 1.0)])
def test_the_search_goes_down_from_where_the_objective_is_not_convex(top, end):
    search = BoxNewton(np.array([0.5, -3.0]), np.array([2.0, top]))
    found = search.minimise(Saddle(), np.array([1.5, 0.1]))
    assert np.allclose(found, [0.5, end], atol=1e-3)
    assert found[0] == 0.5


def test_pinches_begin_near_and_end_far():
    pinches = Pinches(3, 1.0, project=0.03, escape=0.05)
    seen = []
    for gap in (0.04, 0.029, 0.04, 0.0499, 0.051, 0.04):
        pinches.targets(vectors(gap, 0.2, 0.2))
        seen.append(bool(pinches.pinched[0]))
    assert seen == [False, True, True, True, False, False]


def test_a_pinch_wants_touching_tips_and_two_pinches_want_fingers_side_by_side():
    pinches = Pinches(3, 1.2, project=0.03, escape=0.05)
    targets, weights = pinches.targets(vectors(0.02, 0.02, 0.01))
    assert np.allclose(np.linalg.norm(targets[:3], axis=1), [1e-4, 1e-4, 3e-2], rtol=1e-3)
    assert np.allclose(weights * 6, [200, 200, 400, 6, 6, 6])
    assert np.allclose(targets[3:], 1.2 * vectors(0, 0, 0)[3:])
    targets, weights = pinches.targets(vectors(0.06, 0.02, 0.01))
    assert np.allclose(weights * 6, [1, 200, 1, 6, 6, 6])
    pinches.reset()
    assert not pinches.pinched.any()


def vectors(thumb_index: float, thumb_middle: float, index_middle: float) -> np.ndarray:
    """A human's vectors in the order of DexPilot, with these distances of the tips."""
    gaps = np.outer((thumb_index, thumb_middle, index_middle), (1.0, 0.0, 0.0))
    return np.vstack((gaps, np.full((3, 3), 0.1)))


def test_pairs_of_fingertips_begin_with_those_of_the_thumb():
    assert finger_pairs(3) == [(0, 1), (0, 2), (1, 2)]
    assert len(finger_pairs(5)) == 10


def test_what_is_no_hand_is_refused_by_what_is_wrong_with_it():
    hand = hand_pose('left')
    hand[9, :3] *= 30
    with pytest.raises(InvalidInput, match='farther than 0.5 m from its wrist'):
        retargeter('left', DEX3_VECTOR).retarget(hand)
    with pytest.raises(InvalidInput, match='not finite'):
        retargeter('left', DEX3_VECTOR).retarget(hand * np.nan)
    with pytest.raises(InvalidInput, match='7 finite numbers'):
        retargeter('left', DEX3_VECTOR).reset(np.zeros(6))


@pytest.mark.parametrize(
    'change, message',
    [
        ({'tasks': ('thumb',)}, 'as many origins as tasks'),
        ({'human': ((0, 0, 0), (4, 9, 25))}, 'must be 0 to 24'),
        ({'scale': 0.0}, 'scale must be above 0, got 0.0'),
        ({'beta': float('nan')}, 'beta must be above 0'),
        ({'escape': 0.01}, 'nor escape below project'),
        ({'tasks': ('thumb', 'index', 'ring')}, "'ring'; known: index, middle, thumb, wrist"),
    ],
)
def test_what_is_wrong_with_a_configuration_is_said(change, message):
    with pytest.raises((ConfigError, UnknownName), match=message):
        replace(DEX3_VECTOR, **change)


def test_sides_and_links_that_do_not_exist_are_named():
    with pytest.raises(UnknownName, match='known: left, right'):
        VectorRetargeter.of_robot(make_robot(), 'middle')
    with pytest.raises(ModelError, match='no joint pinky_proximal_joint'):
        VectorRetargeter.of_robot(make_robot(), 'left', HAND_CONFIGS['inspire', 'vector'])

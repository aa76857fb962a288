"""The arbiter keeps the robot's limbs apart, whatever it is told."""

from __future__ import annotations

from arbiter_rig import Rig
import numpy as np
import pytest

from rove_teleop.assembly import make_arbiter, make_robot
from rove_teleop.core.kinematics.body import Body
from rove_teleop.core.leg_reach import STRAIGHTEST_KNEE
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.limits import ChannelLimits, Envelopes, Pace
from rove_teleop.core.names import (
    CHANNELS,
    GROUPS,
    LEG_JOINTS,
    NUM_BASE,
    NUM_CHANNELS,
    NUM_LEG_JOINTS,
)
from rove_teleop.core.safety import Safety
from rove_teleop.core.self_collision import SelfCollision
from rove_teleop.core.tracker import Target, Tracker
from rove_teleop.core.types import Array

ROBOT = make_robot()
LEGS = LegKinematics(ROBOT)
LIMITS = ChannelLimits.from_joints(ROBOT.lower[NUM_LEG_JOINTS:], ROBOT.upper[NUM_LEG_JOINTS:])
STANDING = np.concatenate((LEGS.nominal_base, ROBOT.nominal[NUM_LEG_JOINTS:]))
DT = 0.005
REACH = np.array([0.1, 0.1, 0.2, 0.2, 0.2, 0.2])  # about as far as the legs allow [m, rad]
KNEES = [k for k, name in enumerate(LEG_JOINTS) if 'knee' in name]


def make_rule() -> SelfCollision:
    return SelfCollision(Body(ROBOT, LegKinematics(ROBOT)), LIMITS)


def posed(**joints: float) -> Array:
    """The standing robot with some joints elsewhere; both arms mirrored, left one given."""
    position = STANDING.copy()
    for name, value in joints.items():
        mirrored = -value if name.endswith(('roll', 'yaw')) else value
        position[CHANNELS.index(f'left_{name}_joint')] = value
        position[CHANNELS.index(f'right_{name}_joint')] = mirrored
    return position


APART = posed(shoulder_pitch=-0.6, shoulder_roll=0.3, elbow=0.4)
CROSSED = posed(shoulder_pitch=-0.6, shoulder_yaw=-1.2, elbow=0.4)


@pytest.mark.parametrize('pace', [Pace.MOVING, Pace.SWITCH])
def test_hands_that_are_sent_through_each_other_stop_before_they_touch(pace: Pace) -> None:
    envelope = Envelopes(LIMITS).of((pace,) * len(GROUPS))
    rule, judge = make_rule(), make_rule()
    assert judge.distances(APART).min() > 0.03
    assert judge.distances(CROSSED).min() < 0.0
    safety, tracker = Safety(LIMITS, [rule]), Tracker(LIMITS.lower, LIMITS.upper, DT)
    tracker.seed(APART, np.zeros(NUM_CHANNELS))
    target = Target(CROSSED, np.zeros(NUM_CHANNELS), np.zeros(NUM_CHANNELS, dtype=bool))
    nearest = np.inf
    for _ in range(500):
        bounds = safety.bounds(tracker.position, tracker.velocity, envelope)
        assert (bounds.lower <= 0.0).all() and (bounds.upper >= 0.0).all()
        tracker.step(target, bounds, envelope)
        nearest = min(nearest, judge.distances(tracker.position).min())
    assert 0.0 < nearest < 0.03
    assert np.abs(tracker.velocity).max() < 0.05
    away = Target(APART, np.zeros(NUM_CHANNELS), target.brake)
    for _ in range(600):
        bounds = safety.bounds(tracker.position, tracker.velocity, envelope)
        tracker.step(away, bounds, envelope)
    np.testing.assert_allclose(tracker.position, APART, atol=1e-3)


def test_a_policy_that_moves_the_hands_through_each_other_is_stopped_and_the_frame_says_so() -> (
    None
):
    rig = Rig(arbiter=make_arbiter('session', 'arbiter', ROBOT), measured=ROBOT.nominal)
    rig.step()
    rig.measured, rig.policy = None, APART
    rig.start()
    rig.run(150)
    np.testing.assert_allclose(rig.frame.executed.position[NUM_BASE:], APART[NUM_BASE:], atol=0.01)
    rig.policy = CROSSED
    begin = len(rig.frames)
    rig.run(300)
    judge = make_rule()
    positions = [frame.executed.position for frame in rig.frames[begin::3]]
    assert min(judge.distances(position).min() for position in positions) > 0.0
    assert any('_arm' in label or 'shoulder' in label for label in rig.frame.limits)
    assert np.abs(rig.frame.executed.position - CROSSED).max() > 0.1


def test_limbs_far_apart_are_left_alone() -> None:
    rule = make_rule()
    wide = posed(shoulder_roll=1.4, elbow=1.2)
    assert rule.bounds(wide, np.zeros(NUM_CHANNELS)) is None
    assert rule.clearance > 0.1


def test_no_channel_closes_a_pair_faster_than_the_lever_that_decides_whether_to_look() -> None:
    rule, legs, rng = make_rule(), LegKinematics(ROBOT), np.random.default_rng(0)
    tried = 0
    for _ in range(300):
        position = rng.uniform(LIMITS.lower, LIMITS.upper)
        position[:NUM_BASE] = STANDING[:NUM_BASE] + rng.uniform(-1.0, 1.0, NUM_BASE) * REACH
        joints, _ = legs.solve(position[:NUM_BASE], np.zeros(NUM_BASE))
        missed = np.abs(legs.base_of(joints) - position[:NUM_BASE]).max()
        if missed > 1e-4 or joints[KNEES].min() < STRAIGHTEST_KNEE:
            continue
        tried += 1
        rule._body.set_base(position[:NUM_BASE])
        rule.distances(position)
        rows = rule._rows(list(range(len(rule._results))))
        assert (np.abs(rows) <= rule._levers + 1e-9).all()
    assert tried > 100


def test_its_rows_are_the_derivatives_of_the_distances() -> None:
    rule = make_rule()
    rule.distances(APART)
    rows = rule._rows(list(range(len(rule._results))))
    for channel in range(NUM_BASE, 23):
        step = np.zeros(NUM_CHANNELS)
        step[channel] = 1e-6
        slope = (rule.distances(APART + step) - rule.distances(APART - step)) / 2e-6
        np.testing.assert_allclose(rows[:, channel], slope, atol=2e-3)

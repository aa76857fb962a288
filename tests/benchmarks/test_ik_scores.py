"""The judge of the benchmark: known motions get known figures."""

from __future__ import annotations

from functools import cache

import numpy as np
import pinocchio as pin
import pytest

from benchmarks.ik import model as spec
from benchmarks.ik.scores import Curves, Judge, scores
from rove_teleop.core.names import JOINTS

DT = 0.01
START = np.array(list(spec.START.values()))


@cache
def judge() -> Judge:
    return Judge()


def still(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Base, joints and targets of a robot that stands where it shall."""
    base = np.tile([0.0, 0, 0, 0, 0, 0, 1], (n, 1))
    hands = [judge().start[side].homogeneous for side in ('left', 'right')]
    return base, np.tile(START, (n, 1)), np.tile(hands, (n, 1, 1, 1))


def judged(base: np.ndarray, joints: np.ndarray, targets: np.ndarray) -> Curves:
    return judge().curves(base, joints, targets, DT)


def test_the_model_is_the_one_that_was_compared():
    assert (judge().model.nq, judge().model.nv) == (50, 49)
    assert set(judge().model.velocityLimit[6:]) == {spec.VELOCITY_LIMIT}
    assert len(spec.CAPSULES) == 9 and len(spec.PAIRS) == len(set(spec.PAIRS)) == 24
    assert tuple(spec.START) == JOINTS


def test_the_hand_is_five_centimetres_before_the_wrist():
    model, data = judge().model, judge().model.createData()
    pin.framesForwardKinematics(model, data, pin.neutral(model))
    for side in ('left', 'right'):
        wrist = data.oMf[model.getFrameId(f'{side}_wrist_yaw_link')]
        hand = data.oMf[model.getFrameId(spec.HAND_FRAMES[side])]
        assert wrist.actInv(hand).translation == pytest.approx([0.05, 0, 0])


def test_standing_still_on_target_is_faultless():
    found = scores(judged(*still(5)), np.ones(5, bool))
    assert found['error_max_mm'] == pytest.approx(0.0, abs=1e-9)
    assert found['acceleration_max'] == found['jerk_rms'] == found['velocity_rms'] == 0.0
    assert found['foot_slip_max_mm'] == pytest.approx(0.0, abs=1e-9)
    assert found['limit_violation_max'] == found['failed_ticks'] == 0
    assert found['clearance_min_mm'] > 50.0


def test_errors_are_over_both_hands_and_all_ticks():
    base, joints, targets = still(4)
    targets[1, 0, :3, 3] += (0.0, 0.003, 0.004)
    targets[2, 1, :3, :3] = targets[2, 1, :3, :3] @ pin.exp3(np.array([0.0, 0.4, 0.0]))
    found = scores(judged(base, joints, targets), np.ones(4, bool))
    assert found['error_max_mm'] == pytest.approx(5.0)
    assert found['error_mean_mm'] == pytest.approx(5.0 / 8)
    assert found['orientation_mean_deg'] == pytest.approx(np.rad2deg(0.4) / 8)


def test_derivatives_are_finite_differences_over_all_43_joints():
    base, joints, targets = still(50)
    t = np.arange(50) * DT
    joints[:, 42] = 0.5 * 3.0 * t**2  # a finger's joint at a constant 3 rad/s²
    curves = judged(base, joints, targets)
    found = scores(curves, np.ones(50, bool))
    assert curves.acceleration.shape == (48, 43)
    assert found['acceleration_max'] == pytest.approx(3.0)
    assert found['acceleration_rms'] == pytest.approx(3.0 / np.sqrt(43))
    assert found['jerk_max'] == pytest.approx(0.0, abs=1e-6)


def test_a_pelvis_that_sinks_with_stiff_legs_moves_the_feet():
    base, joints, targets = still(4)
    base[1, 2] -= 0.002
    found = scores(judged(base, joints, targets), np.ones(4, bool))
    assert found['foot_slip_max_mm'] == pytest.approx(2.0)


def test_a_joint_beyond_its_limit_is_a_violation():
    base, joints, targets = still(3)
    elbow = JOINTS.index('left_elbow_joint')
    model = judge().model
    upper = model.upperPositionLimit[model.joints[model.getJointId(JOINTS[elbow])].idx_q]
    joints[1, elbow] = upper + 0.01
    assert judged(base, joints, targets).violation.tolist() == pytest.approx([0, 0.01, 0])


def test_hands_in_the_trunk_penetrate():
    base, joints, targets = still(4)
    for side, sign in (('left', 1.0), ('right', -1.0)):
        joints[1, JOINTS.index(f'{side}_shoulder_yaw_joint')] = -1.2 * sign
    found = scores(judged(base, joints, targets), np.ones(4, bool))
    assert found['clearance_min_mm'] < 0.0
    assert found['penetrating_share'] == 0.25


def test_ticks_without_a_solution_are_counted():
    assert scores(judged(*still(4)), np.array([True, False, True, False]))['failed_ticks'] == 2

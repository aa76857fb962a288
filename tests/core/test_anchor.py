from __future__ import annotations

import math

import numpy as np
import pinocchio as pin
import pytest

from rove_teleop.core.anchor import Anchor
from rove_teleop.errors import InvalidInput


@pytest.fixture
def poses() -> tuple[pin.SE3, pin.SE3]:
    pin.seed(4)
    return pin.SE3.Random(), pin.SE3.Random()


def test_at_the_latch_the_target_is_the_palm(poses):
    wrist, palm = poses
    target = Anchor(wrist, palm, scale=0.7, yaw=1.1).target(wrist)
    assert target.pose.isApprox(palm, 1e-12)
    assert target.velocity is None


def test_translation_and_rotation_are_carried_over_in_the_axes_of_the_stance_frame(poses):
    wrist, palm = poses
    step, turn = np.array([0.1, -0.2, 0.05]), pin.exp3(np.array([0.2, 0.1, -0.3]))
    moved = pin.SE3(turn @ wrist.rotation, wrist.translation + step)
    target = Anchor(wrist, palm).target(moved).pose
    assert np.allclose(target.translation - palm.translation, step)
    assert np.allclose(target.rotation @ palm.rotation.T, turn)


def test_scale_stretches_translation_but_not_rotation(poses):
    wrist, palm = poses
    turn = pin.exp3(np.array([0.4, 0.0, 0.0]))
    moved = pin.SE3(turn @ wrist.rotation, wrist.translation + [0.2, 0.0, 0.0])
    target = Anchor(wrist, palm, scale=0.5).target(moved).pose
    assert np.allclose(target.translation - palm.translation, [0.1, 0.0, 0.0])
    assert np.allclose(target.rotation @ palm.rotation.T, turn)


def test_yaw_turns_the_operators_directions_into_the_robots(poses):
    wrist, palm = poses
    moved = pin.SE3(wrist.rotation, wrist.translation + [1.0, 0.0, 0.0])
    velocity = np.array([1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    target = Anchor(wrist, palm, yaw=math.pi / 2).target(moved, velocity)
    assert np.allclose(target.pose.translation - palm.translation, [0.0, 1.0, 0.0])
    assert np.allclose(target.velocity, [0.0, 1.0, 0.0, -1.0, 0.0, 0.0])


def test_a_wrist_that_went_absurdly_far_is_refused(poses):
    wrist, palm = poses
    away = pin.SE3(wrist.rotation, wrist.translation + [50.0, 0.0, 0.0])
    with pytest.raises(InvalidInput, match='farther than 10.0 m'):
        Anchor(wrist, palm).target(away)

"""The dex-retargeting backend, the real package, beside our own solver on the same objective."""

from __future__ import annotations

from dataclasses import replace
import sys

import numpy as np
import pytest

from rove_teleop.assembly import HAND_BACKENDS, make_retargeters
from rove_teleop.core.names import SIDES
from rove_teleop.core.retargeting import DEX3_DEXPILOT, DEX3_VECTOR, VectorRetargeter
from rove_teleop.core.robot import Robot
from rove_teleop.errors import ConfigError, InvalidInput, ModelError
from rove_teleop.hands.dex import DexRetargeter
from rove_teleop.hands.golden import GOLDEN_POSES
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.share import share

URDF = share('urdf/g1_dex3.urdf')
CALLS = 10  # its optimiser stops early; a few calls on one hand settle it


@pytest.fixture(scope='module')
def robot() -> Robot:
    return Robot.from_urdf(URDF)


@pytest.fixture(scope='module', params=SIDES)
def side(request) -> str:
    return request.param


@pytest.fixture(scope='module', params=[DEX3_VECTOR, DEX3_DEXPILOT], ids=lambda c: c.name)
def backend(request, robot, side) -> DexRetargeter:
    return DexRetargeter(robot, side, URDF, request.param)


def settled(retargeter, **curls: float) -> np.ndarray:
    retargeter.reset(np.zeros(7))
    hand = hand_pose(retargeter.side, **curls)
    for _ in range(CALLS):
        position = retargeter.retarget(hand)
    return position


@pytest.mark.parametrize('pose', GOLDEN_POSES)
def test_golden_poses_come_out_as_with_our_own_solver(backend, robot, pose):
    own = VectorRetargeter.of_robot(robot, backend.side, backend.config)
    curls = GOLDEN_POSES[pose]
    ours, theirs = settled(own, **curls), settled(backend, **curls)
    points = []
    for position in (ours, theirs):
        own.chain.move(position)
        points.append(own.chain.points.copy())
    assert np.linalg.norm(points[0] - points[1], axis=1).max() < 8e-3


def test_joints_never_leave_their_limits(backend, robot):
    rng = np.random.default_rng(0)
    chain = VectorRetargeter.of_robot(robot, backend.side).chain
    for _ in range(40):
        curls = dict(zip(GOLDEN_POSES['fist'], rng.random(5), strict=True))
        position = backend.retarget(hand_pose(backend.side, **curls))
        assert position.shape == (7,)
        assert (position >= chain.lower).all() and (position <= chain.upper).all()


def test_what_is_no_hand_is_refused(backend):
    with pytest.raises(InvalidInput, match='not finite'):
        backend.retarget(np.full((25, 7), np.nan))
    with pytest.raises(InvalidInput, match='7 finite numbers'):
        backend.reset(np.full(7, np.inf))


def test_without_the_package_the_error_says_what_to_install(robot, monkeypatch):
    monkeypatch.setitem(sys.modules, 'dex_retargeting.retargeting_config', None)
    with pytest.raises(ConfigError, match=r'pip install "rove\[hands\]"'):
        DexRetargeter(robot, 'left', URDF)


def test_a_point_on_a_link_that_is_missing_is_named(robot):
    points = {**DEX3_VECTOR.points, 'thumb': ('{side}_hand_thumb_9_link', (0.0, 0.0, 0.0))}
    with pytest.raises(ModelError, match='right_hand_thumb_9_link'):
        DexRetargeter(robot, 'right', URDF, replace(DEX3_VECTOR, points=points))


@pytest.mark.parametrize('backend_name', HAND_BACKENDS)
def test_every_backend_that_can_be_chosen_closes_the_fingers_of_both_hands(backend_name, robot):
    for side, retargeter in make_retargeters(robot, backend_name).items():
        fingers = []
        for pose in ('open', 'fist'):
            retargeter.reset(np.zeros(7))
            for _ in range(CALLS):
                position = retargeter.retarget(hand_pose(side, **GOLDEN_POSES[pose]))
            fingers.append(np.abs(position[3:]))
        assert (fingers[0] < 0.1).all() and (fingers[1] > 1.3).all()

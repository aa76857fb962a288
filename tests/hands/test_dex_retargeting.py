"""The dex-retargeting backend, the real package."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from rove_teleop.core.names import HAND_JOINTS, SIDES
from rove_teleop.core.retargeting import DEX3, HandConfig, HandModel, LightRetargeter
from rove_teleop.core.robot import Robot
from rove_teleop.errors import ConfigError, InvalidInput, ModelError
from rove_teleop.hands.dex import DexRetargeter, hand_urdf
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.share import share

URDF = share('urdf/g1_dex3.urdf')
FIST = dict.fromkeys(('thumb', 'index', 'middle', 'ring', 'pinky'), 1.0)
CALLS = 5  # its optimiser stops early; a few calls on one hand settle it


@pytest.fixture(scope='module')
def robot() -> Robot:
    return Robot.from_urdf(URDF)


@pytest.fixture(scope='module', params=SIDES)
def backend(request, robot) -> DexRetargeter:
    return DexRetargeter(robot, request.param, URDF)


def settled(backend: DexRetargeter, **curls: float) -> np.ndarray:
    backend.reset(np.zeros(7))
    hand = hand_pose(backend.side, **curls)
    for _ in range(CALLS):
        position = backend.retarget(hand)
    return position


def test_an_open_hand_is_open(backend):
    assert np.abs(settled(backend)).max() < 0.1


def test_a_fist_is_closed(backend, robot):
    assert (np.abs(settled(backend, **FIST))[3:] > 1.3).all()


def test_a_pinch_brings_thumb_and_index_together(backend, robot):
    tips, _ = HandModel(robot, backend.side).fingertips(settled(backend, thumb=0.5, index=0.5))
    assert np.linalg.norm(tips[1] - tips[0]) < 0.03


def bend(position: np.ndarray) -> np.ndarray:
    """How far middle and index finger are bent in all [rad]."""
    return np.abs(position[3:].reshape(2, 2).sum(axis=1))


def test_it_bends_the_fingers_as_far_as_the_built_in_solver(backend, robot):
    own = LightRetargeter(robot, backend.side)
    for curls in ({}, {'index': 0.5, 'middle': 0.3}):
        expected = own.retarget(hand_pose(backend.side, **curls))
        assert np.allclose(bend(settled(backend, **curls)), bend(expected), atol=0.25)


def test_joints_never_leave_their_limits(backend, robot):
    rng = np.random.default_rng(0)
    model = HandModel(robot, backend.side)
    for _ in range(40):
        curls = dict(zip(FIST, rng.random(5), strict=True))
        position = backend.retarget(hand_pose(backend.side, **curls))
        assert position.shape == (7,)
        assert (position >= model.lower).all() and (position <= model.upper).all()


def test_what_is_no_hand_is_refused(backend):
    with pytest.raises(InvalidInput, match='not finite'):
        backend.retarget(np.full((25, 7), np.nan))
    with pytest.raises(InvalidInput, match='7 finite numbers'):
        backend.reset(np.full(7, np.inf))


def test_without_the_package_the_error_says_what_to_install(robot, monkeypatch):
    monkeypatch.setitem(sys.modules, 'dex_retargeting.retargeting_config', None)
    with pytest.raises(ConfigError, match=r'pip install "rove\[hands\]"'):
        DexRetargeter(robot, 'left', URDF)


def test_the_hand_is_cut_out_of_the_description_with_its_tips():
    root = ElementTree.fromstring(hand_urdf(URDF, 'right'))
    links = {link.get('name') for link in root.findall('link')}
    joints = {joint.get('name') for joint in root.findall('joint')}
    assert {'thumb_tip', 'index_tip', 'middle_tip', 'right_hand_palm_link'} <= links
    assert set(HAND_JOINTS['right']) <= joints
    assert not any('left' in name or 'wrist' in name for name in links)


def test_a_tip_on_a_link_that_is_missing_is_named():
    tips = {**DEX3.tips, 'thumb': ('{side}_hand_thumb_9_link', (0.0, 0.0, 0.0))}
    with pytest.raises(ModelError, match='right_hand_thumb_9_link'):
        hand_urdf(URDF, 'right', HandConfig(tips, DEX3.knuckles, DEX3.thumb))

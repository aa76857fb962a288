"""Hands out of URDF files."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from rove_teleop.core.names import HAND_JOINTS
from rove_teleop.core.retargeting import DEX3_VECTOR, VectorConfig, VectorRetargeter
from rove_teleop.core.robot import PALM_FRAMES, Robot
from rove_teleop.errors import ModelError
from rove_teleop.hands.urdf import hand_urdf, load_chain
from rove_teleop.share import share

ROBOT = share('urdf/g1_dex3.urdf')
CLAW = """<robot name="claw">
  <link name="palm"/><link name="near"/><link name="far"/><link name="tip"/>
  <joint name="knuckle" type="revolute">
    <parent link="palm"/><child link="near"/><origin xyz="0.1 0 0"/><axis xyz="0 1 0"/>
    <limit lower="0" upper="1.5" effort="1" velocity="1"/>
  </joint>
  <joint name="middle" type="revolute">
    <parent link="near"/><child link="far"/><origin xyz="0.05 0 0"/><axis xyz="0 1 0"/>
    <limit lower="-0.1" upper="1.0" effort="1" velocity="1"/>
    <mimic joint="knuckle" multiplier="0.8" offset="-0.1"/>
  </joint>
  <joint name="end" type="fixed">
    <parent link="far"/><child link="tip"/><origin xyz="0.04 0 0"/>
  </joint>
</robot>"""
CLAW_CONFIG = VectorConfig(
    name='claw',
    joints=('knuckle',),
    points={name: (name, (0.0, 0.0, 0.0)) for name in ('palm', 'tip')},
    origins=('palm',),
    tasks=('tip',),
    human=((0,), (9,)),
    axes=((1, 0, 0), (0, 1, 0), (0, 0, 1)),
)


@pytest.fixture
def claw(tmp_path: Path) -> Path:
    path = tmp_path / 'claw.urdf'
    path.write_text(CLAW)
    return path


def test_the_hand_is_cut_out_of_the_description_with_its_points():
    points = dict(zip(DEX3_VECTOR.points, DEX3_VECTOR.places('right'), strict=True))
    root = ElementTree.fromstring(hand_urdf(ROBOT, PALM_FRAMES['right'], points))
    links = {link.get('name') for link in root.findall('link')}
    joints = {joint.get('name') for joint in root.findall('joint')}
    assert {'thumb', 'index', 'middle', 'wrist', 'right_hand_palm_link'} <= links
    assert set(HAND_JOINTS['right']) <= joints
    assert not any('left' in name or 'right_wrist' in name for name in links)


def test_the_hand_cut_out_has_the_kinematics_of_the_robot_s(tmp_path):
    points = dict(zip(DEX3_VECTOR.points, DEX3_VECTOR.places('left'), strict=True))
    path = tmp_path / 'hand.urdf'
    path.write_text(hand_urdf(ROBOT, PALM_FRAMES['left'], points))
    cut = load_chain(path, 'left', DEX3_VECTOR)
    whole = VectorRetargeter.of_robot(Robot.from_urdf(ROBOT), 'left').chain
    for chain in (cut, whole):
        chain.move(0.5 * (chain.lower + chain.upper))
    lengths = [np.linalg.norm(c.points - c.points[0], axis=1) for c in (cut, whole)]
    assert np.allclose(*lengths, atol=1e-6)


def test_a_missing_root_or_link_is_named():
    with pytest.raises(ModelError, match='no link hook'):
        hand_urdf(ROBOT, 'hook', {})
    with pytest.raises(ModelError, match='no link hook below left_hand_palm_link'):
        hand_urdf(ROBOT, 'left_hand_palm_link', {'tip': ('hook', (0.0, 0.0, 0.0))})


def test_a_joint_that_mimics_follows_and_keeps_its_own_limit(claw):
    chain = load_chain(claw, 'right', CLAW_CONFIG)
    assert chain.size == 1
    assert np.allclose(chain.configuration(np.array([0.5])), [0.5, 0.3])
    assert chain.lower[0] == pytest.approx(0.0)
    assert chain.upper[0] == pytest.approx(1.1 / 0.8)


def test_a_hand_with_coupled_joints_has_the_jacobian_of_its_motion(claw):
    chain = load_chain(claw, 'right', CLAW_CONFIG)
    x = np.array([0.7])
    chain.move(x)
    jacobian = chain.jacobian()[:, 0]
    ends = []
    for step in (1e-6, -1e-6):
        chain.move(x + step)
        ends.append(chain.points.ravel().copy())
    assert np.allclose(jacobian, (ends[0] - ends[1]) / 2e-6, atol=1e-8)


@pytest.mark.parametrize(
    'change, message',
    [
        (('<robot', '<rob'), 'not a readable URDF'),
        (('type="revolute"', 'type="continuous"'), 'must be revolute with limits'),
        (('mimic joint="knuckle"', 'mimic joint="thumb"'), 'follows thumb, which is not a free'),
        (('"knuckle" type', '"knuckles" type'), 'no joint knuckle'),
    ],
)
def test_what_is_wrong_with_a_description_is_said(claw, change, message):
    claw.write_text(CLAW.replace(*change))
    with pytest.raises(ModelError, match=message):
        load_chain(claw, 'right', CLAW_CONFIG)


def test_a_joint_that_nobody_moves_is_named(claw):
    claw.write_text(CLAW.replace('<mimic joint="knuckle" multiplier="0.8" offset="-0.1"/>', ''))
    with pytest.raises(ModelError, match=r"neither free nor following: \['middle'\]"):
        load_chain(claw, 'right', CLAW_CONFIG)

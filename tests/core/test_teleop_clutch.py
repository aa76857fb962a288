"""Whose motion, in which axes, from where on: clutch, heading, neck, proportions, smoothing."""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import DT, Rig, distance, make_robot, moved, smooth

from rove_teleop.core.calibration import NECK, Calibration, arm_reach
from rove_teleop.core.names import Phase
from rove_teleop.core.smoothing import SMOOTHINGS
from rove_teleop.core.teleop import TeleopConfig
from rove_teleop.errors import ConfigError, UnknownName

MILLIMETRE = 1e-3
EYES = np.array([0.0, 0.0, 1.6])


def looking(yaw: float = 0.0, pitch: float = 0.0, feet: np.ndarray | None = None) -> pin.SE3:
    """A head that turned about its neck by yaw and pitch [rad], feet displaced by (3,) [m]."""
    rotation = pin.rpy.rpyToMatrix(0.0, pitch, yaw)
    pivot = EYES + np.array(NECK) + (np.zeros(3) if feet is None else feet)
    return pin.SE3(rotation, pivot - rotation @ np.array(NECK))


def displace(rig: Rig, offset: np.ndarray, seconds: float = 1.0) -> None:
    """Move both wrists smoothly by an offset (3,) [m]."""
    wrists = dict(rig.wrists)
    for k in range(round(seconds / DT) + 20):
        part = smooth(k * DT / seconds)
        rig.wrists = {side: moved(T, part * offset) for side, T in wrists.items()}
        rig.step()


def at_most(rig: Rig, expected: dict[str, pin.SE3], limit: float = MILLIMETRE) -> bool:
    return all(distance(palm, expected[side]) < limit for side, palm in rig.palms().items())


@pytest.mark.parametrize('button', ['right_clutch', 'right_grip'])
def test_a_hand_that_is_let_go_keeps_its_palm_and_goes_on_from_a_new_place(button):
    rig = Rig()
    rig.run(5)
    rig.take()
    palms = rig.palms()
    rig.buttons = (button,)
    displace(rig, np.array([0.0, 0.0, 0.10]))
    up = {'left': moved(palms['left'], [0, 0, 0.10]), 'right': palms['right']}
    assert at_most(rig, up)
    assert rig.proposal.reason == 'right wrist is let go'
    assert 'right_arm' in rig.proposal.groups
    rig.buttons = ()
    rig.run(20)
    assert rig.proposal.reason == ''
    assert at_most(rig, up), 'engaging again moves nothing'
    displace(rig, np.array([0.05, 0.0, 0.0]))
    assert at_most(rig, {side: moved(T, [0.05, 0, 0]) for side, T in up.items()})


def test_a_clutch_that_is_open_at_the_takeover_engages_when_it_is_closed():
    rig = Rig()
    rig.run(5)
    rig.buttons = ('left_clutch',)
    rig.take()
    palms = rig.palms()
    displace(rig, np.array([0.0, 0.0, 0.08]))
    assert distance(rig.palms()['left'], palms['left']) < MILLIMETRE
    rig.buttons = ()
    displace(rig, np.array([0.0, 0.0, 0.04]))
    assert distance(rig.palms()['left'], moved(palms['left'], [0, 0, 0.04])) < MILLIMETRE


def test_a_hand_may_be_lost_while_it_is_let_go():
    rig = Rig()
    rig.run(5)
    rig.take()
    palms, wrist = rig.palms(), rig.wrists['right']
    rig.buttons = ('right_clutch',)
    rig.run(5)
    del rig.wrists['right']
    rig.run(60)
    assert 'right_arm' in rig.proposal.groups
    rig.wrists['right'] = moved(wrist, [0.3, 0.2, -0.3])
    rig.run(5)
    rig.buttons = ()
    rig.run(20)
    assert at_most(rig, palms)


def test_the_heading_at_the_takeover_counts_until_the_next_one():
    rig = Rig(TeleopConfig(align_yaw=True))
    rig.head = looking(yaw=math.pi / 2)
    rig.run(5)
    rig.take()
    palms, wrist = rig.palms(), rig.wrists['left']
    rig.head = looking(yaw=0.3, pitch=0.5)
    rig.run(10)
    rig.wrists['left'] = moved(wrist, [0.6, 0.0, 0.0])  # a jump: it is measured anew
    rig.run(10)
    displace(rig, np.array([0.0, 0.08, 0.0]))
    assert at_most(rig, {side: moved(T, [0.08, 0, 0]) for side, T in palms.items()})
    palms = rig.palms()
    rig.head = looking(yaw=0.0)
    rig.run(5)
    rig.take()
    displace(rig, np.array([-0.05, 0.0, 0.0]))
    assert at_most(rig, {side: moved(T, [-0.05, 0, 0]) for side, T in palms.items()})


@pytest.mark.parametrize('pitch', [-1.5, -0.8, 0.8, 1.5])
def test_looking_at_the_floor_or_the_ceiling_turns_nobody_around(pitch):
    rig = Rig(TeleopConfig(align_yaw=True))
    rig.head = looking(yaw=0.7, pitch=pitch)
    rig.run(5)
    rig.take()
    palms = rig.palms()
    forward = pin.rpy.rpyToMatrix(0.0, 0.0, 0.7) @ np.array([0.06, 0.0, 0.0])
    displace(rig, forward)
    assert at_most(rig, {side: moved(T, [0.06, 0, 0]) for side, T in palms.items()})


def test_a_tracked_torso_tells_the_heading_better_than_the_head():
    rig = Rig(TeleopConfig(align_yaw=True))
    torso = pin.SE3ToXYZQUAT(pin.SE3(pin.rpy.rpyToMatrix(0.0, 0.1, 0.7), np.array([0, 0, 1.2])))
    rig.head = looking(yaw=-0.5)
    rig.step(rig.spoil(body={'torso': torso}))
    rig.anchor_id, rig.phase = 1, Phase.TO_HUMAN
    palms, wrists = rig.palms(), dict(rig.wrists)
    forward = pin.rpy.rpyToMatrix(0.0, 0.0, 0.7) @ np.array([0.06, 0.0, 0.0])
    for k in range(220):
        rig.wrists = {side: moved(T, smooth(k * DT) * forward) for side, T in wrists.items()}
        rig.step(rig.spoil(body={'torso': torso}))
        rig.phase = Phase.HUMAN
    assert at_most(rig, {side: moved(T, [0.06, 0, 0]) for side, T in palms.items()})


def test_nothing_is_followed_before_the_heading_is_known():
    rig = Rig(TeleopConfig(align_yaw=True))
    rig.run(5)
    rig.take()
    palms = rig.palms()
    displace(rig, np.array([0.1, 0.0, 0.1]))
    assert 'no head, torso or pelvis is tracked' in rig.proposal.reason
    assert at_most(rig, palms)
    rig.head = looking()
    displace(rig, np.array([0.05, 0.0, 0.0]))
    assert at_most(rig, {side: moved(T, [0.05, 0, 0]) for side, T in palms.items()})


def test_measured_from_the_neck_neither_looking_about_nor_a_step_moves_a_palm():
    neck = (-0.11, 0.0, -0.06)
    rig = Rig(TeleopConfig(hand_frame='neck', calibration=Calibration(neck=neck)))
    scale = Calibration().scale(arm_reach(make_robot()))
    wrists = dict(rig.wrists)

    def stand(feet: np.ndarray, yaw: float, pitch: float) -> None:
        rotation = pin.rpy.rpyToMatrix(0.0, pitch, yaw)
        rig.head = pin.SE3(rotation, EYES + feet - rotation @ np.array(neck))
        rig.wrists = {side: moved(T, feet) for side, T in wrists.items()}

    stand(np.zeros(3), 0.0, 0.0)
    rig.run(5)
    rig.take()
    palms, worst = rig.palms(), 0.0
    for k in range(400):
        feet = smooth(k * DT / 2) * np.array([0.2, -0.6, -0.05])
        stand(feet, 0.9 * math.sin(3 * k * DT), 0.6 * math.sin(2 * k * DT))
        rig.step()
        worst = max(worst, *(distance(T, palms[s]) for s, T in rig.palms().items()))
    assert worst < MILLIMETRE
    wrists = {side: moved(T, -feet) for side, T in rig.wrists.items()}
    start = dict(wrists)
    for k in range(220):
        wrists = {s: moved(T, smooth(k * DT) * np.array([0, 0, 0.1])) for s, T in start.items()}
        stand(feet, 0.9 * math.sin(k * DT), 0.0)
        rig.step()
    assert at_most(rig, {side: moved(T, [0, 0, 0.1 * scale]) for side, T in palms.items()})


def test_measured_from_the_neck_a_lost_head_holds_the_palms_and_measures_anew():
    rig = Rig(TeleopConfig(hand_frame='neck'))
    rig.head = looking()
    rig.run(5)
    rig.take()
    palms = rig.palms()
    rig.head = None
    displace(rig, np.array([0.0, 0.0, 0.1]))
    assert 'left wrist cannot be placed: head is not tracked' in rig.proposal.reason
    assert at_most(rig, palms)
    rig.head = looking(feet=np.array([0.5, 0.5, 0.0]))
    rig.run(20)
    assert rig.proposal.reason == ''
    assert at_most(rig, palms)


def test_proportions_bring_the_operators_reach_to_the_robots():
    calibration = Calibration('somebody', arm_length=0.60)
    rig = Rig(TeleopConfig(translation_scale=0.5, calibration=calibration))
    scale = 0.5 * arm_reach(make_robot()) / 0.60
    rig.run(5)
    rig.take()
    palms = rig.palms()
    displace(rig, np.array([0.1, 0.0, 0.1]))
    expected = {side: moved(T, scale * np.array([0.1, 0, 0.1])) for side, T in palms.items()}
    assert at_most(rig, expected)


def test_a_new_calibration_moves_nothing_and_counts_from_there_on():
    rig = Rig()
    rig.run(5)
    rig.take()
    assert rig.teleop.operated
    displace(rig, np.array([0.0, 0.0, 0.08]))
    palms = rig.palms()
    rig.teleop.calibrate(Calibration(arm_length=2 * arm_reach(make_robot()) - 0.05))
    rig.run(20)
    assert at_most(rig, palms)


@pytest.mark.parametrize('smoothing', SMOOTHINGS)
def test_taking_over_with_a_moving_hand_makes_up_for_nothing_before_it(smoothing):
    rig = Rig(TeleopConfig(smoothing=smoothing, smoothing_lag=0.1))
    start = dict(rig.wrists)

    def move(k: int) -> None:
        rig.wrists = {s: moved(T, [0.0, 0.0, 0.002 * min(k, 100)]) for s, T in start.items()}

    for k in range(100):
        move(k)
        rig.step()
    palms = rig.palms()
    rig.anchor_id, rig.phase = 1, Phase.TO_HUMAN
    previous = palms
    for k in range(100, 200):
        move(k)
        rig.step()
        rig.phase = Phase.HUMAN
        assert at_most(rig, previous, 0.011 + MILLIMETRE), 'no jump'
        previous = rig.palms()
    made = np.array([0.0, 0.0, 0.002])  # the step of the sample in which the arm was taken
    assert at_most(rig, {s: moved(T, made) for s, T in palms.items()}, 0.012)


@pytest.mark.parametrize('smoothing', SMOOTHINGS)
def test_with_any_smoothing_the_palm_comes_to_where_the_hand_went(smoothing):
    rig = Rig(TeleopConfig(smoothing=smoothing), sample_every=2)
    rig.run(6)
    rig.take()
    palms = rig.palms()
    displace(rig, np.array([0.08, 0.0, 0.08]))
    rig.run(100)
    assert at_most(rig, {side: moved(T, [0.08, 0, 0.08]) for side, T in palms.items()})


@pytest.mark.parametrize('smoothing', SMOOTHINGS)
def test_with_any_smoothing_a_jump_or_a_gap_moves_nothing(smoothing):
    rig = Rig(TeleopConfig(smoothing=smoothing))
    rig.run(5)
    rig.take()
    displace(rig, np.array([0.05, 0.0, 0.05]))
    rig.run(60)
    palms = rig.palms()
    rig.wrists = {side: moved(T, [0.4, 0.0, 0.0]) for side, T in rig.wrists.items()}
    rig.run(60)
    assert at_most(rig, palms)
    for _ in range(50):
        rig.step(silent=True)
    rig.wrists = {side: moved(T, [0.0, 0.3, 0.1]) for side, T in rig.wrists.items()}
    rig.run(60)
    assert at_most(rig, palms)


def test_options_nobody_knows_are_refused():
    with pytest.raises(UnknownName, match="unknown smoothing 'kalman'"):
        Rig(TeleopConfig(smoothing='kalman'))
    with pytest.raises(ConfigError, match="hand_frame is 'hip'; known: room, neck"):
        Rig(TeleopConfig(hand_frame='hip'))

"""From the operator's body to a proposal, in a loop that executes what is proposed."""

from __future__ import annotations

from dataclasses import replace
import math

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import DT, SIDES, TICK_NS, Rig, distance, moved, smooth, standing

from rove_teleop.core.names import (
    GROUP_CHANNELS,
    GROUPS,
    NUM_BASE,
    NUM_CHANNELS,
    Phase,
)
from rove_teleop.core.teleop import TeleopConfig
from rove_teleop.errors import ConfigError

MILLIMETRE = 1e-3


def lissajous(t: float, side: str) -> np.ndarray:
    """A path of either palm, away from the thighs."""
    out = 1.0 if side == 'left' else -1.0
    x, y, z = (math.sin(w * t) for w in (2.1, 1.7, 2.6))
    return smooth(t) * np.array([0.05 + 0.08 * x, out * (0.06 + 0.05 * y), 0.10 + 0.08 * z])


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_without_an_operator_or_a_frame_there_is_no_proposal(rig):
    assert rig.teleop.step(None, rig.frame(), rig.now_ns) is None
    assert rig.teleop.step(rig.sample(), None, rig.now_ns) is None


@pytest.mark.parametrize(
    'phase', [Phase.AUTO, Phase.TO_AUTO, Phase.HOLD, Phase.STOPPED], ids=lambda p: p.name
)
def test_while_a_group_is_not_the_humans_the_proposal_is_what_is_executed(rig, phase):
    rig.phase, rig.anchor_id = phase, 7
    executed = standing() + 0.01
    rig.executed = replace(rig.executed, position=executed)
    proposal = rig.step()
    assert np.array_equal(proposal.position, executed)
    assert not proposal.velocity.any()
    assert proposal.anchor_id == 7
    assert proposal.groups == GROUPS


def test_a_takeover_moves_nothing_wherever_the_operators_hands_are(rig):
    rig.run(20)
    before = rig.executed.position
    rig.take()
    rig.run(100)
    fingers = slice(GROUP_CHANNELS['left_hand'].start, NUM_CHANNELS)
    assert np.abs(rig.executed.position - before)[: fingers.start].max() < 1e-9


def test_the_palm_repeats_the_wrists_path_relative_to_the_takeover(rig):
    rig.run(5)
    wrists, palms = dict(rig.wrists), rig.palms()
    rig.take()
    worst = 0.0
    for k in range(900):
        turn = 0.3 * smooth(k * DT) * np.array([math.sin(k * DT), 0.0, math.sin(1.3 * k * DT)])
        wanted = {side: moved(palms[side], lissajous(k * DT, side), turn) for side in SIDES}
        rig.wrists = {s: moved(wrists[s], lissajous(k * DT, s), turn) for s in SIDES}
        rig.step()
        worst = max(worst, *(distance(palm, wanted[s]) for s, palm in rig.palms().items()))
    assert worst < 2 * MILLIMETRE
    for side, palm in rig.palms().items():
        angle = pin.log3(palm.rotation @ wanted[side].rotation.T)
        assert np.linalg.norm(angle) < 0.02


def test_samples_slower_than_the_loop_still_give_a_smooth_and_exact_path(rig):
    rig.sample_every = 3  # 67 Hz
    rig.run(6)
    wrists, palms = dict(rig.wrists), rig.palms()
    rig.take()
    errors, velocities = [], []
    for k in range(700):
        offset = {side: lissajous(k * DT, side) for side in SIDES}
        rig.wrists = {side: moved(wrists[side], offset[side]) for side in SIDES}
        velocities.append(rig.step().velocity)
        errors += [distance(p, moved(palms[s], offset[s])) for s, p in rig.palms().items()]
    assert np.mean(errors) < 2 * MILLIMETRE
    assert np.abs(np.diff(velocities, axis=0)).max() < 0.5


def test_translation_scale_stretches_the_path():
    rig = Rig(TeleopConfig(translation_scale=0.5))
    rig.run(5)
    wrists, palms = dict(rig.wrists), rig.palms()
    rig.take()
    for k in range(300):
        offset = np.array([0.1, 0.0, 0.1]) * smooth(k * DT)
        rig.wrists = {side: moved(wrists[side], offset) for side in SIDES}
        rig.step()
    rig.run(100)
    for side, palm in rig.palms().items():
        assert distance(palm, moved(palms[side], 0.5 * offset)) < MILLIMETRE


def test_aligned_yaw_makes_forward_for_the_operator_forward_for_the_robot():
    rig = Rig(TeleopConfig(align_yaw=True))
    turned = pin.SE3(pin.rpy.rpyToMatrix(0.0, 0.0, math.pi / 2), np.array([0.0, 0.0, 1.6]))
    head = pin.SE3ToXYZQUAT(turned)
    rig.step(rig.spoil(head=head))
    wrists, palms = dict(rig.wrists), rig.palms()
    rig.anchor_id, rig.phase = 1, Phase.TO_HUMAN
    for k in range(400):
        forward = turned.rotation @ np.array([0.08 * smooth(k * DT), 0.0, 0.0])
        rig.wrists = {side: moved(wrists[side], forward) for side in SIDES}
        rig.step(rig.spoil(head=head))
        rig.phase = Phase.HUMAN
    for side, palm in rig.palms().items():
        assert distance(palm, moved(palms[side], [0.08, 0.0, 0.0])) < MILLIMETRE


def test_a_target_below_the_knees_makes_the_robot_squat_and_lean(rig):
    rig.run(5)
    wrists, start = dict(rig.wrists), rig.executed.position
    rig.take()
    down = np.array([0.15, 0.0, -0.45])
    for k in range(1600):
        rig.wrists = {side: moved(wrists[side], smooth(k * DT / 3) * down) for side in SIDES}
        rig.step()
    base = rig.executed.position[:NUM_BASE]
    assert base[2] < start[2] - 0.1
    assert base[4] + rig.executed.position[8] > 0.1


def test_without_torso_and_legs_the_arm_does_what_it_can_alone(rig):
    rig.run(5)
    wrists, start = dict(rig.wrists), rig.executed.position
    rig.take('right_arm')
    for k in range(400):
        offset = smooth(k * DT) * np.array([0.2, 0.0, 0.1])
        rig.wrists = {side: moved(wrists[side], offset) for side in SIDES}
        rig.step()
    changed = np.flatnonzero(np.abs(rig.executed.position - start) > 0.0)
    arm = GROUP_CHANNELS['right_arm']
    assert set(changed) <= set(range(arm.start, arm.stop))
    assert np.abs(rig.executed.position - start)[arm].max() > 0.1


def test_hands_alone_can_be_taken(rig):
    rig.run(5)
    start = rig.executed.position
    rig.take('left_hand')
    rig.curl = 1.0
    rig.run(100)
    hand = GROUP_CHANNELS['left_hand']
    change = np.abs(rig.executed.position - start)
    assert change[hand].max() > 1.0
    assert not np.delete(change, np.arange(hand.start, hand.stop)).any()


def test_a_policy_that_moves_the_body_does_not_move_the_operators_palm(rig):
    rig.run(5)
    rig.take('right_arm')
    palm = rig.palms()['right']
    for k in range(400):
        position = rig.executed.position.copy()
        position[6] = 0.3 * smooth(k * DT)
        position[2] = standing()[2] - 0.05 * smooth(k * DT)
        rig.executed = replace(rig.executed, position=position)
        rig.step()
    assert distance(rig.palms()['right'], palm) < 2 * MILLIMETRE


def test_a_second_takeover_measures_from_where_both_are_then(rig):
    rig.run(5)
    wrists = dict(rig.wrists)
    rig.take()
    for k in range(200):
        rig.wrists = {s: moved(wrists[s], [0.1 * smooth(k * DT), 0, 0]) for s in SIDES}
        rig.step()
    rig.phases.clear()
    rig.phase = Phase.HOLD
    for k in range(200):
        rig.wrists = {s: moved(wrists[s], [0.1, 0.2 * smooth(k * DT), 0]) for s in SIDES}
        rig.step()
    held = rig.palms()
    rig.take()
    rig.run(40)
    assert rig.proposal.anchor_id == 2
    assert all(distance(palm, held[s]) < MILLIMETRE for s, palm in rig.palms().items())


def test_the_solver_does_not_run_away_from_a_robot_that_is_held_back(rig):
    rig.run(5)
    wrists, stuck = dict(rig.wrists), rig.executed
    rig.take()
    rig.executed = stuck
    for k in range(600):
        rig.wrists = {s: moved(wrists[s], [0.3 * smooth(k * DT), 0, 0.2]) for s in SIDES}
        rig.step()
        rig.executed = stuck
    ahead = np.abs(rig.proposal.position - stuck.position)[: GROUP_CHANNELS['left_hand'].start]
    assert ahead[3:].max() < rig.config.runaway[1] + 6.0 * DT + 1e-9


def test_a_scale_that_makes_no_sense_is_refused():
    with pytest.raises(ConfigError, match='translation_scale must be 0.1 to 3, got 0'):
        TeleopConfig(translation_scale=0.0)


def test_times_of_the_sample_are_carried_through(rig):
    rig.step()
    proposal = rig.proposal
    assert proposal.operator_seq == rig.operator.seq
    assert proposal.t_source_ns == rig.operator.t_source_ns
    assert proposal.t_operator_ns == rig.operator.t_receive_ns
    assert proposal.t_receive_ns == rig.now_ns - TICK_NS

"""What teleop does with samples that are late, lost, broken, foreign or hostile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import DT, SIDES, Rig, distance, make_robot, moved, smooth

from rove_teleop.core.calibration import Calibration
from rove_teleop.core.names import GROUP_CHANNELS, GROUPS, NUM_BASE, NUM_LEG_JOINTS, Phase
from rove_teleop.core.teleop import TeleopConfig

MILLIMETRE = 1e-3


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_stale_operator_freezes_the_target_and_returns_without_a_jump(rig):
    rig.run(5)
    wrists = dict(rig.wrists)
    rig.take()
    for k in range(100):
        rig.wrists = {s: moved(wrists[s], [0.1 * smooth(k * DT), 0, 0]) for s in SIDES}
        rig.step()
    for _ in range(60):
        rig.step(silent=True)
    assert 'operator is stale' in rig.proposal.reason
    held = rig.palms()
    for _ in range(20):
        rig.step(silent=True)
    assert all(distance(palm, held[s]) < MILLIMETRE for s, palm in rig.palms().items())
    rig.wrists = {s: moved(wrists[s], [0.1, 0.2, 0.2]) for s in SIDES}
    rig.run(60)
    assert all(distance(palm, held[s]) < MILLIMETRE for s, palm in rig.palms().items())


def test_a_wrist_that_jumps_is_refused_and_measured_anew(rig):
    rig.run(5)
    rig.take()
    rig.run(5)
    held = rig.palms()
    rig.wrists['right'] = moved(rig.wrists['right'], [0.5, 0.0, 0.0])
    assert 'right wrist jumped by 0.50 m' in rig.step().reason
    rig.run(50)
    assert distance(rig.palms()['right'], held['right']) < 1e-6
    wrist = rig.wrists['right']
    for k in range(200):
        rig.wrists['right'] = moved(wrist, [0.0, 0.0, 0.05 * smooth(k * DT)])
        rig.step()
    expected = moved(held['right'], [0.0, 0.0, 0.05])
    assert distance(rig.palms()['right'], expected) < MILLIMETRE


def test_a_lost_wrist_holds_its_palm_while_the_other_hand_goes_on(rig):
    rig.run(5)
    wrists, palms = dict(rig.wrists), rig.palms()
    rig.take()
    for k in range(300):
        offset = np.array([0.0, 0.0, 0.08 * smooth(k * DT)])
        rig.wrists = {'left': moved(wrists['left'], offset)}
        rig.step()
    assert 'right wrist is not tracked' in rig.proposal.reason
    assert rig.proposal.groups == ('left_arm', 'left_hand', 'torso', 'legs')
    assert distance(rig.palms()['right'], palms['right']) < MILLIMETRE
    assert distance(rig.palms()['left'], moved(palms['left'], offset)) < MILLIMETRE


def test_what_was_never_tracked_is_not_offered(rig):
    bare = dict.fromkeys(('left_wrist', 'left_hand', 'right_hand'))
    proposal = rig.step(rig.spoil(**bare))
    assert proposal.groups == ('right_arm', 'torso', 'legs')
    assert 'left wrist is not tracked' in proposal.reason


@pytest.mark.parametrize(
    'pose, reason',
    [
        (np.full(7, np.nan), 'is not finite'),
        (np.array([np.inf, 0, 0, 0, 0, 0, 1]), 'is not finite'),
        (np.array([0.3, 0, 1, 0, 0, 0, 0]), 'has a quaternion of norm 0, expected 1'),
        (
            np.array([0.3, 0, 1, 0, 0, 0, 2.0]),
            'has a quaternion with a part of 2, expected a unit one',
        ),
        (np.zeros(6), 'is float64 of shape (6,), expected numbers of shape (7,)'),
        (np.array([500.0, 0, 0, 0, 0, 0, 1]), 'is 500 m away, expected at most 20'),
        (np.array(['a'] * 7), 'is <U1 of shape (7,), expected numbers'),
    ],
)
def test_a_broken_pose_is_refused_with_its_reason_and_moves_nothing(rig, pose, reason):
    rig.run(5)
    rig.take()
    held = rig.executed.position
    proposal = rig.step(rig.spoil(left_wrist=pose))
    assert f'left wrist {reason}' in proposal.reason
    assert np.abs(proposal.position - held)[: GROUP_CHANNELS['left_hand'].start].max() < 1e-9


def test_a_hand_that_is_none_is_refused_with_its_reason(rig):
    rig.run(5)
    rig.take()
    rig.run(5)
    held = rig.executed.position
    proposal = rig.step(rig.spoil(left_hand=np.zeros((25, 7))))
    assert 'left hand has a palm of 0.0 mm' in proposal.reason
    assert np.isfinite(proposal.position).all()
    assert np.abs(proposal.position - held)[GROUP_CHANNELS['left_hand']].max() < 0.1


def test_older_and_repeated_samples_are_not_followed(rig):
    rig.run(5)
    rig.take()
    old = rig.operator
    rig.run(20)
    newest = rig.operator.seq
    assert rig.step(old).operator_seq == newest
    moved_on = replace(rig.sample(), seq=newest)
    assert rig.step(moved_on).operator_seq == newest


def test_a_new_session_may_count_from_zero(rig):
    rig.run(20)
    fresh = replace(rig.sample(), session='two', seq=0)
    assert rig.step(fresh).operator_seq == 0


def test_a_session_that_was_replaced_never_comes_back(rig):
    rig.run(20)
    rig.step(rig.spoil(session='two', seq=0))
    assert rig.step(rig.spoil(session='one')).operator_seq == 0
    rig.tick += 1000
    assert rig.step(rig.spoil(session='one')).operator_seq == 0
    assert rig.step(rig.spoil(session='two', seq=1)).operator_seq == 1


def far_away(rig: Rig) -> dict[str, np.ndarray]:
    return {f'{s}_wrist': pin.SE3ToXYZQUAT(moved(T, [0.3, 0, 0.3])) for s, T in rig.wrists.items()}


def test_only_the_lease_holder_is_followed(rig):
    rig.holder = 'tracker'
    rig.run(5)
    rig.take()
    wrists, palms = dict(rig.wrists), rig.palms()
    for k in range(200):
        offset = np.array([0.0, 0.0, 0.05 * smooth(k * DT)])
        rig.wrists = {side: moved(wrists[side], offset) for side in SIDES}
        foreign = rig.spoil(source_id='intruder', seq=10_000 + k, **far_away(rig))
        rig.step(foreign if k % 2 else None)
        assert rig.proposal.operator_seq < 10_000
    for side, palm in rig.palms().items():
        assert distance(palm, moved(palms[side], offset)) < MILLIMETRE


def test_a_takeover_does_not_begin_with_the_samples_of_somebody_else(rig):
    for _ in range(5):
        rig.step(rig.spoil(source_id='bystander'))
    rig.holder = 'tracker'
    rig.anchor_id, rig.phase = 1, Phase.TO_HUMAN
    held = rig.palms()
    proposal = rig.step(rig.spoil(source_id='bystander', **far_away(rig)))
    assert "'bystander' does not hold the lease" in proposal.reason
    assert proposal.groups == ()
    rig.phase = Phase.HUMAN
    rig.run(20)
    assert rig.proposal.groups == GROUPS
    assert all(distance(palm, held[s]) < MILLIMETRE for s, palm in rig.palms().items())


def test_without_a_holder_another_source_is_heard_only_after_a_silence(rig):
    rig.run(5)
    newest = rig.operator.seq
    assert rig.step(rig.spoil(source_id='other', seq=900)).operator_seq == newest
    rig.tick += 300
    rig.phase = Phase.HUMAN
    assert rig.step(rig.spoil(source_id='other', seq=901)).operator_seq == newest
    rig.phase = Phase.AUTO
    assert rig.step(rig.spoil(source_id='other', seq=902)).operator_seq == 902


def test_a_new_session_while_operated_moves_nothing_until_the_next_takeover(rig):
    rig.run(5)
    rig.take()
    rig.run(20)
    held = rig.palms()
    rig.session = 'two'
    wrists = dict(rig.wrists)
    for k in range(100):
        rig.wrists = {s: moved(wrists[s], [0.0, 0.0, 0.2 * smooth(k * DT)]) for s in SIDES}
        assert 'new session; take over again' in rig.step().reason
    assert all(distance(palm, held[s]) < MILLIMETRE for s, palm in rig.palms().items())
    rig.take()
    wrists = dict(rig.wrists)
    for k in range(200):
        rig.wrists = {s: moved(wrists[s], [0.0, 0.0, 0.05 * smooth(k * DT)]) for s in SIDES}
        assert rig.step().reason == ''
    for side, palm in rig.palms().items():
        assert distance(palm, moved(held[side], [0.0, 0.0, 0.05])) < MILLIMETRE


def hostile(rng: np.random.Generator, rig: Rig) -> object:
    """A random sample: fine, noisy, or broken in one of many ways."""
    pose = np.concatenate([rng.uniform(-1.5, 1.5, 3), rng.normal(size=4)])
    pose[3:] /= np.linalg.norm(pose[3:])
    spoils = (
        {},
        {},
        {'left_wrist': pose},
        {'right_wrist': pose * rng.choice([1.0, 1e-3, 1e6])},
        {'left_wrist': np.where(rng.random(7) < 0.3, np.nan, pose)},
        {'right_wrist': np.full(7, rng.choice([np.inf, -np.inf, 1e300]))},
        {'left_wrist': None, 'right_hand': None},
        {'head': None, 'buttons': ('left_clutch', 'right_grip')},
        {'head': np.where(rng.random(7) < 0.3, np.nan, pose)},
        {'head': pose, 'body': {'torso': np.full(7, 1e300), 'pelvis': np.zeros(3)}},
        {'left_hand': rng.normal(size=(25, 7)) * rng.choice([1e-9, 0.1, 1e9])},
        {'right_hand': np.full((25, 7), np.nan)},
        {'right_hand': rng.normal(size=(3, 7))},
        {'t_source_ns': 0},
        {'t_source_ns': rig.now_ns + 10**12},
        {'t_receive_ns': rig.now_ns - 10**9},
        {'seq': -5},
        {'session': str(rng.integers(3))},
        {'source_id': 'another'},
    )
    return rig.spoil(**spoils[rng.integers(len(spoils))])


EVERYTHING = {'align_yaw': True, 'hand_frame': 'neck', 'calibration': Calibration()}


@pytest.mark.parametrize(
    ('config', 'ticks'),
    [
        (TeleopConfig(), 10_000),
        (TeleopConfig(smoothing='fixed_lag'), 1_000),
        (TeleopConfig(smoothing='fixed_lag', **EVERYTHING), 1_000),
        (TeleopConfig(smoothing='one_euro', **EVERYTHING), 1_000),
    ],
    ids=['defaults', 'fixed lag', 'all with fixed lag', 'all with one euro'],
)
def test_thousands_of_hostile_inputs_never_exceed_a_limit_or_raise(config, ticks):
    rng = np.random.default_rng(3)
    rig = Rig(config)
    rig.head = pin.SE3(np.eye(3), np.array([0.0, 0.0, 1.6]))
    robot = make_robot()
    lower, upper = robot.lower[NUM_LEG_JOINTS:], robot.upper[NUM_LEG_JOINTS:]
    velocity = np.concatenate([np.full(3, 2.0), np.full(14, 6.0)])
    phases = [Phase.AUTO, Phase.TO_HUMAN, Phase.HUMAN, Phase.HUMAN, Phase.HUMAN, Phase.HOLD]
    for k in range(ticks):
        if k % 25 == 0:
            rig.anchor_id += 1
            rig.session = f'session {k}'
            rig.phases = {group: phases[rng.integers(len(phases))] for group in GROUPS}
        step = rng.normal(size=3) * rng.choice([0.0, 0.002, 0.02])
        rig.wrists = {s: moved(T, step, step) for s, T in rig.wrists.items()}
        proposal = rig.step(hostile(rng, rig))
        assert np.isfinite(proposal.position).all() and np.isfinite(proposal.velocity).all()
        assert (proposal.position[NUM_BASE:] >= lower - 1e-9).all()
        assert (proposal.position[NUM_BASE:] <= upper + 1e-9).all()
        speed = np.abs(proposal.velocity[NUM_BASE : GROUP_CHANNELS['left_hand'].start])
        assert (speed <= velocity + 1e-6).all()
    assert rig.teleop.ik.failures == 0

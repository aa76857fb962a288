"""Bad input is rejected with its reason, counted, and as if it had never come."""

from __future__ import annotations

from dataclasses import replace
import re

from arbiter_rig import BASE, Rig, make_limits
import numpy as np
import pytest

from rove_teleop.core.judge import PASS, REJECT, Judge, newest
from rove_teleop.core.names import CHANNELS, GROUPS, NUM_CHANNELS
from rove_teleop.core.types import ActionChunk, JointProposal

NOW = 10_000_000_000
TICK = 5_000_000
LIMITS = make_limits()
ELBOW = CHANNELS.index('left_elbow_joint')
HERE = np.concatenate((BASE, np.zeros(31)))
NOBODY = np.zeros(NUM_CHANNELS, dtype=bool)
EVERYBODY = ~NOBODY


def make_proposal(seq: int = 1, **changes: object) -> JointProposal:
    times = {'t_source_ns': NOW, 't_operator_ns': NOW, 't_receive_ns': NOW}
    values = {'position': HERE, 'velocity': np.zeros(NUM_CHANNELS), 'groups': GROUPS}
    return JointProposal(**{'seq': seq, 'anchor_id': 0, **values, **times, **changes})


def make_chunk(seq: int = 1, **changes: object) -> ActionChunk:
    values = {
        'seq': seq,
        'policy_id': 'p',
        't_observation_ns': NOW,
        't0_ns': NOW,
        'dt': 0.02,
        'position': np.tile(HERE, (10, 1)),
        'groups': GROUPS,
        't_receive_ns': NOW,
    }
    return ActionChunk(**{**values, **changes})


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        ({'position': np.full(NUM_CHANNELS, np.nan)}, 'position is not finite'),
        ({'velocity': np.full(NUM_CHANNELS, np.inf)}, 'velocity is not finite'),
        ({'position': np.zeros(43)}, r'position has shape \(43,\), expected \(37,\)'),
        ({'position': np.zeros((37, 1))}, 'position has shape'),
        ({'position': 'none'}, 'position is not numbers'),
        ({'position': np.full(NUM_CHANNELS, 1e6)}, 'position exceeds 10'),
        ({'velocity': np.full(NUM_CHANNELS, 51.0)}, 'velocity exceeds 50'),
        ({'groups': ('tail',)}, "unknown group 'tail'; known: left_arm"),
        ({'t_operator_ns': NOW + 10**9}, 'sample is from the future'),
    ],
)
def test_a_broken_proposal_is_rejected(changes: dict[str, object], reason: str) -> None:
    judge = Judge(LIMITS.velocity)
    assert judge.take_proposal(make_proposal(**changes), NOBODY, HERE, NOW) is None
    assert judge.proposal is None
    verdict = judge.verdicts['operator']
    assert verdict.band == 'reject'
    assert re.match(reason, verdict.reason)
    assert sum(judge.counts.values()) == 1


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        ({'position': np.full((10, NUM_CHANNELS), np.nan)}, 'position is not finite'),
        ({'position': np.zeros((10, 43))}, 'position has shape (10, 43), expected (10, 37)'),
        ({'position': np.zeros((0, NUM_CHANNELS))}, '0 rows, expected 1 to 2000'),
        ({'position': np.float64(1.0)}, '0 rows, expected 1 to 2000'),
        ({'dt': float('nan')}, 'dt nan s is outside 0.001 to 10'),
        ({'dt': 1.1}, 'lasts 11.0 s, expected at most 10 s'),
        ({'dt': 0.0}, 'dt 0.0 s is outside 0.001 to 10'),
        ({'groups': ('tail',)}, "unknown group 'tail'"),
        ({'t_observation_ns': NOW + 10**9}, 'observation is from the future'),
        ({'t0_ns': NOW + 2 * 10**9}, 'starts more than 1 s ahead'),
        ({'t0_ns': NOW - 10**9}, 'ended before it came'),
    ],
)
def test_a_broken_chunk_is_rejected(changes: dict[str, object], reason: str) -> None:
    judge = Judge(LIMITS.velocity)
    assert judge.take_chunk(make_chunk(**changes), NOW) is None
    assert judge.chunk is None
    assert judge.verdicts['policy'].reason.startswith(reason)
    assert judge.verdicts['policy'].text.startswith('policy: reject')


def test_the_same_object_is_judged_once() -> None:
    judge = Judge(LIMITS.velocity)
    proposal = make_proposal()
    assert judge.take_proposal(proposal, NOBODY, HERE, NOW) is proposal
    assert judge.take_proposal(proposal, NOBODY, HERE, NOW + TICK) is None
    assert judge.verdicts['operator'].text == 'operator: pass'


def test_an_older_sequence_number_is_out_of_order() -> None:
    judge = Judge(LIMITS.velocity)
    judge.take_proposal(make_proposal(5), NOBODY, HERE, NOW)
    assert judge.take_proposal(make_proposal(5), NOBODY, HERE, NOW) is None
    assert judge.take_proposal(make_proposal(4), NOBODY, HERE, NOW) is None
    assert judge.verdicts['operator'].reason == 'seq 4 after 5'
    assert judge.take_proposal(make_proposal(6), NOBODY, HERE, NOW) is not None


def test_of_several_that_came_between_two_ticks_the_one_with_the_highest_number_counts() -> None:
    proposals = [make_proposal(seq) for seq in (7, 8, 2)]
    assert newest(proposals) is proposals[1]


def test_a_source_that_was_silent_for_a_second_may_start_again() -> None:
    judge = Judge(LIMITS.velocity)
    judge.take_chunk(make_chunk(50), NOW)
    later = NOW + 1_100_000_000
    assert judge.take_chunk(make_chunk(1, t0_ns=later, t_observation_ns=later), later) is not None


def test_another_policy_may_start_at_once() -> None:
    judge = Judge(LIMITS.velocity)
    judge.take_chunk(make_chunk(50), NOW)
    assert judge.take_chunk(make_chunk(1, policy_id='q'), NOW + TICK) is not None


@pytest.mark.parametrize(
    ('step', 'band'),
    [
        (0.9 * PASS[ELBOW], 'pass'),
        (PASS[ELBOW] + 0.3, 'clamp'),
        (PASS[ELBOW] + REJECT[ELBOW] + 0.3, 'reject'),
    ],
)
def test_a_step_of_the_human_target_falls_into_one_of_three_bands(step: float, band: str) -> None:
    judge = Judge(LIMITS.velocity)
    judge.take_proposal(make_proposal(1), EVERYBODY, HERE, NOW)
    position = HERE.copy()
    position[ELBOW] += step
    taken = judge.take_proposal(make_proposal(2, position=position), EVERYBODY, HERE, NOW + TICK)
    assert judge.verdicts['operator'].band == band
    if band == 'clamp':
        allowed = PASS[ELBOW] + LIMITS.velocity[ELBOW] * 0.005
        assert taken.position[ELBOW] == pytest.approx(HERE[ELBOW] + allowed)
        assert 'left_elbow_joint steps by 0.55' in judge.verdicts['operator'].reason
    elif band == 'reject':
        assert taken is None
        assert judge.proposal.seq == 1
    else:
        assert taken.position[ELBOW] == position[ELBOW]


def test_channels_that_nobody_follows_may_step_as_they_like() -> None:
    judge = Judge(LIMITS.velocity)
    judge.take_proposal(make_proposal(1), NOBODY, HERE, NOW)
    far = make_proposal(2, position=HERE + 2.0)
    assert judge.take_proposal(far, NOBODY, HERE, NOW + TICK) is far


def test_a_plant_state_that_is_not_finite_or_has_no_unit_quaternion_is_rejected() -> None:
    rig = Rig()
    rig.step()
    good = rig.arbiter.judge.plant
    judge = Judge(LIMITS.velocity)
    assert judge.take_plant(replace(good, position=good.position * np.nan)) is None
    assert judge.take_plant(replace(good, base_pose=np.zeros(7))) is None
    assert judge.verdicts['plant'].reason == 'base_pose has a quaternion of norm 0, expected 1'
    assert judge.take_plant(good) is good


def test_equal_reasons_with_other_numbers_are_counted_together() -> None:
    judge = Judge(LIMITS.velocity)
    judge.take_chunk(make_chunk(9), NOW)
    for seq in (1, 2, 3):
        judge.take_chunk(make_chunk(seq), NOW)
    assert judge.counts == {'policy: reject seq after': 3}

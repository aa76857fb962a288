"""What happens when a stream falls silent, the robot falls, or somebody stops it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from arbiter_rig import BASE, DT, Rig, make_limits, operated, phases, started, ticks_until
import numpy as np
import pytest

from rove_teleop.core.names import GROUPS, Phase

LIMITS = make_limits()
JOINTS = slice(6, None)


def test_an_operator_older_than_100_ms_freezes_and_after_400_ms_holds() -> None:
    rig = operated()
    for tick in range(20):
        rig.operator = np.full(37, 0.004 * tick)
        rig.operator_velocity = np.full(37, 0.8)
        rig.step()
    rig.operator = None
    rig.run(60)
    assert phases(rig) == {Phase.HUMAN}
    assert np.abs(rig.frame.executed.velocity[JOINTS]).max() < 0.01, 'frozen'
    assert ticks_until(rig, Phase.HOLD) == 21
    assert rig.events[-1].detail == 'no valid operator sample for 400 ms'


def test_an_operator_who_comes_back_must_take_over_again() -> None:
    rig = operated()
    rig.operator = None
    rig.run(100)
    rig.operator = np.zeros(37)
    rig.run(50)
    assert rig.kinds()[-2:] == ['input_lost', 'input_back']
    assert phases(rig) == {Phase.HOLD}
    assert rig.ask('takeover').accepted
    assert ticks_until(rig, Phase.HUMAN) == 101


def test_a_hand_out_of_view_holds_alone() -> None:
    rig = operated()
    rig.operator_groups = tuple(group for group in GROUPS if group != 'left_hand')
    rig.run(100)
    held = [g for g, p in zip(GROUPS, rig.frame.phase, strict=True) if p is Phase.HOLD]
    assert held == ['left_hand']


def test_a_teleop_that_repeats_an_old_sample_is_an_operator_who_is_gone() -> None:
    rig = operated()
    stale = rig.now_ns
    for _ in range(90):
        fresh = rig.last_proposal
        rig.raw_proposal = replace(fresh, seq=fresh.seq + 10**6, t_operator_ns=stale)
        rig.step()
    assert phases(rig) == {Phase.HOLD}


def test_authority_never_begins_with_a_sample_that_is_not_fresh() -> None:
    rig = started()
    rig.operator = np.zeros(37)
    rig.step()
    assert rig.ask('takeover').accepted
    rig.operator_age_ns = 101_000_000
    assert ticks_until(rig, Phase.HOLD) == 81
    assert 'human' not in rig.kinds()


def lose_plant(rig: Rig) -> None:
    rig.plant_alive = False
    rig.run(6)
    rig.plant_alive = True


def stop_and_rearm(rig: Rig) -> None:
    rig.ask('stop')
    assert rig.ask('rearm').accepted


@pytest.mark.parametrize('phase', [Phase.TO_AUTO, Phase.HOLD])
@pytest.mark.parametrize(
    'interrupt',
    [
        lose_plant,
        stop_and_rearm,
        lambda rig: rig.ask('hold'),
        lambda rig: rig.ask('episode_end', by='director'),
    ],
    ids=['plant lost', 'stop', 'hold', 'episode end'],
)
def test_a_release_that_was_interrupted_while_it_waited_is_over(
    phase: Phase, interrupt: Callable[[Rig], object]
) -> None:
    rig = operated()
    rig.policy_period = 10**9
    if phase is Phase.HOLD:
        rig.ask('hold')
    assert rig.ask('release').accepted
    rig.run(5)
    assert phases(rig) == {phase}
    interrupt(rig)
    rig.policy_period = 20
    rig.run(60)
    assert phases(rig) == {Phase.HOLD}
    assert rig.ask('release').accepted
    ticks_until(rig, Phase.AUTO)


def test_a_silent_holder_loses_the_lease_and_the_robot_holds() -> None:
    rig = operated()
    rig.heartbeat = False
    assert ticks_until(rig, Phase.HOLD, 450) == 401
    assert rig.events[-1].kind == 'lease_lost'
    assert rig.frame.operator_id == ''
    assert 'nobody holds the operator lease' in rig.ask('takeover').reason


def test_a_holder_who_gives_the_lease_back_lets_go_of_the_robot() -> None:
    rig = operated()
    assert rig.arbiter.lease.give_back('ann', rig.grant.secret)
    rig.step()
    assert phases(rig) == {Phase.HOLD}
    assert rig.events[-1].kind == 'lease_lost'
    assert rig.events[-1].groups == GROUPS
    assert rig.events[-1].detail == 'operator=ann gave it back'
    rig.run(100)
    assert rig.kinds().count('lease_lost') == 1


@pytest.mark.parametrize('successor', ['bob', 'ann'])
def test_a_new_grant_between_two_ticks_does_not_hide_that_the_old_one_ended(
    successor: str,
) -> None:
    rig = operated()
    rig.arbiter.lease.give_back('ann', rig.grant.secret)
    assert rig.arbiter.lease.acquire(successor, rig.now_ns).granted
    rig.step()
    assert phases(rig) == {Phase.HOLD}
    assert rig.kinds()[-1] == 'lease_lost'
    assert rig.frame.operator_id == successor


def test_a_successor_who_finds_the_holder_silent_does_not_inherit_the_robot() -> None:
    rig = operated()
    rig.heartbeat = False
    rig.run(400)
    assert phases(rig) == {Phase.HUMAN}
    assert rig.arbiter.lease.acquire('bob', rig.now_ns + 1).granted
    rig.step()
    assert phases(rig) == {Phase.HOLD}
    assert rig.events[-1].detail == 'operator=ann sent no heartbeat'


def test_renewing_the_lease_changes_nothing() -> None:
    rig = operated()
    assert rig.arbiter.lease.acquire('ann', rig.now_ns, rig.grant.secret).granted
    rig.run(10)
    assert phases(rig) == {Phase.HUMAN}
    assert 'lease_lost' not in rig.kinds()


def test_a_policy_that_stops_is_held_at_its_last_row_and_then_the_robot_holds() -> None:
    rig = started()
    rig.policy = None
    rig.run(rig.policy_period)
    waited = ticks_until(rig, Phase.HOLD)
    assert 80 - rig.policy_period + 60 <= waited + rig.policy_period <= 80 + 61
    assert rig.events[-1].kind == 'policy_lost'
    rig.policy = np.concatenate((BASE, np.full(31, 0.3)))
    rig.run(200)
    assert phases(rig) == {Phase.HOLD}


def test_a_late_chunk_within_300_ms_goes_on_smoothly() -> None:
    rig = started()
    rig.policy_period = 110
    rig.policy = np.concatenate((BASE, np.full(31, 0.5)))
    rig.run(500)
    assert phases(rig) == {Phase.AUTO}
    velocity = np.array([frame.executed.velocity[JOINTS] for frame in rig.frames])
    assert np.abs(np.diff(velocity, axis=0)).max() <= 0.3


def test_a_policy_that_dies_within_a_long_chunk_is_held_after_a_second() -> None:
    rig = started()
    rig.policy_rows = 400  # 8 s
    rig.run(rig.policy_period)
    rig.policy = None
    assert 200 - rig.policy_period <= ticks_until(rig, Phase.HOLD) <= 201
    assert rig.events[-1].kind == 'policy_lost'


@pytest.mark.parametrize('seed', range(3))
def test_a_chunk_each_200_ms_give_or_take_100_ms_is_never_a_loss(seed: int) -> None:
    rng, rig = np.random.default_rng(seed), started()
    rig.policy_rows = 40  # 0.8 s
    for _ in range(40):
        rig.policy_period = 10**9
        rig.run(int(rng.integers(20, 60)))
        rig.policy_period = 1
        rig.step()
    assert phases(rig) == {Phase.AUTO}
    assert 'policy_lost' not in rig.kinds()


def test_a_proposal_that_never_says_when_the_operator_was_seen_is_stale() -> None:
    rig = started()
    rig.operator = np.zeros(37)
    rig.step()
    rig.raw_proposal = replace(rig.last_proposal, seq=10**6, t_operator_ns=0)
    assert rig.ask('takeover').reason == 'there is no fresh operator sample'


def test_a_plant_silent_for_20_ms_holds_and_for_100_ms_stops() -> None:
    rig = started()
    rig.plant_alive = False
    rig.run(4)
    assert phases(rig) == {Phase.AUTO}
    rig.step()
    assert phases(rig) == {Phase.HOLD}
    rig.run(15)
    assert phases(rig) == {Phase.HOLD}
    rig.step()
    assert phases(rig) == {Phase.STOPPED}
    assert rig.ask('rearm').reason == 'the plant state is stale'
    rig.plant_alive = True
    rig.run(2)
    assert rig.ask('rearm').accepted
    assert phases(rig) == {Phase.HOLD}


def test_a_lost_recorder_is_an_alarm_and_nothing_more() -> None:
    rig = started()
    rig.recorder_alive = False
    rig.run(3)
    assert rig.kinds().count('recorder_lost') == 1
    rig.take_over()
    rig.recorder_alive = True
    rig.step()
    assert rig.kinds()[-1] == 'recorder_back'


def test_a_fall_stops_with_damping_until_it_is_rearmed_upright() -> None:
    rig = operated()
    rig.base_quaternion = (np.sin(np.pi / 6), 0.0, 0.0, np.cos(np.pi / 6))
    rig.step()
    assert phases(rig) == {Phase.STOPPED}
    assert rig.output.command.damping
    assert rig.events[-1].detail == 'the robot tilts by 60 deg'
    assert rig.ask('rearm').reason == 'the robot has fallen'
    rig.base_quaternion = (0.0, 0.0, 0.0, 1.0)
    rig.run(2)
    assert rig.output.command.damping
    assert rig.ask('rearm').accepted
    assert not rig.output.command.damping


def test_a_plant_fault_stops() -> None:
    rig = started()
    rig.fault = 'motor 3 is hot'
    rig.step()
    assert phases(rig) == {Phase.STOPPED}
    assert rig.events[-1].detail == 'plant fault: motor 3 is hot'


def test_a_stop_wins_over_everything_in_its_tick_whatever_the_order() -> None:
    rig = operated()
    output = rig.step(
        rig.request('release'), rig.request('rearm'), rig.request('stop'), rig.request('takeover')
    )
    assert phases(rig) == {Phase.STOPPED}
    by_id = {reply.request_id: reply.accepted for reply in output.replies}
    assert sorted(by_id.values()) == [False, False, False, True]


def test_anybody_may_stop_and_only_some_may_rearm() -> None:
    rig = started()
    assert rig.ask('stop', by='a passer-by', request_id='').accepted
    assert not rig.ask('rearm', by='a passer-by').accepted
    assert rig.ask('rearm').accepted


def test_a_stop_in_full_motion_brakes_within_its_own_limit() -> None:
    rig = started()
    rig.policy = np.concatenate((BASE, np.full(31, 1.9)))
    rig.run(130)
    speed = np.abs(rig.frame.executed.velocity[9:]).max()
    assert speed > 2.0
    at = len(rig.frames)
    rig.ask('stop')
    rig.run(40)
    velocity = np.array([frame.executed.velocity for frame in rig.frames[at - 1 :]])
    steps = np.abs(np.diff(velocity, axis=0))
    assert (steps <= LIMITS.stop_acceleration * DT).all()
    assert (steps[:, JOINTS] > LIMITS.acceleration[JOINTS] * DT).any(), 'harder than in motion'
    assert np.abs(velocity[-1, JOINTS]).max() < 0.01

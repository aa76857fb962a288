"""The arbiter as its users meet it: takeover, release, losses, stops, requests."""

from __future__ import annotations

from dataclasses import replace

from arbiter_rig import BASE, DT, TICK_NS, FakeLegs, Rig, make_limits
import numpy as np
import pytest

from rove_teleop.core.arbiter import Arbiter, ArbiterInputs
from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.names import CHANNELS, GROUP_CHANNELS, GROUPS, Authority, Phase, Stage
from rove_teleop.core.types import Request

LIMITS = make_limits()
ELBOW = CHANNELS.index('right_elbow_joint')
JOINTS = slice(6, None)
ALL_GROUPS = set(GROUPS)


def started() -> Rig:
    """A rig whose policy has the robot."""
    rig = Rig()
    rig.start()
    assert rig.frame.robot_phase is Phase.AUTO
    return rig


def operated() -> Rig:
    """A rig whose operator has the robot."""
    rig = started()
    rig.take_over()
    assert rig.frame.robot_phase is Phase.HUMAN
    return rig


def phases(rig: Rig) -> set[Phase]:
    return set(rig.frame.phase)


def ticks_until(rig: Rig, phase: Phase, limit: int = 400) -> int:
    """Steps until the whole robot is in a phase."""
    for tick in range(1, limit):
        rig.step()
        if phases(rig) == {phase}:
            return tick
    raise AssertionError(f'still {rig.frame.phase} after {limit} ticks: {rig.kinds()}')


# Start


def test_nothing_comes_out_before_the_plant_was_seen() -> None:
    rig = Rig(plant_alive=False)
    output = rig.step(rig.request('takeover'))
    assert output.command is None and output.frame is None
    assert output.replies[0].reason == 'there is no plant state yet'


def test_a_stop_counts_even_before_the_plant_was_seen() -> None:
    rig = Rig(plant_alive=False)
    assert rig.ask('stop').accepted
    rig.plant_alive = True
    rig.step()
    assert phases(rig) == {Phase.STOPPED}


def test_the_first_command_is_where_the_robot_is() -> None:
    rig = Rig()
    rig.step()
    np.testing.assert_array_equal(rig.frame.executed.position[:6], BASE)
    np.testing.assert_array_equal(
        rig.frame.executed.position[6:], rig.frame.measured_position[12:]
    )
    assert not rig.output.command.velocity.any()


def test_a_policy_alone_moves_nothing_before_an_episode_starts() -> None:
    rig = Rig(policy=np.full(37, 0.5))
    rig.run(100)
    assert phases(rig) == {Phase.HOLD}
    np.testing.assert_array_equal(rig.frame.executed.position[JOINTS], 0.0)


def test_an_episode_starts_with_the_first_chunk_newer_than_its_request() -> None:
    rig = Rig(policy_period=40)
    rig.policy = np.concatenate((BASE, np.full(31, 0.2)))
    rig.run(41)
    assert rig.ask('episode_start', by='director', detail='episode=e9').accepted
    assert phases(rig) == {Phase.HOLD}
    assert rig.frame.episode == 'e9'
    waited = ticks_until(rig, Phase.TO_AUTO)
    assert 30 < waited <= 40
    ticks_until(rig, Phase.AUTO)
    rig.run(100)
    np.testing.assert_allclose(rig.frame.executed.position[JOINTS], 0.2, atol=1e-3)


def test_a_second_start_is_refused_while_an_episode_runs() -> None:
    rig = started()
    reply = rig.ask('episode_start', by='director')
    assert reply.reason == "episode 'e1' is running; end it first"


def test_ending_an_episode_holds_everything() -> None:
    rig = operated()
    assert rig.ask('episode_end', by='director').accepted
    assert phases(rig) == {Phase.HOLD}
    assert rig.frame.episode == ''


# Takeover


def test_authority_begins_with_the_first_proposal_of_the_new_anchor() -> None:
    rig = started()
    rig.operator = np.zeros(37)
    rig.step()
    rig.ask('takeover')
    assert set(rig.frame.authority) == {Authority.HOLD}
    assert rig.frame.anchor_id == 1
    rig.step()
    assert set(rig.frame.authority) == {Authority.HUMAN}
    assert rig.frame.intervention and rig.frame.stage is Stage.ADAPTATION
    assert phases(rig) == {Phase.TO_HUMAN}
    assert ticks_until(rig, Phase.HUMAN) == 100


def test_a_takeover_never_moves_the_robot_to_an_operator_at_rest() -> None:
    rig = started()
    rig.operator = np.full(37, 0.3)  # wherever his hands are: motion counts from the anchor
    rig.step()
    before = rig.frame.executed.position
    rig.take_over()
    np.testing.assert_allclose(rig.frame.executed.position, before, atol=1e-6)


@pytest.mark.parametrize('seed', range(5))
def test_a_takeover_and_a_release_in_full_motion_are_without_a_jolt(seed: int) -> None:
    rng, rig = np.random.default_rng(seed), started()
    rig.policy = np.concatenate((BASE, rng.uniform(-1.5, 1.5, 31)))
    rig.run(int(rng.integers(5, 40)))
    rig.operator = np.zeros(37)
    rig.step()
    at = len(rig.frames)
    assert rig.ask('takeover').accepted
    for tick in range(150):
        rig.operator = np.full(37, 0.2 * np.sin(tick * 0.02))
        rig.operator_velocity = np.full(37, 0.8 * np.cos(tick * 0.02))
        rig.step()
    rig.policy = np.concatenate((BASE, rng.uniform(-1.0, 1.0, 31)))
    assert rig.ask('release').accepted
    ticks_until(rig, Phase.AUTO, 900)
    velocity = np.array([frame.executed.velocity for frame in rig.frames[at - 1 :]])
    steps = np.abs(np.diff(velocity, axis=0))
    assert steps[:, JOINTS].max() <= 0.1
    joints = np.array([frame.joint_velocity for frame in rig.frames[at - 1 :]])
    assert np.abs(np.diff(joints, axis=0)).max() <= 0.1


def test_the_robot_follows_the_operator_from_the_anchor() -> None:
    rig = operated()
    before = rig.frame.executed.position[ELBOW]
    for tick in range(200):
        rig.operator = np.where(np.arange(37) == ELBOW, 0.002 * tick, 0.0)
        rig.step()
    assert rig.frame.executed.position[ELBOW] - before == pytest.approx(0.4, abs=0.02)


def test_a_part_of_the_robot_can_be_taken_while_the_policy_keeps_the_rest() -> None:
    rig = started()
    rig.take_over('right_arm', 'right_hand')
    who = dict(zip(GROUPS, rig.frame.authority, strict=True))
    assert who['right_arm'] is who['right_hand'] is Authority.HUMAN
    assert {who[g] for g in ('left_arm', 'left_hand', 'torso', 'legs')} == {Authority.POLICY}
    rig.policy = np.concatenate((BASE, np.full(31, 0.3)))
    rig.run(200)
    executed = rig.frame.executed.position
    np.testing.assert_allclose(executed[GROUP_CHANNELS['left_arm']], 0.3, atol=1e-3)
    np.testing.assert_allclose(executed[GROUP_CHANNELS['right_arm']], 0.0, atol=1e-3)


def test_a_takeover_without_a_fresh_operator_is_refused() -> None:
    rig = started()
    assert rig.ask('takeover').reason == 'there is no fresh operator sample'
    rig.operator, rig.operator_groups = np.zeros(37), ('right_arm',)
    rig.step()
    assert rig.ask('takeover', 'left_hand').reason.startswith('the operator is not tracked for')


def test_a_takeover_that_is_never_answered_by_a_proposal_ends_in_hold() -> None:
    rig = started()
    rig.operator = np.zeros(37)
    rig.step()
    rig.operator = None
    assert rig.ask('takeover').accepted
    assert ticks_until(rig, Phase.HOLD) == 81
    assert 'human' not in rig.kinds()


def test_a_proposal_with_a_foreign_anchor_leads_nobody() -> None:
    rig = started()
    rig.operator = np.zeros(37)
    rig.step()
    rig.raw_proposal = replace(rig.last_proposal, anchor_id=77, seq=10**6)
    rig.ask('takeover')
    rig.run(10)
    assert Authority.HUMAN not in rig.frame.authority


def test_a_grasp_survives_a_takeover_with_an_open_hand() -> None:
    rig = started()
    hand = GROUP_CHANNELS['right_hand']
    rig.policy = np.concatenate((BASE, np.zeros(31)))
    rig.policy[hand] = 1.2
    rig.run(200)
    rig.operator = np.zeros(37)
    rig.operator[hand] = -0.8  # relative to the grasp: an open hand
    rig.step()
    assert rig.ask('takeover').accepted
    # The rig anchors fingers too; a hand proposes absolute values, so say so here.
    for tick in range(300):
        proposal = rig.last_proposal
        position = proposal.position.copy()
        position[hand] = 0.1 + 0.004 * tick if tick < 290 else 1.3
        rig.raw_proposal = replace(
            proposal,
            seq=proposal.seq + 10**6 + tick,
            position=position,
            anchor_id=rig.frame.anchor_id,
            t_receive_ns=rig.now_ns,
            t_operator_ns=rig.now_ns,
        )
        rig.step()
        assert (rig.frame.executed.position[hand] > 1.1).all()


# Release


def test_a_release_waits_for_a_fresh_observation_and_fades_without_a_jump() -> None:
    rig = operated()
    rig.policy = np.concatenate((BASE, np.full(31, 0.4)))
    rig.policy_period = 60
    assert rig.ask('release').accepted
    released = rig.now_ns
    assert set(rig.frame.authority) == {Authority.HOLD}
    seen = []
    for _ in range(300):
        rig.step()
        if Authority.BLEND in rig.frame.authority:
            seen.append(rig.frame)
    assert seen[0].policy.t_source_ns >= released
    assert all(frame.intervention for frame in seen)
    assert len(seen) * DT >= 0.49
    assert phases(rig) == {Phase.AUTO}
    np.testing.assert_allclose(rig.frame.executed.position[JOINTS], 0.4, atol=1e-3)
    assert rig.frame.stage is Stage.ROLLOUT


def test_a_release_to_a_silent_policy_ends_in_hold() -> None:
    rig = operated()
    rig.policy = None
    assert rig.ask('release').accepted
    assert phases(rig) == {Phase.TO_AUTO}
    assert ticks_until(rig, Phase.HOLD, 500) == 401


def test_hold_never_ends_by_itself() -> None:
    rig = started()
    rig.ask('hold')
    rig.operator = np.zeros(37)
    rig.run(1000)
    assert phases(rig) == {Phase.HOLD}


def test_a_release_from_hold_continues_with_a_chunk_newer_than_the_release() -> None:
    rig = started()
    rig.ask('hold')
    rig.run(50)
    rig.ask('release')
    assert phases(rig) == {Phase.HOLD}
    ticks_until(rig, Phase.AUTO)


# Losses


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


def test_a_silent_holder_loses_the_lease_and_the_robot_holds() -> None:
    rig = operated()
    rig.heartbeat = False
    assert ticks_until(rig, Phase.HOLD, 450) == 401
    assert rig.events[-1].kind == 'lease_lost'
    assert rig.frame.operator_id == ''
    assert 'nobody holds the operator lease' in rig.ask('takeover').reason


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


# Stop


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
    rig.buttons_held = True
    assert rig.ask('rearm').reason == 'a button is still held; release every button first'
    rig.buttons_held = False
    assert rig.ask('rearm').accepted


def test_a_stop_in_full_motion_brakes_within_its_own_limit() -> None:
    rig = started()
    rig.policy = np.concatenate((BASE, np.full(31, 1.9)))
    rig.run(45)
    speed = np.abs(rig.frame.executed.velocity[9:]).max()
    assert speed > 2.0
    at = len(rig.frames)
    rig.ask('stop')
    rig.run(40)
    velocity = np.array([frame.executed.velocity for frame in rig.frames[at - 1 :]])
    steps = np.abs(np.diff(velocity, axis=0))
    assert (steps <= LIMITS.stop_acceleration * DT).all()
    assert np.abs(velocity[-1, JOINTS]).max() < 0.01


# Requests and labels


def test_outcomes_are_recorded_with_who_declared_them() -> None:
    rig = started()
    assert rig.ask('success', detail='by eye').accepted
    event = rig.events[-1]
    assert (event.kind, event.actor, event.detail) == ('success', 'ann', 'by eye')
    rig.ask('episode_end', by='director')
    assert rig.ask('failure').reason == 'no episode is running'


def test_a_refusal_is_recorded_and_moves_nothing() -> None:
    rig = started()
    assert not rig.ask('takeover', by='eve').accepted
    assert rig.events[-1].kind == 'refused'
    assert rig.events[-1].detail.startswith('takeover: the operator lease is held by')
    assert phases(rig) == {Phase.AUTO}


def test_a_replayed_request_is_refused() -> None:
    rig = started()
    rig.operator = np.zeros(37)
    rig.step()
    request = rig.request('takeover')
    assert rig.step(request).replies[0].accepted
    rig.ask('hold')
    assert 'was used before' in rig.step(request).replies[0].reason


def test_asking_ahead_changes_nothing() -> None:
    rig = started()
    rig.operator = np.zeros(37)
    rig.step()
    request = rig.request('takeover')
    assert rig.arbiter.admissible(request, rig.now_ns) == ''
    assert rig.arbiter.admissible(replace(request, epoch=9), rig.now_ns).startswith('stale lease')
    assert 'refused for left_arm' in rig.arbiter.admissible(rig.request('release'), rig.now_ns)
    rig.step()
    assert phases(rig) == {Phase.AUTO}
    assert rig.step(request).replies[0].accepted


def test_the_end_of_adaptation_is_marked_by_the_operator_or_else_by_rule() -> None:
    rig = operated()
    assert rig.ask('mark_recovery').accepted
    assert (rig.events[-1].kind, rig.events[-1].detail) == ('recovery', 'source=operator')
    assert rig.frame.stage is Stage.RECOVERY
    assert rig.ask('mark_recovery').reason == 'the stage is recovery, not adaptation'

    rig = operated()
    rig.run(300)
    assert rig.frame.stage is Stage.ADAPTATION, 'nothing has moved yet'
    rig.operator_velocity = np.full(37, 0.3)
    rig.run(200)
    assert rig.frame.stage is Stage.ADAPTATION
    rig.run(2)
    assert rig.frame.stage is Stage.RECOVERY
    assert rig.events[-1].detail == 'source=rule'


def test_frames_carry_both_proposals_the_times_and_the_verdicts() -> None:
    rig = operated()
    frame = rig.frame
    assert frame.operator.t_apply_ns == frame.operator.t_receive_ns == frame.t_ns
    assert frame.policy.t_apply_ns >= frame.policy.t_source_ns > 0
    assert frame.plant.seq > 0
    assert frame.human_proposal is not None and frame.policy_proposal is not None
    assert frame.verdicts == ('operator: pass', 'policy: pass', 'plant: pass')
    assert frame.operator_id == 'ann'
    assert frame.takeover_id == frame.anchor_id == 1
    np.testing.assert_array_equal(frame.joint_position, rig.output.command.position)


def test_poison_never_reaches_a_joint() -> None:
    rig = operated()
    for index, poison in enumerate([np.nan, np.inf, -np.inf, 1e300]):
        proposal = rig.last_proposal
        rig.raw_proposal = replace(
            proposal, seq=10**6 + index, position=np.full(37, poison), velocity=np.full(37, poison)
        )
        rig.step()
        assert np.isfinite(rig.output.command.position).all()
        assert rig.frame.verdicts[0].startswith('operator: reject position')
    assert sum(rig.arbiter.judge.counts.values()) == 4


def test_legs_that_cannot_be_solved_stay_where_they_are() -> None:
    class BrokenLegs(FakeLegs):
        broken = False

        def solve(self, base, base_velocity):
            position, velocity = super().solve(base, base_velocity)
            return (position * np.nan, velocity) if self.broken else (position, velocity)

    legs = BrokenLegs()
    rig = Rig(arbiter=Arbiter(ArbiterConfig(BASE), LIMITS, legs))
    rig.run(3)
    before = rig.frame.joint_position[:12]
    legs.broken = True
    rig.run(3)
    np.testing.assert_array_equal(rig.frame.joint_position[:12], before)
    assert not rig.frame.joint_velocity[:12].any()
    assert rig.arbiter.judge.counts['legs: reject not finite'] == 3


def test_commands_are_numbered_and_expire() -> None:
    rig = started()
    first = rig.output.command
    rig.step()
    second = rig.output.command
    assert second.seq == first.seq + 1
    assert second.valid_until_ns - second.t_ns == 50_000_000
    assert second.t_ns - first.t_ns == TICK_NS


def test_two_arbiters_with_the_same_inputs_do_the_same_bit_for_bit() -> None:
    runs = []
    for _ in range(2):
        rig = operated()
        rig.ask('release')
        rig.run(100)
        runs.append(np.array([frame.executed.position for frame in rig.frames]).tobytes())
    assert runs[0] == runs[1]


def test_requests_may_come_before_anything_else() -> None:
    arbiter = Arbiter(ArbiterConfig(BASE), LIMITS, FakeLegs())
    output = arbiter.step(ArbiterInputs(requests=(Request('hold', request_id='a'),)), 1)
    assert output.replies[0].accepted

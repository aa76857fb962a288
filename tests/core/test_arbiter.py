"""The arbiter as its users meet it: start, takeover, release."""

from __future__ import annotations

from dataclasses import replace

from arbiter_rig import BASE, DT, Rig, operated, phases, started, ticks_until
import numpy as np
import pytest

from rove_teleop.core.names import CHANNELS, GROUP_CHANNELS, GROUPS, Authority, Phase, Stage
from rove_teleop.core.tags import detail_value

ELBOW = CHANNELS.index('right_elbow_joint')
JOINTS = slice(6, None)


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


def test_a_refused_request_may_be_made_again_and_a_done_one_may_not() -> None:
    rig = started()
    assert not rig.ask('takeover', request_id='mine').accepted
    rig.operator = np.zeros(37)
    rig.step()
    assert rig.ask('takeover', request_id='mine').accepted
    assert rig.ask('takeover', request_id='mine').reason == "request_id 'mine' was used before"
    assert phases(rig) == {Phase.TO_HUMAN}


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


def test_what_an_event_says_of_itself_stands_before_what_the_request_brought() -> None:
    rig = started()
    rig.operator = np.zeros(37)
    rig.step()
    forged = 't_receive_ns=1 anchor_id=9 source=rule'
    for event in ('takeover', 'release'):
        assert rig.ask(event, detail=forged).accepted
        told = next(one for one in rig.output.events if one.kind == event)
        assert detail_value(told.detail, 't_receive_ns') != '1'
        assert event == 'release' or detail_value(told.detail, 'anchor_id') == '1'
        rig.run(2)


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

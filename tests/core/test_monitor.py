"""Requests for help: who asks and when, that nothing moves by them, and how they end."""

from __future__ import annotations

from arbiter_rig import BASE, TICK_NS, Rig, operated, phases, started
import numpy as np
import pytest

from rove_teleop.core.names import CHANNELS, GROUPS, JOINTS, NUM_CHANNELS, Phase
from rove_teleop.core.tags import FrameTags, detail_value, recompute_tags
from rove_teleop.core.types import Event

SECOND = 200  # ticks
ELBOW = JOINTS.index('right_elbow_joint')


def moving(rig: Rig, ticks: int) -> None:
    """Let the policy move everything slowly."""
    for _ in range(ticks):
        way = 0.3 * np.sin(rig.now_ns * 1e-9 * 2.0)
        rig.policy = np.concatenate((BASE, np.full(NUM_CHANNELS - 6, way)))
        rig.step()


def helps(rig: Rig) -> list[Event]:
    return [event for event in rig.events if event.kind.startswith('help')]


def busy() -> Rig:
    rig = Rig()
    rig.start()
    moving(rig, SECOND)
    return rig


def test_a_policy_that_moves_and_is_followed_has_no_help_asked_for() -> None:
    rig = busy()
    moving(rig, 12 * SECOND)
    assert helps(rig) == []
    assert rig.frame.help == ''


def test_a_policy_asks_by_its_hint_and_says_why() -> None:
    rig = busy()
    rig.help, rig.help_reason = 0.89, 'not yet'
    moving(rig, SECOND)
    assert helps(rig) == []
    rig.help, rig.help_reason = 1.0, 'lost\nthe  cube\x1b[2J' + 'x' * 500
    moving(rig, SECOND)
    [asked] = helps(rig)
    assert (asked.kind, asked.actor, asked.groups) == ('help', 'policy', GROUPS)
    assert asked.detail.startswith('lost the cube [2Jxxx') and len(asked.detail) == 80
    assert rig.frame.help == f'policy: {asked.detail}'


def test_a_policy_without_a_reason_is_named_with_its_hint() -> None:
    rig = busy()
    rig.help = 0.95
    moving(rig, SECOND)
    assert rig.frame.help == 'policy: hint 0.95'


def test_asking_moves_nothing_and_gives_nobody_authority() -> None:
    quiet, asking = busy(), busy()
    asking.help = 1.0
    for rig in (quiet, asking):
        moving(rig, 2 * SECOND)
    assert helps(asking) and not helps(quiet)
    for one, other in zip(quiet.frames, asking.frames, strict=True):
        assert one.executed.position.tobytes() == other.executed.position.tobytes()
        assert (one.phase, one.authority, one.anchor_id) == (
            other.phase,
            other.authority,
            other.anchor_id,
        )


def test_a_robot_that_the_policy_keeps_still_is_stalled_after_5_s() -> None:
    rig = started()
    rig.run(4 * SECOND)
    assert helps(rig) == []
    rig.run(int(1.5 * SECOND))
    [asked] = helps(rig)
    assert (asked.actor, asked.detail) == ('monitor', 'nothing has moved for 5 s')


def test_a_stall_is_over_when_the_robot_moves() -> None:
    rig = started()
    rig.run(6 * SECOND)
    moving(rig, SECOND)
    assert [event.kind for event in helps(rig)] == ['help', 'help_over']
    assert rig.frame.help == ''


def test_between_episodes_nobody_asks() -> None:
    rig = started()
    assert rig.ask('episode_end', by='director').accepted
    rig.help = 1.0
    rig.run(10 * SECOND)
    assert helps(rig) == []


def test_an_operator_in_command_is_not_asked() -> None:
    rig = operated()
    rig.help = 1.0
    rig.run(10 * SECOND)
    assert helps(rig) == []


def test_a_joint_that_stays_behind_its_command_is_named() -> None:
    rig = busy()
    for tick in range(SECOND):
        rig.measured = rig.frame.joint_position.copy()
        rig.measured[ELBOW] -= 0.1
        moving(rig, 1)
        if tick < 90:
            assert helps(rig) == []
    assert [event.detail for event in helps(rig)] == ['right_elbow_joint does not follow']


@pytest.mark.parametrize('joint', ['right_hand_index_0_joint', 'left_knee_joint'])
def test_fingers_that_grip_and_legs_that_balance_may_be_behind(joint: str) -> None:
    rig = busy()
    for _ in range(SECOND):
        rig.measured = rig.frame.joint_position.copy()
        rig.measured[JOINTS.index(joint)] -= 0.5
        moving(rig, 1)
    assert helps(rig) == []


def test_a_takeover_answers_and_says_after_how_long() -> None:
    rig = busy()
    rig.help = 1.0
    moving(rig, SECOND)
    [asked] = helps(rig)
    rig.operator = np.zeros(NUM_CHANNELS)
    moving(rig, SECOND)
    assert rig.ask('takeover', 'right_arm').accepted
    taken = next(event for event in rig.events if event.kind == 'takeover')
    waited = (taken.t_ns - asked.t_ns) // 1_000_000
    assert int(detail_value(taken.detail, 'help_ms')) == waited
    assert helps(rig) == [asked]
    assert rig.frame.help == ''
    assert rig.ask('takeover').accepted
    again = [event for event in rig.events if event.kind == 'takeover'][1]
    assert not detail_value(again.detail, 'help_ms')


def test_a_refused_takeover_answers_nothing() -> None:
    rig = busy()
    rig.help = 1.0
    moving(rig, SECOND)
    assert not rig.ask('takeover', by='eve').accepted
    assert rig.frame.help


def test_the_same_cause_is_silent_for_10_s_after_its_request_ended() -> None:
    rig = busy()
    for tick in range(0, 25 * SECOND, 40):  # a hint that flickers every 0.2 s
        rig.help = float(tick // 40 % 2)
        moving(rig, 40)
    asked = [event.t_ns for event in helps(rig) if event.kind == 'help']
    assert len(asked) == 3
    assert min(np.diff(asked)) >= 10_000_000_000 - TICK_NS


def test_a_stop_ends_a_request() -> None:
    rig = busy()
    rig.help = 1.0
    moving(rig, SECOND)
    assert rig.ask('stop').accepted
    assert phases(rig) == {Phase.STOPPED}
    assert [event.kind for event in helps(rig)] == ['help', 'help_over']
    assert rig.frame.help == ''


def test_tags_are_recomputed_the_same_with_requests_for_help_between() -> None:
    rig = busy()
    rig.help = 1.0
    moving(rig, SECOND)
    rig.take_over()
    rig.help = 0.0
    assert rig.ask('release').accepted
    moving(rig, 2 * SECOND)
    rig.run(6 * SECOND)
    assert [event.kind for event in helps(rig)][:2] == ['help', 'help']
    expected = [FrameTags.of(frame) for frame in rig.frames]
    assert recompute_tags(rig.events, [frame.tick for frame in rig.frames]) == expected


def test_a_stall_is_about_the_groups_that_the_policy_has() -> None:
    rig = started()
    rig.take_over('right_arm')
    moved = np.arange(NUM_CHANNELS) == CHANNELS.index('right_elbow_joint')
    for tick in range(6 * SECOND):
        rig.operator = np.where(moved, 0.3 * np.sin(tick * 0.02), 0.0)
        rig.step()
    [asked] = helps(rig)
    assert asked.groups == tuple(group for group in GROUPS if group != 'right_arm')


def test_a_foreign_writer_is_recorded_and_keeps_everybody_from_taking_over() -> None:
    rig = started()
    rig.operator = np.zeros(NUM_CHANNELS)
    rig.step()
    rig.foreign_writers = ('node /rogue, gid 01.0f',)
    rig.run(3)
    found = [event for event in rig.events if event.kind == 'foreign_writer']
    assert [event.detail for event in found] == ['node /rogue, gid 01.0f']
    assert rig.ask('takeover').reason == (
        'joint_command has another writer: node /rogue, gid 01.0f; end it first'
    )
    assert phases(rig) == {Phase.AUTO}
    assert rig.ask('stop').accepted and rig.ask('rearm').accepted
    rig.foreign_writers = ()
    rig.run(2)
    assert rig.kinds()[-1] == 'foreign_writer_gone'
    assert rig.ask('takeover').accepted


def test_no_foreign_writer_no_event() -> None:
    rig = operated()
    assert not [kind for kind in rig.kinds() if 'writer' in kind]

"""A plant that starts again is told from late messages, and never clears a stop."""

from __future__ import annotations

from dataclasses import replace

from arbiter_rig import BASE, Rig, make_limits, operated, phases, started
import numpy as np
import pytest

from rove_teleop.core.judge import RESTART_COUNT, Judge
from rove_teleop.core.names import NUM_JOINTS, Phase
from rove_teleop.core.tags import FrameTags, recompute_tags
from rove_teleop.core.types import PlantState


def restart(rig: Rig) -> None:
    """Let the plant begin anew and be believed."""
    rig.plant_seq = 0
    rig.run(RESTART_COUNT)


def make_plant(seq: int) -> PlantState:
    rig = Rig()
    rig.plant_seq = seq - 1
    return rig._measure()


def judged(*seqs: int) -> list[bool]:
    """Which plant states of these numbers a judge accepts, one after the other."""
    judge = Judge(make_limits().velocity)
    return [judge.take_plant(make_plant(seq)) is not None for seq in seqs]


@pytest.mark.parametrize(
    ('seqs', 'accepted'),
    [
        ((50, 1, 2, 3, 4), [True, False, False, True, True]),
        ((50, 7, 12, 20, 21), [True, False, False, True, True]),
        ((50, 50, 50, 50, 51), [True, False, False, False, True]),
        ((50, 49, 49, 49, 49), [True, False, False, False, False]),
        ((50, 49, 48, 47, 46), [True, False, False, False, False]),
        ((50, 1, 51, 2, 52, 3, 53), [True, False, True, False, True, False, True]),
        ((50, 1, 50, 2, 50, 3), [True, False, False, False, False, False]),
    ],
)
def test_only_a_lower_number_that_counts_up_alone_is_a_restart(
    seqs: tuple[int, ...], accepted: list[bool]
) -> None:
    assert judged(*seqs) == accepted


def test_a_latched_stop_outlives_a_restarted_plant() -> None:
    rig = operated()
    rig.ask('stop')
    takeovers, event_id = rig.frame.takeover_id, rig.events[-1].event_id
    restart(rig)
    assert rig.kinds()[-1] == 'plant_restarted'
    assert rig.frame.reason.startswith('stop by ')
    assert rig.events[-1].event_id == event_id + 1
    rig.run(400)
    assert phases(rig) == {Phase.STOPPED}
    assert rig.frame.takeover_id == takeovers
    assert 'stopped' in rig.ask('takeover').reason
    assert rig.ask('rearm').accepted
    assert phases(rig) == {Phase.HOLD}


def test_late_and_repeated_states_change_nothing() -> None:
    rig = started()
    at = rig.plant_seq
    for seq in (at - 3, at, at - 2, at - 2, at + 1):
        rig.plant_seq = seq - 1
        rig.step()
    assert 'plant_restarted' not in rig.kinds()
    assert phases(rig) == {Phase.AUTO}


def test_whoever_moved_the_robot_holds_after_a_restart_and_the_episode_is_over() -> None:
    rig = operated()
    restart(rig)
    assert phases(rig) == {Phase.HOLD}
    assert rig.frame.episode == ''
    rig.run(100)
    assert phases(rig) == {Phase.HOLD}
    assert rig.ask('takeover').accepted


def test_it_goes_on_from_where_the_restarted_plant_is_with_ascending_commands() -> None:
    rig = started()
    rig.policy = np.concatenate((BASE, np.full(31, 0.5)))
    rig.run(200)
    before = rig.output.command
    rig.measured = np.full(NUM_JOINTS, 0.1)
    restart(rig)
    command, frame = rig.output.command, rig.frame
    np.testing.assert_array_equal(frame.executed.position[:6], BASE)
    np.testing.assert_array_equal(frame.executed.position[6:], 0.1)
    assert not command.velocity.any()
    assert command.session == before.session
    assert command.seq == before.seq + RESTART_COUNT


def test_nothing_is_commanded_while_a_restart_is_in_doubt() -> None:
    rig = started()
    rig.plant_seq = 0
    assert [rig.step().command is None for _ in range(4)] == [True, True, False, False]


def test_a_fall_is_over_with_the_plant_that_fell_but_its_stop_is_not() -> None:
    rig = started()
    rig.base_quaternion = (np.sin(np.pi / 6), 0.0, 0.0, np.cos(np.pi / 6))
    rig.step()
    assert rig.output.command.damping
    rig.base_quaternion = (0.0, 0.0, 0.0, 1.0)
    restart(rig)
    assert not rig.output.command.damping
    assert phases(rig) == {Phase.STOPPED}


def test_the_director_rearms_only_between_episodes() -> None:
    rig = started()
    rig.ask('stop')
    assert rig.ask('rearm', by='director').reason == 'the director rearms between episodes only'
    rig.ask('episode_end', by='director')
    assert phases(rig) == {Phase.STOPPED}
    assert rig.ask('rearm', by='director').accepted


def test_the_tags_of_a_restart_follow_from_its_events() -> None:
    rig = operated()
    rig.ask('stop')
    restart(rig)
    rig.ask('rearm')
    rig.take_over()
    restart(rig)
    assert recompute_tags(rig.events, [frame.tick for frame in rig.frames]) == [
        FrameTags.of(frame) for frame in rig.frames
    ]


def test_a_malformed_state_does_not_begin_a_new_stream() -> None:
    judge = Judge(make_limits().velocity)
    judge.take_plant(make_plant(50))
    for seq in (1, 2, 3, 4):
        broken = replace(make_plant(seq), position=np.full(NUM_JOINTS, np.nan))
        assert judge.take_plant(broken) is None
    assert not judge.plant_in_doubt

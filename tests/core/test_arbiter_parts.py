"""Any part of the robot can be taken and given back; the rest does not even notice."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
import itertools

from arbiter_rig import BASE, Rig, phases, started
import numpy as np
import pytest

from rove_teleop.core.desk import concerned
from rove_teleop.core.judge import channel_mask
from rove_teleop.core.names import (
    GROUPS,
    NUM_BASE,
    NUM_CHANNELS,
    NUM_LEG_JOINTS,
    Authority,
    Phase,
)
from rove_teleop.core.tags import FrameTags, recompute_tags
from rove_teleop.core.types import Array, Request
from rove_teleop.errors import InvalidTransition

SUBSETS = [
    subset for size in range(1, 7) for subset in itertools.combinations(GROUPS, size)
]  # all 63
QUICK = {3: 'takeover', 22: 'hold', 30: 'takeover', 48: 'takeover', 66: 'release', 100: ''}
SLOW = {5: 'takeover', 120: 'hold', 130: 'release', 260: 'takeover', 380: 'release', 810: ''}
"""What is asked for at which tick, until the last: one cannot wait, the other waits for all."""
INTERVENING = (Authority.HUMAN, Authority.BLEND)


@cache
def _start() -> Rig:
    rig = started()
    rig.operator = np.zeros(NUM_CHANNELS)
    rig.step()
    rig.frames, rig.events = rig.frames[-1:], []
    return rig


def play(groups: tuple[str, ...], script: dict[int, str] = QUICK) -> Rig:
    """A moving policy, and an operator who takes these groups, moves them and lets go."""
    rig = deepcopy(_start())
    rng = np.random.default_rng(3)
    for tick in range(max(script)):
        if tick % rig.policy_period == 0:
            rig.policy = np.concatenate((BASE, rng.uniform(-0.6, 0.6, 31)))
            rig.policy[:NUM_BASE] += rng.uniform(-0.03, 0.03, NUM_BASE)
        rig.operator = 0.1 * np.sin(0.05 * tick + np.arange(NUM_CHANNELS))
        rig.operator[:NUM_BASE] *= 0.1
        wishes = (rig.request(script[tick], *groups),) if groups and tick in script else ()
        for reply in rig.step(*wishes).replies:
            assert reply.accepted, reply.reason
    return rig


@cache
def undisturbed() -> Array:
    return commands(play((), SLOW))


def commands(rig: Rig) -> Array:
    """Executed positions and velocities, one row a tick, shape (n, 2, 37)."""
    return np.array(
        [[frame.executed.position, frame.executed.velocity] for frame in rig.frames[1:]]
    )


def assert_the_rest_is_undisturbed(rig: Rig, groups: tuple[str, ...]) -> None:
    mine = commands(rig)
    theirs = undisturbed()[: len(mine)]
    rest = ~channel_mask(groups)
    np.testing.assert_array_equal(mine[:, :, rest], theirs[:, :, rest])
    for group in groups:
        assert (mine[:, :, channel_mask([group])] != theirs[:, :, channel_mask([group])]).any()
    own = [group in groups for group in GROUPS]
    for frame in rig.frames[1:]:
        taken = {who for who, mine in zip(frame.authority, own, strict=True) if mine}
        left = {who for who, mine in zip(frame.authority, own, strict=True) if not mine}
        assert left <= {Authority.POLICY}
        assert len(taken) == 1
        assert frame.intervention == (not taken.isdisjoint(INTERVENING))
        assert frame.robot_phase == max(frame.phase)


@pytest.mark.parametrize('groups', SUBSETS, ids='+'.join)
def test_the_rest_goes_on_bit_for_bit_as_if_nothing_had_been_taken(
    groups: tuple[str, ...],
) -> None:
    rig = play(groups)
    assert_the_rest_is_undisturbed(rig, groups)
    assert (rig.frame.takeover_id, rig.frame.anchor_id) == (2, 3)
    assert rig.frame.phase[GROUPS.index(groups[0])] is Phase.TO_AUTO


@pytest.mark.parametrize('group', GROUPS)
def test_a_group_goes_through_every_phase_by_itself(group: str) -> None:
    rig = play((group,), SLOW)
    assert_the_rest_is_undisturbed(rig, (group,))
    seen = {frame.phase[GROUPS.index(group)] for frame in rig.frames[1:]}
    assert seen == set(Phase) - {Phase.STOPPED}
    assert phases(rig) == {Phase.AUTO}


def test_the_legs_follow_the_base_reference_alone() -> None:
    upper = tuple(group for group in GROUPS if group != 'legs')
    mine, theirs = play(upper), play(())
    legs = slice(0, NUM_LEG_JOINTS)
    for frame, other in zip(mine.frames, theirs.frames, strict=True):
        np.testing.assert_array_equal(frame.joint_position[legs], other.joint_position[legs])
        np.testing.assert_array_equal(frame.joint_velocity[legs], other.joint_velocity[legs])


@pytest.mark.parametrize('groups', [('left_arm',), ('torso', 'legs'), ('right_hand', 'left_hand')])
def test_the_tags_of_a_part_follow_from_its_events(groups: tuple[str, ...]) -> None:
    rig = Rig()
    rig.start()
    rig.operator = np.zeros(NUM_CHANNELS)
    rig.step()
    for event in ('takeover', 'hold', 'release', 'takeover', 'release'):
        assert rig.ask(event, *groups).accepted
        rig.run(40)
    assert recompute_tags(rig.events, [frame.tick for frame in rig.frames]) == [
        FrameTags.of(frame) for frame in rig.frames
    ]
    assert all(set(event.groups) <= set(GROUPS) for event in rig.events)


def test_losing_the_operator_holds_his_groups_and_leaves_the_policy_its_own() -> None:
    rig = deepcopy(_start())
    rig.take_over('left_arm', 'left_hand')
    rig.operator = None
    rig.run(100)
    expected = [Phase.HOLD if 'left' in group else Phase.AUTO for group in GROUPS]
    assert list(rig.frame.phase) == expected
    assert rig.frame.robot_phase is Phase.HOLD
    assert not rig.frame.intervention


def test_losing_the_policy_holds_its_groups_and_leaves_the_operator_his_own() -> None:
    rig = deepcopy(_start())
    rig.take_over('right_arm', 'torso')
    rig.policy = None
    rig.run(200)
    mine = [group in ('right_arm', 'torso') for group in GROUPS]
    assert list(rig.frame.phase) == [Phase.HUMAN if own else Phase.HOLD for own in mine]
    assert rig.frame.intervention


def test_taking_a_second_part_does_not_disturb_the_first() -> None:
    rig = deepcopy(_start())
    rig.take_over('left_arm')
    before = rig.frame
    assert rig.ask('takeover', 'right_arm').accepted
    left = GROUPS.index('left_arm')
    for _ in range(120):
        rig.step()
        assert rig.frame.phase[left] is Phase.HUMAN
        assert rig.frame.authority[left] is Authority.HUMAN
    part = channel_mask(['left_arm'])
    np.testing.assert_allclose(
        rig.frame.executed.position[part], before.executed.position[part], atol=1e-6
    )
    assert rig.frame.takeover_id == 2


def able(event: str, phase: Phase) -> bool:
    """Which phases have a part of a request, written down by hand."""
    return (
        phase
        in {
            'takeover': set(Phase) - {Phase.STOPPED},
            'hold': set(Phase) - {Phase.STOPPED},
            'release': {Phase.HUMAN, Phase.TO_HUMAN, Phase.HOLD},
            'stop': set(Phase),
            'rearm': {Phase.STOPPED},
            'episode_end': set(Phase),
        }[event]
    )


@pytest.mark.parametrize('event', ['takeover', 'release', 'hold'])
def test_in_every_mixture_a_named_group_that_cannot_refuses_all_and_unnamed_ones_are_left_out(
    event: str,
) -> None:
    some = GROUPS[:3]  # each group is looked at by itself, so three stand for six
    named = [subset for size in range(4) for subset in itertools.combinations(some, size)]
    for mixture, wanted in itertools.product(itertools.product(Phase, repeat=3), named):
        state = [*mixture, Phase.AUTO, Phase.TO_AUTO, Phase.HUMAN]
        can = [group for group, phase in zip(GROUPS, state, strict=True) if able(event, phase)]
        if set(wanted) <= set(can):
            expected = wanted or tuple(can)
            assert concerned(Request(event, wanted), state) == expected
            continue
        first = next(group for group in wanted if group not in can)
        with pytest.raises(InvalidTransition, match=f'{event!r} is refused for {first} in phase'):
            concerned(Request(event, wanted), state)


@pytest.mark.parametrize('event', ['stop', 'rearm', 'episode_end'])
def test_what_is_about_the_whole_robot_takes_every_group_that_can_whoever_is_named(
    event: str,
) -> None:
    for mixture in itertools.product((Phase.AUTO, Phase.HUMAN, Phase.STOPPED), repeat=6):
        can = tuple(g for g, phase in zip(GROUPS, mixture, strict=True) if able(event, phase))
        request = Request(event, ('torso',))
        if can:
            assert concerned(request, list(mixture)) == can
        else:
            with pytest.raises(InvalidTransition):
                concerned(request, list(mixture))


def test_a_refused_mixture_leaves_every_group_where_it_was() -> None:
    rig = deepcopy(_start())
    rig.take_over('left_arm')
    before = rig.frame
    reply = rig.ask('release', 'left_arm', 'right_arm')
    assert reply.reason.startswith("'release' is refused for right_arm in phase auto; allowed: ")
    assert rig.frame.phase == before.phase
    assert rig.frame.authority == before.authority
    assert rig.ask('release').accepted, 'unnamed: of those that can'
    assert rig.events[-1].groups == ('left_arm',)


def test_a_takeover_of_what_is_not_tracked_moves_nobody() -> None:
    rig = deepcopy(_start())
    rig.operator_groups = ('left_arm', 'torso', 'legs')
    rig.step()
    reply = rig.ask('takeover', 'left_arm', 'left_hand')
    assert reply.reason.startswith('the operator is not tracked for left_hand')
    assert phases(rig) == {Phase.AUTO}

"""The phase table is complete: every pair of phase and event is in it or refused by name."""

from __future__ import annotations

import itertools

import pytest

from rove_teleop.core.names import Authority, Phase
from rove_teleop.core.phases import (
    PHASE_EVENTS,
    REQUESTS,
    TABLE,
    allowed,
    authority_after,
    robot_phase,
    transition,
)
from rove_teleop.errors import InvalidTransition

MATRIX = """
event           auto     to_auto  human    to_human hold     stopped   authority
takeover        to_human to_human to_human to_human to_human -         hold
human           -        -        -        to_human -        -         human
settled         -        -        -        human    -        -         human
release         -        -        to_auto  to_auto  hold     -         hold
blend           -        to_auto  -        -        to_auto  -         blend
auto            -        auto     -        -        -        -         policy
hold            hold     hold     hold     hold     hold     -         hold
stop            stopped  stopped  stopped  stopped  stopped  stopped   hold
rearm           -        -        -        -        -        hold      hold
input_lost      -        -        hold     hold     -        -         hold
input_back      auto     to_auto  human    to_human hold     stopped   same
lease_lost      -        -        hold     hold     -        -         hold
policy_lost     hold     hold     -        -        hold     -         hold
plant_lost      hold     hold     hold     hold     hold     -         hold
plant_back      auto     to_auto  human    to_human hold     stopped   same
plant_restarted hold     hold     hold     hold     hold     stopped   hold
episode_start   auto     to_auto  human    to_human hold     -         same
episode_end     hold     hold     hold     hold     hold     stopped   hold
"""
"""What must happen, written down by hand: the phase after each event in each phase, ``-`` for
refused, and who commands the group then."""

_HEAD, *_LINES = [line.split() for line in MATRIX.strip().splitlines()]
EXPECTED = {
    (Phase[phase.upper()], row[0]): None if after == '-' else Phase[after.upper()]
    for row in _LINES
    for phase, after in zip(_HEAD[1:7], row[1:7], strict=True)
}
WHO = {row[0]: row[7] for row in _LINES}


def test_the_matrix_has_every_phase_and_every_event() -> None:
    assert set(EXPECTED) == set(itertools.product(Phase, PHASE_EVENTS))
    assert len(EXPECTED) == 6 * 18


@pytest.mark.parametrize(('phase', 'event'), EXPECTED)
def test_every_pair_leads_where_it_must_or_is_refused_with_what_is_allowed(
    phase: Phase, event: str
) -> None:
    after = EXPECTED[phase, event]
    assert TABLE.get((phase, event)) is after
    names = [name for name in PHASE_EVENTS if EXPECTED[phase, name] is not None]
    assert list(allowed(phase)) == names
    if after is not None:
        assert transition(phase, event) is after
        return
    with pytest.raises(InvalidTransition) as error:
        transition(phase, event)
    assert str(error.value) == (
        f'{event!r} is refused in phase {phase.name.lower()}; allowed: {", ".join(names)}'
    )


@pytest.mark.parametrize(('phase', 'event'), EXPECTED)
def test_every_pair_says_who_commands_whoever_did_before(phase: Phase, event: str) -> None:
    for before in Authority:
        who = before if WHO[event] == 'same' else Authority[WHO[event].upper()]
        if (phase, event) == (Phase.HOLD, 'blend'):
            who = Authority.POLICY  # nobody's motion to blend with
        assert authority_after(phase, before, event) is who


def test_who_commands_follows_from_the_phase() -> None:
    possible = {
        Phase.AUTO: {Authority.POLICY},
        Phase.TO_AUTO: {Authority.HOLD, Authority.BLEND, Authority.POLICY},
        Phase.HUMAN: {Authority.HUMAN},
        Phase.TO_HUMAN: {Authority.HOLD, Authority.HUMAN},
        Phase.HOLD: {Authority.HOLD},
        Phase.STOPPED: {Authority.HOLD},
    }
    reached, new = set(), {(Phase.HOLD, Authority.HOLD)}
    while new:
        reached |= new
        new = {
            (after, authority_after(phase, who, event))
            for (phase, who), event in itertools.product(new, PHASE_EVENTS)
            if (after := EXPECTED[phase, event]) is not None
        } - reached
    assert reached == {(phase, who) for phase, whos in possible.items() for who in whos}


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(InvalidTransition, match="'dance' is refused in phase auto"):
        transition(Phase.AUTO, 'dance')


def test_stop_wins_from_every_phase() -> None:
    assert {TABLE[phase, 'stop'] for phase in Phase} == {Phase.STOPPED}


def test_only_rearm_leaves_stopped_and_it_leads_to_hold() -> None:
    leaving = {
        event: after
        for (phase, event), after in TABLE.items()
        if phase is Phase.STOPPED and after is not Phase.STOPPED
    }
    assert leaving == {'rearm': Phase.HOLD}


def test_hold_leaves_only_by_takeover_by_blend_and_by_stop() -> None:
    leaving = {
        event
        for (phase, event), after in TABLE.items()
        if phase is Phase.HOLD and after is not Phase.HOLD
    }
    assert leaving == {'takeover', 'blend', 'stop'}


def test_auto_is_reached_only_through_a_finished_blend() -> None:
    entering = {
        (phase, event)
        for (phase, event), after in TABLE.items()
        if after is Phase.AUTO and phase is not Phase.AUTO
    }
    assert entering == {(Phase.TO_AUTO, 'auto')}


def test_losing_something_never_gives_anybody_authority() -> None:
    for event in ('input_lost', 'policy_lost', 'plant_lost', 'lease_lost', 'hold', 'stop'):
        assert {authority_after(phase, who, event) for phase in Phase for who in Authority} == {
            Authority.HOLD
        }


def test_every_request_that_moves_phases_is_an_event_of_the_table() -> None:
    assert {'takeover', 'release', 'hold', 'stop', 'rearm'} <= set(REQUESTS) & set(PHASE_EVENTS)


ORDER = [Phase.STOPPED, Phase.HOLD, Phase.TO_HUMAN, Phase.HUMAN, Phase.TO_AUTO, Phase.AUTO]


def test_the_robot_is_in_the_highest_phase_of_its_groups_in_all_46656_combinations() -> None:
    for phases in itertools.product(Phase, repeat=6):
        assert robot_phase(phases) is next(phase for phase in ORDER if phase in phases)

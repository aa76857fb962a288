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

PAIRS = list(itertools.product(Phase, PHASE_EVENTS))


@pytest.mark.parametrize(('phase', 'event'), PAIRS)
def test_every_pair_is_in_the_table_or_refused_with_what_is_allowed(
    phase: Phase, event: str
) -> None:
    if (phase, event) in TABLE:
        assert transition(phase, event) is TABLE[phase, event]
        assert event in allowed(phase)
        return
    with pytest.raises(InvalidTransition) as error:
        transition(phase, event)
    assert repr(event) in str(error.value)
    assert phase.name.lower() in str(error.value)
    for name in allowed(phase):
        assert name in str(error.value)


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


def test_the_robot_is_in_the_highest_phase_of_its_groups() -> None:
    order = [
        Phase.STOPPED,
        Phase.HOLD,
        Phase.TO_HUMAN,
        Phase.HUMAN,
        Phase.TO_AUTO,
        Phase.AUTO,
    ]
    for higher, lower in itertools.combinations(order, 2):
        assert robot_phase([lower, higher, lower]) is higher

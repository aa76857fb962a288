"""The whole arbiter does what the phase table says: every event in every phase."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache
import itertools

from arbiter_rig import Rig, phases, started, ticks_until
import numpy as np
import pytest

from rove_teleop.core.judge import RESTART_COUNT
from rove_teleop.core.names import GROUPS, NUM_CHANNELS, Phase
from rove_teleop.core.phases import PHASE_EVENTS, allowed

RUNNING = [phase for phase in Phase if phase is not Phase.STOPPED]

REQUESTED = {
    'takeover': dict.fromkeys(RUNNING, Phase.TO_HUMAN),
    'release': {
        Phase.HUMAN: Phase.TO_AUTO,
        Phase.TO_HUMAN: Phase.TO_AUTO,
        Phase.HOLD: Phase.HOLD,
    },
    'hold': dict.fromkeys(RUNNING, Phase.HOLD),
    'stop': dict.fromkeys(Phase, Phase.STOPPED),
    'rearm': {Phase.STOPPED: Phase.HOLD},
    'episode_start': {phase: phase for phase in RUNNING},
    'episode_end': {**dict.fromkeys(RUNNING, Phase.HOLD), Phase.STOPPED: Phase.STOPPED},
}
"""What a request leads to, by the phase that all groups are in; it is refused in the others."""


def rig_in(phase: Phase, episode: bool = True) -> Rig:
    """A rig whose groups have all just come into a phase, with an operator at rest."""
    return deepcopy(_rig_in(phase, episode))


@cache
def _rig_in(phase: Phase, episode: bool) -> Rig:
    rig = started()
    rig.operator = np.zeros(NUM_CHANNELS)
    if not episode:
        assert rig.ask('episode_end', by='director').accepted
        assert rig.ask('release').accepted
        ticks_until(rig, Phase.AUTO)
    rig.step()
    if phase in (Phase.TO_HUMAN, Phase.HUMAN, Phase.TO_AUTO):
        assert rig.ask('takeover').accepted
    if phase in (Phase.HUMAN, Phase.TO_AUTO):
        ticks_until(rig, Phase.HUMAN)
    last = {Phase.TO_AUTO: 'release', Phase.HOLD: 'hold', Phase.STOPPED: 'stop'}
    if phase in last:
        assert rig.ask(last[phase]).accepted
    assert phases(rig) == {phase}
    assert bool(rig.frame.episode) == episode
    return rig


@pytest.mark.parametrize(('phase', 'event'), list(itertools.product(Phase, REQUESTED)))
def test_every_request_in_every_phase_is_done_or_refused_with_what_is_allowed(
    phase: Phase, event: str
) -> None:
    rig = rig_in(phase, episode=event != 'episode_start')
    before = rig.frame
    reply = rig.ask(event)
    after = REQUESTED[event].get(phase)
    assert phases(rig) == {phase if after is None else after}
    if after is not None:
        assert reply.accepted, reply.reason
        assert rig.output.events[0].kind == event
        assert rig.output.events[0].groups == GROUPS
        return
    refused = next(one for one in rig.output.events if one.kind == 'refused')
    assert refused.detail == f'{event}: {reply.reason}'
    assert rig.frame.anchor_id == before.anchor_id
    if event != 'episode_start':  # refused before its turn: rearm first
        assert reply.reason == (
            f'{event!r} is refused for left_arm in phase {phase.name.lower()}; '
            f'allowed: {", ".join(allowed(phase))}'
        )


def lose_operator(rig: Rig) -> None:
    rig.operator = None
    rig.run(81)


def lose_lease(rig: Rig) -> None:
    rig.arbiter.lease.give_back('ann', rig.grant.secret)
    rig.step()


def lose_policy(rig: Rig) -> None:
    rig.policy = None
    rig.run(401)


def lose_plant(rig: Rig) -> None:
    rig.plant_alive = False
    rig.run(5)


def break_plant(rig: Rig) -> None:
    rig.fault = 'hot'
    rig.step()


def restart_plant(rig: Rig) -> None:
    rig.plant_seq = 0
    rig.run(RESTART_COUNT)


def wait(rig: Rig) -> None:
    rig.run(250)


OPERATED = dict.fromkeys((Phase.HUMAN, Phase.TO_HUMAN), Phase.HOLD)
HAPPENING: list[tuple[Callable[[Rig], None], str, dict[Phase, Phase]]] = [
    (lose_operator, 'input_lost', OPERATED),
    (lose_lease, 'lease_lost', OPERATED),
    (lose_policy, 'policy_lost', dict.fromkeys((Phase.AUTO, Phase.TO_AUTO), Phase.HOLD)),
    (lose_plant, 'plant_lost', dict.fromkeys(RUNNING, Phase.HOLD)),
    (break_plant, 'stop', dict.fromkeys(RUNNING, Phase.STOPPED)),
    (
        restart_plant,
        'plant_restarted',
        {**dict.fromkeys(RUNNING, Phase.HOLD), Phase.STOPPED: Phase.STOPPED},
    ),
    (wait, 'human', {Phase.TO_HUMAN: Phase.HUMAN}),
    (wait, 'settled', {Phase.TO_HUMAN: Phase.HUMAN}),
    (wait, 'blend', {Phase.TO_AUTO: Phase.AUTO}),
    (wait, 'auto', {Phase.TO_AUTO: Phase.AUTO}),
]
"""What happens by itself: the cause, its event, and where that leads; elsewhere it changes
nothing. ``human`` and ``blend`` lead on to what follows them."""


@pytest.mark.parametrize('phase', Phase)
@pytest.mark.parametrize(('cause', 'event', 'leads'), HAPPENING)
def test_whatever_happens_by_itself_in_every_phase_leads_where_it_must(
    phase: Phase, cause: Callable[[Rig], None], event: str, leads: dict[Phase, Phase]
) -> None:
    rig = rig_in(phase)
    at = len(rig.events)
    cause(rig)
    happened = [one for one in rig.events[at:] if one.kind == event and one.groups]
    assert [one.groups for one in happened] == ([GROUPS] if phase in leads else [])
    if phase in leads:
        assert phases(rig) == {leads[phase]}
    elif phase in (Phase.HOLD, Phase.STOPPED):
        assert phases(rig) == {phase}, 'neither is left by itself'


@pytest.mark.parametrize('phase', Phase)
@pytest.mark.parametrize(
    ('lost', 'found'), [('operator', 'input_back'), ('plant_alive', 'plant_back')]
)
def test_what_comes_back_moves_nobody(phase: Phase, lost: str, found: str) -> None:
    rig = rig_in(phase)
    before = getattr(rig, lost)
    setattr(rig, lost, None if lost == 'operator' else False)
    rig.run(90 if lost == 'operator' else 6)
    setattr(rig, lost, before)
    rig.run(30)
    operated = phase in OPERATED or lost == 'plant_alive'
    assert rig.kinds().count(found) == operated
    if operated:
        assert phases(rig) == {Phase.STOPPED if phase is Phase.STOPPED else Phase.HOLD}


def test_every_event_of_the_table_is_among_those_that_were_fired() -> None:
    fired = {*REQUESTED, *(event for _, event, _ in HAPPENING), 'input_back', 'plant_back'}
    assert fired == set(PHASE_EVENTS)

"""Who may ask for what, and which requests are too old, used, or malformed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
import itertools

from arbiter_rig import BASE
import pytest

from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.desk import Desk, concerned, obstacle
from rove_teleop.core.lease import Lease
from rove_teleop.core.names import GROUPS, Phase
from rove_teleop.core.phases import REQUESTS
from rove_teleop.core.tags import TagMachine
from rove_teleop.core.types import Event, Request
from rove_teleop.errors import ConfigError, InvalidTransition

NOW = 10_000_000_000
MS = 1_000_000


def make_desk() -> tuple[Desk, Request]:
    """A desk, and a request from the holder of the lease."""
    lease = Lease()
    epoch = lease.acquire('ann', NOW).epoch
    desk = Desk(ArbiterConfig(BASE), lease, Lease(of='director'))
    return desk, Request('takeover', (), 'ann', epoch, 'r1', t_receive_ns=NOW)


def test_the_holder_may_ask_for_everything() -> None:
    desk, request = make_desk()
    for event in REQUESTS:
        assert desk.refusal(replace(request, event=event), NOW) == ''


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'event': 'dance'}, "unknown request 'dance'; known: takeover, release"),
        ({'groups': ('tail',)}, "unknown group 'tail'; known: left_arm"),
        ({'request_id': ''}, 'request_id is empty'),
        ({'operator_id': 'bob'}, "the operator lease is held by 'ann', not by 'bob'"),
        ({'epoch': 7}, 'stale lease epoch 7; the present one is 1'),
        ({'t_receive_ns': NOW - 501 * MS}, 'the request is 501 ms old'),
    ],
)
def test_a_bad_takeover_is_refused_with_its_reason(change: dict[str, object], reason: str) -> None:
    desk, request = make_desk()
    assert desk.refusal(replace(request, **change), NOW).startswith(reason)


def test_a_request_is_never_accepted_twice() -> None:
    desk, request = make_desk()
    desk.remember(request)
    assert desk.refusal(request, NOW) == "request_id 'r1' was used before"
    assert desk.refusal(replace(request, request_id='r2'), NOW) == ''


def test_asking_does_not_use_up_the_id() -> None:
    desk, request = make_desk()
    assert desk.refusal(request, NOW) == desk.refusal(request, NOW) == ''


@pytest.mark.parametrize('event', REQUESTS)
def test_strangers_may_only_stop_and_hold(event: str) -> None:
    desk, request = make_desk()
    refused = desk.refusal(replace(request, event=event, operator_id='eve', epoch=0), NOW)
    assert (refused == '') == (event in ('stop', 'hold'))


@pytest.mark.parametrize('event', REQUESTS)
def test_the_director_runs_episodes_and_never_says_what_an_operator_says(event: str) -> None:
    desk, request = make_desk()
    refused = desk.refusal(replace(request, event=event, operator_id='director'), NOW)
    allowed = ('episode_start', 'episode_end', 'rearm', 'stop', 'hold')
    assert (refused == '') == (event in allowed)


def test_the_director_may_release_while_there_is_no_operator() -> None:
    desk = Desk(ArbiterConfig(BASE), Lease(), Lease())
    assert desk.refusal(Request('release', (), 'director', 0, 'r1'), NOW) == ''


@pytest.mark.parametrize('change', [{'request_id': ''}, {'t_receive_ns': 1}, {'epoch': 99}])
def test_a_stop_is_accepted_however_it_comes(change: dict[str, object]) -> None:
    desk, request = make_desk()
    desk.remember(request)
    assert desk.refusal(replace(request, event='stop', **change), NOW) == ''


MAY = """
request        holder former stranger director directing usurper nobody
takeover       yes    -      -        -        -         -       -
release        yes    -      -        alone    alone     -       -
hold           yes    yes    yes      yes      yes       yes     yes
stop           yes    yes    yes      yes      yes       yes     yes
rearm          yes    -      -        yes      yes       -       -
success        yes    -      -        -        -         -       -
failure        yes    -      -        -        -         -       -
episode_start  yes    -      -        yes      yes       -       -
episode_end    yes    -      -        yes      yes       -       -
mark_recovery  yes    -      -        -        -         -       -
heartbeat      yes    -      -        -        -         -       -
"""
"""Who may ask for what, written down by hand; ``alone``: only while nobody holds the lease.

The former holder has the epoch before, a stranger the right one. The director is any before the
seat was granted; afterwards the one who sits there and the usurper, whose epoch is a guess.
"""

_HEAD, *_LINES = [line.split() for line in MAY.strip().splitlines()]
RULES = {(row[0], who): row[at] for row in _LINES for at, who in enumerate(_HEAD[1:], 1)}
IDS = ('new', 'empty', 'used', 'reserved', 'anothers')
AGES = {'now': 0, 'at the limit': 500 * MS, 'late': 501 * MS, 'from the future': -20 * MS}


def ask_of(who: str, operated: bool, event: str, kind: str, age_ns: int) -> tuple[Desk, Request]:
    """A desk at which everybody has been, and a request to it."""
    lease, seat = Lease(), Lease(of='director')
    desk = Desk(ArbiterConfig(BASE), lease, seat)
    lease.give_back('ann', lease.acquire('ann', NOW).secret)
    if operated:
        lease.acquire('ann', NOW)
    if who in ('directing', 'usurper'):
        seat.acquire('director', NOW)
    named = {'holder': 'ann', 'former': 'ann', 'stranger': 'eve', 'nobody': ''}
    epoch = {'former': 1, 'director': 0, 'directing': 1, 'usurper': 0}.get(who, 2)
    t_receive_ns = NOW - age_ns
    request_id = '' if kind == 'empty' else 'r1'
    request = Request(
        event, (), named.get(who, 'director'), epoch, request_id, t_receive_ns=t_receive_ns
    )
    if kind == 'used':
        desk.remember(request)
    elif kind == 'reserved':
        desk.reserve(request)
    elif kind == 'anothers':
        desk.reserve(replace(request))
    return desk, request


@pytest.mark.parametrize(('event', 'who'), RULES)
def test_every_request_by_everybody_with_every_id_of_every_age(event: str, who: str) -> None:
    assert {event for event, _ in RULES} == set(REQUESTS)
    for operated, kind, age in itertools.product((True, False), IDS, AGES):
        if who == 'holder' and not operated:
            continue
        desk, request = ask_of(who, operated, event, kind, AGES[age])
        rule = RULES[event, who]
        may = rule == 'yes' or (rule == 'alone' and not operated)
        careless = event in ('stop', 'heartbeat')  # a stop counts however it comes
        new = careless or kind in ('new', 'reserved')
        recent = age != 'late' or event not in ('takeover', 'release', 'rearm')
        refused = desk.refusal(request, NOW)
        assert (refused == '') == (may and new and recent), (operated, kind, age, refused)
        assert desk.refusal(request, NOW) == refused, 'asking changes nothing'


def test_the_reasons_of_the_two_leases_are_told_apart() -> None:
    desk, request = ask_of('usurper', True, 'episode_start', 'new', 0)
    assert desk.refusal(request, NOW) == 'stale lease epoch 0; the present one is 1'
    desk, request = ask_of('stranger', False, 'takeover', 'new', 0)
    assert desk.refusal(request, NOW) == 'nobody holds the operator lease; acquire it first'


def test_ids_are_remembered_through_thousands_of_others() -> None:
    desk, request = make_desk()
    desk.remember(request)
    for count in range(4000):
        desk.remember(replace(request, request_id=f'other-{count}'))
    assert desk.refusal(request, NOW) == "request_id 'r1' was used before"


EPISODES = """
request        between rollout adaptation stopped
takeover       yes     yes     yes        yes
release        yes     yes     yes        yes
hold           yes     yes     yes        yes
stop           yes     yes     yes        yes
rearm          yes     yes     yes        yes
success        -       yes     yes        yes
failure        -       yes     yes        yes
episode_start  yes     -       -          -
episode_end    -       yes     yes        yes
mark_recovery  -       -       yes        -
heartbeat      yes     yes     yes        yes
"""
"""What episode and stage have against a request; what the phases have is in the phase table."""

_HEAD, *_LINES = [line.split() for line in EPISODES.strip().splitlines()]
STANDS = {(row[0], when): row[at] for row in _LINES for at, when in enumerate(_HEAD[1:], 1)}


def tags_when(when: str) -> TagMachine:
    tags = TagMachine()
    told = [] if when == 'between' else [('episode_start', 'episode=e1')]
    told += [('takeover', ''), ('human', '')] if when == 'adaptation' else []
    told += [('stop', '')] if when == 'stopped' else []
    for number, (kind, detail) in enumerate(told, 1):
        tags.apply(Event(number, number, 0, kind, GROUPS, '', detail))
        tags.tags()
    return tags


@pytest.mark.parametrize(('event', 'when'), STANDS)
def test_every_request_in_every_part_of_an_episode(event: str, when: str) -> None:
    for who in ('ann', 'director'):
        expected = STANDS[event, when] == 'yes'
        if event == 'rearm' and who == 'director' and when != 'between':
            expected = False
        reason = obstacle(Request(event, operator_id=who), tags_when(when))
        assert (reason == '') == expected, reason


def test_no_episode_starts_while_a_stop_is_latched() -> None:
    tags = TagMachine()
    tags.apply(Event(1, 1, 0, 'stop', GROUPS))
    reason = obstacle(Request('episode_start', operator_id='director'), tags)
    assert reason == 'the robot is stopped; rearm first'


def make_phases(**phases: Phase) -> list[Phase]:
    return [phases.get(group, Phase.AUTO) for group in GROUPS]


def named(event: str, *groups: str) -> Request:
    return Request(event, groups)


def test_without_groups_a_request_is_about_all_that_can() -> None:
    phases = make_phases(right_arm=Phase.HUMAN, torso=Phase.HOLD)
    assert concerned(named('release'), phases) == ('right_arm', 'torso')
    assert concerned(named('takeover'), phases) == GROUPS


def test_a_named_group_that_cannot_refuses_the_whole_request() -> None:
    phases = make_phases(right_arm=Phase.HUMAN)
    with pytest.raises(InvalidTransition, match="'release' is refused for left_arm in phase auto"):
        concerned(named('release', 'left_arm', 'right_arm'), phases)


@pytest.mark.parametrize('event', ['stop', 'episode_end'])
def test_what_is_about_the_robot_cannot_be_asked_for_a_part(event: str) -> None:
    assert concerned(named(event, 'torso'), make_phases()) == GROUPS


def test_when_no_group_can_the_request_is_refused() -> None:
    with pytest.raises(InvalidTransition, match="'rearm' is refused for left_arm in phase auto"):
        concerned(named('rearm'), make_phases())


@pytest.mark.parametrize(
    ('make', 'reason'),
    [
        (lambda: ArbiterConfig(BASE[:5]), 'initial_base must be 6 finite numbers'),
        (lambda: ArbiterConfig(BASE * float('nan')), 'initial_base must be 6 finite numbers'),
        (lambda: ArbiterConfig(BASE, lease_ns=0), 'lease_ns must be positive, got 0'),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused(
    make: Callable[[], ArbiterConfig], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        make()

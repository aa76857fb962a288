"""Who may ask for what, and which requests are too old, used, or malformed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from arbiter_rig import BASE
import pytest

from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.desk import Desk, concerned
from rove_teleop.core.lease import Lease
from rove_teleop.core.names import GROUPS, Phase
from rove_teleop.core.phases import REQUESTS
from rove_teleop.core.types import Request
from rove_teleop.errors import ConfigError, InvalidTransition

NOW = 10_000_000_000
MS = 1_000_000


def make_desk() -> tuple[Desk, Request]:
    """A desk, and a request from the holder of the lease."""
    lease = Lease()
    epoch = lease.acquire('ann', NOW).epoch
    desk = Desk(ArbiterConfig(BASE), lease)
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
    desk = Desk(ArbiterConfig(BASE), Lease())
    assert desk.refusal(Request('release', (), 'director', 0, 'r1'), NOW) == ''


@pytest.mark.parametrize('change', [{'request_id': ''}, {'t_receive_ns': 1}, {'epoch': 99}])
def test_a_stop_is_accepted_however_it_comes(change: dict[str, object]) -> None:
    desk, request = make_desk()
    desk.remember(request)
    assert desk.refusal(replace(request, event='stop', **change), NOW) == ''


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

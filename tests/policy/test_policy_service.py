from __future__ import annotations

from typing import Any

import pytest

from rove_policy.policy import Policy
from rove_policy.serving.codec import decode, encode
from rove_policy.serving.messages import observation_to_wire, read_request
from rove_policy.serving.service import OWNER_TIMEOUT, PolicyService
from rove_teleop.errors import InvalidInput
from tests.fakes.policies import FailingPolicy, FakePolicy, observation

SECOND = 1_000_000_000


def ask(service: PolicyService, kind: str, now_ns: int = 0, **body: Any) -> dict[str, Any]:
    head = {'v': 1, 'id': 5, 'session': 'robot', 'kind': kind}
    reply = decode(service.answer(read_request(encode(head | body)), now_ns))
    assert (reply['v'], reply['id']) == (1, 5)
    return reply


def reset(service: PolicyService, **body: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {'seed': 3, 'task': 'wave'}
    return ask(service, 'reset', **(fields | body))


def infer(service: PolicyService, **body: Any) -> dict[str, Any]:
    return ask(service, 'infer', observation=observation_to_wire(observation()), **body)


def ready_service(policy: Policy) -> PolicyService:
    service = PolicyService(policy)
    assert reset(service)['kind'] == 'ready'
    return service


def test_it_describes_the_policy_to_anybody() -> None:
    policy = FakePolicy()
    policy.images = {'head': (24, 32)}  # type: ignore[attr-defined]  # optional in the protocol
    reply = ask(PolicyService(policy), 'describe')
    assert (reply['policy_id'], reply['images']) == ('fake', {'head': [24, 32]})
    assert (reply['state_size'], len(reply['joints']), len(reply['channels'])) == (130, 43, 37)


def test_a_reset_reaches_the_policy() -> None:
    policy = FakePolicy()
    ready_service(policy)
    assert policy.starts == [(3, 'wave')]


def test_the_servers_task_stands_in_where_the_robot_names_none() -> None:
    policy = FakePolicy()
    reset(PolicyService(policy, task='stack'), task='')
    assert policy.starts == [(3, 'stack')]


def test_an_observation_is_answered_with_a_chunk() -> None:
    reply = infer(ready_service(FakePolicy()))
    assert (reply['kind'], reply['policy_id'], reply['position'].shape) == (
        'chunk',
        'fake',
        (17, 37),
    )


def test_an_observation_before_a_reset_is_refused() -> None:
    assert infer(PolicyService(FakePolicy()))['code'] == 'session'


def test_a_failing_policy_is_reported_by_type_and_message_without_traceback() -> None:
    reply = infer(ready_service(FailingPolicy()))
    assert (reply['code'], reply['error']) == ('policy', 'RuntimeError')
    assert reply['message'] == 'the arm fell asleep ?'


def test_an_unusable_chunk_is_never_sent() -> None:
    spoil = FakePolicy(lambda chunk: type(chunk)(**(vars(chunk) | {'dt': 0.0})))
    reply = infer(ready_service(spoil))
    assert (reply['kind'], reply['message'][:9]) == ('error', 'chunk: dt')


@pytest.mark.parametrize(
    ('kind', 'body', 'message'),
    [
        ('reset', {'seed': 'x', 'task': ''}, 'seed is str'),
        ('reset', {'seed': 1}, "field 'task' is missing"),
        ('infer', {}, "field 'observation' is missing"),
        ('infer', {'observation': {}}, 'is missing'),
    ],
)
def test_a_malformed_request_is_refused_by_field(kind: str, body: dict, message: str) -> None:
    reply = ask(ready_service(FakePolicy()), kind, **body)
    assert reply['code'] == 'request'
    assert message in reply['message']


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'v': 2}, 'protocol version is 2; expected 1'),
        ({'kind': 'kill'}, "kind is 'kill'; expected one of describe, reset, infer, leave"),
        ({'id': 'x'}, 'id is str'),
        ({'session': None}, 'session is NoneType'),
    ],
)
def test_what_is_not_a_request_is_refused(change: dict, message: str) -> None:
    head = {'v': 1, 'id': 5, 'session': 'robot', 'kind': 'describe'}
    with pytest.raises(InvalidInput, match=message):
        read_request(encode(head | change))


def test_a_second_robot_waits_until_the_first_is_silent() -> None:
    policy = FakePolicy()
    service = ready_service(policy)
    early = reset(service, session='other', now_ns=SECOND)
    assert (early['code'], early['message']) == ('busy', 'another robot was heard 1.0 s ago')
    assert infer(service, now_ns=SECOND)['kind'] == 'chunk'
    late = SECOND + round(OWNER_TIMEOUT * SECOND)
    assert reset(service, session='other', now_ns=late)['kind'] == 'ready'
    assert infer(service, now_ns=late)['code'] == 'busy'


def test_a_robot_that_leaves_makes_room_at_once_but_only_for_itself() -> None:
    service = ready_service(FakePolicy())
    assert ask(service, 'leave', session='other')['kind'] == 'left'
    assert reset(service, session='other')['code'] == 'busy'
    ask(service, 'leave')
    assert reset(service, session='other')['kind'] == 'ready'

"""Once a director has its seat at the arbiter, nobody else directs over the network."""

from __future__ import annotations

from typing import Any

from rove_bringup.config import Episode
from rove_bringup.nodes.director_node import DirectorNode
from rove_msgs.msg import Event
from rove_msgs.srv import AcquireLease, RequestTransition
from rove_teleop.nodes import qos
from rove_teleop.nodes.arbiter_node import ArbiterNode
from tests.fakes.ros_bench import Bench


def ask(bench: Bench, event: str, number: int, **fields: Any) -> str:
    """Ask as the director; why it was refused, empty when it was not."""
    wish = RequestTransition.Request(
        event=event, operator_id='director', request_id=f'{event}-{number}', **fields
    )
    return str(bench.call(RequestTransition, 'request_transition', wish).reason)


def take_seat(bench: Bench, **fields: Any) -> Any:
    wish = AcquireLease.Request(operator_id='director', **fields)
    return bench.call(AcquireLease, 'acquire_lease', wish)


def test_a_forged_director_is_refused_and_the_true_one_is_not(bench: Bench) -> None:
    bench.add(ArbiterNode())
    bench.call(AcquireLease, 'acquire_lease', AcquireLease.Request(operator_id='anna'))
    grant = take_seat(bench)
    assert grant.granted
    for forged in ({}, {'epoch': grant.epoch}, {'epoch': grant.epoch, 'lease': 'guessed'}):
        for number, event in enumerate(('episode_start', 'episode_end', 'rearm', 'release')):
            assert ask(bench, event, number, **forged)
    true = {'epoch': grant.epoch, 'lease': grant.lease}
    assert ask(bench, 'episode_start', 1, **true) == 'there is no plant state yet'
    assert ask(bench, 'takeover', 1, **true).endswith('is for the holder of the operator lease')
    assert ask(bench, 'stop', 1) == '', 'anybody may stop'


def test_the_seat_is_no_operator_lease_and_belongs_to_one(bench: Bench) -> None:
    bench.add(ArbiterNode())
    events: list[Event] = []
    bench.node.create_subscription(Event, 'event', events.append, qos.EVENT)
    first = take_seat(bench)
    second = take_seat(bench)
    assert not second.granted
    assert second.reason == "held by 'director' until it is given back"
    again = take_seat(bench, lease=first.lease)
    assert (again.granted, again.epoch) == (True, first.epoch)
    anna = bench.call(AcquireLease, 'acquire_lease', AcquireLease.Request(operator_id='anna'))
    assert anna.granted
    bench.until(lambda: any(event.kind == 'refused' for event in events))
    refused = next(event for event in events if event.kind == 'refused')
    assert (refused.actor, refused.detail) == ('director', f'lease: {second.reason}')


def test_the_director_node_takes_its_seat_before_it_begins(bench: Bench) -> None:
    bench.add(ArbiterNode())
    director = bench.add(DirectorNode((Episode('e1', 1),)))
    bench.until(lambda: 'acquire_lease' not in ' '.join(director.missing))
    assert not take_seat(bench).granted


def test_a_second_director_waits_and_says_that_the_seat_is_taken(bench: Bench) -> None:
    bench.add(ArbiterNode())
    first = take_seat(bench)
    director = bench.add(DirectorNode((Episode('e1', 1),)))
    taken = "acquire_lease (held by 'director' until it is given back)"
    bench.until(lambda: any(taken in text for text in director.missing))
    assert take_seat(bench, lease=first.lease, release=True).granted
    bench.until(lambda: 'acquire_lease' not in ' '.join(director.missing))

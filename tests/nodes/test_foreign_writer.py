"""Another publisher of ``joint_command``, as the arbiter finds it in the graph."""

from __future__ import annotations

import time

import pytest
from rclpy.node import Node

from rove_msgs.msg import ControlFrame, Event, JointCommand
from rove_msgs.srv import AcquireLease, RequestTransition
from rove_teleop.nodes import qos
from rove_teleop.nodes.arbiter_node import ArbiterNode
from rove_teleop.nodes.sole_writer import SoleWriter
from tests.fakes.ros_bench import Bench

pytestmark = pytest.mark.usefixtures('long_lease')


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events if 'writer' in event.kind]


def test_another_publisher_is_named_refused_a_takeover_and_forgotten_when_it_leaves(
    bench: Bench,
) -> None:
    bench.stand()
    events, frames = bench.collect(Event, 'event'), bench.collect(ControlFrame, 'control_frame')
    bench.add(ArbiterNode())
    bench.until(lambda: frames)
    bench.spin(0.5)
    assert kinds(events) == []
    rogue = bench.add(Node('rogue'))
    rogue.create_publisher(JointCommand, 'joint_command', qos.COMMAND)
    bench.until(lambda: kinds(events))
    [found] = [event for event in events if event.kind == 'foreign_writer']
    assert found.detail.startswith('node /rogue, gid ') and len(found.detail) > 30
    lease = bench.call(AcquireLease, 'acquire_lease', AcquireLease.Request(operator_id='anna'))
    wish = RequestTransition.Request(
        event='takeover', operator_id='anna', epoch=lease.epoch, lease=lease.lease, request_id='1'
    )
    answer = bench.call(RequestTransition, 'request_transition', wish)
    assert not answer.accepted
    assert answer.reason.startswith('joint_command has another writer: node /rogue')
    bench.executor.remove_node(rogue)
    rogue.destroy_node()
    bench.until(lambda: 'foreign_writer_gone' in kinds(events))
    wish.request_id = '2'
    answer = bench.call(RequestTransition, 'request_transition', wish)
    assert 'another writer' not in answer.reason


def test_two_arbiters_of_one_name_find_each_other_and_not_themselves(bench: Bench) -> None:
    first = SoleWriter(bench.add(Node('arbiter')), JointCommand, 'joint_command', qos.COMMAND)
    bench.spin(0.3)
    assert first.others == ()
    second = SoleWriter(bench.add(Node('arbiter')), JointCommand, 'joint_command', qos.COMMAND)
    bench.until(lambda: first.others and second.others)
    [seen_by_first], [seen_by_second] = first.others, second.others
    assert seen_by_first != seen_by_second


def test_looking_for_others_costs_less_than_a_thousandth_of_a_processor(bench: Bench) -> None:
    writer = SoleWriter(bench.add(Node('arbiter')), JointCommand, 'joint_command', qos.COMMAND)
    bench.spin(0.2)
    begun = time.process_time()
    for _ in range(200):
        writer._look()
    assert (time.process_time() - begun) / 200 < 1e-4  # every 100 ms

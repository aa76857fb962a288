"""The newest message of a topic, taken by hand."""

from __future__ import annotations

import time

from rclpy.node import Node
from rclpy.serialization import deserialize_message
from std_msgs.msg import UInt64

from rove_teleop.errors import InvalidInput
from rove_teleop.nodes import qos
from rove_teleop.nodes.inbox import Inbox
from rove_teleop.nodes.latest import Latest
from tests.fakes.ros_bench import Bench

NOBODY_NS = 100_000_000


def number(msg: UInt64, receive_ns: int) -> int:
    """A value that refuses 13."""
    if msg.data == 13:
        raise InvalidInput('thirteen')
    return int(msg.data)


def test_messages_come_out_in_order_with_the_time_at_which_they_came(bench: Bench) -> None:
    node = bench.add(Node('reader'))
    inbox = Inbox(node, UInt64, 'numbers', qos.INPUT)
    sender = bench.node.create_publisher(UInt64, 'numbers', qos.COMMAND)
    bench.until(lambda: sender.get_subscription_count() == 1)
    assert inbox.take() == []
    before_ns = time.monotonic_ns()
    for k in range(3):
        sender.publish(UInt64(data=k))
    taken: list[tuple[bytes, int]] = []
    bench.until(lambda: taken.extend(inbox.take()) or len(taken) == 3)
    bench.spin(NOBODY_NS * 1e-9)
    assert [deserialize_message(data, UInt64).data for data, _ in taken] == [0, 1, 2]
    times = [receive_ns for _, receive_ns in taken]
    assert times == sorted(times)
    assert before_ns <= times[0] and times[-1] < time.monotonic_ns() - NOBODY_NS


def test_what_came_long_before_one_looks_is_known_to_be_old(bench: Bench) -> None:
    inbox = Inbox(bench.add(Node('reader')), UInt64, 'numbers', qos.NEWEST)
    sender = bench.node.create_publisher(UInt64, 'numbers', qos.COMMAND)
    bench.until(lambda: sender.get_subscription_count() == 1)
    inbox.take()
    sender.publish(UInt64(data=1))
    bench.spin(0.3)
    [(_, receive_ns)] = inbox.take()
    assert time.monotonic_ns() - receive_ns > 2 * NOBODY_NS


def test_only_the_newest_is_decoded_and_a_malformed_one_changes_nothing(bench: Bench) -> None:
    latest = Latest(bench.add(Node('reader')), UInt64, 'numbers', qos.NEWEST, number)
    sender = bench.node.create_publisher(UInt64, 'numbers', qos.COMMAND)
    bench.until(lambda: sender.get_subscription_count() == 1)
    assert latest.get() is None
    for k in (1, 2):
        sender.publish(UInt64(data=k))
    bench.until(lambda: latest.get() == 2)
    heard = latest.heard.count
    sender.publish(UInt64(data=13))
    bench.until(lambda: (latest.get(), latest.heard.count)[1] > heard)
    assert latest.get() == 2
    latest.forget()
    assert latest.get() is None

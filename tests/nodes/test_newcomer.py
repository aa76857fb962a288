"""An arbiter that has just started listens before it speaks."""

from __future__ import annotations

import pytest

from rove_msgs.msg import ControlFrame
from rove_teleop.errors import RoveError
from rove_teleop.nodes import qos
from rove_teleop.nodes.newcomer import Newcomer
from tests.fakes.ros_bench import Bench


def test_an_arbiter_does_not_start_beside_another(bench: Bench) -> None:
    publisher = bench.node.create_publisher(ControlFrame, 'control_frame', qos.FRAME)
    newcomer = Newcomer(listen_s=10.0)
    bench.until(lambda: publisher.get_subscription_count() == 1)
    publisher.publish(ControlFrame())
    with pytest.raises(RoveError, match='another arbiter is at work'):
        newcomer.look()


def test_a_silent_publisher_of_a_dead_arbiter_keeps_nobody_from_starting(bench: Bench) -> None:
    bench.node.create_publisher(ControlFrame, 'control_frame', qos.FRAME)
    Newcomer(listen_s=0.2).look()

"""Nodes in this process, talking over real topics and services."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
import time
from typing import Any, cast

import pytest
from rclpy.parameter import Parameter
from std_msgs.msg import UInt64
from std_srvs.srv import Trigger

from rove_msgs.msg import ControlFrame, Event, JointProposal, OperatorState
from rove_msgs.srv import AcquireLease, RecordEpisode, RequestTransition
from rove_teleop.core import types
from rove_teleop.core.tags import detail_value
from rove_teleop.nodes import convert, qos
from rove_teleop.nodes.arbiter_node import ArbiterNode
from rove_teleop.nodes.operator_node import OperatorNode
from rove_teleop.nodes.recorder_node import RecorderNode
from rove_teleop.nodes.teleop_node import TeleopNode
from rove_teleop.recording.writer import EpisodeWriter
from tests.fakes.frames import Script, control_frames
from tests.fakes.ros_bench import STAMP, Bench

FRAME = replace(next(control_frames(Script())), operator_id='')


def recorder(bench: Bench, out: Path, **kwargs: Any) -> RecorderNode:
    """A recorder that hears an arbiter."""
    out_parameter = Parameter('out', value=str(out))
    node = bench.add(RecorderNode(parameter_overrides=[out_parameter], **kwargs))
    let_it_hear_the_arbiter(bench)
    return cast(RecorderNode, node)


def let_it_hear_the_arbiter(bench: Bench) -> None:
    """Send control frames until the recorder offers to record."""
    frames = bench.node.create_publisher(ControlFrame, 'control_frame', qos.FRAME)
    client = bench.node.create_client(RecordEpisode, 'record_episode')

    def recording_is_offered() -> bool:
        frames.publish(convert.control_frame_to_msg(FRAME, STAMP))
        return bool(client.service_is_ready())

    bench.until(recording_is_offered)
    bench.node.destroy_client(client)
    bench.node.destroy_publisher(frames)


def record(bench: Bench, episode: str = '') -> tuple[bool, str]:
    """Start an episode, or end it when it has no name."""
    request = RecordEpisode.Request(start=bool(episode), episode=episode)
    response = bench.call(RecordEpisode, 'record_episode', request)
    return response.success, response.message


@pytest.mark.parametrize('name', ['../x', 'a/b', '/etc/x', 'a b', '.', 'ä', 'x' * 101])
def test_an_episode_whose_name_is_a_path_is_refused(
    bench: Bench, tmp_path: Path, name: str
) -> None:
    recorder(bench, tmp_path / 'out')
    done, message = record(bench, name)
    assert not done
    assert message.startswith(f'episode is {name!r}; expected [A-Za-z0-9_-]')
    assert list(tmp_path.rglob('*')) == []


def test_an_episode_is_recorded_from_its_start_to_its_stop(bench: Bench, tmp_path: Path) -> None:
    recorder(bench, tmp_path)
    path = tmp_path / 'episode_0001.mcap'
    assert record(bench, 'episode_0001') == (True, str(path))
    assert record(bench) == (True, str(path))
    assert record(bench) == (False, 'no episode is being recorded')
    assert path.stat().st_size > 0


def test_a_start_that_is_asked_for_again_changes_nothing(bench: Bench, tmp_path: Path) -> None:
    recorder(bench, tmp_path)
    path = str(tmp_path / 'one.mcap')
    assert record(bench, 'one') == (True, path)
    assert record(bench, 'one') == (True, path)
    assert record(bench) == (True, path)


def test_a_start_ends_the_episode_before_it(bench: Bench, tmp_path: Path) -> None:
    recorder(bench, tmp_path)
    assert record(bench, 'one')[0]
    assert record(bench, 'two')[0]
    assert record(bench) == (True, str(tmp_path / 'two.mcap'))
    assert {path.name for path in tmp_path.iterdir()} == {'one.mcap', 'two.mcap'}


def test_a_recorder_that_hears_no_arbiter_does_not_offer_to_record(
    bench: Bench, tmp_path: Path
) -> None:
    bench.add(RecorderNode(parameter_overrides=[Parameter('out', value=str(tmp_path))]))
    beats = bench.collect(UInt64, 'recorder/heartbeat')
    client = bench.node.create_client(RecordEpisode, 'record_episode')
    bench.until(lambda: beats)
    assert not client.service_is_ready()
    let_it_hear_the_arbiter(bench)
    assert record(bench, 'one')[0]


def test_a_recorder_that_could_not_begin_falls_silent_until_it_can(
    bench: Bench, tmp_path: Path
) -> None:
    recorder(bench, tmp_path)
    beats = bench.collect(UInt64, 'recorder/heartbeat')
    bench.until(lambda: beats)
    (tmp_path / 'one.mcap').touch()
    done, message = record(bench, 'one')
    assert not done
    assert 'already exists' in message
    bench.spin(0.05)
    beats.clear()
    bench.spin(0.7)
    assert beats == []
    assert record(bench, 'two')[0]
    bench.until(lambda: beats)


class StuckWriter(EpisodeWriter):
    """A writer whose disk does not answer until the test lets it."""

    stuck = True

    @property
    def closed(self) -> bool:
        return not self.stuck and super().closed


def test_the_end_of_an_episode_does_not_wait_for_a_stuck_disk_and_its_error_comes_later(
    bench: Bench, tmp_path: Path
) -> None:
    writers: list[StuckWriter] = []

    def make_writer(path: Path, metadata: dict[str, str]) -> StuckWriter:
        writers.append(StuckWriter(path, metadata))
        return writers[-1]

    recorder(bench, tmp_path, make_writer=make_writer)
    beats = bench.collect(UInt64, 'recorder/heartbeat')
    assert record(bench, 'one')[0]
    before = time.monotonic()
    assert record(bench) == (True, str(tmp_path / 'one.mcap'))
    assert time.monotonic() - before < 1.0
    beats.clear()
    bench.until(lambda: beats)
    writers[0].error, writers[0].stuck = 'the disk is full', False
    bench.spin(0.6)
    beats.clear()
    bench.spin(0.7)
    assert beats == []


def test_teleop_survives_a_malformed_frame(bench: Bench) -> None:
    bench.add(TeleopNode())
    frames = bench.node.create_publisher(ControlFrame, 'control_frame', qos.COMMAND)
    samples = bench.node.create_publisher(OperatorState, 'operator_state', qos.COMMAND)
    proposals = bench.collect(JointProposal, 'joint_proposal')
    bench.until(lambda: frames.get_subscription_count() and samples.get_subscription_count())
    state = types.OperatorState('device', 'one', 1, 1, time.monotonic_ns())
    samples.publish(convert.operator_state_to_msg(state, STAMP))
    good = convert.control_frame_to_msg(FRAME, STAMP)
    broken = convert.control_frame_to_msg(FRAME, STAMP)
    broken.robot_phase = 200

    def publish_both() -> bool:
        frames.publish(broken)
        frames.publish(good)
        return bool(proposals)

    bench.until(publish_both)
    frames.publish(broken)
    bench.spin(0.05)
    proposals.clear()
    bench.until(publish_both)


def test_a_wrong_secret_gets_no_lease_and_no_takeover(bench: Bench) -> None:
    bench.add(ArbiterNode())
    first = bench.call(AcquireLease, 'acquire_lease', AcquireLease.Request(operator_id='anna'))
    assert first.granted
    for name in ('anna', 'ben'):
        request = AcquireLease.Request(operator_id=name, lease='guessed')
        second = bench.call(AcquireLease, 'acquire_lease', request)
        assert (second.granted, second.lease) == (False, '')
    wish = RequestTransition.Request(
        event='takeover', operator_id='anna', epoch=first.epoch, lease='guessed', request_id='1'
    )
    answer = bench.call(RequestTransition, 'request_transition', wish)
    assert not answer.accepted
    assert answer.reason


def test_anybody_may_stop(bench: Bench) -> None:
    bench.add(ArbiterNode())
    answer = bench.call(Trigger, 'stop', Trigger.Request())
    assert answer.success
    wish = RequestTransition.Request(event='stop', operator_id='passer-by', request_id='1')
    assert bench.call(RequestTransition, 'request_transition', wish).accepted


class FakeArbiter:
    """Grants every lease and takes every request, without ever stopping."""

    def __init__(self, bench: Bench) -> None:
        self.leases: list[str] = []
        self.requests: list[RequestTransition.Request] = []
        bench.node.create_service(AcquireLease, 'acquire_lease', self._on_lease)
        bench.node.create_service(RequestTransition, 'request_transition', self._on_request)

    def _on_lease(self, request: Any, response: Any) -> Any:
        self.leases.append(request.operator_id)
        response.granted, response.lease, response.epoch = True, 'secret', 1
        return response

    def _on_request(self, request: Any, response: Any) -> Any:
        self.requests.append(request)
        response.accepted = True
        return response


def operator(bench: Bench, name: str, **more: Any) -> None:
    values = {'operator': name, **more}
    overrides = [Parameter(key, value=value) for key, value in values.items()]
    bench.add(OperatorNode(parameter_overrides=overrides))


def test_nobody_asks_for_no_lease(bench: Bench) -> None:
    arbiter = FakeArbiter(bench)
    operator(bench, 'none')
    bench.spin(1.2)
    assert arbiter.leases == []


def test_a_live_device_gets_the_lease_while_it_is_heard_and_its_stop_is_repeated(
    bench: Bench,
) -> None:
    arbiter = FakeArbiter(bench)
    operator(bench, 'live')
    device = bench.node.create_publisher(OperatorState, 'operator_input', qos.COMMAND)
    bench.until(device.get_subscription_count)
    bench.spin(0.6)
    assert arbiter.leases == []
    now_ns = time.monotonic_ns()
    sample = types.OperatorState('headset', 'one', 1, now_ns, now_ns, buttons=('stop',))
    message = convert.operator_state_to_msg(sample, STAMP)
    message.right_hand = [0.0] * 3
    device.publish(message)
    bench.until(lambda: arbiter.leases)
    assert arbiter.leases == ['headset']
    bench.until(lambda: len(arbiter.requests) > 2)
    assert {request.event for request in arbiter.requests} == {'stop'}
    assert len({request.request_id for request in arbiter.requests}) == len(arbiter.requests)
    bench.spin(1.0)
    arbiter.leases.clear()
    bench.spin(0.7)
    assert arbiter.leases == []


def test_a_devices_sample_is_passed_on_at_once_and_its_takeover_tells_when_it_came(
    bench: Bench,
) -> None:
    arbiter = FakeArbiter(bench)
    operator(bench, 'live', rate=10.0)
    device = bench.node.create_publisher(OperatorState, 'operator_input', qos.COMMAND)
    states = bench.collect(OperatorState, 'operator_state')
    bench.until(device.get_subscription_count)
    bench.until(lambda: bench.node.count_publishers('operator_state'))
    seq = 0

    def send(*buttons: str) -> int:
        nonlocal seq
        seq += 1
        now_ns = time.monotonic_ns()
        sample = types.OperatorState('headset', 'one', seq, now_ns, now_ns, buttons=buttons)
        device.publish(convert.operator_state_to_msg(sample, STAMP))
        return now_ns

    bench.until(lambda: send() and states)
    begun = time.monotonic()
    for _ in range(20):
        states.clear()
        bench.until(lambda: send() and states)
    assert time.monotonic() - begun < 1.5  # of two seconds that 20 periods of the timer take
    bench.until(lambda: arbiter.leases)
    pressed_ns = []

    def press() -> object:
        send()
        bench.spin(0.1)
        pressed_ns.append(send('right_a'))
        bench.spin(0.1)
        return arbiter.requests

    bench.until(press)
    request = arbiter.requests[0]
    assert request.event == 'takeover'
    asked_ns = int(detail_value(request.detail, 'asked_ns'))
    assert pressed_ns[0] <= asked_ns <= time.monotonic_ns()


def test_a_stop_reaches_the_arbiter_as_an_event(bench: Bench) -> None:
    events = bench.collect(Event, 'event')
    bench.add(ArbiterNode())
    bench.until(lambda: bench.node.count_publishers('event'))
    bench.call(Trigger, 'stop', Trigger.Request())
    bench.until(lambda: any(event.kind == 'stop' for event in events))

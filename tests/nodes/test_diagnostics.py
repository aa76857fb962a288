"""What ``/diagnostics`` tells of a running arbiter."""

from __future__ import annotations

import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
import pytest
from rclpy.node import Node

from rove_msgs.msg import ActionChunk, Event, JointCommand, JointProposal
from rove_msgs.srv import AcquireLease, RequestTransition
from rove_teleop.assembly import make_arbiter, make_robot
from rove_teleop.core import types
from rove_teleop.core.handovers import Handovers
from rove_teleop.core.names import GROUPS, NUM_CHANNELS
from rove_teleop.core.schedule import Lateness
from rove_teleop.nodes import convert, qos
from rove_teleop.nodes.arbiter_node import ArbiterNode
from rove_teleop.nodes.diagnostics import Diagnostics, Health
from rove_teleop.nodes.latest import Heard
from tests.fakes.ros_bench import STAMP, Bench

pytestmark = pytest.mark.usefixtures('long_lease')


class Told:
    """The newest of each status by what it is about."""

    def __init__(self, bench: Bench) -> None:
        self._arrays = bench.collect(DiagnosticArray, '/diagnostics')

    def status(self, about: str) -> DiagnosticStatus | None:
        for array in reversed(self._arrays):
            for status in array.status:
                if status.name == f'arbiter: {about}':
                    return status
        return None

    def value(self, about: str, key: str) -> str:
        status = self.status(about)
        values = {} if status is None else {item.key: item.value for item in status.values}
        return values.get(key, '')


class Teleoperation:
    """Proposes to stay, anchored as it is asked to, 200 times a second."""

    def __init__(self, bench: Bench) -> None:
        self._bench, self.anchor_id, self._seq = bench, 0, 0
        self._pub = bench.node.create_publisher(JointProposal, 'joint_proposal', qos.COMMAND)
        bench.node.create_subscription(Event, 'event', self._on_event, qos.EVENT)
        bench.node.create_timer(0.005, self._propose)

    def _on_event(self, event: Event) -> None:
        self.anchor_id += event.kind == 'takeover'

    def _propose(self) -> None:
        self._seq += 1
        now_ns = time.monotonic_ns()
        proposal = types.JointProposal(
            seq=self._seq,
            anchor_id=self.anchor_id,
            position=np.zeros(NUM_CHANNELS),
            velocity=np.zeros(NUM_CHANNELS),
            groups=GROUPS,
            t_source_ns=now_ns,
            t_operator_ns=now_ns,
            alignment={'left': (0.3, 1.0)},
        )
        self._pub.publish(convert.joint_proposal_to_msg(proposal, STAMP))


def test_streams_verdicts_lease_phases_and_the_last_takeover_are_told(bench: Bench) -> None:
    told = Told(bench)
    bench.stand()
    Teleoperation(bench)
    bench.add(ArbiterNode())
    bench.until(lambda: told.value('robot', 'left_arm') == 'hold, hold')
    lease = bench.call(AcquireLease, 'acquire_lease', AcquireLease.Request(operator_id='anna'))
    wish = RequestTransition.Request(
        event='takeover', operator_id='anna', epoch=lease.epoch, lease=lease.lease, request_id='1'
    )
    wish.groups = ['left_arm']
    assert bench.call(RequestTransition, 'request_transition', wish).accepted
    chunk = ActionChunk(seq=1, policy_id='p', names=['nonsense'])
    chunks = bench.node.create_publisher(ActionChunk, 'action_chunk', qos.COMMAND)
    bench.until(chunks.get_subscription_count)
    chunks.publish(chunk)
    bench.until(lambda: told.value('handovers', 'takeover_latency_ms'))
    bench.until(lambda: told.value('streams', 'action_chunk_age_ms') not in ('', 'never'))
    assert told.status('operator lease').message == 'held by anna'
    assert told.value('operator lease', 'epoch') == '1'
    assert told.value('handovers', 'takeovers') == '1'
    assert told.value('handovers', 'takeover_groups') == 'left_arm'
    assert told.value('handovers', 'takeover_alignment_left') == '0.300 m, 1.000 rad'
    assert float(told.value('handovers', 'takeover_latency_ms')) > 0.0
    assert told.value('streams', 'recorder_heartbeat_age_ms') == 'never'
    assert float(told.value('streams', 'plant_state_age_ms')) >= 0.0
    assert float(told.value('streams', 'operator_sample_age_ms')) >= 0.0
    assert float(told.value('streams', 'joint_proposal_hz')) > 0.0
    assert told.status('verdicts').message.endswith('inputs were clamped or rejected')
    assert told.value('robot', 'right_arm') == 'hold, hold'
    assert told.status('control loop').message in ('on time', 'a tick was missed')


def test_a_rejected_input_is_counted_by_its_reason(bench: Bench) -> None:
    told = Told(bench)
    bench.stand()
    bench.add(ArbiterNode())
    proposals = bench.node.create_publisher(JointProposal, 'joint_proposal', qos.COMMAND)
    bench.until(proposals.get_subscription_count)
    bad = types.JointProposal(1, 0, np.full(NUM_CHANNELS, np.nan), np.zeros(NUM_CHANNELS), ())
    proposals.publish(convert.joint_proposal_to_msg(bad, STAMP))
    bench.until(lambda: told.value('verdicts', 'operator: reject position is not finite') == '1')
    assert told.status('verdicts').message == '1 inputs were clamped or rejected'


def test_a_foreign_writer_is_an_error_and_a_lost_plant_too(bench: Bench) -> None:
    told = Told(bench)
    bench.add(ArbiterNode())
    bench.until(lambda: told.status('streams'))
    assert told.status('streams').level == DiagnosticStatus.ERROR
    assert told.status('streams').message == 'there is no plant state yet'
    bench.stand()
    bench.add(Node('rogue')).create_publisher(JointCommand, 'joint_command', qos.COMMAND)
    bench.until(lambda: '/rogue' in told.value('robot', 'foreign_writers'))
    assert told.status('robot').level == DiagnosticStatus.ERROR


def test_ages_and_rates_are_counted_between_two_reports() -> None:
    arbiter = make_arbiter('one', 'arbiter', make_robot())
    heard = Heard()
    health = Health(arbiter, Lateness(5_000_000, 10), {'plant': heard}, Handovers(), None, ())
    diagnostics = Diagnostics('arbiter')
    diagnostics.statuses(health, 1_000_000_000)
    for k in range(100):
        heard.note(1_000_000_000 + k * 5_000_000)
    [streams] = [
        status
        for status in diagnostics.statuses(health, 1_500_000_000)
        if status.name == 'arbiter: streams'
    ]
    values = {item.key: item.value for item in streams.values}
    assert (values['plant_hz'], values['plant_age_ms']) == ('200.0', '5.0')

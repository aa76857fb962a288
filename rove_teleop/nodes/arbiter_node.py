"""The arbiter node: the only publisher of ``joint_command``, at 200 Hz."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import time
from typing import Any
from uuid import uuid4

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import UInt64
from std_srvs.srv import Trigger

from rove_msgs.msg import (
    ActionChunk,
    ControlFrame,
    Event,
    JointCommand,
    JointProposal,
    PlantState,
)
from rove_msgs.srv import AcquireLease, RequestTransition
from rove_teleop.assembly import CONTROL_PERIOD_NS, ROBOT, make_arbiter, make_robot
from rove_teleop.config import param
from rove_teleop.core import types
from rove_teleop.core.arbiter import ArbiterInputs, ArbiterOutput
from rove_teleop.core.desk import DIRECTOR
from rove_teleop.core.handovers import Handovers
from rove_teleop.core.judge import newest
from rove_teleop.core.lease import Lease
from rove_teleop.core.schedule import Lateness
from rove_teleop.nodes import convert, qos
from rove_teleop.nodes.diagnostics import Diagnostics, Health
from rove_teleop.nodes.latest import Heard, Latest
from rove_teleop.nodes.newcomer import Newcomer
from rove_teleop.nodes.params import declare
from rove_teleop.nodes.run import main_of
from rove_teleop.nodes.sole_writer import SoleWriter

_RECORDER_LOST_NS = 1_500_000_000
_LATENESS_KEPT = 2000  # ticks: ten seconds


@dataclass(frozen=True)
class ArbiterParams:
    """Parameters of the arbiter."""

    robot: str = param(ROBOT, 'Robot that is commanded.')
    writer_id: str = param('arbiter', 'Identity in every command; the plant locks to it.')


class ArbiterNode(Node):
    """Publish ``joint_command``, ``control_frame`` and ``event``; serve requests and the lease.

    Callbacks only store the newest message; everything is judged in the tick. Nothing in the
    tick waits. There is one arbiter as long as the process lives.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Load the limits and wait for the plant."""
        super().__init__('arbiter', **kwargs)
        params = declare(self, ArbiterParams)
        session = f'{params.writer_id}-{uuid4().hex[:12]}'
        self._arbiter = make_arbiter(session, params.writer_id, make_robot(params.robot))
        self._plant: Latest[types.PlantState] = self._input(
            PlantState, 'plant_state', convert.plant_state_from_msg
        )
        self._proposal: Latest[types.JointProposal] = self._input(
            JointProposal, 'joint_proposal', convert.joint_proposal_from_msg
        )
        self._chunk: Latest[types.ActionChunk] = self._input(
            ActionChunk, 'action_chunk', convert.action_chunk_from_msg, qos.CHUNK
        )
        self._requests: list[types.Request] = []
        self._recorder = Heard()
        self._handovers = Handovers()
        self._frame: types.ControlFrame | None = None
        self._diagnostics = Diagnostics(self.get_name())
        self._lateness = Lateness(CONTROL_PERIOD_NS, _LATENESS_KEPT)
        self._writer = SoleWriter(self, JointCommand, 'joint_command', qos.COMMAND)
        self._frame_pub = self.create_publisher(ControlFrame, 'control_frame', qos.FRAME)
        self._event_pub = self.create_publisher(Event, 'event', qos.EVENT_LOG)
        self._diagnostics_pub = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self.create_subscription(UInt64, 'recorder/heartbeat', self._on_recorder, qos.COMMAND)
        self.create_service(AcquireLease, 'acquire_lease', self._on_lease)
        self.create_service(RequestTransition, 'request_transition', self._on_request)
        self.create_service(Trigger, 'stop', self._on_stop)
        self.create_service(Trigger, 'hold', self._on_hold)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(CONTROL_PERIOD_NS * 1e-9, self._step, clock=steady)
        self.create_timer(1.0, self._diagnose, clock=steady)

    def _input(
        self,
        kind: type,
        topic: str,
        from_msg: Callable[[Any, int], Any],
        profile: QoSProfile = qos.INPUT,
    ) -> Latest[Any]:
        return Latest(self, kind, topic, profile, from_msg, choose=newest)

    def _on_recorder(self, msg: UInt64) -> None:
        self._recorder.note(time.monotonic_ns())

    def _on_lease(
        self, request: AcquireLease.Request, response: AcquireLease.Response
    ) -> AcquireLease.Response:
        now_ns = time.monotonic_ns()
        lease = self._lease_of(request.operator_id)
        if request.release:
            response.granted = lease.give_back(request.operator_id, request.lease)
            response.reason = '' if response.granted else 'not the holder of the lease'
            return response
        if lease is self._arbiter.seat and lease.owns(request.operator_id, request.lease):
            lease.heartbeat(request.operator_id, lease.epoch, now_ns)  # late, but nobody came
        grant = lease.acquire(request.operator_id, now_ns, request.lease)
        response.granted, response.reason = grant.granted, grant.reason
        response.lease, response.epoch = grant.secret, grant.epoch
        return response

    def _lease_of(self, operator_id: str) -> Lease:
        return self._arbiter.seat if operator_id == DIRECTOR else self._arbiter.lease

    def _on_request(
        self, request: RequestTransition.Request, response: RequestTransition.Response
    ) -> RequestTransition.Response:
        now_ns = time.monotonic_ns()
        lease = self._lease_of(request.operator_id)
        proved = lease.owns(request.operator_id, request.lease)
        wish = types.Request(
            event=request.event,
            groups=tuple(request.groups),
            operator_id=request.operator_id,
            epoch=request.epoch if proved else 0,  # no grant has this epoch
            request_id=request.request_id,
            detail=request.detail,
            t_receive_ns=now_ns,
        )
        response.reason = self._arbiter.admit(wish, now_ns)
        response.accepted = not response.reason
        if response.accepted:
            self._requests.append(wish)
        return response

    def _on_hold(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        now_ns = time.monotonic_ns()
        wish = types.Request(
            'hold', operator_id='anybody', request_id=uuid4().hex, t_receive_ns=now_ns
        )
        reason = self._arbiter.admit(wish, now_ns)
        if not reason:
            self._requests.append(wish)
        response.success = not reason
        response.message = reason or 'holding; take over or release to go on'
        return response

    def _on_stop(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._requests.append(
            types.Request(event='stop', operator_id='anybody', t_receive_ns=time.monotonic_ns())
        )
        response.success = True
        response.message = 'software stop latched (not a certified stop); rearm to go on'
        return response

    def _step(self) -> None:
        now_ns = time.monotonic_ns()
        self._lateness.measure(now_ns)
        requests, self._requests = tuple(self._requests), []
        inputs = ArbiterInputs(
            proposal=self._proposal.get(),
            chunk=self._chunk.get(),
            plant=self._plant.get(),
            requests=requests,
            recorder_alive=now_ns - self._recorder.last_ns < _RECORDER_LOST_NS,
            foreign_writers=self._writer.others,
        )
        self._publish(self._arbiter.step(inputs, now_ns))

    def _publish(self, output: ArbiterOutput) -> None:
        stamp = self.get_clock().now().to_msg()
        if output.command is not None:
            self._writer.publisher.publish(convert.joint_command_to_msg(output.command, stamp))
        if output.frame is not None:
            self._frame_pub.publish(convert.control_frame_to_msg(output.frame, stamp))
        self._frame = output.frame or self._frame
        self._handovers.step(output.events, self._frame)
        for event in output.events:
            self._event_pub.publish(convert.event_to_msg(event, stamp))

    def _diagnose(self) -> None:
        health = Health(
            arbiter=self._arbiter,
            lateness=self._lateness,
            streams={
                'plant_state': self._plant.heard,
                'joint_proposal': self._proposal.heard,
                'action_chunk': self._chunk.heard,
                'recorder_heartbeat': self._recorder,
            },
            handovers=self._handovers,
            frame=self._frame,
            foreign_writers=self._writer.others,
        )
        message = DiagnosticArray(status=self._diagnostics.statuses(health, time.monotonic_ns()))
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics_pub.publish(message)


def the_only_arbiter() -> ArbiterNode:
    """The arbiter of a robot that has none.

    Raises:
        RoveError: It has one.
    """
    newcomer = Newcomer()
    node = ArbiterNode()
    newcomer.look()
    return node


main = main_of(the_only_arbiter, priority=40)

if __name__ == '__main__':
    main()

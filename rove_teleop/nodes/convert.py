"""Core values to ROS messages and back: names are matched here, and nowhere deeper.

A ``from_msg`` raises InvalidInput, and nothing else, on a wrong size, a wrong list of names or a
value that names nothing; whether numbers are finite and fresh is judged in core. Each takes the
receive time [ns, monotonic], which only the values that keep one use.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from builtin_interfaces.msg import Time
import numpy as np
from rclpy.logging import get_logger

from rove_msgs import msg as rove
from rove_msgs.msg import SourceTimes as SourceTimesMsg
from rove_teleop.core.names import (
    CHANNELS,
    JOINTS,
    NUM_CHANNELS,
    NUM_JOINTS,
    Authority,
    Phase,
    Stage,
)
from rove_teleop.core.types import (
    ActionChunk,
    Array,
    Channels,
    ControlFrame,
    Event,
    JointCommand,
    JointProposal,
    OperatorState,
    PlantState,
    SourceTimes,
    TaskState,
)
from rove_teleop.errors import InvalidInput
from rove_teleop.nodes.fields import (
    HAND_SHAPE,
    Parts,
    alignment_numbers,
    alignment_of,
    check_names,
    member,
    members,
    named_poses,
    vector,
)

_CHANNELS = list(CHANNELS)
_JOINTS = list(JOINTS)
_WARN_EVERY_S = 10.0
_LOG = get_logger('rove')  # one object: it remembers what it said last


def _doubles(values: Array | None) -> array:
    return array('d', b'' if values is None else np.ascontiguousarray(values, float).tobytes())


def _flat_poses(poses: dict[str, Array]) -> array:
    return _doubles(np.concatenate(list(poses.values())) if poses else None)


def operator_state_to_msg(state: OperatorState, stamp: Time) -> rove.OperatorState:
    """Message of an operator sample; ``header.frame_id`` is the operator's frame."""
    msg = rove.OperatorState()
    msg.header.stamp = stamp
    msg.header.frame_id = 'operator_world'
    msg.source_id, msg.session, msg.seq = state.source_id, state.session, state.seq
    msg.source_monotonic_ns, msg.receive_monotonic_ns = state.t_source_ns, state.t_receive_ns
    msg.head = _doubles(state.head)
    msg.left_wrist, msg.right_wrist = _doubles(state.left_wrist), _doubles(state.right_wrist)
    msg.left_hand, msg.right_hand = _doubles(state.left_hand), _doubles(state.right_hand)
    msg.body_names, msg.body = list(state.body), _flat_poses(state.body)
    msg.buttons = list(state.buttons)
    msg.axis_names, msg.axes = list(state.axes), _doubles(np.array(list(state.axes.values())))
    return msg


def operator_state_from_msg(msg: rove.OperatorState, receive_ns: int = 0) -> OperatorState:
    """Operator sample of a message; its own receive time is kept.

    A part of the wrong size is as if it were not tracked, and is warned of: a broken hand must
    not take the stop button away. Nothing is raised.
    """
    state, dropped = operator_state_parts(msg)
    if dropped:
        _LOG.warning(
            f'operator {msg.source_id!r}: dropped {"; ".join(dropped)}',
            throttle_duration_sec=_WARN_EVERY_S,
        )
    return state


def operator_state_parts(msg: rove.OperatorState) -> tuple[OperatorState, tuple[str, ...]]:
    """Operator sample of a message, and why parts of it were left out."""
    parts = Parts()
    state = OperatorState(
        source_id=msg.source_id,
        session=msg.session,
        seq=msg.seq,
        t_source_ns=msg.source_monotonic_ns,
        t_receive_ns=msg.receive_monotonic_ns,
        head=parts.pose('head', msg.head, (7,)),
        left_wrist=parts.pose('left_wrist', msg.left_wrist, (7,)),
        right_wrist=parts.pose('right_wrist', msg.right_wrist, (7,)),
        left_hand=parts.pose('left_hand', msg.left_hand, HAND_SHAPE),
        right_hand=parts.pose('right_hand', msg.right_hand, HAND_SHAPE),
        body=parts.body(msg.body_names, msg.body),
        buttons=tuple(msg.buttons),
        axes=parts.axes(msg.axis_names, msg.axes),
    )
    return state, tuple(parts.dropped)


def action_chunk_to_msg(chunk: ActionChunk, stamp: Time) -> rove.ActionChunk:
    """Message of a policy's chunk."""
    msg = rove.ActionChunk()
    msg.header.stamp = stamp
    msg.seq, msg.policy_id = chunk.seq, chunk.policy_id
    msg.observation_monotonic_ns, msg.t0_monotonic_ns = chunk.t_observation_ns, chunk.t0_ns
    msg.dt, msg.names, msg.positions = chunk.dt, _CHANNELS, _doubles(chunk.position)
    msg.groups = list(chunk.groups)
    msg.success, msg.help = float(chunk.success), float(chunk.help)
    msg.help_reason = chunk.help_reason
    return msg


def action_chunk_from_msg(msg: rove.ActionChunk, receive_ns: int) -> ActionChunk:
    """Chunk of a message; its channels must be those of the model, in order."""
    check_names('ActionChunk.names', msg.names, _CHANNELS)
    if len(msg.positions) == 0 or len(msg.positions) % NUM_CHANNELS:
        raise InvalidInput(
            f'ActionChunk.positions has {len(msg.positions)} numbers; '
            f'expected a positive multiple of {NUM_CHANNELS}'
        )
    return ActionChunk(
        seq=msg.seq,
        policy_id=msg.policy_id,
        t_observation_ns=msg.observation_monotonic_ns,
        t0_ns=msg.t0_monotonic_ns,
        dt=msg.dt,
        position=np.array(msg.positions, dtype=float).reshape(-1, NUM_CHANNELS),
        groups=tuple(msg.groups),
        t_receive_ns=receive_ns,
        success=msg.success,
        help=msg.help,
        help_reason=msg.help_reason,
    )


def joint_proposal_to_msg(proposal: JointProposal, stamp: Time) -> rove.JointProposal:
    """Message of the human's proposal."""
    msg = rove.JointProposal()
    msg.header.stamp = stamp
    msg.seq, msg.anchor_id = proposal.seq, proposal.anchor_id
    msg.names = _CHANNELS
    msg.position, msg.velocity = _doubles(proposal.position), _doubles(proposal.velocity)
    msg.groups, msg.reason = list(proposal.groups), proposal.reason
    msg.operator_seq = proposal.operator_seq
    msg.source_monotonic_ns = proposal.t_source_ns
    msg.operator_monotonic_ns = proposal.t_operator_ns
    msg.alignment = alignment_numbers(proposal.alignment)
    msg.gate = [] if proposal.gate is None else list(proposal.gate)
    return msg


def joint_proposal_from_msg(msg: rove.JointProposal, receive_ns: int) -> JointProposal:
    """Human proposal of a message."""
    check_names('JointProposal.names', msg.names, _CHANNELS)
    return JointProposal(
        seq=msg.seq,
        anchor_id=msg.anchor_id,
        position=vector('JointProposal.position', msg.position, NUM_CHANNELS),
        velocity=vector('JointProposal.velocity', msg.velocity, NUM_CHANNELS),
        groups=tuple(msg.groups),
        reason=msg.reason,
        operator_seq=msg.operator_seq,
        t_source_ns=msg.source_monotonic_ns,
        t_operator_ns=msg.operator_monotonic_ns,
        t_receive_ns=receive_ns,
        alignment=alignment_of(msg.alignment),
        gate=_gate(msg.gate),
    )


def _gate(values: Sequence[float]) -> tuple[float, float] | None:
    if len(values) == 0:
        return None
    distance, angle = vector('JointProposal.gate', values, 2).tolist()
    return distance, angle


def joint_command_to_msg(command: JointCommand, stamp: Time) -> rove.JointCommand:
    """Message of the one command that moves joints."""
    msg = rove.JointCommand()
    msg.header.stamp = stamp
    msg.seq, msg.session, msg.writer_id = command.seq, command.session, command.writer_id
    msg.monotonic_ns, msg.valid_until_ns = command.t_ns, command.valid_until_ns
    msg.names = _JOINTS
    msg.position, msg.velocity = _doubles(command.position), _doubles(command.velocity)
    msg.effort = _doubles(command.effort)
    msg.base, msg.base_velocity = command.base, command.base_velocity
    msg.damping = command.damping
    return msg


def joint_command_from_msg(msg: rove.JointCommand, receive_ns: int) -> JointCommand:
    """Joint command of a message; its joints must be those of the model, in order."""
    check_names('JointCommand.names', msg.names, _JOINTS)
    size = len(_JOINTS)
    return JointCommand(
        seq=msg.seq,
        session=msg.session,
        writer_id=msg.writer_id,
        t_ns=msg.monotonic_ns,
        valid_until_ns=msg.valid_until_ns,
        position=vector('JointCommand.position', msg.position, size),
        velocity=vector('JointCommand.velocity', msg.velocity, size),
        effort=vector('JointCommand.effort', msg.effort, size),
        base=vector('base', msg.base, 6),
        base_velocity=vector('base_velocity', msg.base_velocity, 6),
        damping=msg.damping,
        t_receive_ns=receive_ns,
    )


def plant_state_to_msg(state: PlantState, stamp: Time) -> rove.PlantState:
    """Message of a plant state; the task's objects travel in TaskState."""
    msg = rove.PlantState()
    msg.header.stamp = stamp
    msg.header.frame_id = 'map'
    msg.seq, msg.monotonic_ns, msg.names = state.seq, state.t_ns, _JOINTS
    msg.position, msg.velocity = _doubles(state.position), _doubles(state.velocity)
    msg.effort = _doubles(state.effort)
    msg.base_pose, msg.base_twist = state.base_pose, state.base_twist
    msg.imu_angular_velocity = state.imu_angular_velocity
    msg.imu_linear_acceleration = state.imu_linear_acceleration
    msg.foot_force = state.foot_force
    msg.fault = state.fault
    return msg


def plant_state_from_msg(msg: rove.PlantState, receive_ns: int) -> PlantState:
    """Plant state of a message."""
    check_names('PlantState.names', msg.names, _JOINTS)
    size = len(_JOINTS)
    return PlantState(
        seq=msg.seq,
        t_ns=msg.monotonic_ns,
        position=vector('PlantState.position', msg.position, size),
        velocity=vector('PlantState.velocity', msg.velocity, size),
        effort=vector('PlantState.effort', msg.effort, size),
        base_pose=vector('base_pose', msg.base_pose, 7),
        base_twist=vector('base_twist', msg.base_twist, 6),
        imu_angular_velocity=vector('imu_angular_velocity', msg.imu_angular_velocity, 3),
        imu_linear_acceleration=vector('imu_linear_acceleration', msg.imu_linear_acceleration, 3),
        foot_force=vector('foot_force', msg.foot_force, 2),
        fault=msg.fault,
        t_receive_ns=receive_ns,
    )


def task_state_to_msg(state: TaskState, stamp: Time) -> rove.TaskState:
    """Message of how the task stands."""
    msg = rove.TaskState()
    msg.header.stamp = stamp
    msg.header.frame_id = 'map'
    msg.task, msg.text, msg.seed, msg.monotonic_ns = state.task, state.text, state.seed, state.t_ns
    msg.success, msg.failed, msg.progress = state.success, state.failed, state.progress
    msg.object_names, msg.objects = list(state.objects), _flat_poses(state.objects)
    return msg


def task_state_from_msg(msg: rove.TaskState, receive_ns: int = 0) -> TaskState:
    """Task state of a message."""
    return TaskState(
        task=msg.task,
        text=msg.text,
        seed=msg.seed,
        t_ns=msg.monotonic_ns,
        success=msg.success,
        failed=msg.failed,
        progress=msg.progress,
        objects=named_poses('TaskState.objects', msg.object_names, msg.objects),
    )


def event_to_msg(event: Event, stamp: Time) -> rove.Event:
    """Message of an event."""
    msg = rove.Event()
    msg.header.stamp = stamp
    msg.event_id, msg.tick, msg.monotonic_ns = event.event_id, event.tick, event.t_ns
    msg.kind, msg.groups = event.kind, list(event.groups)
    msg.actor, msg.detail = event.actor, event.detail
    return msg


def event_from_msg(msg: rove.Event, receive_ns: int = 0) -> Event:
    """Event of a message."""
    return Event(
        event_id=msg.event_id,
        tick=msg.tick,
        t_ns=msg.monotonic_ns,
        kind=msg.kind,
        groups=tuple(msg.groups),
        actor=msg.actor,
        detail=msg.detail,
    )


def _times_to_msg(times: SourceTimes) -> SourceTimesMsg:
    msg = SourceTimesMsg()
    msg.seq, msg.source_ns = times.seq, times.t_source_ns
    msg.receive_ns, msg.apply_ns = times.t_receive_ns, times.t_apply_ns
    return msg


def _times_from_msg(msg: SourceTimesMsg) -> SourceTimes:
    return SourceTimes(msg.seq, msg.source_ns, msg.receive_ns, msg.apply_ns)


def control_frame_to_msg(frame: ControlFrame, stamp: Time) -> rove.ControlFrame:
    """Message of one tick of truth."""
    msg = rove.ControlFrame()
    msg.header.stamp = stamp
    msg.tick, msg.monotonic_ns, msg.episode = frame.tick, frame.t_ns, frame.episode
    msg.phase = np.array(frame.phase, np.uint8)
    msg.authority = np.array(frame.authority, np.uint8)
    msg.robot_phase, msg.stage = int(frame.robot_phase), int(frame.stage)
    msg.intervention = frame.intervention
    msg.takeover_id, msg.anchor_id = frame.takeover_id, frame.anchor_id
    msg.reason, msg.operator_id = frame.reason, frame.operator_id
    if frame.policy_proposal is not None:
        msg.policy_position = _doubles(frame.policy_proposal.position)
        msg.policy_velocity = _doubles(frame.policy_proposal.velocity)
    if frame.human_proposal is not None:
        msg.human_position = _doubles(frame.human_proposal.position)
        msg.human_velocity = _doubles(frame.human_proposal.velocity)
    msg.executed_position = frame.executed.position
    msg.executed_velocity = frame.executed.velocity
    msg.joint_position, msg.joint_velocity = frame.joint_position, frame.joint_velocity
    msg.measured_position, msg.measured_velocity = frame.measured_position, frame.measured_velocity
    msg.operator_times = _times_to_msg(frame.operator)
    msg.policy_times = _times_to_msg(frame.policy)
    msg.plant_times = _times_to_msg(frame.plant)
    msg.verdicts, msg.limits = list(frame.verdicts), list(frame.limits)
    msg.alignment, msg.help = alignment_numbers(frame.alignment), frame.help
    return msg


def _channels(position: Sequence[float], velocity: Sequence[float]) -> Channels | None:
    if len(position) == 0:
        return None
    return Channels(
        vector('proposal position', position, NUM_CHANNELS),
        vector('proposal velocity', velocity, NUM_CHANNELS),
    )


def control_frame_from_msg(msg: rove.ControlFrame, receive_ns: int = 0) -> ControlFrame:
    """Frame of a message."""
    return ControlFrame(
        tick=msg.tick,
        t_ns=msg.monotonic_ns,
        episode=msg.episode,
        phase=members('ControlFrame.phase', msg.phase, Phase),
        authority=members('ControlFrame.authority', msg.authority, Authority),
        robot_phase=member('ControlFrame.robot_phase', msg.robot_phase, Phase),
        intervention=msg.intervention,
        stage=member('ControlFrame.stage', msg.stage, Stage),
        takeover_id=msg.takeover_id,
        anchor_id=msg.anchor_id,
        reason=msg.reason,
        operator_id=msg.operator_id,
        policy_proposal=_channels(msg.policy_position, msg.policy_velocity),
        human_proposal=_channels(msg.human_position, msg.human_velocity),
        executed=Channels(
            vector('executed_position', msg.executed_position, NUM_CHANNELS),
            vector('executed_velocity', msg.executed_velocity, NUM_CHANNELS),
        ),
        joint_position=vector('joint_position', msg.joint_position, NUM_JOINTS),
        joint_velocity=vector('joint_velocity', msg.joint_velocity, NUM_JOINTS),
        measured_position=vector('measured_position', msg.measured_position, NUM_JOINTS),
        measured_velocity=vector('measured_velocity', msg.measured_velocity, NUM_JOINTS),
        operator=_times_from_msg(msg.operator_times),
        policy=_times_from_msg(msg.policy_times),
        plant=_times_from_msg(msg.plant_times),
        verdicts=tuple(msg.verdicts),
        limits=tuple(msg.limits),
        alignment=alignment_of(msg.alignment),
        help=msg.help,
    )

"""Messages carry every value there and back, and refuse what is not theirs."""

from __future__ import annotations

from array import array
from collections.abc import Callable
import dataclasses
from typing import Any

from builtin_interfaces.msg import Time
import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message

from rove_teleop.core import types
from rove_teleop.core.names import (
    CHANNELS,
    GROUPS,
    NUM_CHANNELS,
    NUM_JOINTS,
    Authority,
    Phase,
    Stage,
)
from rove_teleop.errors import InvalidInput
from rove_teleop.nodes import convert

RNG = np.random.default_rng(7)
STAMP = Time(sec=3, nanosec=5)


def _joints() -> np.ndarray:
    return RNG.normal(size=NUM_JOINTS)


def _channels() -> types.Channels:
    return types.Channels(RNG.normal(size=NUM_CHANNELS), RNG.normal(size=NUM_CHANNELS))


def _operator() -> types.OperatorState:
    return types.OperatorState(
        source_id='headset',
        session='a',
        seq=4,
        t_source_ns=10,
        t_receive_ns=20,
        head=RNG.normal(size=7),
        right_wrist=RNG.normal(size=7),
        right_hand=RNG.normal(size=(25, 7)),
        body={'left_elbow': RNG.normal(size=7), 'torso': RNG.normal(size=7)},
        buttons=('takeover', 'hold'),
        axes={'thumb_x': 0.25, 'thumb_y': -1.0},
    )


def _chunk() -> types.ActionChunk:
    return types.ActionChunk(
        seq=9,
        policy_id='p',
        t_observation_ns=1,
        t0_ns=2,
        dt=0.05,
        position=RNG.normal(size=(8, NUM_CHANNELS)),
        groups=('right_arm', 'torso'),
        success=0.5,
        help=0.25,
        help_reason='lost the cube',
    )


def _proposal() -> types.JointProposal:
    return types.JointProposal(
        seq=3,
        anchor_id=2,
        position=RNG.normal(size=NUM_CHANNELS),
        velocity=RNG.normal(size=NUM_CHANNELS),
        groups=('left_hand',),
        reason='no right wrist',
        operator_seq=77,
        t_source_ns=5,
        t_operator_ns=6,
        alignment={'right': (0.25, 0.5)},
        gate=(0.1, 0.35),
    )


def _command() -> types.JointCommand:
    return types.JointCommand(
        seq=1,
        session='s',
        writer_id='w',
        t_ns=8,
        valid_until_ns=9,
        position=_joints(),
        velocity=_joints(),
        effort=_joints(),
        base=RNG.normal(size=6),
        base_velocity=RNG.normal(size=6),
        damping=True,
    )


def _plant() -> types.PlantState:
    return types.PlantState(
        seq=11,
        t_ns=12,
        position=_joints(),
        velocity=_joints(),
        effort=_joints(),
        base_pose=RNG.normal(size=7),
        base_twist=RNG.normal(size=6),
        imu_angular_velocity=RNG.normal(size=3),
        imu_linear_acceleration=RNG.normal(size=3),
        foot_force=RNG.normal(size=2),
        fault='fell',
    )


def _task() -> types.TaskState:
    return types.TaskState(
        task='pick_place',
        text='do it',
        seed=5,
        t_ns=6,
        success=True,
        failed=False,
        progress='placed',
        objects={'cube': RNG.normal(size=7), 'goal': RNG.normal(size=7)},
    )


def _event() -> types.Event:
    return types.Event(1, 2, 3, 'takeover', ('right_arm',), 'op', 'anchor_id=4')


def _frame() -> types.ControlFrame:
    return types.ControlFrame(
        tick=100,
        t_ns=200,
        episode='episode_0000',
        phase=tuple(Phase),
        authority=(Authority.POLICY, *tuple(Authority), Authority.HOLD),
        robot_phase=Phase.STOPPED,
        intervention=True,
        stage=Stage.ADAPTATION,
        takeover_id=3,
        anchor_id=4,
        reason='takeover',
        operator_id='op',
        policy_proposal=None,
        human_proposal=_channels(),
        executed=_channels(),
        joint_position=_joints(),
        joint_velocity=_joints(),
        measured_position=_joints(),
        measured_velocity=_joints(),
        operator=types.SourceTimes(1, 2, 3, 4),
        policy=types.SourceTimes(5, 6, 7, 8),
        verdicts=('policy: reject not finite',),
        limits=('left_elbow_joint:velocity',),
        alignment={'left': (0.3, 1.0), 'right': (0.0, 0.0)},
        help='monitor: stalled',
    )


CASES: dict[str, tuple[Callable, Callable, Callable]] = {
    'operator': (_operator, convert.operator_state_to_msg, convert.operator_state_from_msg),
    'chunk': (_chunk, convert.action_chunk_to_msg, convert.action_chunk_from_msg),
    'proposal': (_proposal, convert.joint_proposal_to_msg, convert.joint_proposal_from_msg),
    'command': (_command, convert.joint_command_to_msg, convert.joint_command_from_msg),
    'plant': (_plant, convert.plant_state_to_msg, convert.plant_state_from_msg),
    'task': (_task, convert.task_state_to_msg, convert.task_state_from_msg),
    'event': (_event, convert.event_to_msg, convert.event_from_msg),
    'frame': (_frame, convert.control_frame_to_msg, convert.control_frame_from_msg),
}


def _over_the_wire(message: Any) -> Any:
    return deserialize_message(serialize_message(message), type(message))


def _assert_same(got: Any, expected: Any, where: str) -> None:
    if dataclasses.is_dataclass(expected):
        for item in dataclasses.fields(expected):
            _assert_same(
                getattr(got, item.name), getattr(expected, item.name), f'{where}.{item.name}'
            )
    elif isinstance(expected, dict):
        assert list(got) == list(expected), where
        for key, value in expected.items():
            _assert_same(got[key], value, f'{where}[{key}]')
    elif isinstance(expected, np.ndarray):
        assert got.dtype == float and got.shape == expected.shape, where
        assert (got == expected).all(), where
    else:
        assert got == expected, where


@pytest.mark.parametrize('name', CASES)
def test_a_value_survives_the_wire_to_the_last_bit(name: str) -> None:
    make, to_msg, from_msg = CASES[name]
    value = make()
    back = from_msg(_over_the_wire(to_msg(value, STAMP)), 0)
    _assert_same(back, value, name)


def test_a_receive_time_is_stored_where_a_value_keeps_one() -> None:
    message = convert.plant_state_to_msg(_plant(), STAMP)
    assert convert.plant_state_from_msg(message, 1234).t_receive_ns == 1234


def test_joints_in_another_order_are_refused() -> None:
    message = convert.joint_command_to_msg(_command(), STAMP)
    message.names = list(reversed(message.names))
    with pytest.raises(InvalidInput, match='in model order'):
        convert.joint_command_from_msg(message, 0)


def test_an_unknown_joint_is_named_in_the_refusal() -> None:
    message = convert.plant_state_to_msg(_plant(), STAMP)
    message.names = [*message.names[:-1], 'tail_joint']
    with pytest.raises(InvalidInput, match='tail_joint'):
        convert.plant_state_from_msg(message, 0)


def test_a_vector_of_the_wrong_size_is_refused_with_both_sizes() -> None:
    message = convert.joint_proposal_to_msg(_proposal(), STAMP)
    message.position = message.position[:-1]
    with pytest.raises(InvalidInput, match='36 numbers; expected 37'):
        convert.joint_proposal_from_msg(message, 0)


def test_a_chunk_that_is_not_whole_rows_is_refused() -> None:
    message = convert.action_chunk_to_msg(_chunk(), STAMP)
    message.positions = message.positions[:-1]
    with pytest.raises(InvalidInput, match=f'positive multiple of {len(CHANNELS)}'):
        convert.action_chunk_from_msg(message, 0)


@pytest.mark.parametrize('part', ['head', 'right_wrist', 'right_hand', 'body', 'axes'])
def test_an_operators_part_of_the_wrong_size_is_lost_alone_and_the_buttons_stay(part: str) -> None:
    whole = _operator()
    message = convert.operator_state_to_msg(whole, STAMP)
    setattr(message, part, getattr(message, part)[:-1])
    state, dropped = convert.operator_state_parts(_over_the_wire(message))
    assert not getattr(state, part)
    assert len(dropped) == 1
    assert dropped[0].startswith(f'{part} has ')
    kept = dataclasses.replace(whole, **{part: getattr(state, part)})
    _assert_same(state, kept, 'operator')


def test_a_frame_has_one_phase_and_one_authority_per_group() -> None:
    message = convert.control_frame_to_msg(_frame(), STAMP)
    assert len(message.phase) == len(message.authority) == len(GROUPS)


def _spoiled(value: Any) -> Any:
    """A value of a message field as a hostile or broken sender might set it."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(RNG.choice([0, 1, 77, 255]))
    if isinstance(value, float):
        return float(RNG.choice([np.nan, np.inf, -1e300, 0.0]))
    if isinstance(value, np.ndarray) and value.dtype == np.uint8:
        return RNG.integers(0, 256, RNG.choice([0, len(value) - 1, len(value)])).astype(np.uint8)
    if isinstance(value, (list, array, np.ndarray)):
        longer = np.concatenate([value, value[:1]]).tolist()
        spoilt = longer[: RNG.integers(len(longer) + 1)]
        return spoilt if isinstance(value, list) else np.array(spoilt, float)
    return value


@pytest.mark.parametrize('name', CASES)
def test_a_spoilt_message_gives_a_value_or_a_refusal_and_nothing_else(name: str) -> None:
    make, to_msg, from_msg = CASES[name]
    refused = 0
    for _ in range(300):
        message = to_msg(make(), STAMP)
        fields = [field for field in message.__slots__ if field != '_check_fields']
        for field in RNG.choice(fields, RNG.integers(1, 4)):
            object.__setattr__(message, field, _spoiled(getattr(message, field)))
        try:
            from_msg(message, 0)
        except InvalidInput:
            refused += 1
    assert (refused == 0) == (name in ('operator', 'event'))


def test_numbers_that_are_not_finite_are_left_to_the_core() -> None:
    message = convert.plant_state_to_msg(_plant(), STAMP)
    message.position = [float('nan')] * NUM_JOINTS
    assert np.isnan(convert.plant_state_from_msg(message, 0).position).all()


@pytest.mark.parametrize('field', ['robot_phase', 'stage'])
def test_a_number_that_names_no_phase_is_refused_with_the_known_ones(field: str) -> None:
    message = convert.control_frame_to_msg(_frame(), STAMP)
    setattr(message, field, 200)
    with pytest.raises(InvalidInput, match=f'{field} is 200; expected one of 0 '):
        convert.control_frame_from_msg(message)

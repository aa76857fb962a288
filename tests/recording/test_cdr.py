"""The decoder against the serializer of ROS itself."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import Empty

from rove_msgs.msg import Event, OperatorState
from rove_teleop.errors import RecordingError
from rove_teleop.nodes.convert import control_frame_to_msg
from rove_teleop.recording.cdr import Decoder
from rove_teleop.recording.schemas import CONTROL_FRAME, schema_text
from tests.fakes.frames import Script, control_frames
from tests.fakes.recordings import stamp


def same(decoded: object, message: object) -> bool:
    """Whether a decoded value equals the ROS message, field by field."""
    if hasattr(message, 'get_fields_and_field_types'):
        fields = message.get_fields_and_field_types()
        return all(same(getattr(decoded, name), getattr(message, name)) for name in fields)
    if isinstance(message, list | tuple):
        return len(decoded) == len(message) and all(map(same, decoded, message))
    if isinstance(decoded, np.ndarray):
        return np.array_equal(decoded, np.asarray(message), equal_nan=decoded.dtype.kind == 'f')
    return decoded == message


def decode(message: object) -> object:
    name = f'{type(message).__module__.split(".")[0]}/msg/{type(message).__name__}'
    return Decoder(name, schema_text(name))(serialize_message(message))


def test_every_field_of_a_control_frame_survives():
    for frame in control_frames(Script(ticks=30)):
        message = control_frame_to_msg(frame, stamp(frame.t_ns))
        assert same(decode(message), message)


@pytest.mark.parametrize('length', range(9))
def test_strings_of_any_length_leave_the_next_number_aligned(length):
    message = Event(event_id=7, tick=2**63, kind='k' * length, groups=['é' * length, ''])
    message.detail = 'd' * length
    assert same(decode(message), message)


def test_empty_and_filled_sequences_are_told_apart():
    message = OperatorState(seq=3, head=[], left_wrist=[1.0] * 7, buttons=['a'], axes=[0.5])
    decoded = decode(message)
    assert same(decoded, message)
    assert len(decoded.head) == 0


def test_sequences_of_messages_are_decoded():
    status = DiagnosticStatus(
        name='arm', level=b'\x02', values=[KeyValue(key='a', value='1'), KeyValue(key='bb')]
    )
    decoded = decode(DiagnosticArray(status=[status, DiagnosticStatus()]))
    assert [each.name for each in decoded.status] == ['arm', '']
    assert [pair.key for pair in decoded.status[0].values] == ['a', 'bb']
    assert decoded.status[0].level == 2


def test_a_picture_comes_back_byte_by_byte():
    data = bytes(range(256)) * 10
    message = CompressedImage(format='jpeg')
    message.data.frombytes(data)
    assert decode(message).data.tobytes() == data


def test_a_message_without_fields_is_decoded():
    assert decode(Empty()) is not None


def test_every_cut_of_a_message_is_an_error_that_names_the_field():
    frame = next(control_frames(Script(ticks=1)))
    data = serialize_message(control_frame_to_msg(frame, stamp(0)))
    decoder = Decoder(CONTROL_FRAME, schema_text(CONTROL_FRAME))
    for size in range(4, len(data) - 4, 97):
        with pytest.raises(RecordingError, match='does not fit its schema'):
            decoder(data[:size])
    with pytest.raises(RecordingError, match=r'ControlFrame\.measured_position'):
        decoder(data[:2000])


def test_a_hostile_length_does_not_allocate_memory():
    name = 'std_msgs/msg/String'
    decoder = Decoder(name, schema_text(name))
    with pytest.raises(RecordingError, match='4294967295 bytes announced'):
        decoder(b'\x00\x01\x00\x00\xff\xff\xff\xff')


def test_another_encoding_is_refused():
    with pytest.raises(RecordingError, match='expected little-endian CDR'):
        Decoder(CONTROL_FRAME, schema_text(CONTROL_FRAME))(b'\x00\x03\x00\x00')


def test_a_schema_without_its_nested_message_is_refused():
    with pytest.raises(RecordingError, match='definition of pkg/Inner is missing'):
        Decoder('pkg/msg/Outer', 'Inner inner\n')

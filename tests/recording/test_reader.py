from __future__ import annotations

from pathlib import Path

from mcap.writer import CompressionType, Writer
import numpy as np
import pytest
from rclpy.serialization import serialize_message
from std_msgs.msg import String

from rove_msgs.msg import ControlFrame
from rove_teleop.errors import RecordingError
from rove_teleop.recording.loading import load_episode
from rove_teleop.recording.reader import read_episode
from rove_teleop.recording.schemas import CONTROL_FRAME, EVENT, schema_text
from tests.fakes.frames import Script
from tests.fakes.recordings import build_episode, write_episode

SCRIPT = Script(ticks=400)


@pytest.fixture(scope='module')
def recording(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('recording') / 'episode_0000.mcap'
    write_episode(path, SCRIPT, cameras=True)
    return path


def write_mcap(
    path: Path, topic: str, type_name: str, schema: str, data: bytes, **how: str
) -> Path:
    with path.open('wb') as file:
        writer = Writer(file, compression=CompressionType.NONE)
        writer.start()
        schema_id = writer.register_schema(
            type_name, how.get('schema_encoding', 'ros2msg'), schema.encode()
        )
        channel = writer.register_channel(topic, how.get('encoding', 'cdr'), schema_id)
        writer.add_message(channel, 1, data, 1)
        writer.finish()
    return path


def test_a_loaded_episode_equals_the_one_gathered_in_memory(recording):
    loaded, built = load_episode(recording), build_episode(SCRIPT)
    for name, expected in vars(built).items():
        got = getattr(loaded, name)
        if name in ('stamp_ns', 'log_time_ns', 'metadata', 'task'):
            continue
        if isinstance(expected, np.ndarray):
            np.testing.assert_array_equal(got, expected, err_msg=name)
            assert got.dtype == expected.dtype
        else:
            assert got == expected, name
    assert [vars(a)['progress'] for a in loaded.task] == [b.progress for b in built.task]
    np.testing.assert_array_equal(loaded.task[3].objects['cube'], built.task[3].objects['cube'])
    assert not loaded.truncated
    assert loaded.name == 'episode_0000'
    assert loaded.metadata['result'] == {'outcome': 'success'}


def test_an_absent_proposal_is_a_row_of_nan(recording):
    episode = load_episode(recording)
    absent = np.isnan(episode.human_position).all(axis=1)
    assert absent[:20].all()
    assert not np.isnan(episode.human_position[20:]).any()


def test_stamps_and_receive_times_are_wall_times_and_t_is_monotonic(recording):
    episode = load_episode(recording)
    np.testing.assert_array_equal(episode.stamp_ns, episode.log_time_ns)
    np.testing.assert_array_equal(np.diff(episode.stamp_ns), np.diff(episode.t_ns))
    assert episode.t_ns[0] == SCRIPT.start_ns


def test_only_the_types_asked_for_are_decoded(recording):
    reader = read_episode(recording, {EVENT})
    assert {record.type_name for record in reader} == {EVENT}
    assert reader.topics['control_frame'] == CONTROL_FRAME


def test_a_recording_cut_anywhere_gives_what_is_whole_before_the_cut(recording, tmp_path):
    whole = load_episode(recording)
    data = recording.read_bytes()
    cut_path = tmp_path / 'cut.mcap'
    counts = []
    for size in np.linspace(8, len(data) - 1, 40, dtype=int):
        cut_path.write_bytes(data[:size])
        reader = read_episode(cut_path)
        ticks = [r.message.tick for r in reader if r.type_name == CONTROL_FRAME]
        assert reader.truncated
        assert len(reader.problems) == 1
        assert ticks == whole.tick[: len(ticks)].tolist()
        counts.append(len(ticks))
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] == len(whole)


def test_a_damaged_chunk_is_passed_over_and_reported(tmp_path):
    path = tmp_path / 'episode_0000.mcap'
    write_episode(path, Script(ticks=2500), cameras=True)
    whole = load_episode(path)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(64)
    path.write_bytes(data)
    episode = load_episode(path)
    assert 0 < len(episode) < len(whole)
    assert len(episode.problems) == 1
    assert 'is damaged' in episode.problems[0]
    assert not episode.truncated


@pytest.mark.parametrize(
    ('content', 'told'),
    [(b'', 'an empty file'), (b'{"frames": []}', '7b 22 66'), (b'\x89MCAP0\r', '89 4d 43')],
)
def test_a_file_that_is_not_mcap_is_an_error_that_says_what_was_found(tmp_path, content, told):
    path = tmp_path / 'episode.mcap'
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=told) as caught:
        read_episode(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(RecordingError, match=r'nowhere\.mcap: cannot be read'):
        load_episode(tmp_path / 'nowhere.mcap')


def test_a_recording_without_control_frames_lists_the_topics_it_has(tmp_path):
    data = serialize_message(String(data='hello'))
    name = 'std_msgs/msg/String'
    path = write_mcap(tmp_path / 'other.mcap', '/chatter', name, schema_text(name), data)
    with pytest.raises(RecordingError, match=r'no message of type rove_msgs.*: chatter'):
        load_episode(path)


def test_a_control_frame_of_another_make_is_an_error_that_names_the_missing_field(tmp_path):
    path = write_mcap(
        tmp_path / 'old.mcap',
        'control_frame',
        CONTROL_FRAME,
        'uint64 tick\n',
        b'\x00\x01\x00\x00' + (7).to_bytes(8, 'little'),
    )
    with pytest.raises(RecordingError, match=r'topic control_frame: .* has no field'):
        load_episode(path)


def test_a_field_of_another_size_is_an_error_that_names_it(tmp_path):
    schema = schema_text(CONTROL_FRAME).replace('float64[43] joint_p', 'float64[42] joint_p')
    data = serialize_message(ControlFrame())[:-8]
    path = write_mcap(tmp_path / 'old.mcap', 'control_frame', CONTROL_FRAME, schema, data)
    with pytest.raises(RecordingError, match=r'joint_position: expected shape \(43,\).*42'):
        load_episode(path)


def test_data_that_does_not_fit_its_schema_is_an_error_that_names_topic_and_field(tmp_path):
    data = serialize_message(ControlFrame())[:1000]
    path = write_mcap(
        tmp_path / 'bad.mcap', 'control_frame', CONTROL_FRAME, schema_text(CONTROL_FRAME), data
    )
    with pytest.raises(RecordingError, match=r'bad\.mcap: topic control_frame: .*ControlFrame\.'):
        load_episode(path)


@pytest.mark.parametrize('how', [{'encoding': 'json'}, {'schema_encoding': 'protobuf'}])
def test_another_message_encoding_is_an_error_that_says_what_was_expected(tmp_path, how):
    path = write_mcap(tmp_path / 'other.mcap', 'x', 'pkg/msg/X', 'bool x\n', b'{}', **how)
    with pytest.raises(RecordingError, match='expected cdr/ros2msg'):
        list(read_episode(path))


def test_a_recording_made_before_a_field_was_added_stays_readable(tmp_path):
    schema = 'uint8 kind\nstring old_word\n'
    path = write_mcap(
        tmp_path / 'old.mcap',
        'event',
        EVENT,
        schema,
        b'\x00\x01\x00\x00\x05\x00\x00\x00\x03\x00\x00\x00hi\x00',
    )
    (record,) = read_episode(path)
    assert (record.message.kind, record.message.old_word) == (5, 'hi')

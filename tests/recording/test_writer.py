from __future__ import annotations

import json
from pathlib import Path
import subprocess
import sys
import threading
import time

from mcap.reader import make_reader
import pytest
from rclpy.serialization import serialize_message

from rove_msgs.msg import ControlFrame, Event, PlantState
from rove_teleop.errors import RecordingError
from rove_teleop.recording.loading import load_episode
from rove_teleop.recording.reader import read_episode
from rove_teleop.recording.schemas import (
    COMPRESSED_IMAGE,
    CONTROL_FRAME,
    EVENT,
    PLANT_STATE,
    schema_text,
)
from rove_teleop.recording.writer import EpisodeWriter
from tests.fakes.frames import Script
from tests.fakes.recordings import camera_message, write_episode

FRAME = serialize_message(ControlFrame())


class Gate:
    """A schema look-up that keeps the writing thread waiting, like a disk that hangs."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.reached = threading.Event()

    def __call__(self, type_name: str) -> str:
        self.reached.set()
        assert self.open.wait(30.0)
        return schema_text(type_name)


def test_what_is_written_is_on_disk_with_topic_times_and_metadata(tmp_path):
    path = tmp_path / 'new' / 'episode_0000.mcap'
    writer = EpisodeWriter(path, {'episode': 'episode_0000', 'seed': '4'})
    writer.write('/event', EVENT, serialize_message(Event(kind='takeover')), 20, 10)
    writer.write('control_frame', CONTROL_FRAME, FRAME, 30)
    report = writer.close({'outcome': 'success'})
    assert (report.error, report.dropped) == ('', {})
    assert report.written == {'event': 1, 'control_frame': 1}
    assert report.size == path.stat().st_size
    reader = read_episode(path)
    records = list(reader)
    assert [(r.topic, r.log_time_ns, r.publish_time_ns) for r in records] == [
        ('event', 20, 10),
        ('control_frame', 30, 30),
    ]
    assert records[0].message.kind == 'takeover'
    assert reader.metadata == {
        'episode': {'episode': 'episode_0000', 'seed': '4'},
        'result': {'outcome': 'success'},
    }
    assert (reader.truncated, reader.problems) == (False, [])


def test_any_mcap_tool_finds_profile_index_and_schemas(tmp_path):
    path = tmp_path / 'episode_0000.mcap'
    write_episode(path, Script(ticks=50), cameras=True)
    with path.open('rb') as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert reader.get_header().profile == 'ros2'
        assert summary is not None and summary.statistics is not None
        channels = {channel.topic: channel for channel in summary.channels.values()}
        assert summary.statistics.channel_message_counts[channels['control_frame'].id] == 50
        assert {channel.message_encoding for channel in channels.values()} == {'cdr'}
        assert {schema.encoding for schema in summary.schemas.values()} == {'ros2msg'}


def test_an_existing_recording_is_never_overwritten(tmp_path):
    path = tmp_path / 'episode_0000.mcap'
    EpisodeWriter(path, {}).close()
    before = path.read_bytes()
    with pytest.raises(RecordingError, match='never overwritten'):
        EpisodeWriter(path, {})
    assert path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_an_error_at_once(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(RecordingError, match='cannot be created'):
        EpisodeWriter(tmp_path / 'file' / 'episode_0000.mcap', {})


def test_closing_twice_is_harmless_and_writing_afterwards_is_counted(tmp_path):
    writer = EpisodeWriter(tmp_path / 'episode_0000.mcap', {})
    writer.write('control_frame', CONTROL_FRAME, FRAME, 1)
    first = writer.close()
    assert writer.closed
    assert writer.close() == first
    assert not writer.write('control_frame', CONTROL_FRAME, FRAME, 2)
    assert writer.report().dropped == {'control_frame': 1}


def test_finish_returns_while_the_disk_hangs_and_the_file_is_still_completed(tmp_path):
    gate = Gate()
    writer = EpisodeWriter(tmp_path / 'episode_0000.mcap', {}, schema=gate)
    writer.write('control_frame', CONTROL_FRAME, FRAME, 1)
    writer.finish({'outcome': 'failure'})
    assert not writer.closed
    assert writer.close(timeout=0.01).error.endswith('not on disk within 0.01 s')
    gate.open.set()
    assert writer.close().written == {'control_frame': 1}
    reader = read_episode(writer.path)
    assert len(list(reader)) == 1
    assert reader.metadata['result']['outcome'] == 'failure'


def test_while_the_disk_hangs_writing_goes_on_and_cameras_are_lost_before_frames(tmp_path):
    gate = Gate()
    image = camera_message(0, bytes(20_000))
    state = serialize_message(PlantState())
    writer = EpisodeWriter(
        tmp_path / 'episode_0000.mcap', {}, capacity=len(FRAME) * 300, schema=gate
    )
    writer.write('control_frame', CONTROL_FRAME, FRAME, 0)
    assert gate.reached.wait(10.0)
    begin = time.perf_counter()
    for tick in range(1, 201):
        assert writer.write('control_frame', CONTROL_FRAME, FRAME, tick)
        writer.write('plant_state', PLANT_STATE, state, tick)
        writer.write('head_camera/image/compressed', COMPRESSED_IMAGE, image, tick)
    assert writer.write('event', EVENT, serialize_message(Event(kind='stop')), 201)
    assert time.perf_counter() - begin < 5.0
    gate.open.set()
    report = writer.close()
    assert report.written['control_frame'] == 201
    assert report.written['event'] == 1
    assert set(report.dropped) == {'head_camera/image/compressed'}
    reader = read_episode(writer.path)
    times = [r.log_time_ns for r in reader if r.type_name == CONTROL_FRAME]
    assert times == list(range(201))
    lost = str(report.dropped['head_camera/image/compressed'])
    assert reader.metadata['result'] == {'dropped.head_camera/image/compressed': lost}


def test_a_patient_writer_loses_nothing_however_small_its_backlog(tmp_path):
    path = tmp_path / 'episode_0000.mcap'
    writer = EpisodeWriter(path, {}, capacity=2 * len(FRAME), patience=30.0)
    for tick in range(500):
        assert writer.write('control_frame', CONTROL_FRAME, FRAME, tick)
    assert writer.close().written == {'control_frame': 500}


def test_a_topic_of_an_unknown_type_is_reported_and_the_others_are_recorded(tmp_path):
    writer = EpisodeWriter(tmp_path / 'episode_0000.mcap', {})
    writer.write('mystery', 'nowhere_msgs/msg/Thing', b'1234', 1)
    writer.write('control_frame', CONTROL_FRAME, FRAME, 2)
    report = writer.close()
    assert 'nowhere_msgs/Thing' in report.error
    assert report.dropped == {'mystery': 1}
    assert report.written == {'control_frame': 1}


FULL_DISK = """
import json, resource, sys, time
from pathlib import Path
from rove_teleop.recording.writer import EpisodeWriter

frame, given = Path(sys.argv[2]).read_bytes(), 0
writer = EpisodeWriter(Path(sys.argv[1]), {}, flush_period=0.05)

def write(count):
    global given
    for _ in range(count):
        accepted = writer.write('control_frame', 'rove_msgs/msg/ControlFrame', frame, given)
        given += 1
    return accepted

def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)

write(50)
wait_until(lambda: sum(writer.report().written.values()) == 50)
resource.setrlimit(resource.RLIMIT_FSIZE, (writer.report().size + 50, resource.RLIM_INFINITY))
write(50)
wait_until(lambda: writer.error and writer.closed)
accepted = write(1)
report = writer.close()
print(json.dumps({'error': report.error, 'written': report.written, 'given': given,
                  'dropped': report.dropped, 'size': report.size, 'accepted': accepted}))
"""


def test_a_full_disk_is_reported_and_what_was_recorded_before_stays_readable(tmp_path):
    path, frame = tmp_path / 'episode_0000.mcap', tmp_path / 'frame'
    frame.write_bytes(FRAME)
    done = subprocess.run(
        [sys.executable, '-c', FULL_DISK, str(path), str(frame)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    told = json.loads(done.stdout)
    assert 'File too large' in told['error']
    assert str(path) in told['error']
    assert not told['accepted']
    assert told['given'] == 101
    assert told['written'] == {'control_frame': 50}
    assert told['dropped'] == {'control_frame': 51}
    assert path.stat().st_size == told['size']
    episode = load_episode(path)
    assert len(episode) == 50
    assert episode.truncated

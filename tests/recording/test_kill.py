"""A recorder that is killed loses at most one second."""

from __future__ import annotations

from pathlib import Path
import signal
import subprocess
import sys
import time

from rclpy.serialization import serialize_message

from rove_msgs.msg import ControlFrame
from rove_teleop.recording.reader import read_episode

CHILD = """
import sys, time
from pathlib import Path
from rove_teleop.recording.writer import EpisodeWriter
frame = Path(sys.argv[2]).read_bytes()
writer = EpisodeWriter(Path(sys.argv[1]), {'episode': 'episode_0000'})
begin = time.monotonic_ns()
for tick in range(200 * 60):
    time.sleep(max(0, begin + tick * 5_000_000 - time.monotonic_ns()) / 1e9)
    writer.write('control_frame', 'rove_msgs/msg/ControlFrame', frame, time.time_ns(), tick)
"""
ENOUGH = 8_000  # bytes: several flushes


def test_killed_with_sigkill_the_recording_is_readable_up_to_the_last_second(tmp_path):
    path, frame = tmp_path / 'episode_0000.mcap', tmp_path / 'frame'
    frame.write_bytes(serialize_message(ControlFrame()))
    child = subprocess.Popen(
        [sys.executable, '-c', CHILD, str(path), str(frame)], cwd=Path(__file__).parents[2]
    )
    try:
        deadline = time.monotonic() + 30
        while not path.exists() or path.stat().st_size < ENOUGH:
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        killed_ns = time.time_ns()
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    reader = read_episode(path)
    records = list(reader)
    assert reader.truncated
    assert reader.metadata == {'episode': {'episode': 'episode_0000'}}
    assert [record.publish_time_ns for record in records] == list(range(len(records)))
    assert killed_ns - records[-1].log_time_ns < 1_000_000_000

"""What recording costs: the caller's time per message, and the share of a core.

200 Hz control frames and plant states and two cameras at 15 Hz, in real time, to a file in a
temporary directory. Run: ``python benchmarks/bench_recorder.py --seconds 10 --json FILE``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import json
from pathlib import Path
import sys
import tempfile
import time

import numpy as np

from rove_teleop.core.names import GROUPS, JOINTS, NUM_CHANNELS, NUM_JOINTS
from rove_teleop.recording.schemas import COMPRESSED_IMAGE, CONTROL_FRAME, PLANT_STATE
from rove_teleop.recording.writer import EpisodeWriter

PERIOD_NS = 5_000_000
CAMERA_EVERY = 13  # ticks: 15.4 Hz
JPEG_BYTES = 60_000


def messages(seed: int = 0) -> tuple[bytes, bytes, bytes]:
    """A control frame, a plant state and a camera picture, serialized."""
    from rclpy.serialization import serialize_message
    from sensor_msgs.msg import CompressedImage

    from rove_msgs.msg import ControlFrame, PlantState

    random = np.random.default_rng(seed)
    frame = ControlFrame(episode='episode_0000', phase=[2] * len(GROUPS))
    for name in ('policy_position', 'policy_velocity', 'human_position', 'human_velocity'):
        setattr(frame, name, random.normal(size=NUM_CHANNELS).tolist())
    for name in ('executed_position', 'executed_velocity'):
        setattr(frame, name, random.normal(size=NUM_CHANNELS))
    for name in ('joint_position', 'joint_velocity', 'measured_position', 'measured_velocity'):
        setattr(frame, name, random.normal(size=NUM_JOINTS))
    plant = PlantState(names=list(JOINTS))
    for name in ('position', 'velocity', 'effort'):
        setattr(plant, name, random.normal(size=NUM_JOINTS).tolist())
    image = CompressedImage(format='jpeg')
    image.data.frombytes(random.bytes(JPEG_BYTES))
    return serialize_message(frame), serialize_message(plant), serialize_message(image)


def measure(path: Path, seconds: float) -> dict[str, float]:
    """Record in real time; returns the figures."""
    frame, plant, image = messages()
    writer = EpisodeWriter(path, {'episode': 'bench'})
    costs = []

    def write(topic: str, type_name: str, data: bytes) -> None:
        now = time.time_ns()
        begin = time.perf_counter_ns()
        writer.write(topic, type_name, data, now)
        costs.append(time.perf_counter_ns() - begin)

    wall, cpu = time.monotonic_ns(), time.process_time_ns()
    for tick in range(round(seconds * 1e9 / PERIOD_NS)):
        time.sleep(max(0, wall + tick * PERIOD_NS - time.monotonic_ns()) / 1e9)
        write('control_frame', CONTROL_FRAME, frame)
        write('plant_state', PLANT_STATE, plant)
        if tick % CAMERA_EVERY == 0:
            write('head_camera/image/compressed', COMPRESSED_IMAGE, image)
            write('view_camera/image/compressed', COMPRESSED_IMAGE, image)
    report = writer.close()
    cpu, wall = time.process_time_ns() - cpu, time.monotonic_ns() - wall
    p50, p99 = np.percentile(costs, (50, 99)) / 1e3
    return {
        'write_p50_us': float(p50),
        'write_p99_us': float(p99),
        'write_max_us': max(costs) / 1e3,
        'core_share': cpu / wall,
        'messages': len(costs),
        'dropped': sum(report.dropped.values()),
        'megabytes': report.size / 1e6,
        'seconds': seconds,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print, or write as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=10.0)
    parser.add_argument('--json', type=Path, metavar='FILE')
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as directory:
        figures = measure(Path(directory) / 'episode_0000.mcap', options.seconds)
    for name, value in figures.items():
        sys.stdout.write(f'{name:14} {value:.4g}\n')
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + '\n', encoding='utf-8')
    return 0


if __name__ == '__main__':
    raise SystemExit(main())

"""Round trip of one observation to a policy server in another process and its chunk back.

The policy holds still, so what is timed is the wire: encoding, loopback TCP, decoding and
checking on both sides. Run it with ``python benchmarks/bench_policy_wire.py``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
import json
import os
from pathlib import Path
import platform
import re
import subprocess
import sys
import time

import numpy as np
import zmq

from rove_policy.serving.client import RemotePolicy
from rove_policy.serving.codec import encode
from rove_policy.serving.messages import observation_to_wire
from rove_policy.types import Observation
from rove_teleop.core.names import NUM_CHANNELS, NUM_JOINTS

WARM_UP = 50


@contextmanager
def server() -> Iterator[str]:
    """Run a server that holds still; yields its address."""
    command = [sys.executable, '-m', 'rove_policy.serving.server', '--policy', 'hold']
    command += ['--bind', 'tcp://127.0.0.1:*']
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r'listens on (\S+)', line)
        if found is None:
            raise SystemExit(f'the server did not start: {line}')
        yield found[1]
    finally:
        process.terminate()
        process.wait()


def make_observation(images: int, size: int) -> Observation:
    """Return an observation with random images of ``size`` x ``size`` pixels."""
    random = np.random.default_rng(0)
    return Observation(
        seq=1,
        t_ns=0,
        joint_position=random.normal(size=NUM_JOINTS),
        joint_velocity=random.normal(size=NUM_JOINTS),
        base_pose=np.array([0.0, 0.0, 0.75, 0.0, 0.0, 0.0, 1.0]),
        executed=random.normal(size=NUM_CHANNELS),
        images={
            f'camera_{i}': random.integers(0, 256, (size, size, 3), dtype=np.uint8)
            for i in range(images)
        },
    )


def round_trips(address: str, observation: Observation, count: int) -> np.ndarray:
    """Time ``count`` round trips after a warm-up [ms]."""
    remote = RemotePolicy(address, timeout=5.0, reset_timeout=5.0)
    times = []
    for _ in range(WARM_UP + count):
        began = time.perf_counter()
        remote.infer(observation)
        times.append(time.perf_counter() - began)
    remote.close()
    return np.array(times[WARM_UP:]) * 1e3


def main() -> int:
    """Run the benchmark and print one row per number of images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--size', type=int, default=224, help='width and height of an image [px]')
    parser.add_argument('--count', type=int, default=2000, help='round trips per row')
    parser.add_argument('--quick', action='store_true', help='100 round trips per row')
    parser.add_argument('--json', type=Path, help='also write the records to this file')
    options = parser.parse_args()
    count = 100 if options.quick else options.count
    print(f'{platform.processor() or platform.machine()}, {os.cpu_count()} cores')
    print(f'Python {platform.python_version()}, numpy {np.__version__}, zmq {zmq.zmq_version()}')
    print(f'{"images":>6} {"kB":>6} {"p50 ms":>8} {"p95 ms":>8} {"p99 ms":>8} {"max ms":>8}')
    records = []
    with server() as address:
        for images in (0, 1, 2):
            observation = make_observation(images, options.size)
            size = len(encode({'observation': observation_to_wire(observation)}))
            times = round_trips(address, observation, count)
            p50, p95, p99 = np.percentile(times, [50, 95, 99])
            worst = times.max()
            print(f'{images:6} {size / 1e3:6.0f} {p50:8.3f} {p95:8.3f} {p99:8.3f} {worst:8.3f}')
            records.append(
                {'images': images, 'size': options.size, 'bytes': size, 'count': count}
                | {'p50_ms': p50, 'p95_ms': p95, 'p99_ms': p99, 'max_ms': worst}
            )
    if options.json:
        options.json.write_text(json.dumps(records, indent=2))
    return 0


if __name__ == '__main__':
    raise SystemExit(main())

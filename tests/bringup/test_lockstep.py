"""The whole chain in one process: reproducible, complete, and recorded as the processes do."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rove_bringup.config import Episode, RunConfig
from rove_bringup.lockstep import LockstepRunner
from rove_bringup.sinks import RecordingSink
from rove_teleop.assembly import make_robot
from rove_teleop.recording.check import verify_episode
from rove_teleop.recording.loading import load_episode
from rove_teleop.recording.writer import EpisodeWriter
from tests.fakes.collector import Collector

SECONDS = 6.0


def _run(seed: int, timeout: float = SECONDS, **changes: object) -> Collector:
    config = RunConfig(seed=seed, timeout=timeout, **changes)  # type: ignore[arg-type]
    collector = Collector()
    LockstepRunner(config).run(Episode('episode_0000', seed), [collector])
    return collector


def _everything(run: Collector) -> bytes:
    """All numbers and tags of a run, bit by bit."""
    numbers = [
        np.concatenate([
            frame.executed.position, frame.executed.velocity, frame.joint_position,
            frame.measured_position, frame.measured_velocity,
        ]).tobytes()
        for frame in run.frames
    ]  # fmt: skip
    tags = [repr((f.tick, f.t_ns, f.phase, f.authority, f.stage, f.reason)) for f in run.frames]
    return b''.join(numbers) + repr((tags, run.events)).encode()


def test_two_runs_with_one_seed_are_bit_identical() -> None:
    assert _everything(_run(3)) == _everything(_run(3))


def test_another_seed_gives_another_run() -> None:
    assert _everything(_run(3)) != _everything(_run(4))


def test_a_recorded_episode_holds_every_tick_and_its_tags_follow_from_its_events(
    tmp_path: Path,
) -> None:
    robot = make_robot()
    path = tmp_path / 'episode_0000.mcap'
    writer = EpisodeWriter(path, {'episode': 'episode_0000', 'seed': '3'}, patience=10.0)
    collector = Collector()
    runner = LockstepRunner(RunConfig(seed=3, timeout=SECONDS))
    runner.run(Episode('episode_0000', 3), [RecordingSink(writer), collector])
    assert writer.close().error == ''
    assert verify_episode(path, robot.lower, robot.upper) == []
    assert len(load_episode(path)) == len(collector.frames)


def test_without_a_policy_that_moves_and_without_an_operator_the_robot_stands_still() -> None:
    run = _run(0, policy='hold', operator='none', timeout=3.0)
    assert not any(frame.intervention for frame in run.frames)
    assert {frame.operator_id for frame in run.frames} == {''}, 'nobody holds the lease'
    assert np.ptp([pose[:3] for pose in run.pelvis], axis=0).max() < 0.01

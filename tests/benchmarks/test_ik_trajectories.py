"""Targets of the benchmark: the written formulas, and recorded operators."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pinocchio as pin
import pytest

from benchmarks.ik.recordings import SCALE, recorded, recording_files
from benchmarks.ik.scores import Judge
from benchmarks.ik.trajectories import FORMULAS, formula, hard, smooth_step, ticks, wave
from rove_teleop.errors import RecordingError, UnknownName
from rove_teleop.operators.recordings import load_recording
from tests.fakes.skeletons import bvh_text

RATE = 100.0


@cache
def judge() -> Judge:
    return Judge()


def test_the_first_target_is_one_tick_after_the_start():
    t = ticks(20.0, RATE)
    assert (len(t), t[0], t[-1]) == (2000, 0.01, 20.0)


def test_the_smooth_step_rests_at_both_ends():
    x = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    assert smooth_step(x).tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]
    near = smooth_step(np.array([1e-3, 1.0 - 1e-3]))
    assert near[0] < 1e-8 and 1.0 - near[1] < 1e-8


@pytest.mark.parametrize('s', [1.0, -1.0])
def test_wave_is_what_is_written_at_one_time(s: float):
    t, turn = 7.3, 2.0 * np.pi * 7.3
    d, w = wave(np.array([t]), s)
    assert d[0] == pytest.approx([
        0.045 * np.sin(0.5 * turn),
        s * 0.05 * np.sin(0.35 * turn + 0.4 * s),
        0.06 * np.sin(0.4 * turn + 0.3),
    ])  # fmt: skip
    assert w[0] == pytest.approx([
        s * 0.35 * np.sin(0.45 * turn), 0.2 * np.sin(0.3 * turn), s * 0.2 * np.sin(0.38 * turn)
    ])  # fmt: skip


@pytest.mark.parametrize('s', [1.0, -1.0])
def test_each_part_of_hard_is_what_is_written_at_its_height(s: float):
    d, w = hard(np.array([2.5, 7.0, 12.5, 15.0 + 3.25 / 1.5]), s)
    assert d == pytest.approx(
        np.array([
            (0.45, 0.0, 0.12),
            (-0.17, -0.30 * s, 0.05),
            (-0.20, 0.35 * s, 0.45),
            (0.0, 0.15, 0.15),
        ])
    )  # fmt: skip
    assert w == pytest.approx(
        np.array([(0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (1.2 * s, -0.8, 0.8 * s), (0.6 * s, 0, 0)])
    )


@pytest.mark.parametrize('name', sorted(set(FORMULAS) - {'jumps'}))
def test_a_formula_starts_at_the_hands_and_never_leaps(name: str):
    trajectory = formula(name, judge().start, 20.0, RATE)
    first = trajectory.poses[0, 0, :3, 3]
    assert np.linalg.norm(first - judge().start['left'].translation) < 1e-3
    steps = np.linalg.norm(np.diff(trajectory.poses[:, :, :3, 3], axis=0), axis=2)
    assert steps.max() < 0.03


def test_every_target_is_a_rigid_transform():
    for name in FORMULAS:
        poses = formula(name, judge().start, 20.0, 20.0).poses
        rotations = poses[..., :3, :3]
        assert np.allclose(rotations @ rotations.swapaxes(-1, -2), np.eye(3), atol=1e-9)
        assert np.allclose(poses[..., 3, :], [0, 0, 0, 1])


def test_an_unknown_trajectory_is_refused_with_the_known_ones():
    with pytest.raises(UnknownName, match='hard.*wave'):
        formula('nobody', judge().start, 1.0, RATE)


def write_path(path: Path, seconds: float = 1.0) -> np.ndarray:
    t = np.arange(0.0, seconds + 0.005, 0.01)
    half = 0.5 * t
    np.savez(
        path,
        time=t,
        position=np.stack([0.3 + 0.1 * t, -0.2 * t, 0.5 + 0.3 * t], axis=1),
        quaternion_wxyz=np.stack([np.cos(half), 0 * t, 0 * t, np.sin(half)], axis=1),
        aperture=np.zeros_like(t),
    )
    return t


def test_a_recorded_wrist_moves_the_right_hand_and_its_mirror_image_the_left(tmp_path: Path):
    write_path(tmp_path / 'wrist_path_9.npz')
    start = judge().start
    trajectory = recorded(tmp_path / 'wrist_path_9.npz', start, 20.0, RATE)
    assert (trajectory.name, len(trajectory.time)) == ('wrist_path_9', 100)
    left, right = trajectory.poses[-1]
    moved = SCALE * np.array([0.1, -0.2, 0.3])
    assert right[:3, 3] - start['right'].translation == pytest.approx(moved)
    assert left[:3, 3] - start['left'].translation == pytest.approx(moved * (1, -1, 1))
    for pose, side, turn in ((right, 'right', 1.0), (left, 'left', -1.0)):
        assert pin.log3(pose[:3, :3] @ start[side].rotation.T) == pytest.approx([0, 0, turn])


def test_two_recorded_wrists_move_a_hand_each(tmp_path: Path):
    frames = [
        {'LeftArm': (0.2 * n, 0.0, 0.0), 'RightArm': (0.0, 0.4 * n, 0.0)} for n in range(101)
    ]
    (tmp_path / 'both.bvh').write_text(bvh_text(frames))
    motion, start = load_recording(tmp_path / 'both.bvh'), judge().start
    trajectory = recorded(tmp_path / 'both.bvh', start, 20.0, RATE)
    assert len(trajectory.time) == 100
    for column, side in enumerate(('left', 'right')):
        track = motion.poses[f'{side}_wrist'][:, :3]
        moved = trajectory.poses[:, column, :3, 3] - start[side].translation
        assert np.abs(moved).max() > 0.05
        assert np.allclose(moved, SCALE * (track[1:] - track[0]), atol=1e-9)


def test_a_folder_stands_for_its_wrist_paths(tmp_path: Path):
    with pytest.raises(RecordingError, match='wrist_path'):
        recording_files([str(tmp_path)])
    for name in ('wrist_path_1.npz', 'wrist_path_0.npz', 'other.npz'):
        (tmp_path / name).touch()
    names = [path.name for path in recording_files([str(tmp_path)])]
    assert names == ['wrist_path_0.npz', 'wrist_path_1.npz']

"""The benchmark of hand retargeting, with the real peer on the hand that ships."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.bench_retarget import main
from benchmarks.retarget.hands import KINDS, load_hand
from benchmarks.retarget.motion import RATE_HZ, recorded, synthetic
from benchmarks.retarget.race import race
from benchmarks.retarget.scores import (
    delay,
    largest_step,
    matching_time_constant,
    own_filter,
    peer_filter,
)
from benchmarks.retarget.table import records, table
from benchmarks.retarget.tools import TOOLS
from rove_teleop.errors import ConfigError, RecordingError, UnknownName
from rove_teleop.hands.golden import GOLDEN_POSES
from rove_teleop.operators.hand_model import hand_pose

WITHOUT_DEXI = TOOLS[:3]


@pytest.mark.parametrize('kind', KINDS)
def test_ours_is_as_good_as_the_peer_with_equal_limits_smoother_and_within_them(kind, tmp_path):
    hand = load_hand('dex3', kind, 'right', tmp_path)
    points = synthetic('right')[::2][:180]
    found = records(hand, race(hand, points, WITHOUT_DEXI, 1), TOOLS[2])
    own, peer = found[0], found[1]
    assert own['objective_ratio'] < 1.01
    assert own['limit_violation_max'] == 0.0
    assert 0.0 < peer['limit_violation_max'] < 2e-3
    assert own['p50_ms'] < peer['p50_ms']
    assert own['step_max_filtered'] < peer['step_max_filtered']
    assert table(found).row_count == len(WITHOUT_DEXI)


def test_the_motion_of_our_own_goes_through_every_golden_pose():
    points = synthetic('left')
    assert len(points) == 12 * RATE_HZ
    ends = {tuple(np.round(point[9], 3)) for point in points[:: int(RATE_HZ)]}
    assert len(ends) >= len(GOLDEN_POSES) - 1  # an open hand's index is a pointing one's


def test_recorded_keypoints_are_played_at_the_rate_of_the_benchmark(tmp_path):
    hand = hand_pose('right', index=0.5)[:, :3]
    keypoints = np.delete(hand, [5, 10, 15, 20], axis=0)  # without the metacarpals
    np.savez(tmp_path / 'hand.npz', keypoints=np.stack([keypoints] * 4))
    assert len(recorded(tmp_path / 'hand.npz', 'right')) == 6
    left, right = (recorded(tmp_path / 'hand.npz', side)[0] for side in ('left', 'right'))
    assert np.allclose(left, right, atol=1e-6)  # aside is towards the index with either


@pytest.mark.parametrize('arrays', [{'points': np.zeros(3)}, {'keypoints': np.zeros((4, 20, 3))}])
def test_a_file_without_keypoints_is_refused(tmp_path, arrays):
    np.savez(tmp_path / 'hand.npz', **arrays)
    with pytest.raises(RecordingError, match='hand.npz'):
        recorded(tmp_path / 'hand.npz', 'right')


def test_the_delay_of_a_shifted_path_is_its_shift():
    time = np.arange(300) / RATE_HZ
    path, shifted = (np.sin(2 * np.pi * 0.7 * (time - lag))[:, None] for lag in (0.0, 0.05))
    assert delay(path, shifted) == pytest.approx(0.05, abs=1e-3)


def test_filters_are_compared_at_the_same_delay():
    time = np.arange(600) / RATE_HZ
    path = (0.5 * np.sign(np.sin(0.6 * time)) + 0.6 * np.sin(5 * time))[:, None]
    peer = peer_filter(path)
    own = own_filter(path, matching_time_constant(path, delay(path, peer)))
    assert delay(path, own) == pytest.approx(delay(path, peer), abs=5e-3)
    assert largest_step(own) < 0.6 * largest_step(peer)


@pytest.mark.parametrize(
    'arguments, error',
    [
        (['--hands', 'claw'], UnknownName),
        (['--kinds', 'position'], UnknownName),
        (['--sides', 'middle'], UnknownName),
        (['--rounds', '0'], ConfigError),
    ],
)
def test_what_there_is_not_is_refused(arguments, error):
    with pytest.raises(error):
        main(arguments)


def test_the_golden_poses_are_drawn(tmp_path):
    assert main(['--hands', '', '--pictures', str(tmp_path / 'new')]) == 0
    assert (tmp_path / 'new' / 'golden_hands_right.png').stat().st_size > 20_000

"""A recorded operator drives the twin's hand along his own path."""

from __future__ import annotations

import pytest

from benchmarks.bench_replay import measure


@pytest.mark.parametrize('recording', ['pick_like', 'reach_and_wave'])
def test_the_twins_hand_follows_a_recorded_hand(recording: str) -> None:
    figures = measure(recording, keypoints='', scale=0.6, side='right')
    assert figures['faults'] == []
    assert figures['reached_share'] > 0.5
    assert figures['error_mean_mm'] < 15.0
    assert figures['self_penetration_mm'] < 5.0

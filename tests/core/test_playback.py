"""Chunks play as smooth paths, splice without a step, and end."""

from __future__ import annotations

import numpy as np
import pytest

from rove_teleop.core.fade import Fade
from rove_teleop.core.names import GROUPS, NUM_CHANNELS
from rove_teleop.core.playback import Playback
from rove_teleop.core.types import ActionChunk, Array, Channels

MS = 1_000_000
START = 1_000 * MS
EVERYTHING = np.ones(NUM_CHANNELS, dtype=bool)


def make_chunk(values: Array, t0_ns: int = START, dt: float = 0.02, seq: int = 1) -> ActionChunk:
    rows = np.repeat(np.asarray(values, dtype=float)[:, None], NUM_CHANNELS, axis=1)
    return ActionChunk(seq, 'p', t0_ns, t0_ns, dt, rows, GROUPS)


def make_playback(values: Array) -> Playback:
    playback = Playback(splice_ns=100 * MS, grace_ns=300 * MS, silence_ns=1000 * MS)
    playback.load(make_chunk(values), EVERYTHING, START)
    return playback


def test_it_passes_through_every_row_at_its_time() -> None:
    values = np.sin(np.arange(20) * 0.3)
    playback = make_playback(values)
    for row, value in enumerate(values):
        assert playback.sample(START + row * 20 * MS).position[0] == pytest.approx(value)


def test_its_velocity_is_the_derivative_of_its_position() -> None:
    playback = make_playback(np.sin(np.arange(20) * 0.3))
    for t_ns in range(START + MS, START + 370 * MS, 7 * MS):
        here, there = playback.sample(t_ns), playback.sample(t_ns + 1000)
        slope = (there.position - here.position) / 1e-6
        np.testing.assert_allclose(here.velocity, slope, atol=1e-3)


def test_a_straight_line_stays_straight() -> None:
    playback = make_playback(0.01 * np.arange(20))
    for t_ns in range(START, START + 379 * MS, 3 * MS):
        sample = playback.sample(t_ns)
        assert sample.position[5] == pytest.approx((t_ns - START) * 1e-9 * 0.5)


def test_it_rests_at_its_first_row_before_and_at_its_last_row_after() -> None:
    playback = make_playback(np.array([0.1, 0.2, 0.3]))
    before, after = playback.sample(START - MS), playback.sample(START + 50 * MS)
    assert (before.position[0], after.position[0]) == (0.1, 0.3)
    assert not before.velocity.any() and not after.velocity.any()


def test_it_is_playable_one_row_beyond_its_last_and_lost_a_grace_later() -> None:
    playback = make_playback(np.array([0.1, 0.2, 0.3]))
    end = START + 60 * MS
    assert playback.playable(end) and not playback.playable(end + 1)
    assert not playback.lost(end + 300 * MS) and playback.lost(end + 300 * MS + 1)
    assert playback.sample(end + 300 * MS + 1) is None


def test_a_long_chunk_is_lost_when_no_other_comes() -> None:
    playback = make_playback(np.zeros(400))
    assert playback.playable(START + 1000 * MS) and not playback.lost(START + 1000 * MS)
    assert playback.lost(START + 1000 * MS + 1) and not playback.playable(START + 1000 * MS + 1)
    at = START + 1200 * MS
    playback.load(make_chunk(np.zeros(400), at, seq=2), EVERYTHING, at)
    assert playback.playable(at) and not playback.lost(at + 1000 * MS)


def test_without_a_chunk_there_is_nothing_to_play() -> None:
    playback = Playback(100 * MS, 300 * MS, 1000 * MS)
    assert playback.lost(START) and not playback.playable(START)
    assert playback.sample(START) is None


def test_a_single_row_is_a_chunk_too() -> None:
    assert make_playback(np.array([0.7])).sample(START + 10 * MS).position[0] == 0.7


def test_a_new_chunk_is_spliced_without_a_step_and_reached_in_time() -> None:
    playback = make_playback(0.01 * np.arange(40))
    at = START + 200 * MS
    before = playback.sample(at)
    fresh = 0.5 - 0.01 * np.arange(40)
    playback.load(make_chunk(fresh, at, seq=2), EVERYTHING, at)
    after = playback.sample(at)
    np.testing.assert_allclose(after.position, before.position, atol=1e-12)
    np.testing.assert_allclose(after.velocity, before.velocity, atol=1e-9)
    done = playback.sample(at + 100 * MS)
    np.testing.assert_allclose(done.position, fresh[5], atol=1e-9)


def test_channels_that_the_policy_does_not_command_are_not_spliced() -> None:
    playback = make_playback(np.zeros(40))
    left_arm = np.zeros(NUM_CHANNELS, dtype=bool)
    left_arm[9:16] = True
    playback.load(make_chunk(np.ones(40), START, seq=2), left_arm, START)
    sample = playback.sample(START)
    assert not sample.position[left_arm].any()
    assert (sample.position[~left_arm] == 1.0).all()


def test_splices_in_quick_succession_stay_continuous() -> None:
    rng, playback = np.random.default_rng(1), make_playback(np.zeros(40))
    previous = playback.sample(START)
    for tick in range(1, 200):
        t_ns = START + tick * 5 * MS
        if tick % 9 == 0:
            row = np.full(40, rng.uniform(-0.3, 0.3))
            playback.load(make_chunk(row, t_ns, seq=tick), EVERYTHING, t_ns)
        sample = playback.sample(t_ns)
        assert np.abs(sample.position - previous.position).max() < 0.1
        previous = sample


def test_a_fade_starts_as_the_offset_and_ends_at_zero_smoothly() -> None:
    fade, everything = Fade(1), np.array([True])
    fade.start(everything, Channels(np.array([0.8]), np.array([-1.5])), START, 500 * MS)
    first = fade.sample(START)
    assert (first.position[0], first.velocity[0]) == (0.8, -1.5)
    samples = [fade.sample(START + k * MS) for k in range(500)]
    velocity = np.gradient([s.position[0] for s in samples], 1e-3)
    np.testing.assert_allclose(velocity[1:-1], [s.velocity[0] for s in samples][1:-1], atol=1e-3)
    acceleration = np.gradient([s.velocity[0] for s in samples], 1e-3)
    assert abs(acceleration[0]) < 0.5 and abs(acceleration[-1]) < 0.5
    assert abs(samples[-1].position[0]) < 1e-6
    assert fade.sample(START + 500 * MS) is None


def test_channels_fade_each_in_their_own_time() -> None:
    fade = Fade(2)
    fade.start(np.array([True, False]), Channels(np.ones(2), np.zeros(2)), START, 100 * MS)
    fade.start(
        np.array([False, True]), Channels(np.ones(2), np.zeros(2)), START + 50 * MS, 200 * MS
    )
    sample = fade.sample(START + 150 * MS)
    assert sample.position[0] == 0.0
    assert sample.position[1] == pytest.approx(0.5)

"""Chunks play as smooth paths and end; offsets fade without a step."""

from __future__ import annotations

import numpy as np
import pytest

from rove_teleop.core.fade import Fade
from rove_teleop.core.names import GROUPS, NUM_CHANNELS
from rove_teleop.core.playback import Playback
from rove_teleop.core.types import ActionChunk, Array, Channels

MS = 1_000_000
START = 1_000 * MS


def make_chunk(values: Array, t0_ns: int = START, dt: float = 0.02, seq: int = 1) -> ActionChunk:
    rows = np.repeat(np.asarray(values, dtype=float)[:, None], NUM_CHANNELS, axis=1)
    return ActionChunk(seq, 'p', t0_ns, t0_ns, dt, rows, GROUPS)


def make_playback(values: Array) -> Playback:
    playback = Playback(grace_ns=300 * MS, silence_ns=1000 * MS)
    playback.load(make_chunk(values), START)
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
    playback.load(make_chunk(np.zeros(400), at, seq=2), at)
    assert playback.playable(at) and not playback.lost(at + 1000 * MS)


def test_without_a_chunk_there_is_nothing_to_play() -> None:
    playback = Playback(300 * MS, 1000 * MS)
    assert playback.lost(START) and not playback.playable(START)
    assert playback.sample(START) is None


def test_a_single_row_is_a_chunk_too() -> None:
    assert make_playback(np.array([0.7])).sample(START + 10 * MS).position[0] == 0.7


def test_a_new_chunk_is_played_at_once_and_says_where_the_one_before_was() -> None:
    playback = make_playback(0.01 * np.arange(40))
    at = START + 200 * MS
    expected = playback.sample(at)
    before, after = playback.load(make_chunk(0.5 - 0.01 * np.arange(40), at, seq=2), at)
    np.testing.assert_array_equal(before.position, expected.position)
    np.testing.assert_array_equal(before.velocity, expected.velocity)
    np.testing.assert_allclose(after.position, 0.5)
    np.testing.assert_allclose(after.velocity, -0.5)
    np.testing.assert_array_equal(playback.sample(at).position, after.position)


def test_a_chunk_after_one_that_is_lost_has_none_before_it() -> None:
    playback = make_playback(np.zeros(3))
    at = START + 1000 * MS
    before, after = playback.load(make_chunk(np.ones(3), at, seq=2), at)
    assert before is None
    assert (after.position == 1.0).all()


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


def test_a_fade_that_is_started_anew_from_what_is_left_takes_the_same_course() -> None:
    fade, again, everything = Fade(1), Fade(1), np.array([True])
    offset = Channels(np.array([0.8]), np.array([-1.5]))
    fade.start(everything, offset, START, 500 * MS, 7.0)
    half = START + 180 * MS
    left = fade.left_ns(half)
    again.start(everything, fade.sample(half), half, left, fade.acceleration(half))
    for t_ns in range(half, START + 500 * MS, 20 * MS):
        here, there = fade.sample(t_ns), again.sample(t_ns)
        np.testing.assert_allclose(here.position, there.position, atol=1e-9)
        np.testing.assert_allclose(here.velocity, there.velocity, atol=1e-8)
    assert fade.sample(START).velocity[0] == -1.5
    slope = (fade.sample(START + 1000).velocity[0] + 1.5) / 1e-6
    assert slope == pytest.approx(7.0, abs=1e-3)
    assert fade.acceleration(START)[0] == 7.0

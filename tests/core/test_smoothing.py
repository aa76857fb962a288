"""What smoothing costs in delay, measured, and what it gives in calm."""

from __future__ import annotations

from collections.abc import Callable
import math

import numpy as np
import pinocchio as pin
import pytest

from rove_teleop.core.smoothing import (
    SMOOTHINGS,
    FixedLag,
    OneEuro,
    OneEuroConfig,
    Passing,
    Smoother,
    make_smoother,
)
from rove_teleop.errors import ConfigError, UnknownName

MS = 1_000_000
START = 10_000 * MS
TICK_S = 0.005
TURN = 5.0  # rad of turn per m of motion in these tests

Motion = Callable[[float], float]


def pose(x: float) -> pin.SE3:
    return pin.SE3(pin.exp3(np.array([0.0, 0.0, TURN * x])), np.array([x, 0.2, 1.0]))


def sine(amplitude: float, hz: float) -> Motion:
    return lambda t: amplitude * math.sin(2.0 * math.pi * hz * t)


def ns(t: float) -> int:
    return START + round(t * 1e9)


def follow(
    smoother: Smoother,
    motion: Motion,
    *,
    seconds: float = 3.0,
    rate: float = 100.0,
    jitter: float = 0.0,
    dropped: float = 0.0,
    noise: float = 0.0,
) -> np.ndarray:
    """What the loop sees, a row per tick: time, x, turn, velocity and angular velocity.

    Args:
        smoother: Gets the samples.
        motion: True x [m] at a time [s]; the pose turns along with it.
        rate: Of the samples [Hz].
        jitter: Longest delay on their way [s].
        dropped: Share of samples that never come.
        noise: Standard deviation [m].
    """
    rng = np.random.default_rng(1)
    times = np.arange(int(seconds * rate)) / rate
    times = times[(rng.random(len(times)) >= dropped) | (times == 0.0)]
    arrivals = np.maximum.accumulate(times + rng.uniform(0.0, jitter, len(times)))
    arrivals[0], k, rows = 0.0, 0, []
    for now in np.arange(0.0, seconds, TICK_S):
        while k < len(times) and arrivals[k] <= now + 1e-9:
            sample = pose(motion(times[k]) + noise * rng.normal())
            smoother.take(sample, ns(times[k]), ns(arrivals[k]))
            k += 1
        T, twist = smoother.at(ns(now))
        rows.append((now, T.translation[0], pin.log3(T.rotation)[2], twist[0], twist[5]))
    return np.array(rows)


def measured_delay(rows: np.ndarray, column: int, motion: Motion) -> float:
    """The shift [s] at which a column correlates best with the true motion, after the start."""
    rows = rows[rows[:, 0] > 1.0]
    shifts = np.arange(0.0, 0.2, 0.0005)
    truth = [[motion(t - shift) for t in rows[:, 0]] for shift in shifts]
    return float(shifts[np.argmax([np.corrcoef(rows[:, column], true)[0, 1] for true in truth])])


def acceleration(rows: np.ndarray) -> float:
    """Root mean square of the second differences of x after the start [m/s^2]."""
    return float(np.std(np.diff(rows[rows[:, 0] > 1.0, 1], 2)) / TICK_S**2)


@pytest.mark.parametrize('lag', [0.02, 0.05, 0.1])
@pytest.mark.parametrize('hz', [0.5, 1.0, 2.0])
def test_the_fixed_lag_is_the_delay_at_every_frequency(lag, hz):
    motion = sine(0.05, hz)
    rows = follow(FixedLag(lag), motion)
    assert FixedLag(lag).delay() == lag
    for column in (1, 2):
        assert measured_delay(rows, column, motion) == pytest.approx(lag, abs=0.001)


@pytest.mark.parametrize('cutoff', [2.0, 4.0])
def test_with_a_fixed_cutoff_a_slow_sine_is_delayed_as_the_one_euro_filter_states(cutoff):
    smoother = OneEuro(OneEuroConfig(cutoff=cutoff, speed_gain=0.0, turn_gain=0.0))
    motion = sine(0.1, 1.0)
    phase = math.atan(1.0 / cutoff) / (2.0 * math.pi)  # of a first-order low-pass at 1 Hz
    half_a_sample = 0.005
    rows = follow(smoother, motion)
    for column in (1, 2):
        assert measured_delay(rows, column, motion) == pytest.approx(
            phase - half_a_sample, abs=0.002
        )
    assert smoother.delay() == pytest.approx(1.0 / (2.0 * math.pi * cutoff))
    assert phase < smoother.delay()


@pytest.mark.parametrize('speed', [0.1, 0.3, 1.0])
def test_the_one_euro_filters_delay_at_a_steady_speed_is_at_most_what_it_states(speed):
    rows = follow(OneEuro(), lambda t: speed * t, seconds=1.5)
    delay = float(np.mean(rows[-50:, 0] - rows[-50:, 1] / speed))
    assert 0.3 * OneEuro().delay(speed) < delay < OneEuro().delay(speed)


def test_one_euro_follows_a_1_hz_motion_closer_than_its_delay_at_rest():
    motion = sine(0.1, 1.0)
    delay = measured_delay(follow(OneEuro(), motion), 1, motion)
    assert 0.5 * OneEuro().delay(0.63) < delay < 0.3 * OneEuro().delay()


def test_without_smoothing_there_is_no_delay():
    motion = sine(0.1, 1.0)
    assert measured_delay(follow(Passing(), motion), 1, motion) <= 0.001
    assert Passing().delay(1.0) == 0.0


@pytest.mark.parametrize('smoother', [OneEuro, FixedLag])
def test_a_tracker_that_trembles_by_a_millimetre_is_calmed(smoother):
    rough = follow(Passing(), lambda t: 0.0, noise=1e-3)
    calm = follow(smoother(), lambda t: 0.0, noise=1e-3)
    assert np.std(calm[200:, 1]) < 0.45 * np.std(rough[200:, 1])
    assert np.std(calm[200:, 2]) < 0.45 * np.std(rough[200:, 2])
    assert acceleration(calm) < 0.2 * acceleration(rough)


def test_a_fixed_lag_makes_late_and_missing_samples_smooth_where_nothing_else_does():
    motion = sine(0.1, 1.0)
    kinds = {name: make_smoother(name, 0.05) for name in SMOOTHINGS}
    rough = {
        name: acceleration(follow(smoother, motion, jitter=0.03, dropped=0.1))
        for name, smoother in kinds.items()
    }
    true = 0.1 * (2.0 * math.pi) ** 2 / math.sqrt(2.0)
    assert rough['fixed_lag'] < 5.0 * true < 0.2 * min(rough['none'], rough['one_euro'])


@pytest.mark.parametrize('name', SMOOTHINGS)
def test_the_same_motion_at_other_rates_comes_out_the_same(name):
    motion = sine(0.1, 0.5)
    delays = [
        measured_delay(follow(make_smoother(name, 0.05), motion, rate=rate), 1, motion)
        for rate in (50.0, 100.0, 120.0)
    ]
    assert max(delays) - min(delays) < 0.006


@pytest.mark.parametrize('name', SMOOTHINGS)
def test_velocity_is_that_of_the_smoothed_motion(name):
    rows = follow(make_smoother(name, 0.05), sine(0.1, 1.0))[200:]
    moved = np.gradient(rows[:, 1], TICK_S)
    assert np.sqrt(np.mean((rows[:, 3] - moved) ** 2)) < 0.1 * np.sqrt(np.mean(moved**2))
    assert np.allclose(rows[:, 4], TURN * rows[:, 3], atol=0.15)


@pytest.mark.parametrize('name', SMOOTHINGS)
def test_a_restart_begins_at_the_newest_sample_and_owes_nothing(name):
    smoother = make_smoother(name, 0.1)
    follow(smoother, lambda t: 0.5 * t, seconds=1.0)
    smoother.restart()
    newest = 0.5 * 0.99
    start = smoother.at(ns(0.99))[0].translation[0]
    assert start == pytest.approx(newest, abs=1e-9)
    for k in range(1, 40):
        smoother.take(pose(newest), ns(0.99 + 0.01 * k), ns(0.99 + 0.01 * k))
    rest = smoother.at(ns(0.99 + 0.39))[0].translation[0]
    assert rest == pytest.approx(start, abs=1e-6)


@pytest.mark.parametrize('name', SMOOTHINGS)
def test_after_a_reset_the_next_sample_is_the_first(name):
    smoother = make_smoother(name, 0.05)
    follow(smoother, sine(0.1, 1.0), seconds=0.5)
    smoother.reset()
    smoother.take(pose(0.7), ns(0.5), ns(0.5))
    T, twist = smoother.at(ns(0.5))
    assert T.isApprox(pose(0.7), 1e-9)
    assert not twist.any()


@pytest.mark.parametrize('name', SMOOTHINGS)
def test_when_the_samples_end_the_pose_comes_to_rest_near_the_newest(name):
    smoother = make_smoother(name, 0.05)
    last = follow(smoother, lambda t: 0.5 * t, seconds=1.0)[-1]
    T, twist = smoother.at(ns(1.09))
    assert not twist.any()
    assert abs(T.translation[0] - last[1]) < 0.05
    assert smoother.at(ns(9.0))[0].isApprox(T, 1e-9)


def test_a_turn_of_many_revolutions_is_followed_through():
    smoother = FixedLag(0.05)
    for k in range(300):
        T = pin.SE3(pin.exp3(np.array([0.0, 0.0, 0.1 * k])), np.zeros(3))
        smoother.take(T, ns(0.01 * k), ns(0.01 * k))
    T, twist = smoother.at(ns(2.99))
    assert pin.log3(T.rotation @ pin.exp3(np.array([0.0, 0.0, -29.4])))[2] == pytest.approx(0)
    assert twist[5] == pytest.approx(10.0)


@pytest.mark.parametrize('name', SMOOTHINGS)
def test_clocks_that_make_no_sense_leave_it_finite(name):
    rng = np.random.default_rng(5)
    smoother = make_smoother(name, 0.05)
    for k in range(300):
        source = ns(0.01 * k) + int(rng.choice([0, 0, -(10**10), 10**12]))
        smoother.take(pose(0.001 * k), source, ns(0.01 * k))
        T, twist = smoother.at(ns(0.01 * k + 0.003))
        assert np.isfinite(T.homogeneous).all() and np.isfinite(twist).all()
        assert -0.1 < T.translation[0] < 0.5


def test_a_smoother_nobody_knows_or_a_lag_out_of_range_is_refused():
    with pytest.raises(UnknownName, match="smoothing 'kalman'; known: fixed_lag, none, one_euro"):
        make_smoother('kalman', 0.05)
    with pytest.raises(ConfigError, match='smoothing lag must be 0.01 to 0.2 s, got 1.0'):
        make_smoother('fixed_lag', 1.0)
    with pytest.raises(ConfigError, match='one_euro.cutoff must be above 0 Hz, got 0'):
        OneEuroConfig(cutoff=0.0)
    with pytest.raises(ConfigError, match='one_euro.turn_gain must not be negative, got -1'):
        OneEuroConfig(turn_gain=-1.0)

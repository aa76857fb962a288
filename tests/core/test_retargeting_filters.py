"""The low-pass of the fingers: independent of the rate, bounded in speed, of a stated delay."""

from __future__ import annotations

import numpy as np
import pytest

from rove_teleop.core.retargeting.filters import low_pass

TAU, SPEED = 0.03, 5.5


def after(target: float, duration: float, ticks: int) -> float:
    position = np.zeros(1)
    for _ in range(ticks):
        position = low_pass(position, np.array([target]), duration / ticks, TAU, SPEED)
    return float(position[0])


@pytest.mark.parametrize('target', [0.05, -0.16, 0.5, -1.7])
def test_ticks_of_any_length_give_the_same(target):
    ends = [after(target, 0.2, ticks) for ticks in (1, 7, 40, 400)]
    assert np.ptp(ends) < 1e-9
    assert abs(ends[0]) < abs(target)


def test_a_small_step_is_that_of_a_first_order_low_pass():
    assert after(0.1, TAU, 10) == pytest.approx(0.1 * (1 - np.exp(-1)))


def test_the_speed_is_never_exceeded_and_the_target_never_overshot():
    rng = np.random.default_rng(1)
    position = rng.uniform(-2, 2, 7)
    for _ in range(300):
        target, dt = rng.uniform(-2, 2, 7), rng.choice([0.001, 0.005, 0.02])
        before, position = position, low_pass(position, target, dt, TAU, SPEED)
        assert (np.abs(position - before) <= SPEED * dt + 1e-12).all()
        assert (np.abs(target - position) <= np.abs(target - before)).all()
        assert ((target - position) * (target - before) >= 0.0).all()


def test_a_steady_motion_is_followed_with_the_time_constant_as_delay():
    rate, dt = 2.0, 1e-3
    position = np.zeros(1)
    for tick in range(1, 1001):
        position = low_pass(position, np.array([rate * tick * dt]), dt, TAU, SPEED)
    lag = 1000 * dt - float(position[0]) / rate
    assert lag == pytest.approx(TAU, abs=dt)

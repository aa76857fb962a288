from __future__ import annotations

import numpy as np
import pytest

from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.limits.com import ComLimit
from rove_teleop.core.kinematics.limits.joint import (
    JointLimit,
    accelerating,
    braking_velocity,
)
from rove_teleop.errors import ConfigError

DT = 0.005


def test_from_the_braking_velocity_one_stops_within_the_distance():
    distance = np.linspace(0.0, 2.0, 50)
    speed = braking_velocity(distance, 10.0, DT)
    assert np.allclose(speed * DT + speed**2 / 20.0, distance)
    assert (speed >= 0.0).all()


def test_who_keeps_to_the_braking_velocity_can_keep_to_it_in_the_next_tick():
    distance, acceleration = np.linspace(1e-6, 1.0, 200), 10.0
    speed = braking_velocity(distance, acceleration, DT)
    slower = np.maximum(speed - acceleration * DT, 0.0)
    after = braking_velocity(distance - speed * DT, acceleration, DT)
    assert (slower <= after + 1e-12).all()


def test_beyond_the_limit_there_is_no_speed_left():
    assert not braking_velocity(np.array([-0.1, 0.0]), 10.0, DT).any()


@pytest.fixture
def limit() -> JointLimit:
    ones = np.ones(4)
    return JointLimit(-ones, ones, 3 * ones, 20 * ones)


def test_intervals_are_never_empty_and_position_wins(limit):
    rng = np.random.default_rng(1)
    for _ in range(2000):
        position, velocity = rng.uniform(-1.5, 1.5, 4), rng.uniform(-10, 10, 4)
        low, high = limit.interval(position, velocity, DT)
        reach_low, reach_high = limit.reachable(position, DT)
        assert (low <= high).all()
        assert (low >= reach_low).all() and (high <= reach_high).all()
        assert (reach_low <= 0.0).all() and (reach_high >= 0.0).all()


def test_any_choice_within_the_intervals_stays_within_position_velocity_and_acceleration(limit):
    rng = np.random.default_rng(2)
    position, velocity = np.zeros(4), np.zeros(4)
    for _ in range(5000):
        low, high = limit.interval(position, velocity, DT)
        choice = np.where(rng.random(4) < 0.7, rng.choice([low, high]), rng.uniform(low, high))
        assert np.abs(choice - velocity).max() <= 20 * DT + 1e-9
        position, velocity = position + choice * DT, choice
        assert np.abs(position).max() <= 1.0 + 1e-9
        assert np.abs(velocity).max() <= 3.0 + 1e-9


def test_where_no_velocity_is_near_enough_the_nearest_end_is_taken():
    low, high = accelerating(np.array([-1.0]), np.array([1.0]), np.array([5.0]), np.array([0.1]))
    assert low == high == 1.0


def test_the_centre_of_mass_may_not_leave_its_region_and_returns_to_it():
    config = IkConfig()
    limit = ComLimit(config)
    at_edge = np.array([config.com_x[1], config.com_y[0], 0.7])
    low, high = limit.interval(at_edge, np.zeros(2), DT)
    assert high[0] <= 1e-9 and low[1] >= -1e-9
    outside = np.array([config.com_x[1] + 0.01, 0.0, 0.7])
    assert limit.interval(outside, np.array([-0.01, 0.0]), DT)[1][0] < 0.0


def test_the_lower_the_pelvis_the_less_far_the_centre_of_mass_may_go_forward():
    config = IkConfig()
    limit, com = ComLimit(config), np.array([config.com_x[1] - 0.01, 0.0, 0.5])
    tall = limit.interval(com, np.zeros(2), DT)[1][0]
    low = limit.interval(com, np.zeros(2), DT, 0.3)[1][0]
    assert low < 0.0 < tall


def test_from_any_allowed_motion_the_pressure_point_can_bring_the_centre_of_mass_to_rest():
    config = IkConfig()
    limit, height = ComLimit(config), 9.81 / 3.7**2
    for start in np.linspace(-0.02, 0.1, 7):
        com, velocity = np.array([start, 0.0, height]), np.zeros(2)
        for _ in range(400):
            low, high = limit.interval(com, velocity, DT)
            choice = np.array([high[0], low[1]])
            pressure = com[:2] - (choice - velocity) / DT / 3.7**2
            assert config.pressure_x[0] - 1e-6 <= pressure[0] <= config.pressure_x[1] + 4e-3
            assert config.pressure_y[0] - 4e-3 <= pressure[1] <= config.pressure_y[1] + 1e-6
            com[:2] += choice * DT
            velocity = choice
        assert com[0] <= config.com_x[1] + 1e-4 and com[1] >= config.com_y[0] - 1e-4


@pytest.mark.parametrize(
    'fields, message',
    [
        ({'palm_gain': float('nan')}, 'ik.palm_gain must be a number'),
        ({'velocity_arms': -1.0}, 'ik.velocity_arms must not be negative'),
        ({'palm_gain': float('inf')}, 'ik.palm_gain must be finite'),
        ({'palm_rotation': 0.0}, 'ik.palm_rotation must be positive'),
        ({'com_x': (0.1, 0.0)}, 'lower < upper'),
        ({'pressure_y': (0.1, 0.1)}, 'lower < upper'),
    ],
)
def test_a_configuration_that_makes_no_sense_names_the_field(fields, message):
    with pytest.raises(ConfigError, match=message):
        IkConfig(**fields)

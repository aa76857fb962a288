"""The way through waypoints is straight, at rest in each, and clamped at its ends."""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin
import pytest

from rove_teleop.tasks.trajectory import Trajectory, Waypoint, minimum_jerk

START = pin.SE3.Identity()
ASIDE = pin.SE3(pin.rpy.rpyToMatrix(0.0, 0.0, 1.0), np.array([0.2, 0.0, 0.0]))
UP = pin.SE3(ASIDE.rotation, np.array([0.2, 0.0, 0.1]))


@pytest.fixture
def way() -> Trajectory:
    return Trajectory(
        START, 0.0, [Waypoint('aside', ASIDE, 0.0, 1.0), Waypoint('up', UP, 1.0, 2.0)]
    )


def test_it_begins_at_the_start_and_stays_at_the_end(way: Trajectory):
    assert way.duration == 3.0
    assert way.sample(-1.0).palm.isApprox(START)
    assert way.sample(99.0).palm.isApprox(UP)
    assert way.end.grip == 1.0


def test_it_passes_every_waypoint_under_the_name_of_what_comes_next(way: Trajectory):
    at = way.sample(1.0)
    assert at.palm.isApprox(ASIDE, 1e-9)
    assert (way.sample(0.5).name, at.name) == ('aside', 'up')


def test_it_is_at_rest_in_every_waypoint(way: Trajectory):
    for t in (0.0, 1.0, 3.0):
        before, after = way.sample(t - 1e-4).palm, way.sample(t + 1e-4).palm
        assert np.linalg.norm(after.translation - before.translation) < 1e-9


def test_half_way_in_time_is_half_way_in_space_angle_and_grip(way: Trajectory):
    target = way.sample(2.0)
    assert target.palm.translation[2] == pytest.approx(0.05)
    assert target.grip == pytest.approx(0.5)
    turned = pin.log3(way.sample(0.5).palm.rotation)
    assert turned == pytest.approx([0.0, 0.0, 0.5])


def test_parts_are_found_by_name_and_missing_ones_never_come(way: Trajectory):
    assert way.span('up') == (1.0, 3.0)
    assert way.span('down') == (math.inf, math.inf)


def test_no_waypoints_mean_stay():
    way = Trajectory(ASIDE, 0.3, [])
    assert way.duration == 0.0
    assert way.sample(5.0).palm.isApprox(ASIDE)
    assert way.sample(5.0).grip == 0.3


def test_minimum_jerk_has_no_velocity_and_acceleration_at_its_ends():
    shares = np.array([minimum_jerk(x) for x in (0.0, 1e-4, 2e-4)])
    assert np.abs(np.diff(shares, 2)).max() < 1e-9
    ends = np.array([minimum_jerk(x) for x in (1.0 - 2e-4, 1.0 - 1e-4, 1.0)])
    assert np.abs(np.diff(ends, 2)).max() < 1e-9
    assert (shares[0], ends[-1]) == (0.0, 1.0)

"""Position limits as velocities from which one can brake, and the tilt of the pelvis."""

from __future__ import annotations

from arbiter_rig import make_limits
import numpy as np
import pytest

from rove_teleop.core.limits import ChannelLimits, Envelopes, Pace
from rove_teleop.core.names import GROUP_CHANNELS, GROUPS, NUM_CHANNELS
from rove_teleop.core.safety import Safety, VelocityBounds, braking_velocity, tilt
from rove_teleop.core.types import Array
from rove_teleop.errors import ConfigError

LIMITS = make_limits()
MIDDLE = 0.5 * (LIMITS.lower + LIMITS.upper)
MOVING = Envelopes(LIMITS).of((Pace.MOVING,) * len(GROUPS))
ZERO = np.zeros(NUM_CHANNELS)


def test_far_from_every_limit_only_the_velocity_limit_bounds() -> None:
    bounds = Safety(LIMITS).bounds(MIDDLE, ZERO, MOVING)
    joints = slice(9, None)
    np.testing.assert_array_equal(bounds.upper[joints], LIMITS.velocity[joints])
    np.testing.assert_array_equal(bounds.lower[joints], -LIMITS.velocity[joints])


def test_at_a_limit_there_is_no_further_but_a_way_back() -> None:
    bounds = Safety(LIMITS).bounds(LIMITS.upper, ZERO, MOVING)
    assert not bounds.upper.any()
    assert (bounds.lower < 0).all()


def test_one_can_brake_from_the_bound_with_the_limits_of_a_switch() -> None:
    for distance in (0.01, 0.1, 0.5, 1.0):
        position = LIMITS.upper - np.minimum(distance, LIMITS.upper - LIMITS.lower)
        speed = Safety(LIMITS).bounds(position, ZERO, MOVING).upper
        needed = speed**2 / (2.0 * LIMITS.switch_acceleration)
        assert (needed < LIMITS.upper - position).all()


def test_the_tightest_rule_wins() -> None:
    class Wall:
        urgent = True

        def bounds(self, position: Array, velocity: Array) -> VelocityBounds | None:
            upper = np.full(NUM_CHANNELS, np.inf)
            upper[20] = 0.0
            return VelocityBounds(np.full(NUM_CHANNELS, -np.inf), upper)

    class Silent:
        urgent = True

        def bounds(self, position: Array, velocity: Array) -> VelocityBounds | None:
            return None

    free = Safety(LIMITS).bounds(MIDDLE, ZERO, MOVING)
    ruled = Safety(LIMITS, (Wall(), Silent())).bounds(MIDDLE, ZERO, MOVING)
    assert ruled.upper[20] == 0.0
    assert np.array_equal(np.delete(ruled.upper, 20), np.delete(free.upper, 20))
    assert np.array_equal(ruled.lower, free.lower)


def test_the_braking_law_is_odd_monotonic_and_continuous() -> None:
    distance = np.linspace(-1, 1, 20001)
    speed = braking_velocity(distance, 25.0, np.full(distance.size, 9.0))
    np.testing.assert_allclose(speed, -speed[::-1], atol=1e-12)
    assert (np.diff(speed) > 0).all()
    assert np.diff(speed).max() <= 25.0 * 1e-4 * 1.001


@pytest.mark.parametrize('degrees', [0, 30, 44, 46, 90, 180])
@pytest.mark.parametrize('axis', [(1, 0), (0, 1), (0.6, 0.8)])
def test_tilt_is_the_angle_to_the_vertical_whatever_the_heading(
    degrees: float, axis: tuple[float, float]
) -> None:
    half = np.deg2rad(degrees) / 2
    lean = np.array([axis[0] * np.sin(half), axis[1] * np.sin(half), 0.0, np.cos(half)])
    heading = np.array([0.0, 0.0, np.sin(0.7), np.cos(0.7)])
    x, y, z, w = heading
    left = np.array([[w, -z, y, x], [z, w, -x, y], [-y, x, w, z], [-x, -y, -z, w]])
    pose = np.concatenate((np.zeros(3), left @ lean))
    assert np.rad2deg(tilt(pose)) == pytest.approx(degrees, abs=1e-5)


def test_the_default_limits_are_those_of_the_design() -> None:
    arm, torso = GROUP_CHANNELS['left_arm'], GROUP_CHANNELS['torso']
    assert set(LIMITS.velocity[arm]) == {6.0}
    assert set(LIMITS.velocity[torso]) == set(LIMITS.switch_velocity[torso]) == {2.0}
    assert set(LIMITS.acceleration[6:]) == {60.0}
    assert set(LIMITS.jerk[6:]) == {3000.0}
    assert set(LIMITS.switch_velocity[arm]) == {3.0}
    assert set(LIMITS.switch_acceleration[6:]) == {20.0}
    assert set(LIMITS.switch_jerk[6:]) == {1000.0}
    assert (LIMITS.stop_acceleration > LIMITS.acceleration).all()


def test_limits_that_make_no_sense_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="limit 'upper' must be 37 finite numbers"):
        ChannelLimits.from_joints(np.zeros(31), np.ones(30))
    with pytest.raises(ConfigError, match='lower must be below upper'):
        ChannelLimits.from_joints(np.ones(31), np.zeros(31))

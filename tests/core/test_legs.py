"""The legs follow the base reference exactly, with the feet where they stand."""

from __future__ import annotations

import numpy as np
import pytest

from rove_teleop.assembly import make_robot
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import NUM_LEG_JOINTS

ROBOT = make_robot()
DT = 0.005


@pytest.fixture
def legs() -> LegKinematics:
    return LegKinematics(ROBOT)


def _path(legs: LegKinematics, t: float) -> tuple[np.ndarray, np.ndarray]:
    """A squat with sway and lean, and its rate."""
    amplitude = np.array([0.02, 0.03, 0.04, 0.02, 0.05, 0.05])
    rate = 2.0 * np.pi * np.array([0.2, 0.3, 0.25, 0.2, 0.35, 0.15])
    offset = np.array([-0.02, 0.0, -0.06, 0.0, 0.0, 0.0])
    base = legs.nominal_base + offset + amplitude * np.sin(rate * t)
    return base, amplitude * rate * np.cos(rate * t)


def test_the_nominal_pose_comes_back_from_its_own_base_reference(legs: LegKinematics) -> None:
    position, velocity = legs.solve(legs.nominal_base, np.zeros(6))
    np.testing.assert_allclose(position, ROBOT.nominal[:NUM_LEG_JOINTS], atol=1e-9)
    assert not velocity.any()


def test_the_base_of_the_solution_is_the_reference_everywhere_on_a_path(
    legs: LegKinematics,
) -> None:
    for k in range(1000):
        base, rate = _path(legs, k * DT)
        position, _ = legs.solve(base, rate)
        np.testing.assert_allclose(legs.base_of(position), base, atol=1e-8)


def test_the_velocity_is_the_derivative_of_the_position(legs: LegKinematics) -> None:
    positions, velocities = zip(
        *(legs.solve(*_path(legs, k * DT)) for k in range(1000)), strict=True
    )
    differences = (np.array(positions)[2:] - np.array(positions)[:-2]) / (2.0 * DT)
    np.testing.assert_allclose(np.array(velocities)[1:-1], differences, atol=2e-4)


@pytest.mark.parametrize('height', [0.9, 0.3, 5.0, -1.0])
def test_out_of_reach_the_joints_stay_finite_and_within_their_limits(
    legs: LegKinematics, height: float
) -> None:
    base = legs.nominal_base.copy()
    base[2] = height
    position, velocity = legs.solve(base, np.ones(6))
    assert np.isfinite(position).all() and np.isfinite(velocity).all()
    assert (position >= ROBOT.lower[:NUM_LEG_JOINTS]).all()
    assert (position <= ROBOT.upper[:NUM_LEG_JOINTS]).all()
    again, _ = legs.solve(legs.nominal_base, np.zeros(6))
    np.testing.assert_allclose(again, ROBOT.nominal[:NUM_LEG_JOINTS], atol=1e-6)

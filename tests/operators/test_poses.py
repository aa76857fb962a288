from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest

from rove_teleop.operators import poses

RNG = np.random.default_rng(3)
A, B = (np.array([pin.SE3ToXYZQUAT(pin.SE3.Random()) for _ in range(50)]) for _ in range(2))


def matrices(array: np.ndarray) -> np.ndarray:
    return np.array([pin.XYZQUATToSE3(pose).homogeneous for pose in array])


def test_composition_and_inverse_are_those_of_the_matrices():
    assert matrices(poses.compose(A, B)) == pytest.approx(matrices(A) @ matrices(B), abs=1e-12)
    assert matrices(poses.inverse(A)) == pytest.approx(np.linalg.inv(matrices(A)), abs=1e-12)


def test_rotating_a_vector_is_multiplying_with_the_matrix():
    v = RNG.normal(size=(50, 3))
    expected = np.einsum('nij,nj->ni', matrices(A)[:, :3, :3], v)
    assert poses.rotate(A[:, 3:], v) == pytest.approx(expected, abs=1e-12)


def test_the_quaternion_of_a_matrix_is_found_also_near_half_turns():
    for axis in np.eye(3):
        for angle in (0.0, 1e-9, 1.0, np.pi - 1e-9, np.pi):
            R = pin.AngleAxis(angle, axis).toRotationMatrix()
            q = poses.quaternion_of(R)
            assert pin.Quaternion(q).toRotationMatrix() == pytest.approx(R, abs=1e-12)
            assert q[3] >= 0.0
    q = poses.quaternion_of(matrices(A)[:, :3, :3])
    assert np.abs(np.sum(q * A[:, 3:], axis=1)) == pytest.approx(np.ones(50))


@pytest.mark.parametrize('share', [0.0, 0.3, 1.0])
def test_slerp_agrees_with_pinocchio(share: float):
    mine = poses.slerp(A[:, 3:], B[:, 3:], share)
    for a, b, q in zip(A[:, 3:], B[:, 3:], mine, strict=True):
        expected = pin.Quaternion(a).slerp(share, pin.Quaternion(b)).coeffs()
        assert abs(expected @ q) == pytest.approx(1.0)


def test_slerp_of_equal_and_opposite_quaternions_stays_put():
    q = A[0, 3:]
    for other in (q, -q):
        assert abs(poses.slerp(q, other, 0.4) @ q) == pytest.approx(1.0)


def test_the_heading_alone_is_a_turn_about_z():
    q = pin.Quaternion(pin.rpy.rpyToMatrix(0.2, -0.3, 1.1)).coeffs()
    expected = pin.Quaternion(pin.rpy.rpyToMatrix(0.0, 0.0, 1.1)).coeffs()
    assert poses.heading_only(q) == pytest.approx(expected)


def test_what_is_not_tracked_stays_so_without_a_warning():
    missing = np.full(7, np.nan)
    assert np.isnan(poses.compose(missing, B)).all()
    assert np.isnan(poses.interpolate(A[0], missing, 0.5)).all()

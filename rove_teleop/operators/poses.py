"""Arithmetic on arrays of poses ``[x y z qx qy qz qw]``, any number of them at once.

``compose(T_a_b, T_b_c)`` is T_a_c; leading axes broadcast. Rows of NaN (not tracked) stay NaN.
"""

from __future__ import annotations

import numpy as np

from rove_teleop.core.types import Array


def multiply(a_xyzw: Array, b_xyzw: Array) -> Array:
    """Hamilton product of unit quaternions, shapes (..., 4)."""
    a, b = np.asarray(a_xyzw, float), np.asarray(b_xyzw, float)
    vector = a[..., 3:] * b[..., :3] + b[..., 3:] * a[..., :3] + np.cross(a[..., :3], b[..., :3])
    scalar = a[..., 3] * b[..., 3] - np.sum(a[..., :3] * b[..., :3], axis=-1)
    return np.concatenate([vector, scalar[..., None]], axis=-1)


def conjugate(q_xyzw: Array) -> Array:
    """Inverse rotation of unit quaternions (..., 4)."""
    return np.asarray(q_xyzw, float) * np.array([-1.0, -1.0, -1.0, 1.0])


def rotate(q_xyzw: Array, vector: Array) -> Array:
    """Vectors (..., 3) turned by unit quaternions (..., 4)."""
    q, v = np.asarray(q_xyzw, float), np.asarray(vector, float)
    t = 2.0 * np.cross(q[..., :3], v)
    return v + q[..., 3:] * t + np.cross(q[..., :3], t)


def compose(a: Array, b: Array) -> Array:
    """T_a_c of T_a_b and T_b_c, shapes (..., 7)."""
    position = a[..., :3] + rotate(a[..., 3:], b[..., :3])
    return np.concatenate([position, multiply(a[..., 3:], b[..., 3:])], axis=-1)


def inverse(a: Array) -> Array:
    """T_b_a of T_a_b, shape (..., 7)."""
    q = conjugate(a[..., 3:])
    return np.concatenate([-rotate(q, a[..., :3]), q], axis=-1)


def slerp(a_xyzw: Array, b_xyzw: Array, share: Array | float) -> Array:
    """Rotations on the shorter arc from a to b, shapes (..., 4), at a share in [0, 1]."""
    a, b = np.asarray(a_xyzw, float), np.asarray(b_xyzw, float)
    share = np.asarray(share, float)[..., None]
    cosine = np.sum(a * b, axis=-1, keepdims=True)
    b, cosine = np.where(cosine < 0.0, -b, b), np.clip(np.abs(cosine), 0.0, 1.0)
    angle = np.arccos(cosine)
    sine = np.where(angle < 1e-4, 1.0, np.sin(angle))
    near = angle < 1e-4
    left = np.where(near, 1.0 - share, np.sin((1.0 - share) * angle) / sine)
    right = np.where(near, share, np.sin(share * angle) / sine)
    q = left * a + right * b
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


def interpolate(a: Array, b: Array, share: Array | float) -> Array:
    """Poses (..., 7) between a and b: positions straight, rotations by slerp."""
    position = a[..., :3] + np.asarray(share, float)[..., None] * (b[..., :3] - a[..., :3])
    return np.concatenate([position, slerp(a[..., 3:], b[..., 3:], share)], axis=-1)


def quaternion_of(rotation: Array) -> Array:
    """Unit quaternions xyzw (..., 4), scalar part not negative, of matrices (..., 3, 3).

    The outer product of the quaternion with itself is linear in the matrix (Bar-Itzhack 2000);
    its row with the largest diagonal is the quaternion up to scale.
    """
    m = np.asarray(rotation, float)
    outer = np.empty((*m.shape[:-2], 4, 4))
    trace = np.trace(m, axis1=-2, axis2=-1)
    for i in range(3):
        outer[..., i, i] = 1.0 + 2.0 * m[..., i, i] - trace
    outer[..., 3, 3] = 1.0 + trace
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        outer[..., i, j] = outer[..., j, i] = m[..., i, j] + m[..., j, i]
        outer[..., k, 3] = outer[..., 3, k] = m[..., j, i] - m[..., i, j]
    row = np.argmax(np.diagonal(outer, axis1=-2, axis2=-1), axis=-1)
    q = np.take_along_axis(outer, row[..., None, None], axis=-2)[..., 0, :]
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    return np.where(q[..., 3:] < 0.0, -q, q)


def heading_only(q_xyzw: Array) -> Array:
    """The turn about z that points x where the rotation's x axis points, shapes (..., 4)."""
    forward = rotate(q_xyzw, np.array([1.0, 0.0, 0.0]))
    half = 0.5 * np.arctan2(forward[..., 1], forward[..., 0])
    zero = np.zeros_like(half)
    return np.stack([zero, zero, np.sin(half), np.cos(half)], axis=-1)

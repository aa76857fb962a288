"""Smoothing of hand joints, the same whatever the rate of ticks."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.types import Array


def low_pass(
    previous: Array, target: Array, dt: float, time_constant: float, speed: float
) -> Array:
    """The exact answer after ``dt`` of a first-order low-pass that never exceeds a speed.

    It follows dy/dt = clip((target - y) / time_constant, -speed, speed), so two ticks of half
    the length give the same. It lags a steady motion slower than ``speed`` by ``time_constant``.

    Args:
        previous: What it was [rad], shape (n,).
        target: What it shall become [rad], shape (n,).
        dt: Tick [s].
        time_constant: Of the low-pass [s].
        speed: Largest rate of change [rad/s].
    """
    error = target - previous
    distance = np.abs(error)
    ramp = np.minimum(np.maximum(distance / speed - time_constant, 0.0), dt)
    left = (distance - speed * ramp) * np.exp((ramp - dt) / time_constant)
    return target - np.copysign(left, error)

"""Where both hands shall be over time, as formulas.

A formula gives, for times t (n,) [s] and the side's sign s (+1 left, -1 right), the displacement
d (n, 3) [m] and the rotation vector w (n, 3) [rad] from the start, both in world axes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pinocchio as pin

from benchmarks.ik.tool import Array
from rove_teleop.core.names import SIDES
from rove_teleop.errors import UnknownName

Formula = Callable[[Array, float], tuple[Array, Array]]
DURATION = 20.0  # s, of every formula
_SIGNS = dict(zip(SIDES, (1.0, -1.0), strict=True))


@dataclass(frozen=True)
class Trajectory:
    """Targets of both hands, one per tick.

    Attributes:
        time: [s], shape (n,), the first one tick after the start.
        poses: T_world_hand, shape (n, 2, 4, 4), left then right.
    """

    name: str
    time: Array
    poses: Array


def smooth_step(x: Array) -> Array:
    """Quintic from 0 to 1 with zero velocity and acceleration at both ends."""
    x = np.clip(x, 0.0, 1.0)
    return x**3 * (10.0 - 15.0 * x + 6.0 * x**2)


def _pulse(t: Array, rise: float, fall: float, duration: float = 2.0) -> Array:
    """From 0 to 1 in ``rise`` [s], and back from ``fall`` on in ``duration``."""
    return smooth_step(t / rise) - smooth_step((t - fall) / duration)


def wave(t: Array, s: float) -> tuple[Array, Array]:
    """Both hands well inside the workspace."""
    a, turn = smooth_step(t)[:, None], 2.0 * np.pi * t
    d = (
        0.045 * np.sin(0.50 * turn),
        s * 0.05 * np.sin(0.35 * turn + 0.4 * s),
        0.06 * np.sin(0.40 * turn + 0.3),
    )
    w = (
        s * 0.35 * np.sin(0.45 * turn),
        0.20 * np.sin(0.30 * turn),
        s * 0.20 * np.sin(0.38 * turn),
    )
    return a * np.stack(d, axis=1), a * np.stack(w, axis=1)


def hard(t: Array, s: float) -> tuple[Array, Array]:
    """Out of reach, through the torso, arms stretched up and out, fast circles."""
    parts = [_reach, _swap, _stretch, _circle]
    part = np.minimum(t // 5.0, len(parts) - 1).astype(int)
    d, w = np.zeros((len(t), 3)), np.zeros((len(t), 3))
    for number, formula in enumerate(parts):
        rows = part == number
        d[rows], w[rows] = formula(t[rows] - 5.0 * number, s)
    return d, w


def _reach(t: Array, s: float) -> tuple[Array, Array]:
    d = np.outer(_pulse(t, 2.0, 3.0), (0.45, 0.0, 0.12))
    return d, np.zeros_like(d)


def _swap(t: Array, s: float) -> tuple[Array, Array]:
    d = np.outer(_pulse(t, 1.5, 3.0), (-0.17, -0.30 * s, 0.05))
    return d, np.zeros_like(d)


def _stretch(t: Array, s: float) -> tuple[Array, Array]:
    b = _pulse(t, 2.0, 3.0)
    return np.outer(b, (-0.20, 0.35 * s, 0.45)), np.outer(b, (1.2 * s, -0.8, 0.8 * s))


def _circle(t: Array, s: float) -> tuple[Array, Array]:
    b = (smooth_step(t / 0.5) * (1.0 - smooth_step((t - 4.5) / 0.5)))[:, None]
    phi = 2.0 * np.pi * 1.5 * t
    zero = np.zeros_like(t)
    d = np.stack((zero, 0.15 * np.sin(phi), 0.15 * (1.0 - np.cos(phi))), axis=1)
    return b * d, b * np.stack((0.6 * s * np.sin(phi), zero, zero), axis=1)


def jumps(t: Array, s: float) -> tuple[Array, Array]:
    """A target that leaps every 2 s, as an operator's does after a loss of tracking."""
    places = np.array([
        (0.10, 0.05 * s, 0.10), (-0.10, -0.20 * s, 0.20), (0.30, 0.00, -0.20),
        (0.05, 0.20 * s, 0.30), (-0.15, 0.00, -0.10),
    ])  # fmt: skip
    turns = np.array([(0.0, 0.0, 0.0), (0.8 * s, 0.0, 0.5 * s), (0.0, 0.9, 0.0)])
    number = (t // 2.0).astype(int)
    return places[number % len(places)], turns[number % len(turns)]


def wander(t: Array, s: float) -> tuple[Array, Array]:
    """Slow sums of sines that take both hands through each other, the head and the trunk."""
    a, turn = smooth_step(t / 2.0)[:, None], 2.0 * np.pi * t
    d = (
        0.10 * np.sin(0.11 * turn) + 0.10 * np.sin(0.17 * turn + s),
        -0.20 * s * np.sin(0.07 * turn) ** 2 + 0.06 * np.sin(0.23 * turn + 0.7 * s),
        0.15 + 0.25 * np.sin(0.13 * turn + 0.3 * s),
    )
    w = (0.5 * np.sin(0.19 * turn), 0.6 * s * np.sin(0.11 * turn), 0.5 * np.sin(0.29 * turn + s))
    return a * np.stack(d, axis=1), a * np.stack(w, axis=1)


def floor(t: Array, s: float) -> tuple[Array, Array]:
    """Down in front of the feet, up above the head, and back."""
    del s
    low, high = _pulse(t, 4.0, 6.0, 4.0), _pulse(t - 10.0, 4.0, 6.0, 4.0)
    d = np.outer(low, (0.15, 0.0, -0.60)) + np.outer(high, (-0.05, 0.0, 0.75))
    return d, np.outer(low, (0.0, 0.8, 0.0)) - np.outer(high, (0.0, 1.2, 0.0))


FORMULAS: Mapping[str, Formula] = {
    'wave': wave,
    'hard': hard,
    'jumps': jumps,
    'wander': wander,
    'floor': floor,
}
"""By name; another trajectory is another line here."""


def ticks(seconds: float, rate: float) -> Array:
    """Times of the ticks [s], the first one period after the start."""
    return np.arange(1, round(seconds * rate) + 1) / rate


def formula(name: str, start: Mapping[str, pin.SE3], seconds: float, rate: float) -> Trajectory:
    """Targets of a formula.

    Args:
        name: One of ``FORMULAS``.
        start: T_world_hand at the start, by side.
        seconds: Duration [s].
        rate: Ticks per second [Hz].

    Raises:
        UnknownName: There is no such trajectory; the message lists the known ones.
    """
    if name not in FORMULAS:
        raise UnknownName('trajectory', name, FORMULAS)
    t = ticks(seconds, rate)
    sides = [_placed(start[side], *FORMULAS[name](t, sign)) for side, sign in _SIGNS.items()]
    return Trajectory(name, t, np.stack(sides, axis=1))


def _placed(start: pin.SE3, d: Array, w: Array) -> Array:
    poses = np.tile(np.eye(4), (len(d), 1, 1))
    poses[:, :3, 3] = start.translation + d
    poses[:, :3, :3] = [pin.exp3(turn) @ start.rotation for turn in w]
    return poses

"""The recordings that ship with rove, as functions of time.

Movements between points follow the minimum-jerk law (Flash and Hogan 1985); on top lies a
physiological tremor of 8 to 12 Hz and a fraction of a millimetre. Everything is seeded, so the
shipped files can be made again: ``write_recordings(folder)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import wxyz_from_xyzw
from rove_teleop.core.types import Array
from rove_teleop.errors import UnknownName

RATE_HZ = 100.0
_TREMOR_HZ = (8.0, 12.0)
_TREMOR_M = 2e-4
_TREMOR_RAD = 2e-3


@dataclass(frozen=True)
class Waypoint:
    """Where the right hand is to be, relative to its start (x forward, y left, z up).

    Attributes:
        duration: Time to get there from the waypoint before [s].
        position: Displacement [m].
        rpy: Turn about the fixed axes [rad].
        curls: Thumb to little finger, 0 straight to 1 in a fist.
    """

    duration: float
    position: tuple[float, float, float]
    rpy: tuple[float, float, float] = (0.0, 0.0, 0.0)
    curls: tuple[float, float, float, float, float] = (0.1, 0.1, 0.1, 0.1, 0.1)


_OPEN = (0.0, 0.05, 0.05, 0.08, 0.1)
_RELAXED = (0.2, 0.25, 0.3, 0.3, 0.35)
_GRASP = (0.55, 0.6, 0.62, 0.65, 0.7)
_FIST = (0.9, 0.95, 0.95, 0.95, 0.95)
_WAVE = tuple(
    Waypoint(0.45, (0.20, side * 0.09, 0.25), (side * 0.45, -0.9, 0.0), _OPEN)
    for side in (1, -1, 1, -1, 1, -1)
)
_SCENES: dict[str, tuple[Waypoint, ...]] = {
    'reach_and_wave': (
        Waypoint(0.5, (0.0, 0.0, 0.0), curls=_RELAXED),
        Waypoint(1.2, (0.18, 0.0, 0.05), (0.0, -0.2, 0.0), _OPEN),
        Waypoint(1.0, (0.20, 0.0, 0.25), (0.0, -0.9, 0.0), _OPEN),
        *_WAVE,
        Waypoint(0.6, (0.20, 0.0, 0.25), (0.0, -0.9, 0.0), _OPEN),
        Waypoint(0.7, (0.20, 0.0, 0.25), (0.0, -0.9, 0.0), _FIST),
        Waypoint(0.7, (0.20, 0.0, 0.25), (0.0, -0.9, 0.0), _OPEN),
        Waypoint(1.4, (0.0, 0.0, 0.0), curls=_RELAXED),
        Waypoint(0.5, (0.0, 0.0, 0.0), curls=_RELAXED),
    ),
    'pick_like': (
        Waypoint(0.5, (0.0, 0.0, 0.0), curls=_RELAXED),
        Waypoint(1.4, (0.14, 0.05, 0.08), (0.2, 0.15, 0.1), _OPEN),
        Waypoint(0.9, (0.16, 0.06, -0.02), (0.3, 0.25, 0.1), _OPEN),
        Waypoint(0.7, (0.16, 0.06, -0.02), (0.3, 0.25, 0.1), _GRASP),
        Waypoint(0.9, (0.15, 0.05, 0.12), (0.2, 0.15, 0.1), _GRASP),
        Waypoint(1.3, (0.12, -0.10, 0.12), (0.1, 0.1, -0.3), _GRASP),
        Waypoint(0.9, (0.13, -0.11, 0.0), (0.2, 0.2, -0.3), _GRASP),
        Waypoint(0.6, (0.13, -0.11, 0.0), (0.2, 0.2, -0.3), _OPEN),
        Waypoint(0.8, (0.08, -0.10, 0.12), (0.1, 0.1, -0.2), _OPEN),
        Waypoint(1.2, (0.0, 0.0, 0.0), curls=_RELAXED),
        Waypoint(0.5, (0.0, 0.0, 0.0), curls=_RELAXED),
    ),
}


def synthetic_names() -> tuple[str, ...]:
    """Names of the recordings that can be made."""
    return tuple(sorted(_SCENES))


def synthesize(name: str) -> dict[str, Array]:
    """The arrays of a wrist path (see ``recordings``), float32, as they are shipped.

    Raises:
        UnknownName: No such recording; the message lists the known ones.
    """
    if name not in _SCENES:
        raise UnknownName('recording', name, _SCENES)
    waypoints = _SCENES[name]
    arrival = np.cumsum([waypoint.duration for waypoint in waypoints])
    time = np.arange(round(arrival[-1] * RATE_HZ) + 1) / RATE_HZ
    targets = np.array([(*w.position, *w.rpy, *w.curls) for w in waypoints])
    path = _minimum_jerk(time, arrival, targets)
    rng = np.random.default_rng(sorted(_SCENES).index(name))
    path[:, :3] += _TREMOR_M * _tremor(time, rng)
    path[:, 3:6] += _TREMOR_RAD * _tremor(time, rng)
    quaternions = [
        pin.Quaternion(pin.rpy.rpyToMatrix(*map(float, rpy))).coeffs() for rpy in path[:, 3:6]
    ]
    curls = np.clip(path[:, 6:], 0.0, 1.0)
    arrays = {
        'time': time,
        'position': path[:, :3],
        'quaternion_wxyz': np.array([wxyz_from_xyzw(q) for q in quaternions]),
        'aperture': 0.08 * (1.0 - np.clip(curls[:, 1] / _GRASP[1], 0.0, 1.0)),
        'curls': curls,
    }
    return {field: array.astype(np.float32) for field, array in arrays.items()}


def write_recordings(folder: Path | str) -> tuple[Path, ...]:
    """Write every recording into a folder, compressed."""
    paths = []
    for name in synthetic_names():
        path = Path(folder) / f'{name}.npz'
        np.savez_compressed(path, **synthesize(name))  # type: ignore[arg-type]
        paths.append(path)
    return tuple(paths)


def _minimum_jerk(time: Array, arrival: Array, targets: Array) -> Array:
    """Path (n, k) through targets (m, k) that it reaches, at rest, at the arrival times (m,)."""
    target = np.minimum(np.searchsorted(arrival, time), len(arrival) - 1)
    begin = np.concatenate([[0.0], arrival[:-1]])[target]
    source = np.concatenate([targets[:1], targets[:-1]])[target]
    s = np.clip((time - begin) / (arrival[target] - begin), 0.0, 1.0)[:, None]
    return source + (10.0 * s**3 - 15.0 * s**4 + 6.0 * s**5) * (targets[target] - source)


def _tremor(time: Array, rng: np.random.Generator) -> Array:
    """Three axes (n, 3) of five sines each, of unit variance."""
    frequency = rng.uniform(*_TREMOR_HZ, size=(5, 3))
    phase = rng.uniform(0.0, 2.0 * np.pi, size=(5, 3))
    waves = np.sin(2.0 * np.pi * frequency * time[:, None, None] + phase)
    return np.sqrt(2.0 / 5.0) * waves.sum(axis=1)

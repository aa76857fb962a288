"""What can be wrong with a value: what is no number, poses that jump, times, numbers, names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rove_bringup.faults.damage import Change
from rove_teleop.core.names import NUM_BASE, NUM_CHANNELS, SIDES

IDENTITY = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
_WRISTS = tuple(f'{side}_wrist' for side in SIDES)
_HANDS = tuple(f'{side}_hand' for side in SIDES)
_FAR_S = 5.0


def fill(number: float, *fields: str) -> Change:
    """Every number of some fields is this one."""

    def change(value: Any, random: np.random.Generator) -> Any:
        return replace(value, **{name: getattr(value, name) * 0.0 + number for name in fields})

    return change


def spoil_one(number: float, field: str) -> Change:
    """One number of a field, drawn by lot, is this one."""

    def change(value: Any, random: np.random.Generator) -> Any:
        array = np.array(getattr(value, field), dtype=float)
        array.flat[random.integers(array.size)] = number
        return replace(value, **{field: array})

    return change


def resize(*fields: str) -> Change:
    """The last row or number of some fields is missing."""

    def change(value: Any, random: np.random.Generator) -> Any:
        return replace(value, **{name: getattr(value, name)[..., :-1] for name in fields})

    return change


def shift(amount: float, *fields: str) -> Change:
    """Every number of some fields jumps to and fro by this much, drawn by lot."""

    def change(value: Any, random: np.random.Generator) -> Any:
        sign = random.choice((-1.0, 1.0))
        return replace(value, **{name: getattr(value, name) + sign * amount for name in fields})

    return change


def step_joints(amount: float) -> Change:
    """Every joint of a proposal steps by this much, to and fro by lot; the pelvis does not."""
    by = np.where(np.arange(NUM_CHANNELS) < NUM_BASE, 0.0, amount)

    def change(value: Any, random: np.random.Generator) -> Any:
        return replace(value, position=value.position + random.choice((-1.0, 1.0)) * by)

    return change


def of_time(seconds: float, *fields: str) -> Change:
    """Some times [ns] jump by this much."""

    def change(value: Any, random: np.random.Generator) -> Any:
        by_ns = round(seconds * 1e9)
        return replace(value, **{name: getattr(value, name) + by_ns for name in fields})

    return change


def fields(**values: Any) -> Change:
    """Some fields have these values."""

    def change(value: Any, random: np.random.Generator) -> Any:
        return replace(value, **values)

    return change


def poses(number: float | None, *sides: str) -> Change:
    """Wrists and hands of these sides hold a number; None is the pose a tracker starts with."""

    def change(value: Any, random: np.random.Generator) -> Any:
        changed = {}
        for side in sides:
            for name, shape in ((f'{side}_wrist', (7,)), (f'{side}_hand', (25, 7))):
                pose = IDENTITY if number is None else np.full(7, number)
                changed[name] = np.broadcast_to(pose, shape).copy()
        return replace(value, **changed)

    return change


def no_rotation(value: Any, random: np.random.Generator) -> Any:
    """The quaternions of the wrists are zero."""
    return replace(value, **{name: _with(value, name, slice(3, 7), 0.0) for name in _WRISTS})


def jump_hands(value: Any, random: np.random.Generator) -> Any:
    """Wrists and hands are somewhere within two metres."""
    by = random.uniform(-2.0, 2.0, 3)
    moved = {}
    for name in (*_WRISTS, *_HANDS):
        pose = np.array(getattr(value, name))
        pose[..., :3] += by
        moved[name] = pose
    return replace(value, **moved)


def tilt(degrees: float) -> Change:
    """The pelvis lies on its side by an angle."""
    half = np.deg2rad(degrees) / 2.0

    def change(value: Any, random: np.random.Generator) -> Any:
        pose = np.array(value.base_pose)
        pose[3:] = (np.sin(half), 0.0, 0.0, np.cos(half))
        return replace(value, base_pose=pose)

    return change


def stranger(value: Any, random: np.random.Generator) -> Any:
    """Another source says something else, far from it."""
    other = jump_hands(value, random)
    return replace(other, source_id='stranger', session='stranger', seq=value.seq + 10**6)


def intruder(session: str = '') -> Change:
    """Another writer commands a pose far away.

    Args:
        session: His session; that of the true writer when empty.
    """

    def change(value: Any, random: np.random.Generator) -> Any:
        return replace(
            value,
            session=session or value.session,
            writer_id='intruder',
            seq=value.seq + 10**6,
            position=value.position + random.uniform(-0.5, 0.5, value.position.shape),
        )

    return change


def ahead(value: Any, random: np.random.Generator) -> Any:
    """The clock of a sender runs ahead."""
    return of_time(_FAR_S, 't_source_ns')(value, random)


def behind(value: Any, random: np.random.Generator) -> Any:
    """The clock of a sender falls back, though not before its own beginning."""
    return replace(value, t_source_ns=max(0, value.t_source_ns - round(_FAR_S * 1e9)))


def _with(value: Any, name: str, part: slice, number: float) -> np.ndarray:
    pose = np.array(getattr(value, name), dtype=float)
    pose[..., part] = number
    return pose

"""What is wrong with a sample from outside, pose by pose, and the sample without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rove_teleop.core.types import Array, OperatorState

_POSES = ('head', 'left_wrist', 'right_wrist')
_HANDS = ('left_hand', 'right_hand')
_REACH_M = 20.0
_UNIT = 1e-2
_MAX_NS = 2**62


def malformed(state: OperatorState) -> str:
    """Why a sample as a whole is unusable; empty if it is not."""
    if not state.source_id or not state.session:
        return 'nameless: source_id and session must not be empty'
    for name in ('seq', 't_source_ns', 't_receive_ns'):
        value = getattr(state, name)
        if not 0 <= value < _MAX_NS:
            return f'malformed: {name} is {value}, expected 0 to 2**62'
    return ''


def cleaned(state: OperatorState) -> tuple[OperatorState, tuple[str, ...]]:
    """The sample without its broken poses and with its axes in range.

    Returns:
        The sample, and what was taken out of it as ``field: reason``.
    """
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(_POSES, (7,)),
        **dict.fromkeys(_HANDS, (25, 7)),
    }
    fields = {name: getattr(state, name) for name in shapes}
    problems = {
        name: _problem(pose, shapes[name]) for name, pose in fields.items() if pose is not None
    }
    body_problems = {name: _problem(pose, (7,)) for name, pose in state.body.items()}
    kept: dict[str, Any] = {
        name: None if pose is None or problems[name] else _unit(pose)
        for name, pose in fields.items()
    }
    axes = {n: float(np.clip(x, -1.0, 1.0)) for n, x in state.axes.items() if np.isfinite(x)}
    body = {name: _unit(p) for name, p in state.body.items() if not body_problems[name]}
    found = (problems | body_problems).items()
    dropped = tuple(f'{name}: {problem}' for name, problem in found if problem)
    return replace(state, **kept, body=body, axes=axes), dropped


def _problem(pose: Array, shape: tuple[int, ...]) -> str:
    """What is wrong with a pose or a hand; empty if nothing is."""
    pose = np.asarray(pose)
    if pose.shape != shape or pose.dtype.kind not in 'fiu':
        return f'shape {pose.shape} {pose.dtype}, expected numbers {shape}'
    if not np.isfinite(pose).all():
        return 'not finite'
    position, quaternion = pose[..., :3], pose[..., 3:]
    if np.abs(position).max() > _REACH_M:
        return f'position {np.abs(position).max():.3g} m away, expected at most {_REACH_M:.0f}'
    if np.abs(quaternion).max() > 1.0 + _UNIT:
        return f'quaternion with a part of {np.abs(quaternion).max():.3g}, expected a unit one'
    norm = np.atleast_1d(np.linalg.norm(quaternion, axis=-1))
    off = np.abs(norm - 1.0)
    if off.max() > _UNIT:
        return f'quaternion of norm {norm[np.argmax(off)]:.3g}, expected 1'
    if not position.any():
        return 'in the origin, as a device reports what it does not track'
    return ''


def _unit(pose: Array) -> Array:
    """A float copy with exact unit quaternions."""
    pose = np.array(pose, float)
    pose[..., 3:] /= np.linalg.norm(pose[..., 3:], axis=-1, keepdims=True)
    return pose

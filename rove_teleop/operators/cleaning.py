"""What is wrong with a sample from outside, pose by pose, and the sample without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rove_teleop.core.pose import pose_fault
from rove_teleop.core.types import Array, OperatorState

_POSES = ('head', 'left_wrist', 'right_wrist')
_HANDS = ('left_hand', 'right_hand')
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
    if fault := pose_fault(pose, shape):
        return fault
    if not np.asarray(pose)[..., :3].any():
        return 'in the origin, as a device reports what it does not track'
    return ''


def _unit(pose: Array) -> Array:
    """A float copy with exact unit quaternions."""
    pose = np.array(pose, float)
    pose[..., 3:] /= np.linalg.norm(pose[..., 3:], axis=-1, keepdims=True)
    return pose

"""Hand poses that a person can judge at a glance, to check a retargeting by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_FIST = {'thumb': 1.0, 'index': 1.0, 'middle': 1.0, 'ring': 1.0, 'pinky': 1.0}

GOLDEN_POSES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        'open': {},
        'fist': _FIST,
        'pinch': {'thumb': 0.5, 'index': 0.5},
        'point': {**_FIST, 'index': 0.0},
    }
)
"""Curls of the fingers, arguments of ``hand_pose``, by name."""

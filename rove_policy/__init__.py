"""Policies of rove: what proposes actions from observations, here or on another machine."""

from __future__ import annotations

from rove_policy.policy import ConstantPolicy, Policy, make_policy
from rove_policy.types import Observation

__all__ = ['ConstantPolicy', 'Observation', 'Policy', 'make_policy']

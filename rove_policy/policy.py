"""The policy protocol, the policy that holds still, and the registry of known policies."""

from __future__ import annotations

from importlib import import_module
import inspect
from typing import Any, Protocol, cast

import numpy as np

from rove_policy.types import Observation
from rove_teleop.core.names import GROUPS
from rove_teleop.core.types import ActionChunk
from rove_teleop.errors import ConfigError, UnknownName

CHUNK_DT = 0.05
"""Default time between two rows of a chunk [s]."""
CHUNK_HORIZON = 0.8
"""Default length of a chunk [s]."""


class Policy(Protocol):
    """Proposes actions from observations. A wrapper around a policy is a policy too.

    A policy that wants to be taken over says so in its chunk: ``help`` at 0.9 or more, and why in
    ``help_reason`` (at most 200 characters). That is shown and recorded, moves nothing, and is
    over when a chunk says less, or somebody has taken over.

    ``infer`` may be slow and may raise; whoever calls it guards against both. Row 0 of the
    chunk is meant for the time of the observation, so late rows of a slow policy are still
    right. A policy that needs cameras names them in an attribute ``images``, a dict from
    camera name to (height, width); one that holds a connection has a method ``close``.
    """

    policy_id: str

    def reset(self, seed: int, task: str) -> None:
        """Forget the past: a new episode begins.

        Args:
            seed: Seed of everything random in the policy.
            task: What to do, in words.
        """

    def infer(self, observation: Observation) -> ActionChunk:
        """Answer an observation with a chunk of channel positions.

        Raises:
            PolicyError: The policy cannot answer this observation.
        """


class ConstantPolicy:
    """Proposes to stay where the robot was last commanded to be.

    Args:
        dt: Time between two rows [s].
        horizon: Length of a chunk [s].
    """

    policy_id = 'hold'

    def __init__(self, dt: float = CHUNK_DT, horizon: float = CHUNK_HORIZON) -> None:
        if not 0.0 < dt <= horizon:
            raise ConfigError(f'{dt=} and {horizon=} must satisfy 0 < dt <= horizon')
        self._dt = dt
        self._rows = round(horizon / dt) + 1

    def reset(self, seed: int, task: str) -> None:
        """Nothing to forget."""

    def infer(self, observation: Observation) -> ActionChunk:
        """Repeat the executed pose over the horizon."""
        return ActionChunk(
            seq=observation.seq,
            policy_id=self.policy_id,
            t_observation_ns=observation.t_ns,
            t0_ns=observation.t_ns,
            dt=self._dt,
            position=np.tile(observation.executed, (self._rows, 1)),
            groups=GROUPS,
        )


POLICIES = {
    'hold': 'rove_policy.policy:ConstantPolicy',
    'scripted': 'rove_policy.scripted:ScriptedPolicy',
    'remote': 'rove_policy.serving.client:RemotePolicy',
}
"""Known policies and where they live; imported only when asked for."""


def make_policy(name: str, **options: Any) -> Policy:
    """Make a policy by its registered name, or from ``module:Class`` for one of your own.

    Args:
        name: A key of ``POLICIES``, or an importable ``module:Class``.
        **options: Arguments of the policy's constructor.

    Raises:
        UnknownName: No policy has this name; the message lists the known ones.
        ConfigError: The class cannot be imported, or does not take one of the options.
    """
    if name not in POLICIES and ':' not in name:
        raise UnknownName('policy', name, POLICIES)
    factory = _load(POLICIES.get(name, name))
    parameters = inspect.signature(factory).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for option in options:
        if option not in parameters and not takes_any:
            known = ', '.join(parameters) or 'none'
            raise ConfigError(f'policy {name!r} has no option {option!r}; known: {known}')
    return cast(Policy, factory(**options))


def _load(target: str) -> Any:
    module, _, attribute = target.partition(':')
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f'policy {target!r} cannot be imported: {error}') from error

"""What every operator is: somebody who sees the robot and answers with poses and requests.

A recorded, a scripted and a live operator obey the same protocol, so the rest of the system
cannot tell them apart. An operator publishes ``OperatorState`` and ``Request`` and nothing
else; it never sees the inside of a policy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from rove_teleop.core.types import (
    ControlFrame,
    OperatorState,
    PlantState,
    Request,
    TaskState,
)
from rove_teleop.errors import ConfigError, UnknownName


@dataclass(frozen=True)
class OperatorView:
    """What a person in front of the robot can see; None where there is nothing to see yet.

    Attributes:
        frame: The latest frame. An operator may read who is in command (``phase``,
            ``authority``, ``robot_phase``, ``episode``, ``takeover_id``) and what the robot
            was told to do (``executed``), as a status lamp and the robot itself would show
            it. The policy's proposal and its times are not for an operator.
        plant: The robot and the free objects as they stand.
        task: The task, and how far it has come.
    """

    frame: ControlFrame | None = None
    plant: PlantState | None = None
    task: TaskState | None = None


@dataclass(frozen=True)
class OperatorOutput:
    """What an operator does at one instant.

    Attributes:
        state: The body sample, None when there is no new one.
        requests: Wishes for transitions, in the order they were made.
    """

    state: OperatorState | None = None
    requests: tuple[Request, ...] = ()


@runtime_checkable
class OperatorSource(Protocol):
    """An operator behind ``step``; the caller owns the clock and the transport.

    Attributes:
        source_id: Whose samples these are, and who asks for the lease; empty while nobody is
            there, and then there is nobody to ask for it.
    """

    source_id: str

    def reset(self, seed: int, session: str) -> None:
        """Begin an episode; equal seeds and views give equal outputs.

        Args:
            seed: Seed of everything random the operator does.
            session: Written into every state until the next reset; a new session tells the
                receivers that sequence numbers start again.
        """

    def step(self, view: OperatorView, now_ns: int) -> OperatorOutput:
        """Look and act at ``now_ns`` (monotonic [ns], never decreasing)."""


class NoOperator:
    """Nobody is there: no sample, no request, and no name to ask for the lease with."""

    source_id = ''

    def reset(self, seed: int, session: str) -> None:
        """Nothing to begin."""

    def step(self, view: OperatorView, now_ns: int) -> OperatorOutput:
        """Nothing happens."""
        return OperatorOutput()


_OPERATORS: dict[str, str] = {
    'scripted': 'rove_teleop.operators.scripted:ScriptedOperator',
    'replay': 'rove_teleop.operators.replay:replay_operator',
    'live': 'rove_teleop.operators.live:LiveOperator',
    'none': 'rove_teleop.operators.source:NoOperator',
}


def operator_names() -> tuple[str, ...]:
    """The names ``make_operator`` knows, sorted."""
    return tuple(sorted(_OPERATORS))


def make_operator(name: str, **options: Any) -> OperatorSource:
    """Build an operator by name, or from ``module:Class`` one of your own.

    Args:
        name: One of ``operator_names()``, or an importable ``module:Class``.
        options: Handed to the operator's constructor (``replay``: ``recording`` is a path or
            the name of a shipped recording, ``scale`` etc.; ``live`` and ``scripted``: see
            their classes).

    Raises:
        UnknownName: No such operator; the message lists the known ones.
        ConfigError: The class cannot be imported.
        RecordingError: The recording to replay cannot be read.
    """
    if name not in _OPERATORS and ':' not in name:
        raise UnknownName('operator', name, _OPERATORS)
    return _load(_OPERATORS.get(name, name))(**options)


def _load(target: str) -> Callable[..., OperatorSource]:
    module, _, attribute = target.partition(':')
    try:
        factory: Callable[..., OperatorSource] = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f'operator {target!r} cannot be imported: {error}') from error
    return factory

"""Every error rove raises: each names what was wrong, what was got and what would be right.

Each class is also a child of the fitting built-in, so a caller may catch either.
"""

from __future__ import annotations

from collections.abc import Iterable


class RoveError(Exception):
    """Base of every error raised by rove."""


class ConfigError(RoveError, ValueError):
    """A configuration field, command-line value or file content is not usable."""


class UnknownName(RoveError, KeyError):
    """A name that is not registered; the message lists the known ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(sorted(known))
        super().__init__(f'unknown {kind} {name!r}; known: {", ".join(self.known) or "none"}')

    def __str__(self) -> str:
        return str(self.args[0])


class ModelError(RoveError, ValueError):
    """A robot description or a model built from it is broken or lacks something."""


class RecordingError(RoveError, ValueError):
    """A recording cannot be read: which file, which field, what was expected."""


class InvalidInput(RoveError, ValueError):
    """An input from outside (message, pose, command) that must not reach a joint."""


class InvalidTransition(RoveError, ValueError):
    """A (phase, event) pair that the phase table refuses."""


class DeviceError(RoveError, ConnectionError):
    """A device, camera or plant is not connected or stopped answering."""


class PolicyError(RoveError, RuntimeError):
    """A policy could not give an action chunk."""


class PolicyTimeout(PolicyError, TimeoutError):
    """A policy did not answer in time."""

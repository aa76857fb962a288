"""Workers run a policy on behalf of the loop and never let it fail outwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rove_policy.policy import Policy
from rove_policy.types import Observation
from rove_teleop.core.types import ActionChunk


@dataclass(frozen=True)
class Answer:
    """What came of an observation: a chunk, or the reason why there is none."""

    observation: Observation
    chunk: ActionChunk | None
    fault: str = ''


@dataclass(frozen=True)
class Start:
    """A new episode, to be told to the policy before its next observation."""

    seed: int
    task: str


class Worker(Protocol):
    """Runs a policy: inline in lockstep, in a thread of its own where it may be slow."""

    @property
    def busy(self) -> bool:
        """True while an observation has no answer yet."""

    def reset(self, seed: int, task: str) -> None:
        """Begin a new episode with the next observation."""

    def submit(self, observation: Observation) -> None:
        """Ask for a chunk; an observation that still waits for its turn is replaced."""

    def poll(self) -> Answer | None:
        """Return the oldest answer not fetched yet, or None. Never blocks."""


def ask(policy: Policy, start: Start | None, observation: Observation) -> Answer:
    """Ask a policy, after its reset where one is due; every exception becomes a fault."""
    try:
        if start is not None:
            policy.reset(start.seed, start.task)
        return Answer(observation, policy.infer(observation))
    except Exception as error:  # a policy is foreign code: whatever it does, the loop goes on
        return Answer(observation, None, f'{type(error).__name__}: {error}')


class InlineWorker:
    """Runs the policy inside ``submit``: deterministic, for fast policies and lockstep."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._start: Start | None = None
        self._answer: Answer | None = None

    @property
    def busy(self) -> bool:
        """Never: the answer is there when ``submit`` returns."""
        return False

    def reset(self, seed: int, task: str) -> None:
        """Begin a new episode with the next observation."""
        self._start = Start(seed, task)

    def submit(self, observation: Observation) -> None:
        """Ask the policy now."""
        self._answer = ask(self._policy, self._start, observation)
        if not self._answer.fault:
            self._start = None

    def poll(self) -> Answer | None:
        """Return the answer once."""
        answer, self._answer = self._answer, None
        return answer

"""Observations of a standing robot, and policies that do as a test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
import threading
from typing import Any

import numpy as np

from rove_policy.policy import ConstantPolicy
from rove_policy.types import Observation
from rove_teleop.core.names import NUM_CHANNELS, NUM_JOINTS
from rove_teleop.core.types import ActionChunk

POSE = np.array([0.1, -0.2, 0.75, 0.0, 0.0, 0.0, 1.0])


def observation(**changes: Any) -> Observation:
    random = np.random.default_rng(3)
    fields: dict[str, Any] = {
        'seq': 7,
        't_ns': 1_000_000_000,
        'joint_position': random.normal(size=NUM_JOINTS),
        'joint_velocity': random.normal(size=NUM_JOINTS),
        'base_pose': POSE,
        'executed': random.normal(size=NUM_CHANNELS),
        'task': 'put the cube on the mat',
        'seed': 11,
        'episode': 'episode_0000',
        'images': {'head': random.integers(0, 256, (24, 32, 3), dtype=np.uint8)},
        'objects': {'cube': POSE},
    }
    return Observation(**(fields | changes))


class FakePolicy(ConstantPolicy):
    """Holds still, remembers what it was told, and changes or spoils its answers on demand."""

    policy_id = 'fake'

    def __init__(self, spoil: Callable[[ActionChunk], ActionChunk] | None = None) -> None:
        super().__init__()
        self.spoil = spoil
        self.starts: list[tuple[int, str]] = []
        self.seen: list[Observation] = []
        self.threads: set[int] = set()
        self.closed = False

    def reset(self, seed: int, task: str) -> None:
        self.starts.append((seed, task))

    def infer(self, observation: Observation) -> ActionChunk:
        self.seen.append(observation)
        self.threads.add(threading.get_ident())
        chunk = replace(super().infer(observation), policy_id=self.policy_id)
        return self.spoil(chunk) if self.spoil else chunk

    def close(self) -> None:
        self.closed = True


class GatedPolicy(FakePolicy):
    """Answers only when the test opens the gate, once per opening."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)

    def infer(self, observation: Observation) -> ActionChunk:
        self.entered.release()
        self.gate.acquire(timeout=5.0)
        return super().infer(observation)


class FailingPolicy(FakePolicy):
    """Raises in every ``infer``."""

    def infer(self, observation: Observation) -> ActionChunk:
        self.seen.append(observation)
        raise RuntimeError('the arm fell asleep \udc80')

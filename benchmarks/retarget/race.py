"""All tools on the same hands, frame by frame in turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import gc
from time import perf_counter_ns

import numpy as np

from benchmarks.retarget.hands import Hand
from benchmarks.retarget.tools import Judge, make_tool
from rove_teleop.core.types import Array

DROPPED = 20  # first frames, whose times are not counted


@dataclass(frozen=True)
class Run:
    """What one tool did.

    Attributes:
        times_ms: Of each call that counts.
        path: Its answers [rad], shape (k, n).
        objective: Of each answer, shape (k,).
        beyond: Largest excess over a joint limit [rad].
    """

    times_ms: Array
    path: Array
    objective: Array
    beyond: float


def race(hand: Hand, points: Sequence[Array], tools: Sequence[str], rounds: int) -> dict[str, Run]:
    """Retarget a motion with every tool; each frame begins with another one.

    Args:
        hand: The robot's hand.
        points: Human hands, (25, 3) each.
        tools: Names of tools.
        rounds: How often the motion is played; times are taken of all.
    """
    judge = Judge(hand)
    frames = [hand.inside.human_vectors(point, hand.side) for point in points]
    times: dict[str, list[int]] = {name: [] for name in tools}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            paths = _play(hand, frames, tools, times)
    finally:
        gc.enable()
    objectives: dict[str, list[float]] = {name: [] for name in tools}
    for number, frame in enumerate(frames):
        judge.aim(frame)
        for name in tools:
            objectives[name].append(judge.objective(paths[name][number]))
    runs = {}
    for name in tools:
        path = np.array(paths[name])
        beyond = max(float((judge.lower - path).max()), float((path - judge.upper).max()), 0.0)
        counted = np.array(times[name]).reshape(rounds, -1)[:, DROPPED:]
        runs[name] = Run(1e-6 * counted.ravel(), path, np.array(objectives[name]), beyond)
    return runs


def _play(
    hand: Hand, frames: Sequence[Array], names: Sequence[str], times: dict[str, list[int]]
) -> dict[str, list[Array]]:
    tools = {name: make_tool(name, hand) for name in names}
    paths: dict[str, list[Array]] = {name: [] for name in names}
    for number, frame in enumerate(frames):
        shift = number % len(names)
        for name in (*names[shift:], *names[:shift]):
            begin = perf_counter_ns()
            answer = tools[name].fit(frame)
            times[name].append(perf_counter_ns() - begin)
            paths[name].append(answer)
    return paths

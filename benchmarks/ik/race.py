"""Runs the tools against each other, in turn, each in a process of its own environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
import json
import os
from pathlib import Path
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from benchmarks.environments import ROOT, EnvironmentFailed, environ, environment
from benchmarks.ik.tool import TOOLS, Array
from benchmarks.ik.trajectories import Trajectory

DROPPED = 20
"""First ticks of a run that are not timed."""


class Lane(NamedTuple):
    """A tool in one of its collision modes."""

    tool: str
    collision: bool


@dataclass(frozen=True)
class Run:
    """What one lane did on one trajectory.

    Attributes:
        times_ms: Duration of each tick [ms] by round, the first ones dropped.
        ok: Which ticks had a solution, shape (n,).
        base, joints: Configurations after each tick, shapes (n, 7) and (n, 43).
        alone: Whether all of it ran at real-time priority, out of the way of other processes.
    """

    times_ms: tuple[Array, ...]
    ok: Array
    base: Array
    joints: Array
    alone: bool

    def percentile(self, share: float) -> float:
        """Of the times [ms]: the median over the rounds, which a burst of noise does not move."""
        return float(np.median([np.percentile(times, share) for times in self.times_ms]))


class Race:
    """Worker processes for some tools; leave it to end them."""

    def __init__(self, tools: Sequence[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix='rove-bench-')
        self._workers: dict[str, subprocess.Popen[str]] = {}
        for tool in tools:
            self._workers[tool] = self._start(tool)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers.values():
            worker.kill()
            worker.wait()
        self._folder.cleanup()

    def run(
        self, trajectory: Trajectory, lanes: Sequence[Lane], dt: float, rounds: int
    ) -> Mapping[Lane, Run]:
        """All lanes take turns: one warm-up run each, then ``rounds`` rounds.

        Raises:
            EnvironmentFailed: A worker ended or answered with an error, which is in the message.
        """
        targets = Path(self._folder.name) / 'targets.npy'
        np.save(targets, trajectory.poses)
        results: dict[Lane, list[dict[str, Array]]] = {lane: [] for lane in lanes}
        for lane in _turns(lanes, rounds + 1):
            results[lane].append(self._ask(lane, targets, dt))
        return {lane: _summary(found[1:]) for lane, found in results.items()}

    def _start(self, tool: str) -> subprocess.Popen[str]:
        name = TOOLS[tool].environment
        python = Path(sys.executable) if name is None else environment(name)
        log = (Path(self._folder.name) / f'{tool}.log').open('w')
        with log:
            return subprocess.Popen(
                [str(python), '-m', 'benchmarks.ik.worker', tool],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env=environ() if name is not None else dict(os.environ, OMP_NUM_THREADS='1'),
                text=True,
            )

    def _ask(self, lane: Lane, targets: Path, dt: float) -> dict[str, Array]:
        worker = self._workers[lane.tool]
        result = Path(self._folder.name) / f'{lane.tool}.npz'
        request = {
            'collision': lane.collision,
            'dt': dt,
            'targets': str(targets),
            'result': str(result),
        }
        assert worker.stdin is not None and worker.stdout is not None
        try:
            worker.stdin.write(json.dumps(request) + '\n')
            worker.stdin.flush()
            line = worker.stdout.readline()
        except BrokenPipeError:
            line = ''
        answer = json.loads(line) if line else {'error': self._log(lane.tool)}
        if 'error' in answer:
            raise EnvironmentFailed(f'{lane.tool} failed:\n{answer["error"]}')
        with np.load(result) as arrays:
            return dict(arrays)

    def _log(self, tool: str) -> str:
        return (Path(self._folder.name) / f'{tool}.log').read_text()[-4000:]


def _turns(lanes: Sequence[Lane], rounds: int) -> Iterator[Lane]:
    """Every lane once per round; each round begins with another one."""
    for number in range(rounds):
        shift = number % len(lanes)
        yield from (*lanes[shift:], *lanes[:shift])


def _summary(results: Sequence[dict[str, Array]]) -> Run:
    last = results[-1]
    return Run(
        times_ms=tuple(1e-6 * result['time_ns'][DROPPED:] for result in results),
        ok=last['ok'],
        base=last['base'],
        joints=last['joints'],
        alone=all(bool(result['alone']) for result in results),
    )

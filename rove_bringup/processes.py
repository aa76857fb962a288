"""The ``processes`` runner: every node of the graph in a process of its own, on wall time."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from types import TracebackType

import rclpy
from rclpy.executors import Executor
from rclpy.experimental.events_executor import EventsExecutor
import yaml

from rove_bringup.config import RunConfig, episodes_of
from rove_bringup.director import DirectorConfig
from rove_bringup.graph import NodeSpec, graph
from rove_bringup.nodes.director_node import DirectorNode
from rove_bringup.progress import Progress
from rove_teleop.errors import RoveError
from rove_teleop.nodes.threads import arrange_middleware_threads

_GRACE_S = 5.0  # between the polite and the hard end of a process
_STARTUP_S = 60.0
_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None)  # loaded before any thread exists: a child may only call it


@dataclass(frozen=True)
class Lost:
    """A process that ended before the run did."""

    name: str
    exit_code: int
    essential: bool
    log: Path


class Fleet:
    """The processes of a graph: started together, watched, and always ended together."""

    def __init__(self, specs: tuple[NodeSpec, ...], out: Path) -> None:
        """Take the graph; nothing runs before ``with``."""
        self._specs = specs
        self._out = out
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._reported: set[str] = set()

    def __enter__(self) -> Fleet:
        """Start every process."""
        (self._out / 'logs').mkdir(parents=True, exist_ok=True)
        try:
            for spec in self._specs:
                self.processes[spec.name] = self._start(spec)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every process: SIGINT first, SIGKILL for one that does not listen."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + _GRACE_S
        for process in self.processes.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def lost(self) -> list[Lost]:
        """Processes that ended since the last call."""
        ended = []
        for spec in self._specs:
            code = self.processes[spec.name].poll()
            if code is not None and spec.name not in self._reported:
                self._reported.add(spec.name)
                ended.append(Lost(spec.name, code, spec.essential, self._log_of(spec)))
        return ended

    def _log_of(self, spec: NodeSpec) -> Path:
        return self._out / 'logs' / f'{spec.name}.log'

    def _start(self, spec: NodeSpec) -> subprocess.Popen[bytes]:
        params = self._out / 'logs' / f'{spec.name}.yaml'
        params.write_text(yaml.safe_dump({'/**': {'ros__parameters': spec.parameters}}))
        command = [sys.executable, '-m', spec.module]
        if spec.parameters:
            command += ['--ros-args', '--params-file', str(params)]

        def prepare() -> None:
            """In the child: give way if told to, and never outlive the runner."""
            os.nice(spec.nice)
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

        with self._log_of(spec).open('wb') as log:
            return subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, preexec_fn=prepare
            )


class ProcessRunner:
    """Runs the episodes of a configuration over real ROS processes."""

    def __init__(self, config: RunConfig, out: Path, cameras: bool, view: bool = False) -> None:
        """Prepare; nothing runs before ``run``."""
        self._config = config
        self._out = out
        self._fleet = Fleet(graph(config, str(out), cameras, view), out)

    def run(self, progress: Progress) -> None:
        """Run all episodes; returns when they are over or an essential process is lost.

        Raises:
            RoveError: The graph did not come up.
        """
        rclpy.init(args=[])
        node = DirectorNode(
            episodes_of(self._config),
            DirectorConfig(timeout=self._config.timeout),
            self._config.task,
        )
        node.on_event, node.on_outcome = progress.event, progress.outcome
        node.on_problem = progress.problem
        executor = EventsExecutor()
        executor.add_node(node)
        arrange_middleware_threads()
        try:
            with self._fleet:
                self._spin(node, executor, progress)
        finally:
            executor.shutdown()
            node.destroy_node()
            rclpy.try_shutdown()

    def _spin(self, node: DirectorNode, executor: Executor, progress: Progress) -> None:
        deadline = time.monotonic() + _STARTUP_S
        while not node.done and rclpy.ok():
            executor.spin_once(timeout_sec=0.05)
            for lost in self._fleet.lost():
                problem = f'{lost.name} ended with exit code {lost.exit_code}; see {lost.log}'
                progress.problem(problem)
                if lost.essential:
                    return
            if not node.connected and time.monotonic() > deadline:
                raise RoveError(
                    f'the graph did not come up within {_STARTUP_S:g} s: '
                    f'no answer from {", ".join(node.missing)}; logs are in {self._out / "logs"}'
                )

"""A run of real ROS processes that somebody steers and looks into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from math import inf
import os
from pathlib import Path
import signal
import time
from types import TracebackType

import rclpy
from rclpy.experimental.events_executor import EventsExecutor
from rclpy.serialization import deserialize_message

from rove_bringup.config import RunConfig, episodes_of
from rove_bringup.director import DirectorConfig
from rove_bringup.graph import graph
from rove_bringup.nodes.director_node import DirectorNode
from rove_bringup.processes import Fleet
from rove_msgs.msg import ControlFrame as ControlFrameMsg
from rove_msgs.srv import RequestTransition
from rove_teleop.core.types import ControlFrame, Event
from rove_teleop.errors import RoveError
from rove_teleop.nodes import convert, qos
from rove_teleop.nodes.threads import arrange_middleware_threads


class LiveRun:
    """Starts the graph, runs the director in this process, and ends everything on exit.

    Attributes:
        events: Events of the arbiter so far.
        killed_ns: When a process was killed [ns, monotonic], infinity if it was not.
        frame: The newest control frame.
    """

    def __init__(self, config: RunConfig, out: Path, cameras: bool = False) -> None:
        """Take the run; nothing starts before ``with``."""
        self._config = config
        self.out = out
        self.fleet = Fleet(graph(config, str(out), cameras), out)
        self.events: list[Event] = []
        self.killed_ns: dict[str, float] = defaultdict(lambda: inf)
        self._raw = b''

    def __enter__(self) -> LiveRun:
        """Start everything."""
        rclpy.init(args=[])
        config = DirectorConfig(timeout=self._config.timeout)
        self.director = DirectorNode(episodes_of(self._config), config, self._config.task)
        self.director.on_event = self.events.append
        self.director.create_subscription(
            ControlFrameMsg, 'control_frame', self._keep, qos.COMMAND, raw=True
        )
        self._requests = self.director.create_client(RequestTransition, 'request_transition')
        self._executor = EventsExecutor()
        self._executor.add_node(self.director)
        arrange_middleware_threads()
        self.fleet.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End everything."""
        self.fleet.__exit__(kind, error, trace)
        self._executor.shutdown()  # or it keeps the node, and the next run sees its publishers
        self.director.destroy_node()
        rclpy.try_shutdown()

    def _keep(self, data: bytes) -> None:
        self._raw = data

    @property
    def frame(self) -> ControlFrame | None:
        """The newest control frame, None before the first."""
        if not self._raw:
            return None
        return convert.control_frame_from_msg(deserialize_message(self._raw, ControlFrameMsg))

    def wait(self, until: Callable[[], bool], seconds: float, what: str) -> None:
        """Spin until something is true.

        Raises:
            RoveError: It did not come true in time; the message tells the events.
        """
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                events = [(e.kind, e.actor, e.detail) for e in self.events]
                raise RoveError(f'{what} did not happen in {seconds} s; events: {events}')
            self._executor.spin_once(timeout_sec=0.02)

    def spin(self, seconds: float) -> None:
        """Go on for a while."""
        until = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() >= until, seconds + 1.0, 'time')

    def wait_for_event(self, kind: str, seconds: float, after_ns: int = 0) -> Event:
        """Spin until an event of this kind has come that happened after a time [ns]."""

        def found() -> list[Event]:
            return [e for e in self.events if e.kind == kind and e.t_ns > after_ns]

        self.wait(lambda: bool(found()), seconds, f'event {kind}')
        return found()[0]

    def kill(self, name: str) -> int:
        """``kill -9`` one process; returns the monotonic time [ns]."""
        process = self.fleet.processes[name]
        now_ns = time.monotonic_ns()
        self.killed_ns[name] = now_ns
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return now_ns

    def log(self, name: str) -> str:
        """What a process has written to its log."""
        return (self.out / 'logs' / f'{name}.log').read_text()

"""What is done to the processes of a run, and undone again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
import os
from pathlib import Path
import resource
import signal
import subprocess
import sys
from types import TracebackType

from rclpy.clock import Clock, ClockType
from rclpy.serialization import deserialize_message

from rove_bringup.faults.fault import Fault
from rove_bringup.faults.nodes.live_run import LiveRun
from rove_msgs.msg import JointCommand
from rove_teleop.errors import UnknownName
from rove_teleop.nodes import qos

_BURN = 'while True: pass'
_PER_PROCESSOR = 2
_NICE = 10
_ROOM = 100_000  # bytes that a full disk still has
_REPLAYED = 50
_PERIOD_S = 0.005
_REFUSED = 2  # exit code of a node that cannot do its work


class Sabotage:
    """One fault of one run; on the way out everything that can be undone is."""

    def __init__(self, fault: Fault, run: LiveRun) -> None:
        """Get ready; nothing is done yet."""
        self._fault, self._run = fault, run
        self._burners: list[subprocess.Popen[bytes]] = []
        self._past: deque[bytes] = deque(maxlen=_REPLAYED)
        self._old: list[JointCommand] = []
        self._second: subprocess.Popen[bytes] | None = None
        self._repeating = False
        if fault.how == 'replay':
            self._listen()

    def __enter__(self) -> Sabotage:
        """Nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Undo it."""
        self.end()

    def begin(self) -> None:
        """Do it.

        Raises:
            UnknownName: Nobody knows how.
        """
        ways: dict[str, Callable[[], None]] = {
            'messages': lambda: None,  # the device does it
            'kill': lambda: self._signal(signal.SIGKILL),
            'pause': lambda: self._signal(signal.SIGSTOP),
            'burn': self._burn,
            'full': self._fill,
            'replay': self._repeat,
            'second': self._start_another,
        }
        if self._fault.how not in ways:
            raise UnknownName('way to strike', self._fault.how, ways)
        ways[self._fault.how]()

    @property
    def over(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self._second is None or self._second.poll() is not None

    @property
    def refused(self) -> bool:
        """Whether the second arbiter ended by itself, because there is one."""
        return self._second is not None and self._second.poll() == _REFUSED

    def end(self) -> None:
        """Let everything go on that can; again is harmless."""
        if self._fault.how == 'pause':
            self._signal(signal.SIGCONT)
        for burner in self._burners:
            burner.kill()
            burner.wait()
        self._burners = []
        if self._second is not None and self._second.poll() is None:
            self._second.kill()
            self._second.wait()
        self._repeating = False

    def _signal(self, number: signal.Signals) -> None:
        process = self._run.fleet.processes[self._fault.where]
        if process.poll() is None:
            os.kill(process.pid, number)

    def _burn(self) -> None:
        nice = _NICE if self._fault.where == 'nice' else 0
        for _ in range(_PER_PROCESSOR * (os.cpu_count() or 1)):
            self._burners.append(
                subprocess.Popen(['nice', '-n', str(nice), sys.executable, '-c', _BURN])
            )

    def _start_another(self) -> None:
        command = [sys.executable, '-m', 'rove_teleop.nodes.arbiter_node', '--ros-args']
        command += ['-p', 'writer_id:=intruder', '-r', '__node:=second_arbiter']
        with (self._run.out / 'logs' / 'second_arbiter.log').open('wb') as log:
            self._second = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def _fill(self) -> None:
        """No file of the recorder may become longer than its recording is, and a little."""
        recordings = list(Path(self._run.out).glob('*.mcap'))
        size = max((path.stat().st_size for path in recordings), default=0) + _ROOM
        pid = self._run.fleet.processes['recorder'].pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, size))

    def _listen(self) -> None:
        node = self._run.director
        node.create_subscription(JointCommand, 'joint_command', self._keep, qos.COMMAND, raw=True)

    def _keep(self, data: bytes) -> None:
        self._past.append(data)

    def _repeat(self) -> None:
        self._repeating = True
        self._old = [deserialize_message(data, JointCommand) for data in self._past]
        node = self._run.director
        self._pub = node.create_publisher(JointCommand, 'joint_command', qos.COMMAND)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(_PERIOD_S, self._send, clock=steady)

    def _send(self) -> None:
        if self._repeating and self._old:
            self._old.append(self._old.pop(0))
            self._pub.publish(self._old[0])

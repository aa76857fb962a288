"""Strikes the real processes, and judges what the recording of the run tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
import os
from pathlib import Path
import re
import time

from builtin_interfaces.msg import Time
from rclpy.clock import Clock, ClockType

from rove_bringup.config import RunConfig
from rove_bringup.faults.device import WavingDevice
from rove_bringup.faults.evidence import Evidence, read_evidence
from rove_bringup.faults.fault import Fault, Situation
from rove_bringup.faults.judge import Judged, judge
from rove_bringup.faults.link import Link, Strike
from rove_bringup.faults.nodes.live_run import LiveRun
from rove_bringup.faults.nodes.sabotage import Sabotage
from rove_msgs.msg import OperatorState
from rove_teleop.assembly import make_robot
from rove_teleop.core.names import Authority
from rove_teleop.core.types import Event
from rove_teleop.errors import RoveError
from rove_teleop.nodes import convert, qos

ATTEMPTS = 4  # a machine that stalls by itself tells another story: so try again
_STARTUP_S = 60.0
_EPISODE_S = 120.0
_PATIENCE_S = 30.0
_STRIKE_S = (0.3, 0.6)
_DEVICE_HZ = 100.0
_AGAIN_S = 1.0
_COMMANDS = {Situation.POLICY: Authority.POLICY, Situation.OPERATOR: Authority.HUMAN}
_DETECTED_TICKS = 200  # a recorder that cannot write has been silent for a second at the alarm
_PRIORITY = 5  # below every node
_UNDER_WAY_NS = 20_000_000
_LOST = re.compile(r'lost joint_command: silent for ([0-9.]+) s')


def strike_processes(fault: Fault, seed: int, out: Path) -> Judged:
    """Run the processes, strike, and judge the recording; again when the machine interfered.

    Args:
        fault: What goes wrong.
        seed: Of the episode and of everything random in the fault.
        out: Directory for the recordings and logs.

    Raises:
        RoveError: The processes never came to the situation in which the fault strikes.
    """
    robot = make_robot()
    for attempt in range(ATTEMPTS):
        last = attempt == ATTEMPTS - 1
        live = _Live(fault, seed, out / str(attempt))
        try:
            evidence = live.run()
        except RoveError:
            if last:
                raise
            continue
        judged = judge(
            fault, live.strike, evidence, robot, layer='processes', seed=seed,
            last_tick=live.last_tick, heard=live.heard,
        )  # fmt: skip
        if judged.passed or last:
            break
    return judged


@contextmanager
def _punctual() -> Iterator[None]:
    """As if device and saboteur were on a machine of their own, as far as that is permitted."""
    policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    with suppress(PermissionError):
        os.sched_setscheduler(0, policy, os.sched_param(_PRIORITY))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


class _Live:
    """One run with one fault.

    Attributes:
        strike: When it struck.
        last_tick: The newest tick when the recorder ended, None if it did not.
        heard: Events that the director heard.
    """

    def __init__(self, fault: Fault, seed: int, out: Path) -> None:
        self.fault, self.out = fault, out
        self.strike = Strike(fault, fault.random(seed))
        self.last_tick: int | None = None
        self.heard: list[Event] = []
        self._plant_log = ''
        operator = 'live' if fault.situation is Situation.OPERATOR else 'none'
        self._config = RunConfig(operator=operator, seed=seed, timeout=_EPISODE_S)

    def run(self) -> Evidence:
        """From the start of the processes to the evidence."""
        cameras = self.fault.where == 'camera'
        with ExitStack() as stack:
            run = stack.enter_context(LiveRun(self._config, self.out, cameras))
            stack.enter_context(_punctual())
            device = self._device(run) if self._config.operator == 'live' else None
            sabotage = stack.enter_context(Sabotage(self.fault, run))
            self._come_about(run, device)
            run.spin(float(self.strike.random.uniform(*_STRIKE_S)))
            self._do(run, sabotage)
        self.heard = run.events
        evidence = read_evidence(self.out / 'episode_0000.mcap')
        self._note_brakes(evidence)
        return evidence

    def _device(self, run: LiveRun) -> WavingDevice:
        """A device whose samples go to ``operator_input`` over a link that can be struck."""
        device, link, node = WavingDevice(), Link('operator_input', self.strike), run.director
        publisher = node.create_publisher(OperatorState, 'operator_input', qos.INPUT)

        def sample() -> None:
            now_ns = time.monotonic_ns()
            link.send(device.sample(now_ns), now_ns)
            for state in link.arrived(now_ns):
                publisher.publish(convert.operator_state_to_msg(state, Time()))

        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(1.0 / _DEVICE_HZ, sample, clock=steady)
        return device

    def _come_about(self, run: LiveRun, device: WavingDevice | None) -> None:
        """Wait until the robot moves as the fault wants it."""
        run.wait_for_event('blend', _STARTUP_S)
        asked = 0.0
        wanted = {_COMMANDS[self.fault.situation]}

        def there() -> bool:
            nonlocal asked
            if device is not None and time.monotonic() - asked > _AGAIN_S:
                asked = time.monotonic()
                device.press('key_t', time.monotonic_ns())
            return run.frame is not None and set(run.frame.authority) == wanted

        run.wait(there, _STARTUP_S, f'{self.fault.situation} in command')

    def _do(self, run: LiveRun, sabotage: Sabotage) -> None:
        """Strike, wait until it is over, and watch."""
        fault, strike = self.fault, self.strike
        frame = run.frame
        assert frame is not None  # somebody was seen in command
        strike.begin(time.monotonic_ns())
        sabotage.begin()
        if fault.how != 'messages':
            strike.touch(strike.start_ns or 0)
        strike.heard_ns = strike.start_ns or 0
        if fault.how == 'kill' and fault.where == 'recorder':
            self.last_tick = frame.tick
        until = time.monotonic() + fault.duration
        run.wait(
            lambda: time.monotonic() >= until and sabotage.over,
            _PATIENCE_S,
            f'end of {fault.name}',
        )
        if sabotage.refused:
            strike.note(time.monotonic_ns(), 'refuses', 'another arbiter is at work')
        sabotage.end()
        run.spin(fault.after)
        if fault.how == 'full':
            alarm = self._event(run, 'recorder_lost')
            self.last_tick = alarm.tick - _DETECTED_TICKS if alarm else frame.tick
        self._plant_log = run.log('twin')

    def _event(self, run: LiveRun, kind: str) -> Event | None:
        begin_ns = self.strike.start_ns or 0
        return next((e for e in run.events if e.kind == kind and e.t_ns >= begin_ns), None)

    def _note_brakes(self, evidence: Evidence) -> None:
        """The plant says in its log how old the last command was when it began to brake."""
        sent = evidence.command_ns[:, 0]
        before = sent[sent <= (self.strike.start_ns or 0) + _UNDER_WAY_NS]
        ages = _LOST.findall(self._plant_log)
        if self.fault.where == 'arbiter' and ages and len(before):
            self.strike.note(int(before[-1] + float(ages[-1]) * 1e9), 'brakes')

"""Faults of messages, in lockstep: every stream runs over a link that a fault can strike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rove_bringup.config import Episode, RunConfig
from rove_bringup.director import Director, DirectorConfig
from rove_bringup.faults.device import WavingDevice
from rove_bringup.faults.evidence import Evidence, Witness
from rove_bringup.faults.fault import Fault, Situation
from rove_bringup.faults.link import Link, Strike
from rove_bringup.lockstep import Arbitration, Following, LockstepRunner, Loop, Sink
from rove_teleop.core.arbiter import ArbiterInputs, ArbiterOutput
from rove_teleop.core.judge import newest
from rove_teleop.core.names import Authority
from rove_teleop.core.types import (
    ControlFrame,
    JointProposal,
    OperatorState,
    Request,
)
from rove_teleop.errors import RoveError
from rove_teleop.operators.live import LiveOperator
from rove_teleop.operators.source import OperatorOutput, OperatorView
from rove_teleop.twin.plant import TwinPlant

_SETTLE_S = 0.1  # the twin stands where it was reset
_RECORDER_NS = 1_500_000_000  # as in the arbiter's node
_STRIKE_S = (0.3, 0.5)  # from the beginning of the situation, drawn by lot
_LONGEST_S = 20.0
_COMMANDS = {Situation.POLICY: Authority.POLICY, Situation.OPERATOR: Authority.HUMAN}


class DeviceOperator:
    """A waving device, the way of its samples, and the judge of live samples.

    Attributes:
        source_id: Of the device; empty while nobody is to be there.
    """

    def __init__(self, strike: Strike) -> None:
        """Be there if the fault strikes while an operator commands."""
        self._there = strike.fault.situation is Situation.OPERATOR
        self.source_id = WavingDevice.source_id if self._there else ''
        self._strike = strike
        self._link = Link('operator_input', strike, each=True)
        self._live = LiveOperator()
        self._device = WavingDevice()
        self._asked = False

    def reset(self, seed: int, session: str) -> None:
        """Begin an episode."""
        self._live.reset(seed, session)

    def step(self, view: OperatorView, now_ns: int) -> OperatorOutput:
        """One sample on its way, and what came in of the others."""
        if not self._there:
            return OperatorOutput()
        if not self._asked and view.frame is not None and view.frame.episode:
            self._asked = set(view.frame.authority) == {Authority.POLICY}
            if self._asked:
                self._device.press('key_t', now_ns)
        self._link.send(self._device.sample(now_ns), now_ns)
        for state in self._link.arrived(now_ns):
            verdict = self._live.receive(state, now_ns)
            for reason in filter(None, (verdict.reason, *verdict.dropped)):
                self._strike.note(now_ns, 'refuses', reason)
        return self._live.step(view, now_ns)


class StruckTeleop:
    """Teleoperation behind the links of what it hears."""

    def __init__(self, teleop: Following, strike: Strike) -> None:
        """Put links before teleoperation."""
        self._teleop = teleop
        self._samples = Link('operator_state', strike)
        self._frames = Link('control_frame', strike)
        self._sample: OperatorState | None = None
        self._frame: ControlFrame | None = None

    def step(
        self, operator: OperatorState | None, frame: ControlFrame | None, now_ns: int
    ) -> JointProposal | None:
        """One tick with what has arrived."""
        self._samples.send(operator, now_ns)
        self._frames.send(frame, now_ns)
        for sample in self._samples.arrived(now_ns):
            self._sample = sample
        for arrived in self._frames.arrived(now_ns):
            self._frame = arrived
        return self._teleop.step(self._sample, self._frame, now_ns)


class StruckArbiter:
    """The arbiter behind the links of what it hears; its commands go over one, too.

    Attributes:
        lease: The operator's lease.
    """

    def __init__(self, arbiter: Arbitration, plant: TwinPlant, strike: Strike) -> None:
        """Put links around the arbiter."""
        self._arbiter, self._plant, self._strike = arbiter, plant, strike
        self.lease = arbiter.lease
        streams = ('joint_proposal', 'action_chunk', 'plant_state', 'joint_command', 'request')
        each = ('joint_command', 'request')
        self._links = {name: Link(name, strike, name in each) for name in streams}
        self._newest: dict[str, Any] = {}
        self._followed = False

    def step(self, inputs: ArbiterInputs, now_ns: int) -> ArbiterOutput:
        """One tick with what has arrived; then the plant hears the commands that came in."""
        for name, value in (
            ('joint_proposal', inputs.proposal),
            ('action_chunk', inputs.chunk),
            ('plant_state', inputs.plant),
        ):
            self._carry(name, value, now_ns)
        struck = ArbiterInputs(
            proposal=self._newest.get('joint_proposal'),
            chunk=self._newest.get('action_chunk'),
            plant=self._newest.get('plant_state'),
            requests=self._requests(inputs.requests, now_ns),
            recorder_alive=self._recorder_alive(now_ns),
        )
        output = self._arbiter.step(struck, now_ns)
        self._wait(output.frame, now_ns)
        return replace(output, command=self._command(output, now_ns))

    def _carry(self, name: str, value: Any, now_ns: int) -> None:
        link = self._links[name]
        link.send(value, now_ns)
        if arrived := link.arrived(now_ns):
            self._newest[name] = replace(newest(arrived), t_receive_ns=now_ns)

    def _requests(self, requests: tuple[Request, ...], now_ns: int) -> tuple[Request, ...]:
        link = self._links['request']
        silent = self._strike.fault.where == 'lease' and self._strike.lasts(now_ns)
        for request in requests:
            if request.event != 'heartbeat':
                link.send(request, now_ns)
        arrived = tuple(replace(each, t_receive_ns=now_ns) for each in link.arrived(now_ns))
        if silent:
            self._strike.touch(now_ns)
            return arrived
        beats = tuple(request for request in requests if request.event == 'heartbeat')
        if beats and self._strike.fault.where == 'lease':
            self._strike.heard_ns = now_ns
        return arrived + beats

    def _recorder_alive(self, now_ns: int) -> bool:
        strike = self._strike
        if strike.fault.where != 'recorder' or not strike.lasts(now_ns):
            return True
        strike.touch(now_ns)
        strike.heard_ns = strike.start_ns or 0
        return now_ns - strike.heard_ns < _RECORDER_NS

    def _command(self, output: ArbiterOutput, now_ns: int) -> Any:
        """What the plant hears of the commands; the last is the one that stands in the record."""
        link, guard = self._links['joint_command'], self._plant.guard
        followed = guard.following
        if self._followed and not followed:
            self._strike.note(now_ns, 'brakes')
        self._followed = followed
        link.send(output.command, now_ns)
        heard = None
        for command in link.arrived(now_ns):
            reason = self._plant.hear(command, now_ns)
            if reason:
                self._strike.note(now_ns, 'refuses', reason)
            else:
                heard = command
        return heard

    def _wait(self, frame: ControlFrame | None, now_ns: int) -> None:
        """Strike at a random moment after the situation has come about."""
        strike = self._strike
        if strike.start_ns is not None or frame is None or not frame.episode:
            return
        if set(frame.authority) == {_COMMANDS[strike.fault.situation]}:
            strike.begin(now_ns + int(strike.random.uniform(*_STRIKE_S) * 1e9))


class FaultRunner(LockstepRunner):
    """Runs short episodes in each of which one fault strikes."""

    def __init__(self) -> None:
        """Build robot, twin and policy once."""
        super().__init__(RunConfig(operator='none', timeout=_LONGEST_S))
        self._strike: Strike | None = None

    def make_director(self) -> Director:
        """One that starts at once."""
        return Director(DirectorConfig(timeout=_LONGEST_S, settle=_SETTLE_S))

    def make_control(self, episode: Episode) -> tuple[Following, Arbitration]:
        """Teleoperation and arbiter behind links."""
        teleop, arbiter = super().make_control(episode)
        if self._strike is None:
            return teleop, arbiter
        return StruckTeleop(teleop, self._strike), StruckArbiter(arbiter, self.twin, self._strike)

    def strike(
        self, fault: Fault, seed: int = 0, sinks: tuple[Sink, ...] = ()
    ) -> tuple[Strike, Evidence]:
        """Run until a fault is over and watched.

        Args:
            fault: What goes wrong.
            seed: Of the episode and of everything random in the fault.
            sinks: Take every tick, too.

        Raises:
            RoveError: The fault never struck.
        """
        self._strike = strike = Strike(fault, fault.random(seed))
        self.operator = DeviceOperator(strike)
        loop, witness = Loop(self, Episode('episode_0000', seed)), Witness()
        watched_ns = round(fault.after * 1e9)
        while strike.end_ns is None or loop.now_ns < strike.end_ns + watched_ns:
            tick = loop.step()
            for sink in (witness, *sinks):
                sink.take(tick)
            if loop.director.outcome is not None and not loop.closing:
                break
        if strike.first_ns is None:
            raise RoveError(f'{fault.name}: nothing was sent on {fault.where} to strike')
        return strike, witness.tell()

"""The ``lockstep`` runner: the same core objects in one process, on an injected clock.

Bit-reproducible for a seed. Statistics come from here; latency, loss and faults are for the
``processes`` runner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
import time
from typing import Any, Protocol

from rove_bringup.config import Episode, RunConfig
from rove_bringup.director import Director, DirectorConfig, DirectorView, Outcome
from rove_policy.core import PolicyInputs, PolicyLoop, PolicyLoopConfig
from rove_policy.policy import make_policy
from rove_policy.worker import InlineWorker
from rove_teleop.assembly import (
    CONTROL_PERIOD_NS,
    make_arbiter,
    make_robot,
    make_twin,
)
from rove_teleop.core.arbiter import ArbiterInputs, ArbiterOutput
from rove_teleop.core.lease import Lease
from rove_teleop.core.types import (
    ActionChunk,
    ControlFrame,
    Event,
    JointCommand,
    JointProposal,
    OperatorState,
    PlantState,
    Request,
    TaskState,
)
from rove_teleop.errors import RoveError
from rove_teleop.operators.source import OperatorSource, OperatorView
from rove_teleop.tasks.registry import make_task

# Ticks between two steps of each part, as in the processes.
_OPERATOR_EVERY = 2  # 100 Hz
_TASK_EVERY = 4  # 50 Hz
_POLICY_EVERY = 4
_DIRECTOR_EVERY = 4
_HEARTBEAT_EVERY = 100

_SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class Tick:
    """Everything that was said in one tick; None where a part said nothing new."""

    now_ns: int
    frame: ControlFrame | None
    command: JointCommand | None
    plant: PlantState
    events: tuple[Event, ...] = ()
    task: TaskState | None = None
    operator: OperatorState | None = None
    proposal: JointProposal | None = None
    chunk: ActionChunk | None = None


class Sink(Protocol):
    """Takes every tick: a recorder, a collector, a progress line."""

    def take(self, tick: Tick) -> None:
        """One tick, in order."""


class Arbitration(Protocol):
    """What decides and executes, `rove_teleop.core.arbiter.Arbiter` as a rule.

    Attributes:
        lease: The operator's lease.
    """

    lease: Lease

    def step(self, inputs: ArbiterInputs, now_ns: int) -> ArbiterOutput:
        """One control tick."""


class Following(Protocol):
    """What makes proposals of an operator, `rove_teleop.core.teleop.Teleop` as a rule."""

    def step(
        self, operator: OperatorState | None, frame: ControlFrame | None, now_ns: int
    ) -> JointProposal | None:
        """One control tick."""


@dataclass(frozen=True)
class LockstepResult:
    """How one episode went.

    Attributes:
        simulated: Length of the episode [s].
        wall: Time it took [s].
        final: Task state at the end.
    """

    episode: Episode
    outcome: Outcome
    simulated: float
    wall: float
    final: TaskState


class LockstepRunner:
    """Steps plant, operator, teleop, policy, arbiter and director in a fixed order.

    Attributes:
        operator, policy: May be replaced between episodes.
    """

    def __init__(self, config: RunConfig) -> None:
        """Build every part once; episodes reuse them."""
        self._config = config
        self._surfaces = make_task(config.task).surfaces
        self.robot = make_robot(config.robot)
        self.twin = make_twin(config.task, config.robot)
        self.operator = config.make_operator()
        self.policy = make_policy(config.policy, **config.policy_options())

    def make_control(self, episode: Episode) -> tuple[Following, Arbitration]:
        """Teleoperation and arbiter of one episode; another runner may have others."""
        arbiter = make_arbiter(f'lockstep-{episode.name}', 'arbiter', self.robot)
        return self._config.make_teleop(self.robot, self._surfaces), arbiter

    def make_director(self) -> Director:
        """The director of one episode; another runner may have others."""
        return Director(DirectorConfig(timeout=self._config.timeout))

    def run(self, episode: Episode, sinks: Iterable[Sink] = ()) -> LockstepResult:
        """Run one episode from the reset to its end.

        Args:
            episode: Its name and seed.
            sinks: Take every tick.
        """
        started = time.perf_counter()
        loop = Loop(self, episode)
        sinks = tuple(sinks)
        while loop.director.outcome is None or loop.closing:
            tick = loop.step()
            for sink in sinks:
                sink.take(tick)
        assert loop.task is not None
        return LockstepResult(
            episode=episode,
            outcome=loop.director.outcome,
            simulated=loop.now_ns / _SECOND_NS,
            wall=time.perf_counter() - started,
            final=loop.task,
        )


class Loop:
    """One episode under way; ``step`` goes on by a tick.

    Attributes:
        now_ns: The injected clock [ns].
        director: Has the outcome once there is one.
        closing: Whether the episode has not ended yet.
        task: How the task stands, None before the first look.
    """

    def __init__(self, runner: LockstepRunner, episode: Episode) -> None:
        """Reset everything to the seed of an episode."""
        self.now_ns = _SECOND_NS
        self._count = 0
        self._twin, self._operator = runner.twin, runner.operator
        self._teleop, self._arbiter = runner.make_control(episode)
        self._policy = PolicyLoop(InlineWorker(runner.policy), PolicyLoopConfig())
        self.director = runner.make_director()
        self._plant = replace(self._twin.reset(episode.seed), t_receive_ns=self.now_ns)
        self._operator.reset(episode.seed, f'lockstep-{episode.name}')
        self.director.begin(episode)
        self.task: TaskState | None = None
        self._frame: ControlFrame | None = None
        self._command: JointCommand | None = None
        self._chunk: ActionChunk | None = None
        self._body: OperatorState | None = None
        self._requests: list[Request] = []
        self._events: list[Event] = []
        self.closing = True
        self._epoch = self._acquire_lease(runner.operator)

    def step(self) -> Tick:
        """One control period."""
        self.now_ns += CONTROL_PERIOD_NS
        now_ns, count = self.now_ns, self._count
        self._count += 1
        plant = replace(self._twin.step(self._command, now_ns), t_receive_ns=now_ns)
        self._plant = plant
        task = self._every(count, _TASK_EVERY, lambda: self._twin.judge(now_ns))
        self.task = task or self.task
        body = self._every(count, _OPERATOR_EVERY, lambda: self._operate(now_ns))
        self._body = body or self._body
        proposal = self._teleop.step(self._body, self._frame, now_ns)
        if proposal is not None:
            proposal = replace(proposal, t_receive_ns=now_ns)
        chunk = self._every(count, _POLICY_EVERY, lambda: self._ask_policy(now_ns))
        self._chunk = chunk or self._chunk
        if count % _DIRECTOR_EVERY == 0:
            self._direct(now_ns)
        if self._epoch and count % _HEARTBEAT_EVERY == 0:
            self._requests.append(self._heartbeat(now_ns))
        requests, self._requests = tuple(self._requests), []
        output = self._arbiter.step(ArbiterInputs(proposal, self._chunk, plant, requests), now_ns)
        self._frame, self._command = output.frame or self._frame, output.command
        self._events.extend(output.events)
        self.closing = not any(event.kind == 'episode_end' for event in output.events)
        return Tick(
            now_ns, output.frame, output.command, plant, output.events, task, body, proposal, chunk
        )

    @staticmethod
    def _every(count: int, period: int, act: Callable[[], Any]) -> Any:
        return act() if count % period == 0 else None

    def _operate(self, now_ns: int) -> OperatorState | None:
        view = OperatorView(self._frame, self._plant, self.task)
        output = self._operator.step(view, now_ns)
        self._requests += [
            replace(
                wish,
                operator_id=self._operator.source_id,
                epoch=self._epoch,
                t_receive_ns=now_ns,
            )
            for wish in output.requests
        ]
        return None if output.state is None else replace(output.state, t_receive_ns=now_ns)

    def _ask_policy(self, now_ns: int) -> ActionChunk | None:
        return self._policy.step(PolicyInputs(self._plant, self._frame, self.task), now_ns)

    def _direct(self, now_ns: int) -> None:
        events, self._events = tuple(self._events), []
        view = DirectorView(self._frame, self.task, self._plant, events)
        self._requests += self.director.step(view, now_ns)

    def _acquire_lease(self, operator: OperatorSource) -> int:
        if not operator.source_id:
            return 0  # no grant has this epoch
        grant = self._arbiter.lease.acquire(operator.source_id, self.now_ns)
        if not grant.granted:
            raise RoveError(f'the operator got no lease: {grant.reason}')
        return grant.epoch

    def _heartbeat(self, now_ns: int) -> Request:
        return Request(
            event='heartbeat',
            operator_id=self._operator.source_id,
            epoch=self._epoch,
            request_id=f'heartbeat-{now_ns}',
            t_receive_ns=now_ns,
        )

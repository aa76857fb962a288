"""The director as a node: resets the twin, records, starts and ends one episode after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
import time
from typing import Any

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future

from rove_bringup.config import Episode, RunConfig, episodes_of
from rove_bringup.director import Director, DirectorConfig, DirectorView, Outcome
from rove_bringup.nodes.seat import Seat
from rove_msgs.msg import Event as EventMsg
from rove_msgs.srv import RecordEpisode, RequestTransition, ResetPlant
from rove_teleop.config import param
from rove_teleop.core.types import Event, PlantState, Request
from rove_teleop.errors import RoveError
from rove_teleop.nodes import convert, latest, qos
from rove_teleop.nodes.params import declare
from rove_teleop.nodes.run import main_of

_PERIOD_S = 0.02
_STARTUP_S = 60.0
_MATCH_S = 0.5  # a service that is seen may not see its client yet, and its answer is lost
_AGAIN_S = 1.0
_ANSWER_S = 10.0  # a reset builds a scene; the end of a recording waits for the disk
_DRAIN_S = 0.3  # the recording runs on after its end, so the last frames are in it


@dataclass(frozen=True)
class DirectorParams:
    """Parameters of the director node."""

    task: str = param('pick_place', 'Task to run.')
    episodes: int = param(1, 'Number of episodes.', low=1, high=100000)
    seed: int = param(0, 'Seed of the first episode; each next one adds 1.', low=0, high=2**31)
    timeout: float = param(60.0, 'Longest duration of an episode [s].', low=1.0, high=3600.0)


class Step(Enum):
    """What the director is doing."""

    CONNECT = auto()
    RESET = auto()
    RECORD = auto()
    RUN = auto()
    DRAIN = auto()
    FINISH = auto()
    DONE = auto()


class DirectorNode(Node):
    """Runs a list of episodes over the services of the twin, the recorder and the arbiter.

    Attributes:
        outcomes: How each finished episode ended, by name.
        on_outcome: Called after each episode; logs it unless replaced.
        on_event: Called with every event of the arbiter.
        on_problem: Called with what went wrong, in a sentence.
    """

    def __init__(
        self,
        episodes: tuple[Episode, ...] = (),
        config: DirectorConfig | None = None,
        task: str = '',
        **kwargs: Any,
    ) -> None:
        """Take the episodes, or read them from the parameters when there are none."""
        super().__init__('director', **kwargs)
        params = declare(self, DirectorParams)
        run = RunConfig(task=params.task, episodes=params.episodes, seed=params.seed)
        self._task_name = task or params.task
        self._episodes = list(episodes or episodes_of(run))
        self._director = Director(config or DirectorConfig(timeout=params.timeout))
        self._exit_when_done = not episodes
        self._waiting: Future | None = None
        self._asked_ns = self._seen_ns = 0
        self._go(Step.CONNECT)
        self._events: list[Event] = []
        self.outcomes: dict[str, Outcome] = {}
        self.on_outcome: Callable[[Episode, Outcome], None] = self._log
        self.on_event: Callable[[Event], None] = lambda event: None
        self.on_problem: Callable[[str], None] = self._log_problem
        self._frame = latest.control_frame(self)
        self._plant = latest.plant_state(self)
        self._task = latest.task_state(self)
        self.create_subscription(EventMsg, 'event', self._on_event, qos.EVENT)
        self._reset = self.create_client(ResetPlant, 'twin/reset')
        self._record = self.create_client(RecordEpisode, 'record_episode')
        self._request = self.create_client(RequestTransition, 'request_transition')
        self._seat = Seat(self)
        self.create_timer(_PERIOD_S, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))

    @property
    def done(self) -> bool:
        """Whether every episode has ended."""
        return self._step_now is Step.DONE

    @property
    def connected(self) -> bool:
        """Whether the services it needs have been there."""
        return self._step_now is not Step.CONNECT

    @property
    def plant(self) -> PlantState | None:
        """The newest state of the plant."""
        return self._plant.get()

    @property
    def missing(self) -> list[str]:
        """Services that are not there, and why it has no seat."""
        clients = (self._reset, self._record, self._request)
        absent = [client.srv_name for client in clients if not client.service_is_ready()]
        return absent + self._seat.trouble

    def _on_event(self, msg: EventMsg) -> None:
        event = convert.event_from_msg(msg)
        self._events.append(event)
        self.on_event(event)

    def _go(self, step: Step) -> None:
        self._step_now, self._since_ns, self._waiting = step, time.monotonic_ns(), None

    def _elapsed(self) -> float:
        return (time.monotonic_ns() - self._since_ns) * 1e-9

    def _tick(self) -> None:
        actions = {
            Step.CONNECT: self._connect,
            Step.RESET: self._reset_twin,
            Step.RECORD: self._start_recording,
            Step.RUN: self._run,
            Step.DRAIN: self._drain,
            Step.FINISH: self._stop_recording,
            Step.DONE: lambda: None,
        }
        actions[self._step_now]()

    def _log(self, episode: Episode, outcome: Outcome) -> None:
        word = 'success' if outcome.success else 'failure'
        self.get_logger().info(f'{episode.name} seed {episode.seed}: {word} ({outcome.reason})')

    def _log_problem(self, problem: str) -> None:
        self.get_logger().error(problem)

    def _connect(self) -> None:
        if not self.missing:
            self._seen_ns = self._seen_ns or time.monotonic_ns()
            if time.monotonic_ns() - self._seen_ns > _MATCH_S * 1e9:
                self._go(Step.RESET)
        elif self._exit_when_done and self._elapsed() > _STARTUP_S:
            raise RoveError(f'no answer from {", ".join(self.missing)} within {_STARTUP_S:g} s')

    def _call(self, client: Any, request: Any, again: float = _ANSWER_S) -> Any:
        """The response of a call, None until it is there; a failed one if it stays away.

        Args:
            client: Of the service.
            request: What to ask.
            again: Ask once more after this time [s]; only what may be asked twice.
        """
        now_ns = time.monotonic_ns()
        if self._waiting is None or now_ns - self._asked_ns > again * 1e9:
            self._waiting, self._asked_ns = client.call_async(request), now_ns
        if self._waiting.done():
            return self._waiting.result()
        if self._elapsed() < _ANSWER_S:
            return None
        problem = f'no answer from {client.srv_name} within {_ANSWER_S:g} s'
        return client.srv_type.Response(success=False, message=problem)

    def _reset_twin(self) -> None:
        episode = self._episodes[0]
        response = self._call(
            self._reset, ResetPlant.Request(task=self._task_name, seed=episode.seed)
        )
        if response is None:
            return
        if not response.success:
            self.on_problem(f'the twin did not reset: {response.message}')
            self._end(Outcome(False, 'not reset'))
            return
        self._frame.forget()
        self._go(Step.RECORD)

    def _start_recording(self) -> None:
        episode = self._episodes[0]
        request = RecordEpisode.Request(
            start=True, episode=episode.name, task=self._task_name, seed=episode.seed
        )
        response = self._call(self._record, request, _AGAIN_S)
        if response is None:
            return
        if not response.success:
            self.on_problem(f'{episode.name} is not recorded: {response.message}')
        self._director.begin(episode)
        self._go(Step.RUN)

    def _run(self) -> None:
        events, self._events = tuple(self._events), []
        view = DirectorView(self._frame.get(), self._task.get(), self._plant.get(), events)
        for wish in self._director.step(view, time.monotonic_ns()):
            self._send(wish)
        if self._director.outcome is not None:
            self._go(Step.DRAIN)

    def _send(self, wish: Request) -> None:
        request = RequestTransition.Request(
            event=wish.event, request_id=wish.request_id, detail=wish.detail
        )
        self._seat.sign(request)
        self._request.call_async(request).add_done_callback(
            lambda future: self._on_reply(wish, future)
        )

    def _on_reply(self, wish: Request, future: Future) -> None:
        response = future.result()
        if response is not None and not response.accepted:
            self.get_logger().warning(f'{wish.event} refused: {response.reason}')

    def _drain(self) -> None:
        if self._elapsed() > _DRAIN_S:
            self._go(Step.FINISH)

    def _stop_recording(self) -> None:
        response = self._call(self._record, RecordEpisode.Request(start=False))
        if response is None:
            return
        if not response.success:
            name = self._episodes[0].name
            self.on_problem(f'the recording of {name} did not end well: {response.message}')
        assert self._director.outcome is not None
        self._end(self._director.outcome)

    def _end(self, outcome: Outcome) -> None:
        episode = self._episodes.pop(0)
        self.outcomes[episode.name] = outcome
        self.on_outcome(episode, outcome)
        self._go(Step.RESET if self._episodes else Step.DONE)
        if self.done and self._exit_when_done:
            rclpy.try_shutdown()


main = main_of(DirectorNode)

if __name__ == '__main__':
    main()

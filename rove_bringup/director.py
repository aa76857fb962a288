"""The episode director: starts an attempt, watches it, and says when and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from rove_bringup.config import Episode
from rove_teleop.config import param
from rove_teleop.core.desk import DIRECTOR
from rove_teleop.core.names import Phase
from rove_teleop.core.types import ControlFrame, Event, PlantState, Request, TaskState

ARBITER = 'arbiter'
"""Actor of what the arbiter found out by itself."""

_RETRY_NS = 500_000_000
_DECLARED = ('success', 'failure')


@dataclass(frozen=True)
class DirectorConfig:
    """When an episode starts, and when it is over."""

    timeout: float = param(60.0, 'Longest duration of an episode [s].', low=1.0, high=3600.0)
    settle: float = param(
        1.0, 'Nothing is lost for this long before an episode starts [s].', low=0.0, high=60.0
    )
    start_timeout: float = param(
        20.0,
        'An episode that cannot be started in this time is given up [s].',
        low=1.0,
        high=600.0,
    )
    success_hold: float = param(
        1.5, 'Success must last this long before the policy is done [s].', low=0.0, high=60.0
    )
    operator_grace: float = param(
        4.0, 'An operator in command has this long to declare success [s].', low=0.0, high=60.0
    )
    failure_hold: float = param(1.0, 'A failed task ends after this time [s].', low=0.0, high=60.0)


@dataclass(frozen=True)
class Outcome:
    """How an episode ended.

    Attributes:
        success: The task's own judgement from physics at the end.
        reason: ``task`` (success lasted), ``operator`` (declared), ``timeout``, ``failed``,
            ``fell``, or ``not started`` and ``not reset`` for an attempt that never ran.
    """

    success: bool
    reason: str


@dataclass(frozen=True)
class DirectorView:
    """What the director looks at: the newest of each, and the events since its last step."""

    frame: ControlFrame | None
    task: TaskState | None
    plant: PlantState | None
    events: tuple[Event, ...] = ()


class Director:
    """Runs one episode after the other; everything it wants is a request to the arbiter."""

    def __init__(self, config: DirectorConfig) -> None:
        """Wait for ``begin``."""
        self._config = config
        self._episode: Episode | None = None
        self.outcome: Outcome | None = None
        self._request_count = 0
        self._clear()

    def begin(self, episode: Episode) -> None:
        """Start directing an attempt; the plant has been reset to its seed."""
        self._episode = episode
        self.outcome = None
        self._clear()

    def _clear(self) -> None:
        self._begun_ns: int | None = None
        self._ready_ns: int | None = None
        self._started_ns: int | None = None
        self._asked_ns: int | None = None
        self._success_since: int | None = None
        self._failed_since: int | None = None

    def step(self, view: DirectorView, now_ns: int) -> tuple[Request, ...]:
        """Look once.

        Returns:
            Requests for the arbiter. When the episode has ended ``outcome`` is set and the
            last request is ``episode_end``.
        """
        if self._episode is None or self.outcome is not None:
            return ()
        if self._started_ns is None:
            return self._start(view, now_ns)
        self.outcome = self._judge(view, now_ns)
        if self.outcome is None:
            return ()
        detail = f'outcome={"success" if self.outcome.success else "failure"}'
        return (self._request('episode_end', f'{detail} reason={self.outcome.reason}', now_ns),)

    def _start(self, view: DirectorView, now_ns: int) -> tuple[Request, ...]:
        assert self._episode is not None
        self._begun_ns = self._begun_ns or now_ns
        if view.plant is not None and view.plant.fault:
            self.outcome = Outcome(False, 'fell')
        elif _lasted(self._begun_ns, self._config.start_timeout, now_ns):
            self.outcome = Outcome(False, 'not started')
        if self.outcome is not None or view.frame is None or view.task is None:
            return ()
        if view.task.seed != self._episode.seed:
            return ()
        if view.frame.episode == self._episode.name:
            self._started_ns = now_ns
            return ()
        if any(event.kind.endswith('_lost') for event in view.events):
            self._ready_ns = None
        self._ready_ns = self._ready_ns or now_ns
        waiting = self._asked_ns is not None and now_ns - self._asked_ns < _RETRY_NS
        if waiting or not _lasted(self._ready_ns, self._config.settle, now_ns):
            return ()
        self._asked_ns = now_ns
        if view.frame.robot_phase is Phase.STOPPED:
            return self._rearm(view.frame, now_ns)
        detail = f'episode={self._episode.name} task={view.task.task} seed={self._episode.seed}'
        return (self._request('episode_start', detail, now_ns),)

    def _rearm(self, frame: ControlFrame, now_ns: int) -> tuple[Request, ...]:
        """After a fall the twin was reset; what a person stopped, only a person rearms."""
        if not frame.reason.startswith(f'stop by {ARBITER}'):
            return ()
        return (self._request('rearm', 'the plant was reset', now_ns),)

    def _judge(self, view: DirectorView, now_ns: int) -> Outcome | None:
        assert view.frame is not None and view.task is not None
        task = view.task
        if view.plant is not None and view.plant.fault:
            return Outcome(False, 'fell')
        if any(event.kind in _DECLARED for event in view.events):
            return Outcome(task.success, 'operator')
        self._success_since = _since(self._success_since, task.success, now_ns)
        self._failed_since = _since(self._failed_since, task.failed, now_ns)
        needed = self._config.success_hold
        if view.frame.intervention:
            needed = max(needed, self._config.operator_grace)
        if _lasted(self._success_since, needed, now_ns):
            return Outcome(True, 'task')
        if _lasted(self._failed_since, self._config.failure_hold, now_ns):
            return Outcome(False, 'failed')
        if _lasted(self._started_ns, self._config.timeout, now_ns):
            return Outcome(task.success, 'timeout')
        return None

    def _request(self, event: str, detail: str, now_ns: int) -> Request:
        self._request_count += 1
        return Request(
            event=event,
            operator_id=DIRECTOR,
            request_id=f'{DIRECTOR}-{now_ns}-{self._request_count}',
            detail=detail,
            t_receive_ns=now_ns,
        )


def _since(start_ns: int | None, holds: bool, now_ns: int) -> int | None:
    if not holds:
        return None
    return now_ns if start_ns is None else start_ns


def _lasted(start_ns: int | None, seconds: float, now_ns: int) -> bool:
    return start_ns is not None and now_ns - start_ns >= seconds * 1e9

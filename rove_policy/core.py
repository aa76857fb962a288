"""When to ask the policy, what to show it, and what of its answer may go on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rove_policy.chunk import chunk_problem
from rove_policy.types import observe
from rove_policy.worker import Answer, Worker
from rove_teleop.core.names import Phase
from rove_teleop.core.types import ActionChunk, Array, ControlFrame, PlantState, TaskState
from rove_teleop.errors import ConfigError, InvalidInput

_TAKEN = frozenset({Phase.HUMAN, Phase.TO_HUMAN, Phase.STOPPED})


@dataclass(frozen=True)
class PolicyLoopConfig:
    """How often the policy is asked.

    Attributes:
        period: Time between two observations [s].
        max_age: The policy is not asked about a plant state or frame older than this [s].
        max_slow_age: It is not asked about an older task state [s], nor shown an older image.
    """

    period: float = 0.2
    max_age: float = 0.1
    max_slow_age: float = 0.5

    def __post_init__(self) -> None:
        """Refuse times that are not positive."""
        for name in ('period', 'max_age', 'max_slow_age'):
            if not 0.0 < getattr(self, name) < 60.0:
                raise ConfigError(f'{name} is {getattr(self, name)!r}; expected 0 to 60 s')


@dataclass(frozen=True)
class Picture:
    """An image of a camera, and when it came in.

    Attributes:
        image: RGB, uint8 (H, W, 3).
    """

    image: Array
    t_receive_ns: int


@dataclass(frozen=True)
class PolicyInputs:
    """The newest of everything a policy may see; None where nothing came yet.

    Attributes:
        images: By camera name.
    """

    plant: PlantState | None
    frame: ControlFrame | None
    task: TaskState | None
    images: dict[str, Picture] = field(default_factory=dict)


class PolicyLoop:
    """Asks a policy at its period, and at once when an episode starts or a group comes back.

    A frozen camera is not there: its last image is not shown, and a policy that needs it refuses.

    It asks also while a human is in command, so that frames carry what the policy would do,
    and in hold, so that a release finds a fresh chunk; it does not ask while stopped. Answers
    to observations from before a release or an episode start are dropped.

    Attributes:
        fault: Why the newest request gave no chunk, empty when it did.
        asked, failed, dropped: How many observations were submitted, how many requests gave
            no usable chunk, and how many chunks came too late.
    """

    def __init__(self, worker: Worker, config: PolicyLoopConfig | None = None) -> None:
        config = config or PolicyLoopConfig()
        self._worker = worker
        self._period_ns = round(config.period * 1e9)
        self._max_age_ns = round(config.max_age * 1e9)
        self._max_slow_age_ns = round(config.max_slow_age * 1e9)
        self._phases: tuple[Phase, ...] = ()
        self._attempt: tuple[str, str, int] | None = None
        self._next_ns: int | None = None
        self._due = self._resumed = True
        self._seq = 0
        self._oldest_seq = 1
        self.fault = ''
        self.asked = self.failed = self.dropped = 0

    def refresh(self) -> None:
        """Ask with the next step and drop older answers, as after a release."""
        self._due = self._resumed = True
        self._oldest_seq = self._seq + 1

    def step(self, inputs: PolicyInputs, now_ns: int) -> ActionChunk | None:
        """Take the newest inputs; return a checked and stamped chunk when there is one.

        ``t_observation_ns`` and ``t0_ns`` become the time of the plant state, ``seq`` the
        number of the request.

        Args:
            inputs: The newest inputs.
            now_ns: Time of this call [ns, monotonic].
        """
        if inputs.frame is not None and inputs.task is not None:
            self._watch(inputs.frame, inputs.task)
            if inputs.plant is not None and inputs.frame.robot_phase is not Phase.STOPPED:
                self._ask_if_due(inputs.plant, inputs.frame, inputs.task, inputs.images, now_ns)
        answer = self._worker.poll()
        return None if answer is None else self._judge(answer, now_ns)

    def _watch(self, frame: ControlFrame, task: TaskState) -> None:
        attempt = (frame.episode, task.task, task.seed)
        if attempt != self._attempt:
            self._attempt = attempt
            self._worker.reset(task.seed, task.text)
            self.refresh()
        if any(map(_comes_back, self._phases, frame.phase)):
            self.refresh()
        if frame.robot_phase is Phase.STOPPED:
            self._oldest_seq = self._seq + 1
        self._phases = frame.phase

    def _ask_if_due(
        self,
        plant: PlantState,
        frame: ControlFrame,
        task: TaskState,
        pictures: dict[str, Picture],
        now_ns: int,
    ) -> None:
        waiting = self._next_ns is not None and now_ns < self._next_ns
        if not self._due and (waiting or self._worker.busy):
            return
        for name, t_ns, limit_ns in (
            ('plant state', plant.t_ns, self._max_age_ns),
            ('frame', frame.t_ns, self._max_age_ns),
            ('task state', task.t_ns, self._max_slow_age_ns),
        ):
            if abs(now_ns - t_ns) > limit_ns:
                self.fault = f'{name} is {(now_ns - t_ns) / 1e6:.0f} ms old'
                return
        images = {
            name: picture.image
            for name, picture in pictures.items()
            if abs(now_ns - picture.t_receive_ns) <= self._max_slow_age_ns
        }
        self._seq += 1
        self._next_ns = now_ns + self._period_ns
        self._due = False
        try:
            observation = observe(self._seq, plant, frame, task, images, resumed=self._resumed)
        except InvalidInput as error:
            self._fail(f'observation refused: {error}')
            return
        self._resumed = False
        self.asked += 1
        self._worker.submit(observation)

    def _judge(self, answer: Answer, now_ns: int) -> ActionChunk | None:
        if answer.observation.seq < self._oldest_seq:
            self.dropped += 1
            return None
        if answer.chunk is None:
            self._fail(answer.fault)
            return None
        problem = chunk_problem(answer.chunk)
        if problem:
            self._fail(f'chunk refused: {problem}')
            return None
        self.fault = ''
        return replace(
            answer.chunk,
            seq=answer.observation.seq,
            t_observation_ns=answer.observation.t_ns,
            t0_ns=answer.observation.t_ns,
            t_receive_ns=now_ns,
        )

    def _fail(self, reason: str) -> None:
        self.failed += 1
        self.fault = reason


def _comes_back(before: Phase, now: Phase) -> bool:
    """Tell whether somebody who had taken a group has just left it."""
    return before in _TAKEN and now not in _TAKEN

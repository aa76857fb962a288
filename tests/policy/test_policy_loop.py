from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rove_policy.core import Picture, PolicyInputs, PolicyLoop, PolicyLoopConfig
from rove_policy.types import Observation
from rove_policy.worker import Answer, InlineWorker, ask
from rove_teleop.core.names import GROUPS, Phase
from rove_teleop.core.types import ActionChunk
from rove_teleop.errors import ConfigError
from tests.fakes.frames import PERIOD_NS, Script, control_frames, plant_state, task_states
from tests.fakes.policies import FailingPolicy, FakePolicy

SCRIPT = Script()
FRAME = next(control_frames(SCRIPT))
TASK = next(task_states(SCRIPT))


def inputs(tick: int, *phases: Phase, **task: Any) -> PolicyInputs:
    """Inputs of one tick; the phases go to the groups, the last one to all that are left."""
    phases = phases or (Phase.AUTO,)
    groups = (phases + phases[-1:] * len(GROUPS))[: len(GROUPS)]
    plant = plant_state(SCRIPT, tick)
    frame = replace(FRAME, tick=tick, t_ns=plant.t_ns, phase=groups, robot_phase=max(groups))
    return PolicyInputs(plant, frame, replace(TASK, **({'t_ns': plant.t_ns} | task)))


def step(loop: PolicyLoop, tick: int, *phases: Phase, **task: Any) -> ActionChunk | None:
    return loop.step(inputs(tick, *phases, **task), SCRIPT.start_ns + tick * PERIOD_NS)


class SlowWorker:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.policy = FakePolicy()
        self.submitted: list[Observation] = []
        self.answers: list[Answer] = []
        self.busy = False

    def reset(self, seed: int, task: str) -> None:
        self.policy.reset(seed, task)

    def submit(self, observation: Observation) -> None:
        self.submitted.append(observation)
        self.busy = True

    def poll(self) -> Answer | None:
        return self.answers.pop(0) if self.answers else None

    def finish(self, index: int) -> None:
        self.answers.append(ask(self.policy, None, self.submitted[index]))
        self.busy = False


def test_it_asks_at_once_and_then_at_its_period() -> None:
    policy = FakePolicy()
    loop = PolicyLoop(InlineWorker(policy), PolicyLoopConfig(period=0.2))
    chunks = [step(loop, tick) for tick in range(200)]
    assert [tick for tick, chunk in enumerate(chunks) if chunk] == [0, 40, 80, 120, 160]
    assert loop.asked == 5


def test_a_chunk_is_stamped_with_its_observation() -> None:
    def lie(chunk: ActionChunk) -> ActionChunk:
        return replace(chunk, seq=99, t0_ns=5, t_observation_ns=6, t_receive_ns=7)

    loop = PolicyLoop(InlineWorker(FakePolicy(lie)))
    step(loop, 0)
    chunk = step(loop, 40)
    assert chunk is not None
    now = SCRIPT.start_ns + 40 * PERIOD_NS
    stamps = (chunk.seq, chunk.t_observation_ns, chunk.t0_ns, chunk.t_receive_ns)
    assert stamps == (2, now, now, now)


def test_it_waits_until_plant_frame_and_task_are_there() -> None:
    policy = FakePolicy()
    loop = PolicyLoop(InlineWorker(policy))
    whole = inputs(0)
    parts: tuple[dict[str, Any], ...] = ({'plant': None}, {'frame': None}, {'task': None})
    for part in parts:
        assert loop.step(replace(whole, **part), SCRIPT.start_ns) is None
    assert policy.seen == []
    assert loop.step(whole, SCRIPT.start_ns) is not None


@pytest.mark.parametrize('phase', [Phase.HUMAN, Phase.HOLD, Phase.TO_HUMAN])
def test_it_keeps_asking_while_others_are_in_command(phase: Phase) -> None:
    loop = PolicyLoop(InlineWorker(FakePolicy()))
    assert [bool(step(loop, tick, phase)) for tick in (0, 40, 80)] == [True] * 3


def test_it_does_not_ask_while_stopped() -> None:
    policy = FakePolicy()
    loop = PolicyLoop(InlineWorker(policy))
    assert [step(loop, tick, Phase.STOPPED) for tick in range(0, 200, 10)] == [None] * 20
    assert policy.seen == []


def test_a_start_from_a_hold_does_not_make_the_policy_begin_anew() -> None:
    policy = FakePolicy()
    loop = PolicyLoop(InlineWorker(policy))
    step(loop, 0, Phase.HOLD)
    step(loop, 1, Phase.TO_AUTO)
    later = step(loop, 300, Phase.AUTO)
    assert later is not None
    assert [seen.resumed for seen in policy.seen] == [True, False]


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        (Phase.HUMAN, Phase.TO_AUTO),
        (Phase.TO_HUMAN, Phase.HOLD),
        (Phase.HUMAN, Phase.HOLD),
        (Phase.STOPPED, Phase.HOLD),
    ],
)
def test_it_asks_at_once_when_one_group_comes_back(before: Phase, after: Phase) -> None:
    policy = FakePolicy()
    loop = PolicyLoop(InlineWorker(policy))
    step(loop, 0, Phase.AUTO)
    step(loop, 1, Phase.AUTO, before, Phase.AUTO)
    chunk = step(loop, 2, Phase.AUTO, after, Phase.AUTO)
    assert chunk is not None
    assert chunk.t_observation_ns == SCRIPT.start_ns + 2 * PERIOD_NS
    assert policy.seen[-1].resumed
    assert step(loop, 3, Phase.AUTO, after, Phase.AUTO) is None


def test_a_takeover_alone_does_not_ask() -> None:
    loop = PolicyLoop(InlineWorker(FakePolicy()))
    step(loop, 0)
    assert step(loop, 1, Phase.TO_HUMAN) is None


def test_a_refresh_asks_with_the_next_step() -> None:
    loop = PolicyLoop(InlineWorker(FakePolicy()))
    step(loop, 0, Phase.HOLD)
    assert step(loop, 1, Phase.HOLD) is None
    loop.refresh()
    assert step(loop, 2, Phase.HOLD) is not None


def test_only_the_first_observation_after_a_start_is_marked_resumed() -> None:
    policy = FakePolicy()
    loop = PolicyLoop(InlineWorker(policy))
    for tick in (0, 40, 80):
        step(loop, tick)
    assert [seen.resumed for seen in policy.seen] == [True, False, False]


def test_a_new_episode_resets_the_policy_and_asks_at_once() -> None:
    policy = FakePolicy()
    loop = PolicyLoop(InlineWorker(policy))
    step(loop, 0, seed=1)
    assert step(loop, 1, seed=2) is not None
    assert policy.starts == [(1, TASK.text), (2, TASK.text)]


def test_an_answer_from_before_a_release_is_dropped() -> None:
    worker = SlowWorker()
    loop = PolicyLoop(worker)
    step(loop, 0, Phase.HUMAN)
    assert step(loop, 10, Phase.TO_AUTO) is None
    assert len(worker.submitted) == 2, 'a busy worker is asked again after a release'
    worker.finish(0)
    assert step(loop, 11, Phase.TO_AUTO) is None
    worker.finish(1)
    chunk = step(loop, 12, Phase.TO_AUTO)
    assert chunk is not None
    assert (chunk.seq, loop.dropped) == (2, 1)


def test_an_answer_that_arrives_while_stopped_is_dropped() -> None:
    worker = SlowWorker()
    loop = PolicyLoop(worker)
    step(loop, 0)
    worker.finish(0)
    assert step(loop, 1, Phase.STOPPED) is None
    assert loop.dropped == 1


def test_a_busy_worker_is_left_alone_and_asked_when_it_is_done() -> None:
    worker = SlowWorker()
    loop = PolicyLoop(worker)
    for tick in range(0, 100):
        assert step(loop, tick) is None
    assert len(worker.submitted) == 1
    worker.finish(0)
    chunk = step(loop, 100)
    assert chunk is not None
    assert chunk.t0_ns == SCRIPT.start_ns, 'late rows stay where the observation was'
    assert len(worker.submitted) == 2


def test_a_policy_that_raises_is_a_fault_and_is_asked_again_at_the_period() -> None:
    policy = FailingPolicy()
    loop = PolicyLoop(InlineWorker(policy))
    assert [step(loop, tick) for tick in range(80)] == [None] * 80
    assert (len(policy.seen), loop.failed) == (2, 2)
    assert loop.fault.startswith('RuntimeError: the arm fell asleep')


def test_a_policy_that_recovers_clears_the_fault() -> None:
    policy = FakePolicy(lambda chunk: replace(chunk, dt=float('nan')))
    loop = PolicyLoop(InlineWorker(policy))
    step(loop, 0)
    assert 'dt is nan' in loop.fault
    policy.spoil = None
    assert step(loop, 40) is not None
    assert loop.fault == ''


BAD_CHUNKS: list[tuple[Callable[[np.ndarray], dict[str, Any]], str]] = [
    (lambda p: {'position': np.full_like(p, np.nan)}, 'not finite in row 0, channel 0'),
    (lambda p: {'position': p[:, :36]}, r'shape \(17, 36\)'),
    (lambda p: {'position': p[0]}, r'shape \(37,\)'),
    (lambda p: {'position': p[:0]}, '0 rows'),
    (lambda p: {'position': np.zeros((1001, 37))}, '1001 rows'),
    (lambda p: {'position': p.tolist()}, 'position is list'),
    (lambda p: {'position': p.astype(complex)}, 'expected an array of floats'),
    (lambda p: {'dt': 0.0}, 'dt is 0.0'),
    (lambda p: {'dt': '0.05'}, "dt is '0.05'"),
    (lambda p: {'groups': ()}, r'groups are \(\)'),
    (lambda p: {'groups': ('tail',)}, 'tail'),
    (lambda p: {'success': 2.0}, 'hints are 2.0'),
]


@pytest.mark.parametrize(('change', 'message'), BAD_CHUNKS)
def test_an_unusable_chunk_goes_no_further(change: Callable, message: str) -> None:
    policy = FakePolicy(lambda chunk: replace(chunk, **change(chunk.position)))
    loop = PolicyLoop(InlineWorker(policy))
    assert step(loop, 0) is None
    assert loop.failed == 1
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(loop.fault)


@pytest.mark.parametrize('ticks', [-30, 30])
def test_it_does_not_ask_about_a_plant_of_another_time(ticks: int) -> None:
    policy = FakePolicy()
    loop = PolicyLoop(InlineWorker(policy))
    now = SCRIPT.start_ns + (100 + ticks) * PERIOD_NS
    assert loop.step(inputs(100), now) is None
    assert policy.seen == []
    assert loop.fault == f'plant state is {ticks * 5} ms old'


def test_it_does_not_ask_when_the_arbiter_is_gone() -> None:
    loop = PolicyLoop(InlineWorker(FakePolicy()))
    late = replace(inputs(30), frame=inputs(0).frame)
    assert loop.step(late, SCRIPT.start_ns + 30 * PERIOD_NS) is None
    assert loop.fault == 'frame is 150 ms old'


def test_it_does_not_ask_about_a_task_nobody_judges_any_more() -> None:
    policy = FakePolicy()
    loop = PolicyLoop(InlineWorker(policy))
    assert step(loop, 99, t_ns=SCRIPT.start_ns) is not None
    assert step(loop, 200, t_ns=SCRIPT.start_ns) is None
    assert len(policy.seen) == 1
    assert loop.fault == 'task state is 1000 ms old'


def test_an_image_of_a_frozen_camera_is_not_shown() -> None:
    policy = FakePolicy()
    loop = PolicyLoop(InlineWorker(policy))
    image = np.zeros((24, 32, 3), np.uint8)
    for tick, frozen_tick in ((100, 0), (200, 0)):
        pictures = {
            'head': Picture(image, SCRIPT.start_ns + frozen_tick * PERIOD_NS),
            'view': Picture(image, SCRIPT.start_ns + tick * PERIOD_NS),
        }
        now_ns = SCRIPT.start_ns + tick * PERIOD_NS
        assert loop.step(replace(inputs(tick), images=pictures), now_ns) is not None
    assert [set(seen.images) for seen in policy.seen] == [{'head', 'view'}, {'view'}]


def test_a_policy_that_needs_the_frozen_camera_gives_no_chunk() -> None:
    class Seeing(FakePolicy):
        def infer(self, observation: Observation) -> ActionChunk:
            observation.images['head']
            return super().infer(observation)

    loop = PolicyLoop(InlineWorker(Seeing()))
    frozen = {'head': Picture(np.zeros((24, 32, 3), np.uint8), SCRIPT.start_ns)}
    now_ns = SCRIPT.start_ns + 200 * PERIOD_NS
    assert loop.step(replace(inputs(200), images=frozen), now_ns) is None
    assert 'head' in loop.fault


def test_a_malformed_plant_state_is_refused_once_per_period() -> None:
    policy = FakePolicy()
    loop = PolicyLoop(InlineWorker(policy))
    for tick in range(40):
        whole = inputs(tick)
        assert whole.plant is not None
        broken = replace(whole, plant=replace(whole.plant, position=np.full(43, np.inf)))
        assert loop.step(broken, SCRIPT.start_ns + tick * PERIOD_NS) is None
    assert (policy.seen, loop.failed) == ([], 1)
    assert 'observation refused: joint_position is not finite' in loop.fault


def test_two_runs_are_bit_identical() -> None:
    def run() -> list[bytes]:
        loop = PolicyLoop(InlineWorker(FakePolicy()))
        chunks = (
            loop.step(
                PolicyInputs(plant_state(SCRIPT, f.tick), f, replace(TASK, t_ns=f.t_ns)), f.t_ns
            )
            for f in control_frames(SCRIPT)
        )
        return [repr((c.seq, c.t0_ns)).encode() + c.position.tobytes() for c in chunks if c]

    first = run()
    assert first == run()
    assert len(first) > 10


@pytest.mark.parametrize('field', ['period', 'max_age', 'max_slow_age'])
@pytest.mark.parametrize('value', [0.0, -1.0, float('nan'), 1e9])
def test_a_senseless_time_is_refused(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f'{field} is'):
        PolicyLoopConfig(**{field: value})

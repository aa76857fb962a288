from __future__ import annotations

from collections.abc import Callable, Iterator
import threading
import time

import pytest

from rove_policy.serving.async_policy import AsyncPolicy
from rove_policy.worker import Answer
from tests.fakes.policies import FailingPolicy, FakePolicy, GatedPolicy, observation

Make = Callable[[FakePolicy], AsyncPolicy]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[AsyncPolicy] = []

    def build(policy: FakePolicy) -> AsyncPolicy:
        made.append(AsyncPolicy(policy))
        return made[-1]

    yield build
    for worker in made:
        worker.close()


def wait_for_answer(worker: AsyncPolicy) -> Answer:
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        answer = worker.poll()
        if answer is not None:
            return answer
    raise AssertionError('no answer within 5 s')


def test_submit_returns_before_the_policy_does(make: Make) -> None:
    policy = GatedPolicy()
    worker = make(policy)
    worker.submit(observation(seq=1))
    assert policy.entered.acquire(timeout=5.0)
    assert worker.busy
    assert worker.poll() is None
    policy.gate.release()
    answer = wait_for_answer(worker)
    assert answer.chunk is not None
    assert (answer.chunk.seq, worker.busy, worker.poll()) == (1, False, None)


def test_only_the_newest_waiting_observation_is_asked(make: Make) -> None:
    policy = GatedPolicy()
    worker = make(policy)
    worker.submit(observation(seq=1))
    assert policy.entered.acquire(timeout=5.0)
    for seq in (2, 3, 4):
        worker.submit(observation(seq=seq))
    policy.gate.release(2)
    answers = [wait_for_answer(worker), wait_for_answer(worker)]
    assert [answer.observation.seq for answer in answers] == [1, 4]
    assert [seen.seq for seen in policy.seen] == [1, 4]


def test_a_reset_comes_before_the_next_observation_and_once(make: Make) -> None:
    policy = FakePolicy()
    worker = make(policy)
    worker.reset(5, 'wave')
    assert policy.starts == []
    for seq in (1, 2):
        worker.submit(observation(seq=seq))
        wait_for_answer(worker)
    assert policy.starts == [(5, 'wave')]


def test_the_policy_is_used_by_one_thread_only(make: Make) -> None:
    policy = FakePolicy()
    worker = make(policy)
    for seq in range(20):
        worker.submit(observation(seq=seq))
        wait_for_answer(worker)
    assert len(policy.threads) == 1
    assert threading.get_ident() not in policy.threads


def test_a_failure_is_an_answer_and_the_next_observation_is_asked(make: Make) -> None:
    policy = FailingPolicy()
    worker = make(policy)
    for seq in (1, 2):
        worker.submit(observation(seq=seq))
        assert wait_for_answer(worker).fault.startswith('RuntimeError: the arm fell asleep')
    assert len(policy.seen) == 2


def test_closing_stops_the_thread_and_closes_the_policy(make: Make) -> None:
    policy = FakePolicy()
    before = threading.active_count()
    worker = make(policy)
    worker.close()
    assert policy.closed
    assert threading.active_count() == before

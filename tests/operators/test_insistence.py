"""A stop that was asked for is asked for until it is there."""

from __future__ import annotations

from dataclasses import replace

from rove_teleop.core.names import Phase
from rove_teleop.core.types import ControlFrame, Request
from rove_teleop.operators.insistence import StopInsistence
from tests.fakes.frames import Script, control_frames

FRAME = next(control_frames(Script()))
MS = 1_000_000
START = 5_000 * MS
STOP = Request('stop', request_id='headset/one/1')


def frame(phase: Phase, at_ms: int) -> ControlFrame:
    return replace(FRAME, robot_phase=phase, t_ns=START + at_ms * MS)


def sent_at(shown: ControlFrame | None, until_ms: int) -> list[int]:
    """When a stop pressed at 0 ms is sent if this frame is all that is seen [ms]."""
    insistence = StopInsistence()
    times = []
    for ms in range(0, until_ms, 10):
        times += [ms] * len(insistence.step((STOP,) if ms == 0 else (), shown, START + ms * MS))
    return times


def test_a_stop_is_sent_at_once_and_every_fifty_milliseconds_after() -> None:
    assert sent_at(frame(Phase.HUMAN, 0), 210) == [0, 50, 100, 150, 200]


def test_a_stop_is_repeated_also_when_no_frame_ever_came() -> None:
    assert sent_at(None, 110) == [0, 50, 100]


def test_a_stop_that_is_seen_is_not_repeated() -> None:
    assert sent_at(frame(Phase.STOPPED, 5), 300) == [0]


def test_a_frame_from_before_the_stop_proves_nothing() -> None:
    assert sent_at(frame(Phase.STOPPED, -5), 110) == [0, 50, 100]


def test_after_two_seconds_it_gives_up_and_says_so() -> None:
    insistence = StopInsistence()
    insistence.step((STOP,), None, START)
    assert len(insistence.step((), None, START + 2_000 * MS)) == 1
    assert not insistence.given_up
    assert insistence.step((), None, START + 2_001 * MS) == ()
    assert insistence.given_up
    assert insistence.step((), None, START + 3_000 * MS) == ()


def test_every_repetition_has_an_id_of_its_own() -> None:
    insistence = StopInsistence()
    ids = [
        request.request_id
        for ms in range(0, 160, 50)
        for request in insistence.step((STOP,) if ms == 0 else (), None, START + ms * MS)
    ]
    assert len(set(ids)) == len(ids) == 4
    assert ids[0] == STOP.request_id


def test_other_requests_pass_once() -> None:
    insistence = StopInsistence()
    takeover = Request('takeover')
    assert insistence.step((takeover,), None, START) == (takeover,)
    assert insistence.step((), None, START + 100 * MS) == ()

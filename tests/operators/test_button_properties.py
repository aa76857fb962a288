"""Whatever is pressed for however long, a button acts only when it went up and down."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rove_teleop.operators.buttons import ButtonMapper

MS = 1_000_000
BUTTONS = ('right_a', 'right_b', 'left_x', 'left_y', 'left_stick')
EVENTS = dict(zip(BUTTONS, ('takeover', 'release', 'hold', 'stop', 'rearm'), strict=True))
STEPS_MS = st.sampled_from([10, 10, 29, 31, 400, 401, 2000])
samples = st.lists(st.tuples(STEPS_MS, st.sets(st.sampled_from(BUTTONS))), min_size=1, max_size=30)
Sample = tuple[int, frozenset[str]]
quickly = settings(max_examples=150, derandomize=True, database=None, deadline=None)


def timed(steps: list[tuple[int, set[str]]]) -> list[Sample]:
    """Samples with the time of each [ns] instead of the time since the one before."""
    now_ns, result = 0, []
    for step_ms, down in steps:
        now_ns += step_ms * MS
        result.append((now_ns, frozenset(down)))
    return result


def fresh(past: list[Sample], now_ns: int, button: str) -> bool:
    """Whether a press now is deliberate: the button was seen up, and for long enough."""
    up_ns: int | None = None
    for at, (t_ns, down) in enumerate(past):
        first = at == 0 or t_ns - past[at - 1][0] > 400 * MS
        if button in down:
            up_ns = None
        elif first:
            up_ns = t_ns - 30 * MS  # it has long been up
        elif up_ns is None:
            up_ns = t_ns
    seen = bool(past) and now_ns - past[-1][0] <= 400 * MS
    return seen and up_ns is not None and now_ns - up_ns >= 30 * MS


@quickly
@given(samples)
def test_only_a_fresh_press_asks_for_anything_but_a_stop(
    steps: list[tuple[int, set[str]]],
) -> None:
    mapper, history = ButtonMapper(), timed(steps)
    for at, (t_ns, down) in enumerate(history):
        events = {request.event for request in mapper.step(down, t_ns)}
        pressed = {b for b in down if fresh(history[:at], t_ns, b) and EVENTS[b] != 'stop'}
        expected = {EVENTS[b] for b in pressed if EVENTS[b] != 'rearm' or down == {b}}
        again = at > 0 and t_ns - history[at - 1][0] <= 400 * MS and 'left_y' in history[at - 1][1]
        stops = 'left_y' in down and not again
        assert events == ({'stop'} if stops else expected)


@quickly
@given(samples, st.sampled_from(['right_a', 'right_b', 'left_x']), st.booleans())
def test_a_button_that_is_held_acts_at_most_once(
    steps: list[tuple[int, set[str]]], held: str, before: bool
) -> None:
    mapper, asked = ButtonMapper(), []
    if not before:
        mapper.step((), 0)
    for t_ns, down in timed(steps):
        asked += [request.event for request in mapper.step(down | {held}, t_ns + 30 * MS)]
    assert asked.count(EVENTS[held]) <= (not before)

"""A loop is as late as its absolute schedule says, and a missed call is one that never came."""

from __future__ import annotations

from rove_teleop.core.schedule import Lateness

MS = 1_000_000
PERIOD = 5 * MS
START = 1_000 * MS


def measured(*at_ms: float) -> tuple[list[float], int]:
    """Lateness of calls at these times after the start [ms], and how many were missed."""
    lateness = Lateness(PERIOD, 100)
    late = [lateness.measure(START + int(at * MS)) / MS for at in at_ms]
    return late, lateness.missed


def test_a_loop_on_time_is_never_late() -> None:
    assert measured(0, 5, 10, 15, 20) == ([0, 0, 0, 0, 0], 0)


def test_the_first_call_begins_the_schedule_and_is_not_late() -> None:
    assert measured(0) == ([0], 0)


def test_lateness_does_not_move_the_schedule() -> None:
    assert measured(0, 6, 12, 18, 20) == ([0, 1, 2, 3, 0], 0)


def test_a_call_later_than_a_period_has_missed_those_in_between_and_skips_them() -> None:
    assert measured(0, 17, 20, 25) == ([0, 12, 0, 0], 2)


def test_nearly_a_period_late_is_late_and_nothing_is_missed() -> None:
    assert measured(0, 9.9, 10, 15) == ([0, 4.9, 0, 0], 0)


def test_a_schedule_that_began_late_is_moved_to_the_first_early_call() -> None:
    assert measured(0, 3, 8, 14) == ([0, 0, 0, 1], 0)


def test_a_miss_is_forgotten_with_the_call_that_noticed_it() -> None:
    lateness = Lateness(PERIOD, 3)
    for at in (0, 20, 25, 30):
        lateness.measure(START + at * MS)
    assert lateness.missed == 3
    lateness.measure(START + 35 * MS)
    assert lateness.missed == 0


def test_percentiles_are_those_of_the_kept_calls() -> None:
    lateness = Lateness(PERIOD, 100)
    assert lateness.percentiles(50, 100) == (0.0, 0.0)
    for at in (0, 6, 12):
        lateness.measure(START + at * MS)
    assert lateness.percentiles(0, 50, 100) == (0.0, MS, 2 * MS)

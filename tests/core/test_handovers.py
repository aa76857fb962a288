"""The figures of the last takeover and release, from the events of the arbiter."""

from __future__ import annotations

from arbiter_rig import operated, started
import numpy as np
import pytest

from rove_teleop.core.handovers import Handovers
from rove_teleop.core.names import GROUPS, NUM_CHANNELS
from rove_teleop.core.types import Event


def follow(events: list[Event]) -> Handovers:
    handovers = Handovers()
    for event in events:
        handovers.step([event], None)
    return handovers


def test_before_the_first_there_is_none() -> None:
    handovers = follow(started().events)
    assert handovers.last == {}
    assert handovers.counts == {'takeover': 0, 'release': 0}


def test_a_takeover_lasts_from_its_request_to_the_first_human_command() -> None:
    rig = operated()
    taken = follow(rig.events).last['takeover']
    asked, human = (
        next(e for e in rig.events if e.kind == kind) for kind in ('takeover', 'human')
    )
    assert taken.groups == GROUPS
    assert taken.latency_ms == pytest.approx((human.t_ns - asked.t_ns) / 1e6 + 5.0)  # a tick


def test_a_time_at_which_the_button_was_received_goes_before_the_arbiters() -> None:
    events = [
        Event(1, 1, 2_000_000, 'takeover', GROUPS, 'ann', 'asked_ns=500000 t_receive_ns=1000000'),
        Event(2, 2, 7_000_000, 'human', GROUPS),
    ]
    assert follow(events).last['takeover'].latency_ms == 6.5


def test_a_takeover_that_nobody_answered_has_no_latency() -> None:
    rig = started()
    rig.operator = np.zeros(NUM_CHANNELS)
    rig.step()
    rig.operator = None
    rig.ask('takeover')
    rig.run(200)
    assert follow(rig.events).last['takeover'].latency_ms is None


def test_a_release_lasts_until_the_policy_blends_in() -> None:
    rig = operated()
    assert rig.ask('release').accepted
    rig.run(60)
    handovers = follow(rig.events)
    assert handovers.counts == {'takeover': 1, 'release': 1}
    assert 0.0 < handovers.last['release'].latency_ms < 300.0

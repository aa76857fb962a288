from __future__ import annotations

from pathlib import Path

import pytest

from rove_teleop.core.phases import REQUESTS
from rove_teleop.errors import ConfigError, UnknownName
from rove_teleop.operators.buttons import (
    DEFAULT_BINDINGS,
    OPERATOR_REQUESTS,
    Binding,
    ButtonMapper,
)

MS = 1_000_000


class Device:
    """Presses buttons at 100 Hz and collects the events that come of it."""

    def __init__(self, **options) -> None:
        self.mapper = ButtonMapper(**options)
        self.t_ns = 1_000 * MS

    def hold(self, *buttons: str, ms: int = 10) -> list[str]:
        events = []
        for _ in range(ms // 10):
            events += [request.event for request in self.mapper.step(buttons, self.t_ns)]
            self.t_ns += 10 * MS
        return events


def test_a_press_makes_one_request_however_long_it_is_held():
    device = Device()
    assert device.hold(ms=50) == []
    assert device.hold('takeover', ms=2000) == ['takeover']
    assert device.hold(ms=50) == []
    assert device.hold('takeover', ms=50) == ['takeover']


def test_a_button_held_at_the_start_is_ignored_until_it_was_released():
    device = Device()
    assert device.hold('takeover', ms=500) == []
    assert device.hold(ms=50) == []
    assert device.hold('takeover') == ['takeover']


def test_a_button_held_through_a_gap_in_the_samples_does_not_act_again():
    device = Device()
    device.hold(ms=50)
    assert device.hold('takeover', ms=50) == ['takeover']
    device.t_ns += 500 * MS
    assert device.hold('takeover', ms=100) == []
    assert device.hold(ms=50) == []
    assert device.hold('takeover') == ['takeover']


def test_a_button_pressed_during_a_gap_does_not_act():
    device = Device()
    device.hold(ms=50)
    device.t_ns += 500 * MS
    assert device.hold('takeover', ms=100) == []


def test_a_bouncing_contact_makes_one_request():
    device = Device()
    device.hold(ms=50)
    events = [
        event
        for down in (1, 0, 1, 0, 0, 1, 1, 1)
        for event in device.hold(*(['takeover'] if down else []))
    ]
    assert events == ['takeover']
    assert device.hold(ms=30) == []
    assert device.hold('takeover') == ['takeover']


def test_rearm_acts_only_while_every_other_button_is_up():
    device = Device()
    device.hold(ms=50)
    assert device.hold('takeover', ms=50) == ['takeover']
    assert device.hold('takeover', 'rearm', ms=50) == []
    assert device.hold('rearm', ms=50) == [], 'it must be pressed anew'
    device.hold(ms=50)
    assert device.hold('rearm') == ['rearm']


def test_rearm_is_refused_while_a_button_is_held_that_was_down_from_the_start():
    device = Device()
    device.hold('left_y', ms=50)
    assert device.hold('left_y', 'rearm') == []


def test_stop_acts_even_if_it_is_down_from_the_start():
    assert Device().hold('stop', ms=100) == ['stop']


def test_stop_acts_within_its_debounce_time():
    device = Device()
    device.hold('stop')
    device.hold()
    assert device.hold('stop') == ['stop']


def test_nothing_else_pressed_together_with_stop_acts():
    device = Device()
    device.hold(ms=50)
    assert device.hold('takeover', 'left_y', 'rearm') == ['stop']
    assert device.hold('takeover', 'left_y', ms=200) == []


def test_two_buttons_for_the_same_request_make_it_once():
    device = Device()
    device.hold(ms=50)
    assert device.hold('right_a', 'key_t') == ['takeover']


def test_buttons_pressed_together_ask_for_the_safer_thing_first():
    device = Device()
    device.hold(ms=50)
    assert device.hold('takeover', 'hold', 'release') == ['hold', 'release', 'takeover']


def test_unknown_buttons_do_nothing():
    device = Device()
    device.hold(ms=50)
    assert device.hold('left_thumbrest', '', 'TAKEOVER') == []


def test_a_binding_may_name_groups():
    mapper = ButtonMapper({'grip': Binding('takeover', ('left_arm', 'left_hand'))})
    mapper.step((), 0)
    (request,) = mapper.step(('grip',), 10 * MS, operator_id='ada', session='s')
    assert request.groups == ('left_arm', 'left_hand')
    assert request.operator_id == 'ada'
    assert request.t_receive_ns == 10 * MS


def test_every_request_has_an_id_of_its_own_also_after_a_reset():
    mapper = ButtonMapper()
    ids = []
    for start in (0, 10**9):
        mapper.reset()
        mapper.step((), start)
        ids += [r.request_id for r in mapper.step(('hold',), start + 50 * MS)]
    assert len(set(ids)) == 2


def test_a_reset_ignores_what_is_held():
    device = Device()
    device.hold(ms=50)
    device.mapper.reset()
    assert device.hold('success', ms=100) == []


def test_a_sample_too_late_for_anything_else_still_stops_once():
    mapper = ButtonMapper()
    mapper.step((), 0)
    events = [r.event for r in mapper.stops(('takeover', 'stop'), MS)]
    assert events == ['stop']
    assert mapper.stops(('stop',), 2 * MS) == ()


def test_the_default_buttons_reach_every_request_and_only_known_ones():
    assert {binding.event for binding in DEFAULT_BINDINGS.values()} == set(OPERATOR_REQUESTS)
    assert set(OPERATOR_REQUESTS) <= set(REQUESTS)


def test_the_operators_page_names_every_default_button():
    page = (Path(__file__).resolve().parents[2] / 'docs' / 'operator.md').read_text()
    assert not [button for button in DEFAULT_BINDINGS if button not in page]


@pytest.mark.parametrize(
    ('binding', 'known'),
    [(Binding('take_over'), 'takeover'), (Binding('takeover', ('arm',)), 'left_arm')],
)
def test_a_wrong_binding_lists_what_is_known(binding: Binding, known: str):
    with pytest.raises(UnknownName, match=known):
        ButtonMapper({'a': binding})


def test_negative_times_are_refused():
    with pytest.raises(ConfigError, match='debounce_ns=-1'):
        ButtonMapper(debounce_ns=-1)

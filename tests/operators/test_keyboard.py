"""Keys: what each asks for, which groups it is about, and when a press is no press."""

from __future__ import annotations

import pytest

from rove_teleop.core.names import GROUPS
from rove_teleop.core.phases import REQUESTS
from rove_teleop.operators.key_requests import KeyPress, KeyRequests
from rove_teleop.operators.keyboard import KEYS, REPEAT_NS, Keyboard, Wish

SECOND = 1_000_000_000
MS = 1_000_000


@pytest.mark.parametrize(('key', 'event'), KEYS.items())
def test_small_and_capital_letters_ask_for_the_same(key: str, event: str) -> None:
    assert event in REQUESTS
    assert Keyboard().press(key, SECOND) == Keyboard().press(key.upper(), SECOND) == Wish(event)


def test_a_key_that_means_nothing_asks_for_nothing() -> None:
    assert Keyboard().press('x', SECOND) is None


def test_numbers_choose_groups_for_what_can_be_about_a_part() -> None:
    keyboard = Keyboard()
    assert keyboard.press('2', SECOND) is None
    assert keyboard.press('4', SECOND) is None
    assert keyboard.groups == ('right_arm', 'right_hand')
    assert keyboard.press('t', SECOND) == Wish('takeover', ('right_arm', 'right_hand'))
    assert keyboard.press(' ', SECOND) == Wish('stop')
    assert keyboard.press('a', SECOND) == Wish('rearm')
    keyboard.press('2', 3 * SECOND)
    assert keyboard.press('h', 3 * SECOND) == Wish('hold', ('right_hand',))
    keyboard.press('0', 3 * SECOND)
    assert keyboard.press('r', 3 * SECOND) == Wish('release')


def test_a_held_key_asks_once_however_long_it_is_held() -> None:
    keyboard = Keyboard()
    times = [0, 660 * MS, *(660 * MS + 33 * MS * k for k in range(1, 200))]
    made = [keyboard.press('t', SECOND + t) for t in times]
    assert made.count(Wish('takeover')) == 1
    assert keyboard.press('t', SECOND + times[-1] + REPEAT_NS - MS) is None
    assert keyboard.press('t', SECOND + times[-1] + 2 * REPEAT_NS) == Wish('takeover')


def test_a_held_space_stops_every_time() -> None:
    keyboard = Keyboard()
    assert [keyboard.press(' ', SECOND + 30 * MS * k) for k in range(5)] == [Wish('stop')] * 5


def test_a_press_becomes_one_request_with_an_id_of_its_own() -> None:
    requests = KeyRequests()
    made = [requests.take(KeyPress('a', seq, 'takeover', GROUPS[:2]), SECOND) for seq in (0, 1)]
    assert [reason for _, reason in made] == ['', '']
    assert {(wish.event, wish.groups) for wish, _ in made} == {('takeover', GROUPS[:2])}
    assert len({wish.request_id for wish, _ in made}) == 2


@pytest.mark.parametrize(
    ('press', 'reason'),
    [
        (KeyPress('a', 5, 'release'), 'key 5 came again'),
        (KeyPress('a', 4, 'release'), 'key 4 came again'),
        (KeyPress('a', 6, 'release', (), 5.0), 'key came 5.0 s after'),
        (KeyPress('a', 6, 'release', (), -3.0), 'key came -3.0 s after'),
        (KeyPress('a', 6, 'release', (), float('nan')), 'key came nan s after'),
        (KeyPress('a', 6, 'episode_end'), "key asks for 'episode_end'; known: stop"),
        (KeyPress('a', 6, 'release', ('tail',)), "key names the group 'tail'; known: left_arm"),
    ],
)
def test_a_press_that_is_late_repeated_or_unknown_asks_for_nothing(
    press: KeyPress, reason: str
) -> None:
    requests = KeyRequests()
    assert requests.take(KeyPress('a', 5, 'takeover'), SECOND)[0] is not None
    wish, said = requests.take(press, SECOND)
    assert wish is None and said.startswith(reason)


def test_a_late_press_that_comes_again_stays_refused() -> None:
    requests = KeyRequests()
    assert requests.take(KeyPress('a', 1, 'takeover', (), 2.0), SECOND)[0] is None
    assert requests.take(KeyPress('a', 1, 'takeover'), SECOND)[1] == (
        'key 1 came again or out of order'
    )


def test_a_keyboard_is_there_for_a_second_after_its_last_sign_of_life() -> None:
    requests = KeyRequests()
    assert not requests.present(SECOND)
    assert requests.take(KeyPress('a', 0), SECOND) == (None, '')
    assert requests.present(SECOND + 999 * MS)
    assert not requests.present(2 * SECOND)

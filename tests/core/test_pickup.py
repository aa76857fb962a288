"""Fingers wait for the operator's; everything else follows at once."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.names import GROUP_CHANNELS, NUM_CHANNELS
from rove_teleop.core.pickup import Pickup

EVERYTHING = np.ones(NUM_CHANNELS, dtype=bool)
HAND = GROUP_CHANNELS['right_hand']
FINGER = HAND.start + 3


def make_pickup() -> Pickup:
    pickup = Pickup()
    pickup.drop(EVERYTHING)
    return pickup


def propose(pickup: Pickup, value: float, held: float = 1.0) -> bool:
    pickup.update(np.full(NUM_CHANNELS, value), np.full(NUM_CHANNELS, held), EVERYTHING)
    return bool(pickup.picked[FINGER])


def test_after_a_takeover_only_the_fingers_wait() -> None:
    picked = make_pickup().picked
    assert picked[: GROUP_CHANNELS['left_hand'].start].all()
    assert not picked[GROUP_CHANNELS['left_hand'].start :].any()


def test_an_open_hand_does_not_move_the_fingers_that_hold_something() -> None:
    pickup = make_pickup()
    assert not any(propose(pickup, value) for value in np.linspace(0.0, 0.2, 50))


def test_a_finger_follows_once_the_operators_has_crossed_it_even_in_one_step() -> None:
    pickup = make_pickup()
    assert not propose(pickup, 0.4)
    assert propose(pickup, 1.6)
    assert propose(pickup, 0.0), 'it stays picked up'


def test_a_finger_that_already_agrees_follows_at_once() -> None:
    assert propose(make_pickup(), 0.97)


def test_an_operator_who_cannot_close_that_far_gets_it_by_closing_and_opening() -> None:
    pickup = make_pickup()
    closing = [propose(pickup, value) for value in np.linspace(0.0, 0.8, 40)]
    opening = [propose(pickup, value) for value in np.linspace(0.8, 0.5, 40)]
    assert not any(closing)
    assert not opening[5] and opening[-1]


def test_each_finger_is_picked_up_on_its_own() -> None:
    pickup = make_pickup()
    proposed, held = np.zeros(NUM_CHANNELS), np.ones(NUM_CHANNELS)
    pickup.update(proposed, held, EVERYTHING)
    proposed = np.where(np.arange(NUM_CHANNELS) == FINGER, 1.2, 0.0)
    pickup.update(proposed, held, EVERYTHING)
    assert np.flatnonzero(pickup.picked[HAND]).tolist() == [3]


def test_fingers_of_a_hand_that_is_not_led_are_not_judged() -> None:
    pickup = make_pickup()
    right_only = np.zeros(NUM_CHANNELS, dtype=bool)
    right_only[HAND] = True
    pickup.update(np.ones(NUM_CHANNELS), np.ones(NUM_CHANNELS), right_only)
    assert pickup.picked[HAND].all()
    assert not pickup.picked[GROUP_CHANNELS['left_hand']].any()

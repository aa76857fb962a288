"""A joint that does not follow is not commanded further away from the robot."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.leash import LENGTH, Leash
from rove_teleop.core.names import (
    GROUP_CHANNELS,
    NUM_BASE,
    NUM_CHANNELS,
    NUM_JOINTS,
    NUM_LEG_JOINTS,
)
from rove_teleop.core.types import PlantState

ELBOW = GROUP_CHANNELS['right_arm'].start + 3
FINGER = GROUP_CHANNELS['right_hand'].start
STILL = np.zeros(NUM_CHANNELS)


def _plant(channel: int, value: float) -> PlantState:
    position = np.zeros(NUM_JOINTS)
    position[channel - NUM_BASE + NUM_LEG_JOINTS] = value
    joints, three = np.zeros(NUM_JOINTS), np.zeros(3)
    return PlantState(
        1, 0, position, joints, joints, np.zeros(7), np.zeros(6), three, three, np.zeros(2)
    )


def _command(channel: int, value: float) -> np.ndarray:
    position = np.zeros(NUM_CHANNELS)
    position[channel] = value
    return position


def test_before_the_robot_is_seen_there_is_nothing_to_say() -> None:
    assert Leash().bounds(STILL, STILL) is None


def test_a_joint_that_follows_is_free() -> None:
    leash = Leash()
    leash.observe(_plant(ELBOW, 0.5))
    bounds = leash.bounds(_command(ELBOW, 0.52), STILL)
    assert bounds is not None
    assert bounds.upper[ELBOW] > 6.0 and bounds.lower[ELBOW] < -6.0


def test_the_lag_of_a_fast_free_motion_is_no_resistance() -> None:
    leash = Leash()
    leash.observe(_plant(ELBOW, 0.0))
    bounds = leash.bounds(_command(ELBOW, 0.06), _command(ELBOW, 6.0))
    assert bounds is not None and bounds.upper[ELBOW] > 6.0


def test_a_blocked_joint_may_only_come_back() -> None:
    for sign in (1.0, -1.0):
        leash = Leash()
        leash.observe(_plant(ELBOW, 0.0))
        bounds = leash.bounds(_command(ELBOW, sign * (LENGTH + 0.05)), STILL)
        assert bounds is not None
        away, back = (bounds.upper, bounds.lower) if sign > 0 else (bounds.lower, bounds.upper)
        assert away[ELBOW] == 0.0
        assert sign * back[ELBOW] < -6.0


def test_fingers_are_not_on_the_leash() -> None:
    leash = Leash()
    leash.observe(_plant(FINGER, 0.0))
    bounds = leash.bounds(_command(FINGER, 1.5), STILL)
    assert bounds is not None
    assert np.isinf(bounds.upper[FINGER])


def test_the_pelvis_does_not_push_on_behind_a_blocked_arm() -> None:
    leash = Leash()
    leash.observe(_plant(ELBOW, 0.0))
    free, blocked = (leash.bounds(_command(ELBOW, at), STILL) for at in (0.0, LENGTH + 0.01))
    assert free is not None and blocked is not None
    assert (free.upper[:NUM_BASE] > 0.25).all()
    assert not blocked.upper[:NUM_BASE].any() and not blocked.lower[:NUM_BASE].any()

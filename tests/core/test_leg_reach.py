"""The base goes where the legs can follow, on the real robot's leg kinematics."""

from __future__ import annotations

from dataclasses import replace

from arbiter_rig import DT, Rig
import numpy as np
import pytest

from rove_teleop.assembly import make_arbiter, make_robot
from rove_teleop.core.leg_reach import LEG_VELOCITY, LegReach
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.limits import ChannelLimits
from rove_teleop.core.names import NUM_BASE, NUM_CHANNELS, NUM_LEG_JOINTS
from rove_teleop.core.types import Array, PlantState

ROBOT = make_robot()
LEGS = LegKinematics(ROBOT)
LOWER, UPPER = ROBOT.lower[NUM_LEG_JOINTS:], ROBOT.upper[NUM_LEG_JOINTS:]
LIMITS = ChannelLimits.from_joints(LOWER, UPPER)
REST = np.concatenate((LEGS.nominal_base, ROBOT.nominal[NUM_LEG_JOINTS:]))


class RobotRig(Rig):
    """The rig around the production arbiter of the real robot."""

    def __init__(self) -> None:
        super().__init__(arbiter=make_arbiter('session', 'arbiter', ROBOT))
        self._anchor = REST

    def _measure(self) -> PlantState:
        state = super()._measure()
        return state if self.frames else replace(state, position=ROBOT.nominal.copy())


def channels(base: Array) -> Array:
    return np.concatenate((base, np.zeros(NUM_CHANNELS - NUM_BASE)))


def test_at_rest_there_is_nothing_to_say() -> None:
    rule = LegReach(LegKinematics(ROBOT), LIMITS, DT)
    assert rule.bounds(REST, np.zeros(NUM_CHANNELS)) is None


def test_a_slow_squat_is_free() -> None:
    rule = LegReach(LegKinematics(ROBOT), LIMITS, DT)
    base = LEGS.nominal_base - np.array([0, 0, 0.1, 0, 0, 0])
    assert rule.bounds(channels(base), channels(np.array([0, 0, -0.08, 0, 0, 0]))) is None


def test_a_base_that_would_come_to_rest_out_of_reach_brakes_now() -> None:
    rule = LegReach(LegKinematics(ROBOT), LIMITS, DT)
    rising = channels(np.array([0, 0, 0.1, 0, 0, 0]))
    bounds = rule.bounds(channels(LEGS.nominal_base), rising)
    assert bounds is not None
    assert not bounds.upper[:NUM_BASE].any() and not bounds.lower[:NUM_BASE].any()
    assert np.isinf(bounds.upper[NUM_BASE:]).all()


def test_a_base_that_is_still_gathering_speed_brakes_earlier() -> None:
    base = channels(LEGS.nominal_base - np.array([0, 0, 0.02, 0, 0, 0]))
    for acceleration, brakes in ((0.0, False), (1.0, True)):
        rule = LegReach(LegKinematics(ROBOT), LIMITS, DT)
        for ticks_ago in (4, 3, 2, 1, 0):
            speed = 0.05 - acceleration * ticks_ago * DT
            bounds = rule.bounds(base, channels(np.array([0, 0, speed, 0, 0, 0])))
        assert (bounds is not None) == brakes


def test_a_base_too_fast_for_the_legs_is_slowed_in_proportion() -> None:
    rule = LegReach(LegKinematics(ROBOT), LIMITS, DT)
    base = LEGS.nominal_base - np.array([0, 0, 0.02, 0, 0, 0])
    down = channels(np.array([0, 0, -0.22, 0, 0, 0]))
    bounds = rule.bounds(channels(base), down)
    assert bounds is not None
    assert -0.22 < bounds.lower[2] < -0.1
    assert np.isinf(bounds.upper[2])


@pytest.mark.parametrize('seed', range(4))
def test_the_legs_stay_slow_and_smooth_wherever_the_sources_send_the_base(seed: int) -> None:
    rng, rig = np.random.default_rng(seed), RobotRig()
    rig.policy = REST.copy()
    rig.start()
    for _ in range(3):
        span = rng.uniform(-0.6, 0.6, NUM_BASE) * [0.15, 0.12, 0.3, 0.35, 0.5, 0.6]
        rig.policy = REST + channels(np.minimum(span, [1, 1, 0, 1, 1, 1]))
        rig.run(150)
    rig.take_over()
    rig.run(50)
    velocity = np.array([frame.joint_velocity[:NUM_LEG_JOINTS] for frame in rig.frames])
    assert np.abs(velocity).max() <= 1.25 * LEG_VELOCITY
    assert np.abs(np.diff(velocity, axis=0)).max() <= 0.2
    moved = np.diff([frame.joint_position[:NUM_LEG_JOINTS] for frame in rig.frames], axis=0)
    np.testing.assert_allclose(moved, velocity[1:] * DT, atol=5e-4)

"""What the sources propose becomes one target, without a step and nothing counted twice."""

from __future__ import annotations

from arbiter_rig import BASE, make_limits
import numpy as np
import pytest

from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.compose import Composer
from rove_teleop.core.names import GROUP_CHANNELS, GROUPS, NUM_CHANNELS, Authority
from rove_teleop.core.types import Array, Channels

MS = 1_000_000
START = 1_000 * MS
TICK = 5 * MS
DT = 0.005
ALL = np.ones(NUM_CHANNELS, dtype=bool)
ARM = GROUP_CHANNELS['left_arm']
LIMITS = make_limits()


def still(position: float) -> Channels:
    return Channels(np.full(NUM_CHANNELS, position), np.zeros(NUM_CHANNELS))


class Released:
    """A composer whose policy commands everything, with a robot that follows perfectly.

    Attributes:
        path: What the policy wants.
        executed: Where the robot is.
    """

    def __init__(self, executed: Channels, path: Channels) -> None:
        self.composer = Composer(ArbiterConfig(BASE), LIMITS)
        self.composer.assign([Authority.POLICY] * len(GROUPS))
        self.now_ns, self.path, self.executed = START, path, executed
        self.composer.begin_blend(ALL, executed, path, self.now_ns)

    def step(self) -> Channels:
        target = self.composer.target(self.executed.position, self.path, ALL, self.now_ns)
        self.executed = Channels(target.position, target.velocity)
        self.now_ns += TICK
        return self.executed

    def run(self, ticks: int) -> Array:
        """Positions of one joint, shape (ticks,)."""
        return np.array([self.step().position[ARM][0] for _ in range(ticks)])

    def replace(self, path: Channels) -> None:
        """Another chunk."""
        self.composer.splice(self.path, path, self.executed, self.now_ns)
        self.path = path


def test_a_chunk_that_begins_where_the_robot_is_takes_up_the_offset_of_a_release() -> None:
    released = Released(still(0.4), still(0.0))
    released.run(40)
    here = released.executed.position[ARM][0]
    assert 0.1 < here < 0.39
    released.replace(still(here))  # made from what is executed, as a policy does it
    positions = released.run(200)
    assert np.abs(positions - here).max() < 0.05  # it was under way, and brakes
    assert positions[-1] == pytest.approx(here, abs=1e-9)


def test_a_chunk_that_goes_on_as_the_one_before_leaves_the_fade_as_it_was() -> None:
    alone, replaced = Released(still(0.4), still(0.0)), Released(still(0.4), still(0.0))
    course = alone.run(240)
    for k in range(6):
        np.testing.assert_allclose(replaced.run(40), course[40 * k : 40 * (k + 1)], atol=1e-9)
        replaced.replace(still(0.0))


@pytest.mark.parametrize('step', [0.02, 0.2, 0.8])
def test_a_jump_from_chunk_to_chunk_becomes_a_way_that_a_switch_could_follow(step: float) -> None:
    released = Released(still(0.0), still(0.0))
    released.run(200)
    released.replace(still(step))
    velocities = [released.step().velocity for _ in range(500)]
    acceleration = np.diff(velocities, axis=0)[:, 6:] / DT
    assert np.abs(acceleration).max() < LIMITS.switch_acceleration[6]
    assert np.abs(velocities).max(axis=0)[6] <= LIMITS.switch_velocity[6] * 1.001
    assert released.executed.position[6:] == pytest.approx(step)


def test_the_target_is_continuous_however_often_the_chunk_changes() -> None:
    rng = np.random.default_rng(1)
    released = Released(still(0.3), still(0.0))
    before = released.step()
    for tick in range(1, 400):
        if tick % 9 == 0:
            path = rng.uniform(-0.3, 0.3, NUM_CHANNELS)
            released.replace(Channels(path, np.zeros(NUM_CHANNELS)))
        after = released.step()
        allowed = DT * np.abs(after.velocity) + DT * np.abs(before.velocity) + 1e-9
        assert (np.abs(after.position - before.position) <= allowed).all()
        before = after


def test_a_group_the_policy_did_not_move_before_begins_where_it_is() -> None:
    released = Released(still(0.1), still(0.1))
    others = ALL.copy()
    others[ARM] = False
    composer = released.composer
    composer.target(released.executed.position, released.path, others, released.now_ns)
    composer.splice(released.path, still(-0.5), released.executed, released.now_ns)
    target = composer.target(released.executed.position, still(-0.5), ALL, released.now_ns)
    np.testing.assert_allclose(target.position[ARM], 0.1)


def test_channels_of_the_operator_are_not_spliced() -> None:
    released = Released(still(0.0), still(0.0))
    released.composer.assign([Authority.HOLD] + [Authority.POLICY] * (len(GROUPS) - 1))
    released.run(1)
    released.replace(still(0.5))
    target = released.composer.target(np.zeros(NUM_CHANNELS), still(0.5), ALL, released.now_ns)
    assert not target.position[ARM].any()
    assert target.brake[ARM].all()

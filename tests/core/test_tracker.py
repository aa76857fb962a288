"""The tracker follows anything, and never faster, harder or further than it may."""

from __future__ import annotations

from arbiter_rig import DT, make_limits
import numpy as np
import pytest

from rove_teleop.core.limits import Envelope, Envelopes, Pace
from rove_teleop.core.names import CHANNELS, GROUPS, NUM_BASE, NUM_CHANNELS
from rove_teleop.core.safety import Safety, VelocityBounds
from rove_teleop.core.tracker import Target, Tracker, describe

LIMITS = make_limits()
MIDDLE = 0.5 * (LIMITS.lower + LIMITS.upper)
REACH = LIMITS.upper - LIMITS.lower
JOINT = CHANNELS.index('left_elbow_joint')
MOVING, SWITCH, STOP = (Envelopes(LIMITS).of((pace,) * len(GROUPS)) for pace in Pace)
ZERO = np.zeros(NUM_CHANNELS)
NO_BRAKE = np.zeros(NUM_CHANNELS, dtype=bool)


class Run:
    """A tracker behind the safety bounds, at rest in the middle of its range."""

    def __init__(self) -> None:
        self.tracker, self.safety = Tracker(LIMITS.lower, LIMITS.upper, DT), Safety(LIMITS)

    def step(self, target: Target, envelope: Envelope = MOVING) -> None:
        state = self.tracker.position, self.tracker.velocity
        self.tracker.step(target, self.safety.bounds(*state, envelope), envelope)


@pytest.mark.parametrize('envelope', [MOVING, SWITCH, STOP])
def test_it_settles_on_a_distant_target_without_overshoot_or_chatter(envelope: Envelope) -> None:
    run, goal = Run(), MIDDLE + 0.3 * REACH
    beyond = np.full(NUM_CHANNELS, -np.inf)
    for _ in range(1600):
        run.step(Target(goal, ZERO, NO_BRAKE), envelope)
        beyond = np.maximum(beyond, run.tracker.position - goal)
    assert beyond[6:].max() < 1e-9
    assert beyond[:6].max() < 1e-3
    np.testing.assert_allclose(run.tracker.position, goal, atol=1e-9)
    before = run.tracker.position
    run.step(Target(goal, ZERO, NO_BRAKE), envelope)
    assert np.abs(run.tracker.position - before).max() < 1e-12
    assert np.abs(run.tracker.acceleration).max() < 1e-6


def test_it_lags_a_one_hertz_sine_by_less_than_a_period() -> None:
    run, samples, times = Run(), [], []
    for tick in range(1000):
        t = tick * DT
        position = MIDDLE + 0.3 * np.sin(2 * np.pi * t)
        velocity = np.full(NUM_CHANNELS, 0.6 * np.pi * np.cos(2 * np.pi * t))
        run.step(Target(position, velocity, NO_BRAKE))
        if tick >= 600:
            samples.append(run.tracker.position[JOINT] - MIDDLE[JOINT])
            times.append(t)
    wave = 2 * np.mean(np.array(samples) * np.exp(-2j * np.pi * np.array(times)))
    lag_s = (-np.pi / 2 - np.angle(wave)) / (2 * np.pi)
    assert abs(lag_s) <= DT
    assert abs(abs(wave) - 0.3) < 0.01


@pytest.mark.parametrize('seed', range(3))
def test_no_limit_is_ever_exceeded_by_random_targets_and_changing_limits(seed: int) -> None:
    rng, run, envelope = np.random.default_rng(seed), Run(), MOVING
    target = Target(MIDDLE, ZERO, NO_BRAKE)
    over = {'jerk': 0}
    for _ in range(4000):
        if rng.random() < 0.03:
            position = MIDDLE + rng.uniform(-1.5, 1.5, NUM_CHANNELS) * REACH
            velocity = rng.normal(size=NUM_CHANNELS) * LIMITS.velocity * rng.integers(2)
            target = Target(position, velocity, rng.random(NUM_CHANNELS) < 0.2)
        shrunk = rng.random() < 0.01
        envelope = (MOVING, SWITCH, STOP)[rng.integers(3)] if shrunk else envelope
        before = run.tracker.velocity, run.tracker.acceleration
        run.step(target, envelope)
        tracker = run.tracker
        assert (tracker.position >= LIMITS.lower).all()
        assert (tracker.position <= LIMITS.upper).all()
        speed = np.maximum(envelope.velocity, np.abs(before[0]))
        gathering = np.abs(tracker.velocity) > speed * (1 + 1e-9)
        assert (np.abs(tracker.acceleration) < np.abs(before[1]))[gathering].all()
        assert (np.abs(tracker.velocity) <= np.maximum(speed, envelope.ceiling)).all()
        inside = (tracker.position > LIMITS.lower) & (tracker.position < LIMITS.upper)
        step = np.abs(tracker.velocity - before[0])
        dying = np.minimum(envelope.hardest, np.abs(before[1]) - envelope.jerk * DT)
        hardest = np.maximum(envelope.acceleration, dying * (1 + 1e-9))
        assert (step <= hardest * DT)[inside].all()
        change = np.abs(tracker.acceleration - before[1])
        rough = inside & (change > envelope.jerk * DT * (1 + 1e-6))
        over['jerk'] += int(rough.any())
    assert over['jerk'] < 200  # it gives way only where velocity or acceleration would


def test_a_seeded_velocity_decays_within_the_tighter_limit_and_without_a_step() -> None:
    run = Run()
    velocity = np.where(np.arange(NUM_CHANNELS) < 6, 0.0, 1.9)
    run.tracker.seed(MIDDLE, velocity)
    brake = np.ones(NUM_CHANNELS, dtype=bool)
    speeds = [velocity]
    for _ in range(100):
        run.step(Target(MIDDLE, ZERO, brake), SWITCH)
        speeds.append(run.tracker.velocity)
    steps = np.diff(np.array(speeds), axis=0)
    assert (np.abs(steps) <= SWITCH.acceleration * DT).all()
    assert (steps[:, 6:] <= 1e-12).all()
    assert np.abs(speeds[-1]).max() < 1e-4


def test_in_full_motion_a_switch_may_come_at_any_moment() -> None:
    rng, run = np.random.default_rng(3), Run()
    goal, reach = MIDDLE, 0.2 * REACH
    for _ in range(300):
        for tick in range(int(rng.integers(20, 60))):
            goal = MIDDLE + rng.uniform(-reach, reach) if tick % 10 == 0 else goal
            run.step(Target(goal, ZERO, NO_BRAKE))
        before = run.tracker.acceleration
        run.step(Target(goal, ZERO, NO_BRAKE), SWITCH)
        change = np.abs(run.tracker.acceleration - before)
        assert (change <= SWITCH.jerk * DT * (1 + 1e-6)).all()
        beyond = np.abs(run.tracker.acceleration) > SWITCH.acceleration
        assert not beyond[NUM_BASE:].any()
        assert (np.abs(run.tracker.acceleration) < np.abs(before))[beyond].all()


def test_only_what_is_urgent_brakes_harder_than_is_comfortable() -> None:
    run = Run()
    hardest = np.zeros(NUM_CHANNELS)
    for _ in range(60):
        run.step(Target(MIDDLE + 1.9, ZERO, NO_BRAKE))
        hardest = np.maximum(hardest, np.abs(run.tracker.acceleration))
    assert (hardest <= MOVING.comfort).all()
    urgent = np.arange(NUM_CHANNELS) == JOINT
    wall = VelocityBounds(np.full(NUM_CHANNELS, -6.0), np.zeros(NUM_CHANNELS), urgent)
    before = run.tracker.velocity[JOINT]
    assert before > 3.0
    for _ in range(15):
        run.tracker.step(Target(MIDDLE + 1.9, ZERO, NO_BRAKE), wall, MOVING)
        others = np.abs(run.tracker.acceleration[~urgent])
        assert (others <= MOVING.comfort[~urgent]).all()
    assert before - run.tracker.velocity[JOINT] > 1.5 * MOVING.comfort[JOINT] * 15 * DT


def test_a_joint_that_gathers_speed_at_a_switch_exceeds_its_new_limit_by_what_jerk_costs() -> None:
    run = Run()
    run.tracker.seed(MIDDLE, np.where(np.arange(NUM_CHANNELS) == JOINT, 2.95, 0.0))
    run.tracker.acceleration = np.where(np.arange(NUM_CHANNELS) == JOINT, 19.9, 0.0)
    speeds, labels = [], set()
    for _ in range(60):
        before = run.tracker.acceleration
        run.step(Target(MIDDLE + 1.9, ZERO, NO_BRAKE), SWITCH)
        assert (np.abs(run.tracker.acceleration - before) <= SWITCH.jerk * DT * (1 + 1e-9)).all()
        speeds.append(run.tracker.velocity[JOINT])
        labels.update(describe(run.tracker.active))
    limit = LIMITS.switch_velocity[JOINT]
    assert limit < max(speeds) <= limit + 19.9**2 / (2.0 * LIMITS.switch_jerk[JOINT])
    assert speeds[-1] <= limit * (1 + 1e-9)
    assert any('velocity!' in label for label in labels)
    assert not any('jerk!' in label for label in labels)


def test_a_braking_channel_stays_where_it_came_to_rest() -> None:
    run = Run()
    run.tracker.seed(MIDDLE, np.full(NUM_CHANNELS, 0.05))
    brake = np.ones(NUM_CHANNELS, dtype=bool)
    for _ in range(400):
        run.step(Target(MIDDLE, ZERO, brake))
    rest = run.tracker.position
    for _ in range(400):
        run.step(Target(MIDDLE, ZERO, brake))
    assert np.array_equal(rest, run.tracker.position)
    assert not run.tracker.velocity.any()


def test_at_rest_no_limit_is_active() -> None:
    run = Run()
    run.step(Target(MIDDLE, ZERO, NO_BRAKE))
    assert describe(run.tracker.active) == ()


def test_active_limits_are_named_by_channel() -> None:
    run, goal = Run(), MIDDLE.copy()
    goal[JOINT] += 1.5
    seen = set()
    for _ in range(200):
        run.step(Target(goal, ZERO, NO_BRAKE))
        seen.update(describe(run.tracker.active))
    assert seen
    assert all(label.startswith('left_elbow_joint:') for label in seen)
    assert any('jerk' in label for label in seen)
    assert not any('!' in label for label in seen)


def test_a_limit_that_gave_way_is_marked() -> None:
    run = Run()
    run.tracker.seed(MIDDLE, ZERO)
    run.tracker.acceleration = np.where(np.arange(NUM_CHANNELS) == JOINT, 59.0, 0.0)
    run.step(Target(MIDDLE, ZERO, NO_BRAKE), SWITCH)
    assert any('jerk!' in label for label in describe(run.tracker.active))

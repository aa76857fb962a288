"""What every plant promises, as tests: subclass `PlantContract` and give it a `plant`."""

from __future__ import annotations

from dataclasses import replace
import statistics
import time

import numpy as np
import pytest

from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import JOINTS, NUM_BASE, NUM_JOINTS
from rove_teleop.core.plant import Plant
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array, JointCommand, PlantState
from rove_teleop.share import share

DT_NS = 5_000_000
ELBOW = JOINTS.index('right_elbow_joint')
NAN = float('nan')
STOP_GIVES = 0.05  # what a mechanical stop gives when hit at full speed [rad]


def joint_command(robot: Robot, seq: int, now_ns: int, **changes: object) -> JointCommand:
    """A command that holds the nominal pose, with some fields changed."""
    command = JointCommand(
        seq=seq,
        session='session',
        writer_id='writer',
        t_ns=now_ns,
        valid_until_ns=now_ns + 50_000_000,
        position=robot.nominal,
        velocity=np.zeros(NUM_JOINTS),
        effort=np.zeros(NUM_JOINTS),
        base=LegKinematics(robot).nominal_base,
        base_velocity=np.zeros(NUM_BASE),
    )
    return replace(command, **changes)  # type: ignore[arg-type]


def with_entry(array: Array, index: int, value: float) -> Array:
    changed = array.copy()
    changed[index] = value
    return changed


BAD = {
    'too few positions': lambda c: replace(c, position=c.position[:-1]),
    'a matrix of positions': lambda c: replace(c, position=c.position[None]),
    'too many efforts': lambda c: replace(c, effort=np.zeros(NUM_JOINTS + 1)),
    'NaN position': lambda c: replace(c, position=with_entry(c.position, 3, NAN)),
    'NaN velocity': lambda c: replace(c, velocity=with_entry(c.velocity, 0, NAN)),
    'infinite effort': lambda c: replace(c, effort=with_entry(c.effort, 7, np.inf)),
    'NaN base': lambda c: replace(c, base=with_entry(c.base, 2, NAN)),
    'infinite base velocity': lambda c: replace(c, base_velocity=np.full(NUM_BASE, np.inf)),
    'no longer valid': lambda c: replace(c, valid_until_ns=c.t_ns - 1),
    'an old sequence number': lambda c: replace(c, seq=0),
    'another writer': lambda c: replace(c, writer_id='intruder'),
    'another live session': lambda c: replace(c, session='intruder'),
    'text for positions': lambda c: replace(c, position=np.array(['x'] * NUM_JOINTS)),
    'nothing for positions': lambda c: replace(c, position=None),
}


class PlantContract:
    """The tests; `self.plant` is a fresh plant, reset with seed 0."""

    robot = Robot.from_urdf(share('urdf/g1_dex3.urdf'))

    @pytest.fixture(autouse=True)
    def _plant(self):
        self.plant = self.make_plant()
        self.start = self.plant.reset(0)
        self.now_ns = 0
        self.seq = 0
        yield
        self.plant.close()

    def make_plant(self) -> Plant:
        raise NotImplementedError

    def command(self, **changes: object) -> JointCommand:
        """The next good command, with some fields changed."""
        self.seq += 1
        return joint_command(self.robot, self.seq, self.now_ns, **changes)

    def step(self, command: JointCommand | None) -> PlantState:
        state = self.plant.step(command, self.now_ns)
        self.now_ns += DT_NS
        return state

    def swing(self, steps: int, speed: float = 1.0) -> PlantState:
        """Move one elbow at constant speed with a good command every period."""
        for k in range(steps):
            angle = self.robot.nominal[ELBOW] + speed * k * DT_NS * 1e-9
            state = self.step(
                self.command(
                    position=with_entry(self.robot.nominal, ELBOW, angle),
                    velocity=with_entry(np.zeros(NUM_JOINTS), ELBOW, speed),
                )
            )
        return state

    def test_state_has_the_promised_shapes_and_the_time_it_was_asked_for(self):
        state = self.plant.step(None, 123)
        assert state.t_ns == 123
        for name in ('position', 'velocity', 'effort'):
            assert getattr(state, name).shape == (NUM_JOINTS,)
        assert state.base_pose.shape == (7,)
        assert state.base_twist.shape == (6,)
        assert state.imu_angular_velocity.shape == (3,)
        assert state.imu_linear_acceleration.shape == (3,)
        assert state.foot_force.shape == (2,)
        assert state.fault == ''
        assert np.linalg.norm(state.base_pose[3:]) == pytest.approx(1.0)

    def test_a_state_does_not_change_after_it_was_handed_out(self):
        state = self.step(None)
        position, base_pose = state.position.copy(), state.base_pose.copy()
        self.swing(20)
        assert (state.position == position).all()
        assert (state.base_pose == base_pose).all()

    def test_sequence_numbers_rise_by_one(self):
        first = self.step(None).seq
        assert [self.step(None).seq for _ in range(3)] == [first + 1, first + 2, first + 3]

    def test_without_any_command_it_stands_where_it_started(self):
        for _ in range(200):
            state = self.step(None)
        assert np.abs(state.position - self.start.position).max() < 0.05
        assert np.linalg.norm(state.base_pose[:3] - self.start.base_pose[:3]) < 0.02

    def test_it_follows_good_commands(self):
        state = self.swing(100)
        assert state.position[ELBOW] - self.start.position[ELBOW] == pytest.approx(0.5, abs=0.1)
        assert state.velocity[ELBOW] == pytest.approx(1.0, abs=0.3)

    @pytest.mark.parametrize('fault', BAD)
    def test_a_bad_command_is_as_if_absent(self, fault):
        other = self.make_plant()
        other.reset(0)
        now_ns = 0
        for seq in range(1, 4):
            good = joint_command(self.robot, seq, now_ns)
            self.plant.step(good, now_ns)
            other.step(good, now_ns)
            now_ns += DT_NS
        raised = self.robot.nominal + 0.2
        bad = BAD[fault](joint_command(self.robot, 9, now_ns, position=raised))
        with_bad = self.plant.step(bad, now_ns)
        without = other.step(None, now_ns)
        other.close()
        np.testing.assert_allclose(with_bad.position, without.position, atol=1e-3)
        assert with_bad.fault == without.fault == ''

    def test_when_commands_stop_it_decelerates_holds_and_keeps_its_balance(self):
        moving = self.swing(60, speed=2.0)
        assert moving.velocity[ELBOW] > 1.0
        for _ in range(200):
            state = self.step(None)
        at_rest = state.position.copy()
        assert np.abs(state.velocity).max() < 0.1
        for _ in range(200):
            state = self.step(None)
        assert np.abs(state.position - at_rest).max() < 0.05
        assert state.fault == ''

    def test_an_expired_command_repeated_for_ever_does_not_move_it_on(self):
        self.swing(40, speed=2.0)
        last = self.command(velocity=with_entry(np.zeros(NUM_JOINTS), ELBOW, 2.0))
        for _ in range(200):
            state = self.step(last)
        assert np.abs(state.velocity).max() < 0.1

    def test_positions_stay_within_the_joint_limits_whatever_is_asked(self):
        for side in (self.robot.upper, self.robot.lower):
            upper_body = np.where(np.arange(NUM_JOINTS) < 12, self.robot.nominal, 10.0 * side)
            for _ in range(60):
                state = self.step(
                    self.command(position=upper_body, velocity=np.full(NUM_JOINTS, 1e3))
                )
                assert (state.position <= self.robot.upper + STOP_GIVES).all()
                assert (state.position >= self.robot.lower - STOP_GIVES).all()

    def test_efforts_stay_within_the_effort_limits_whatever_is_asked(self):
        for k in range(40):
            wild = 1e6 * (-1.0) ** k
            state = self.step(self.command(effort=np.full(NUM_JOINTS, wild)))
            assert (np.abs(state.effort) <= self.robot.effort + 1e-9).all()

    def test_a_new_session_is_taken_once_the_old_one_is_silent(self):
        self.swing(20)
        for _ in range(20):
            self.step(None)
        target = with_entry(self.robot.nominal, ELBOW, self.robot.nominal[ELBOW] - 0.3)
        for _ in range(60):
            state = self.step(self.command(session='successor', position=target))
        assert state.position[ELBOW] == pytest.approx(target[ELBOW], abs=0.1)

    def test_after_damping_is_asked_for_no_position_is_followed(self):
        self.swing(5)
        raised = with_entry(self.robot.nominal, ELBOW, -0.8)
        for _ in range(20):
            state = self.step(self.command(position=raised, damping=True))
        assert state.position[ELBOW] > self.robot.nominal[ELBOW] - 0.2

    def test_a_step_takes_less_than_its_period(self):
        taken = []
        for _ in range(100):
            begin = time.perf_counter()
            self.step(self.command())
            taken.append(time.perf_counter() - begin)
        assert statistics.median(taken) < DT_NS * 1e-9

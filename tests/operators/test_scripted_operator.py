"""The scripted operator helps a failing robot through the input path that a person has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest

from rove_bringup.config import Episode, RunConfig
from rove_bringup.lockstep import LockstepRunner
from rove_teleop.assembly import make_robot
from rove_teleop.core.geometry import pose_from_se3, se3_from_base, se3_from_pose
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import Phase
from rove_teleop.core.types import ControlFrame, OperatorState, PlantState, TaskState
from rove_teleop.errors import ConfigError
from rove_teleop.operators.eyes import Eyes
from rove_teleop.operators.puppet import FIST, FLAT, Puppet, curls
from rove_teleop.operators.scripted import ScriptedOperator
from rove_teleop.operators.source import OperatorOutput, OperatorView, make_operator
from rove_teleop.operators.traits import Traits
from rove_teleop.operators.worry import Worry
from rove_teleop.tasks.pick_place import CUBE_SIZE, TABLE_TOP
from rove_teleop.tasks.skill import Scene, grasp_pose
from tests.fakes.collector import Collector
from tests.fakes.frames import Script, control_frames

ROBOT = make_robot()
BASE = pose_from_se3(se3_from_base(LegKinematics(ROBOT).nominal_base))
LYING = TABLE_TOP + 0.5 * CUBE_SIZE
CUBE = np.array([0.4, -0.2, LYING, 0.0, 0.0, 0.0, 1.0])
GOAL = np.array([0.4, 0.0, TABLE_TOP, 0.0, 0.0, 0.0, 1.0])
UP = np.array([0.0, 0.0, 0.12, 0.0, 0.0, 0.0, 0.0])
MS = 1_000_000
SECOND = 1_000_000_000


def plant(now_ns: int) -> PlantState:
    zeros = np.zeros(43)
    return PlantState(
        seq=now_ns // MS, t_ns=now_ns, position=ROBOT.nominal, velocity=zeros, effort=zeros,
        base_pose=BASE, base_twist=np.zeros(6), imu_angular_velocity=np.zeros(3),
        imu_linear_acceleration=np.zeros(3), foot_force=np.zeros(2), objects={'cube': CUBE},
    )  # fmt: skip


def view(
    now_ns: int, phase: Phase = Phase.AUTO, frame: ControlFrame | None = None
) -> OperatorView:
    """The robot stands still, and nobody helps it."""
    frame = replace(frame or FRAME, t_ns=now_ns, phase=(phase,) * 6, robot_phase=phase)
    task = TaskState('pick_place', 'text', 0, now_ns, False, False, 'start', {'goal': GOAL})
    return OperatorView(frame, plant(now_ns), task)


FRAME: ControlFrame = next(control_frames(Script(ticks=5)))


class Watching:
    """An operator in front of a robot that never moves."""

    def __init__(self, imperfection: float = 0.3, seed: int = 0) -> None:
        self.operator = ScriptedOperator(imperfection)
        self.frame: ControlFrame | None = None
        self.operator.reset(seed, 'session')
        self.now_ns = SECOND
        self.outputs: list[OperatorOutput] = []

    def run(self, seconds: float, phase: Phase = Phase.AUTO) -> list[str]:
        """Let time pass; what was asked for meanwhile."""
        asked = []
        for _ in range(round(seconds * 100)):
            output = self.operator.step(view(self.now_ns, phase, self.frame), self.now_ns)
            self.outputs.append(output)
            asked += [request.event for request in output.requests]
            self.now_ns += 10 * MS
        return asked

    @property
    def states(self) -> list[OperatorState]:
        return [output.state for output in self.outputs if output.state is not None]


def scene(palm: pin.SE3, grip: float = 0.0, cube: np.ndarray = CUBE) -> Scene:
    return Scene(palm, grip, cube, GOAL)


def raised(palm: pin.SE3, by: float) -> pin.SE3:
    return pin.SE3(palm.rotation, palm.translation + [0.0, 0.0, by])


def test_its_hand_begins_30_cm_and_60_degrees_away_from_the_robots():
    watching = Watching(imperfection=0.0)
    watching.run(0.3)
    eyes = Eyes(ROBOT)
    palm = eyes.look(view(0), 0, 0.0).palm
    wrist = se3_from_pose(watching.states[0].right_wrist)
    assert np.linalg.norm(wrist.translation - palm.translation) == pytest.approx(0.3)
    turn = pin.log3(wrist.rotation @ palm.rotation.T)
    assert np.rad2deg(np.linalg.norm(turn)) == pytest.approx(60.0)


def test_it_asks_for_a_takeover_when_the_robot_stands_still_for_long():
    watching = Watching()
    assert watching.run(2.0) == []
    assert watching.run(4.0)[0] == 'takeover'


def test_it_asks_again_while_nobody_answers():
    watching = Watching(imperfection=0.0)
    assert watching.run(8.0).count('takeover') >= 3


def test_it_says_what_it_saw_and_under_which_lease():
    watching = Watching()
    watching.operator.epoch = 4
    watching.run(6.0)
    request = next(r for output in watching.outputs for r in output.requests)
    assert (request.operator_id, request.epoch) == ('scripted', 4)
    assert request.detail == 'reason=stalled'


def test_it_does_not_worry_about_a_robot_that_is_stopped():
    assert Watching().run(6.0, Phase.STOPPED) == []


def test_it_gives_a_robot_that_holds_back_to_its_policy():
    watching = Watching()
    watching.run(1.0)
    assert watching.run(1.4, Phase.HOLD) == []
    assert watching.run(0.3, Phase.HOLD) == ['release']


def test_it_rearms_after_a_stop_that_nobody_asked_for_and_no_other():
    for reason, asked in (
        ('stop by arbiter: no plant state for 103 ms', ['rearm']),
        ('stop by arbiter: the robot tilts by 50 deg', []),
        ('stop by anybody', []),
    ):
        watching = Watching()
        watching.run(1.0)
        watching.frame = replace(FRAME, reason=reason)
        assert watching.run(1.8, Phase.STOPPED) == asked


def test_it_waits_for_the_policy_at_the_start_of_an_episode():
    assert Watching().run(1.4, Phase.HOLD) == []


def test_it_takes_over_again_when_a_hold_interrupted_it():
    watching = Watching()
    watching.run(1.0)
    watching.run(5.0, Phase.HUMAN)
    assert watching.run(1.8, Phase.HOLD) == ['takeover']


def test_it_keeps_its_hand_still_until_it_is_in_command():
    watching = Watching(imperfection=0.0)
    watching.run(3.0)
    positions = np.array([state.right_wrist[:3] for state in watching.states])
    assert np.ptp(positions, axis=0).max() < 1e-9


def test_in_command_it_first_moves_its_fingers_past_the_robots_then_its_wrist():
    watching = Watching(imperfection=0.0)
    watching.run(1.0)
    watching.run(2.5, Phase.HUMAN)
    assert watching.operator.doing == 'work'
    before = watching.states[-1].right_wrist
    watching.run(1.0, Phase.HUMAN)
    assert np.linalg.norm(watching.states[-1].right_wrist[:3] - before[:3]) > 0.02


def test_it_does_not_push_far_against_a_robot_that_does_not_move():
    watching = Watching(imperfection=0.0)
    watching.run(1.0)
    start = watching.states[-1].right_wrist[:3]
    watching.run(10.0, Phase.HUMAN)
    far = max(np.linalg.norm(state.right_wrist[:3] - start) for state in watching.states)
    assert far < 0.1


def test_it_gives_up_in_the_end():
    operator = ScriptedOperator(0.0, give_up=3.0)
    operator.reset(0, 'session')
    watching = Watching()
    watching.operator = operator
    watching.run(1.0)
    assert watching.run(8.0, Phase.HUMAN)[-1] == 'failure'
    assert operator.doing == 'done'


def test_it_watches_again_when_the_robot_was_taken_from_it():
    watching = Watching()
    watching.run(1.0)
    watching.run(5.0, Phase.HUMAN)
    watching.run(0.1, Phase.HOLD)
    assert watching.operator.doing == 'watch'


def test_equal_seeds_and_views_give_equal_outputs_and_others_do_not():
    runs = []
    for seed in (3, 3, 4):
        watching = Watching(seed=seed)
        watching.run(2.0)
        watching.run(3.0, Phase.HUMAN)
        runs.append(np.array([state.right_wrist for state in watching.states]))
    assert (runs[0] == runs[1]).all()
    assert (runs[0] != runs[2]).any()


def test_samples_are_numbered_and_stamped():
    watching = Watching()
    watching.run(1.0)
    seqs = [state.seq for state in watching.states]
    assert seqs == list(range(1, len(seqs) + 1))
    assert {state.session for state in watching.states} == {'session'}
    assert watching.states[-1].t_source_ns == watching.now_ns - 10 * MS


def test_without_a_scene_it_waits():
    operator = make_operator('scripted', imperfection=0.5)
    operator.reset(0, 's')
    assert operator.step(OperatorView(), 0) == OperatorOutput()
    assert operator.step(replace(view(MS), task=None), MS) == OperatorOutput()


def test_a_bad_knob_says_what_would_be_right():
    with pytest.raises(ConfigError, match='imperfection is 1.5; expected 0 to 1'):
        ScriptedOperator(1.5)


def test_the_knob_makes_everything_worse():
    def mean(imperfection: float) -> np.ndarray:
        drawn = []
        for seed in range(100):
            traits = Traits(imperfection, 0.5, seed)
            aim = np.linalg.norm(traits.aim())
            drawn.append([
                traits.reaction(), traits.hesitation(), traits.adaptation(), traits.overshoot(),
                aim, traits.tremor, traits.delay, -traits.pace,
            ])  # fmt: skip
        return np.mean(drawn, axis=0)

    perfect, usual, clumsy = mean(0.0), mean(0.3), mean(1.0)
    assert (perfect < usual).all()
    assert (usual < clumsy).all()


def test_only_the_first_grasp_of_a_clumsy_operator_goes_far_astray():
    for seed in range(50):
        traits = Traits(1.0, 0.5, seed)
        traits.aim()
        assert np.linalg.norm(traits.aim()) < 0.045


def test_half_of_the_operators_hand_back():
    releases = [Traits(0.3, 0.5, seed).releases for seed in range(400)]
    assert 0.4 < np.mean(releases) < 0.6


def test_a_moving_robot_and_a_placed_cube_are_no_worry():
    worry, grasp = Worry(), grasp_pose(CUBE)
    for k in range(100):
        moving = scene(raised(grasp, 0.3 - 0.002 * k))
        assert worry.step(moving, k * 100 * MS) == ''
    placed = np.array([*GOAL[:2], *CUBE[2:]])
    for k in range(100):
        assert worry.step(scene(raised(grasp, 0.1), cube=placed), k * 100 * MS) == ''


def test_a_closed_hand_that_rises_without_the_cube_has_missed():
    worry, beside = Worry(), grasp_pose(CUBE, np.array([0.0, 0.06, 0.0]))
    assert worry.step(scene(beside, 1.0), 0) == ''
    assert worry.step(scene(raised(beside, 0.08), 1.0), SECOND) == 'missed'


def test_a_cube_that_was_lifted_and_lies_beside_the_goal_was_dropped():
    worry, up = Worry(), grasp_pose(CUBE + UP)
    assert worry.step(scene(up, 0.5, CUBE + UP), 0) == ''
    assert worry.step(scene(up, 0.0, CUBE), SECOND) == 'dropped'


def test_a_robot_that_does_not_move_has_stalled():
    worry, grasp = Worry(), raised(grasp_pose(CUBE), 0.1)
    assert worry.step(scene(grasp), 0) == ''
    assert worry.step(scene(grasp), 2 * SECOND) == ''
    assert worry.step(scene(grasp), 3 * SECOND) == 'stalled'


def test_a_hand_shakes_as_much_as_it_is_told_and_no_faster_than_a_hand_does():
    puppet, random = Puppet('me'), np.random.default_rng(0)
    puppet.reset('s', pin.SE3.Identity())
    positions = []
    for k in range(4000):
        puppet.tremble(random.normal(size=6), 0.002, 0.01)
        positions.append(puppet.sample(k).right_wrist[:3])
    assert np.std(positions, axis=0) == pytest.approx([0.002] * 3, rel=0.35)
    assert np.abs(np.diff(positions, axis=0)).max() / 0.01 < 0.25


def test_a_wrist_is_never_faster_than_a_calm_person():
    puppet = Puppet('me')
    puppet.reset('s', pin.SE3.Identity())
    for _ in range(100):
        puppet.move(np.array([9.0, 0, 0, 0, 0, 9.0]), curls(0.0), 0.01)
    assert puppet.wrist.translation[0] < 0.5
    assert np.linalg.norm(pin.log3(puppet.wrist.rotation)) < 1.8


def test_closing_brings_the_fingertips_to_the_thumb():
    def gap(bent: np.ndarray) -> float:
        puppet = Puppet('me')
        puppet.reset('s', pin.SE3.Identity())
        for _ in range(200):
            puppet.move(np.zeros(6), bent, 0.01)
        hand = puppet.sample(0).right_hand[:, :3]
        return float(np.linalg.norm(hand[9] - hand[4]))

    assert gap(curls(1.0)) < gap(curls(0.0)) < gap(FLAT)
    assert FIST[1] > curls(1.5)[1]


@pytest.mark.parametrize('imperfection', [0.0, 0.3])
def test_it_recovers_an_episode_that_the_policy_fails(imperfection: float):
    run = Collector()
    config = RunConfig(imperfection=imperfection, timeout=60.0)
    result = LockstepRunner(config).run(Episode('episode_0000', 0), [run])
    assert result.outcome.success
    assert any(frame.intervention for frame in run.frames)

"""The scripted policy does the task, fails as it was drawn to, and goes on after a human."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rove_policy.mishap import MISHAPS, draw_mishap
from rove_policy.policy import Policy, make_policy
from rove_policy.scripted import ScriptedPolicy
from rove_policy.types import Observation
from rove_teleop.assembly import make_robot
from rove_teleop.core.geometry import pose_from_se3, se3_from_base
from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import GROUP_CHANNELS, NUM_LEG_JOINTS
from rove_teleop.errors import ConfigError, PolicyError
from rove_teleop.tasks.grip import grip_of
from rove_teleop.tasks.pick_place import CUBE_SIZE, TABLE_TOP
from tests.contracts.policy_contract import PolicyContract

ROBOT = make_robot()
LEGS = LegKinematics(ROBOT)
KINEMATICS = Kinematics(ROBOT, LEGS)
EXECUTED = np.concatenate([LEGS.nominal_base, ROBOT.nominal[NUM_LEG_JOINTS:]])
CUBE = np.array([0.4, -0.2, TABLE_TOP + 0.5 * CUBE_SIZE, 0.0, 0.0, 0.0, 1.0])
GOAL = np.array([0.4, 0.0, TABLE_TOP, 0.0, 0.0, 0.0, 1.0])
HAND = GROUP_CHANNELS['right_hand']


def standing(seconds: float = 0.0, executed: np.ndarray = EXECUTED, **changes: Any) -> Observation:
    """The robot stands at rest and has been told to be at some channels."""
    fields: dict[str, Any] = {
        'seq': 1 + round(seconds * 10),
        't_ns': round(seconds * 1e9),
        'joint_position': ROBOT.nominal,
        'joint_velocity': np.zeros_like(ROBOT.nominal),
        'base_pose': pose_from_se3(se3_from_base(LEGS.nominal_base)),
        'executed': executed,
        'objects': {'cube': CUBE, 'goal': GOAL},
    }
    return Observation(**(fields | changes))


class Imagined:
    """A robot that goes where it is told, and a cube that goes with a hand that has it."""

    def __init__(self, policy: ScriptedPolicy) -> None:
        self.policy, self.executed, self.cube = policy, EXECUTED, CUBE
        self.seconds = 0.0
        self.palms: list[np.ndarray] = []
        self.grips: list[float] = []
        self.help = 0.0

    def run(self, seconds: float, period: float = 0.2, resumed: bool = False) -> None:
        for _ in range(round(seconds / period)):
            objects = {'cube': self.cube, 'goal': GOAL}
            seen = standing(self.seconds, self.executed, objects=objects, resumed=resumed)
            chunk = self.policy.infer(seen)
            resumed = False
            self.help = chunk.help
            self._follow(chunk.position[: round(period / chunk.dt) + 1])
            self.seconds += period

    def _follow(self, rows: np.ndarray) -> None:
        for row in rows:
            before = KINEMATICS.palms(self.executed)['right']
            after = KINEMATICS.palms(row)['right']
            grip = grip_of('right', row[HAND])
            inside = before.actInv(self.cube[:3])
            if grip > 0.3 and np.linalg.norm(inside - [0.09, 0.07, 0.0]) < 0.03:
                self.cube = np.array([*after.act(inside), *self.cube[3:]])
            elif self.cube[2] > CUBE[2]:
                self.cube = np.array([*self.cube[:2], *CUBE[2:]])
            self.executed = row
            self.palms.append(after.translation)
            self.grips.append(grip)


class TestScriptedPolicyKeepsThePolicyContract(PolicyContract):
    @pytest.fixture
    def policy(self, monkeypatch: pytest.MonkeyPatch) -> Policy:
        policy = ScriptedPolicy()
        infer = policy.infer

        def with_a_goal(seen: Observation) -> Any:
            return infer(replace(seen, objects={**seen.objects, 'goal': GOAL}))

        monkeypatch.setattr(policy, 'infer', with_a_goal)
        return policy


def test_it_is_known_by_name_and_takes_its_options():
    assert make_policy('scripted', fail_probability=0.0).policy_id == 'scripted'


def test_without_a_mishap_it_carries_the_cube_to_the_goal_and_withdraws():
    scene = Imagined(ScriptedPolicy(mishap='none'))
    scene.run(12.0)
    assert np.linalg.norm((scene.cube - GOAL)[:2]) < 0.01
    assert scene.cube[2] == pytest.approx(CUBE[2], abs=0.005)
    assert scene.palms[-1][2] > CUBE[2] + 0.15
    assert (
        scene.policy.infer(
            standing(scene.seconds, scene.executed, objects={'cube': scene.cube, 'goal': GOAL})
        ).success
        == 1.0
    )


def test_its_chunks_begin_where_the_robot_is_and_hold_no_jump():
    policy = ScriptedPolicy(mishap='none')
    scene = Imagined(policy)
    scene.run(3.0)
    chunk = policy.infer(standing(scene.seconds, scene.executed))
    assert np.abs(chunk.position[0] - scene.executed).max() < 0.05
    assert np.abs(np.diff(chunk.position, axis=0)).max() < 6.0 * chunk.dt


def test_a_miss_grasps_beside_the_cube_twice_and_then_asks_for_help():
    scene = Imagined(ScriptedPolicy(mishap='miss'))
    scene.run(25.0)
    assert scene.cube == pytest.approx(CUBE)
    assert max(scene.grips) > 0.9
    assert scene.help == 1.0
    assert np.ptp(np.array(scene.palms[-20:]), axis=0).max() < 1e-3


def test_a_drop_lets_go_above_the_table_and_does_not_notice():
    policy = ScriptedPolicy(mishap='drop')
    scene = Imagined(policy)
    scene.run(14.0)
    away = np.linalg.norm((scene.cube - GOAL)[:2])
    assert 0.05 < away < np.linalg.norm((CUBE - GOAL)[:2])
    seen = standing(scene.seconds, scene.executed, objects={'cube': scene.cube, 'goal': GOAL})
    assert policy.infer(seen).success == 1.0


def test_a_stall_stops_for_good_and_asks_for_help():
    scene = Imagined(ScriptedPolicy(mishap='stall'))
    scene.run(15.0)
    assert np.ptp(np.array(scene.palms[-100:]), axis=0).max() < 1e-3
    assert np.linalg.norm((scene.cube - GOAL)[:2]) > 0.05
    assert scene.help == 1.0


@pytest.mark.parametrize('mishap', ['miss', 'drop', 'stall'])
def test_after_a_human_gave_it_back_it_does_the_rest_right(mishap: str):
    scene = Imagined(ScriptedPolicy(mishap=mishap))
    scene.run(15.0)
    scene.run(14.0, resumed=True)
    assert np.linalg.norm((scene.cube - GOAL)[:2]) < 0.01


def test_it_goes_on_with_a_grasp_that_is_not_its_own():
    helper = Imagined(ScriptedPolicy(mishap='none'))
    helper.run(6.4)
    assert helper.cube[2] > CUBE[2] + 0.05
    heir = Imagined(ScriptedPolicy(mishap='none'))
    heir.executed, heir.cube = helper.executed, helper.cube
    heir.executed = np.array(heir.executed)
    heir.executed[HAND.start] += 0.3
    heir.run(1.0)
    assert min(heir.grips) > 0.9
    assert heir.executed[HAND.start] == pytest.approx(helper.executed[HAND.start] + 0.3, abs=0.02)


def test_a_cube_that_is_pushed_before_the_grasp_is_aimed_at_anew():
    scene = Imagined(ScriptedPolicy(mishap='none'))
    scene.run(2.0)
    scene.cube = scene.cube + [0.0, 0.05, 0.0, 0.0, 0.0, 0.0, 0.0]
    scene.run(12.0)
    assert np.linalg.norm((scene.cube - GOAL)[:2]) < 0.01


def test_what_it_cannot_see_is_named():
    with pytest.raises(PolicyError, match=r"'goal'.*cube"):
        ScriptedPolicy().infer(standing(objects={'cube': CUBE}))


def test_the_mishap_follows_from_the_seed_and_all_kinds_come_as_often_as_told():
    drawn = Counter(draw_mishap(seed, 0.6).kind for seed in range(2000))
    assert drawn['none'] / 2000 == pytest.approx(0.4, abs=0.04)
    assert all(drawn[kind] / 2000 == pytest.approx(0.2, abs=0.04) for kind in MISHAPS[1:])
    assert draw_mishap(7, 0.6).share == draw_mishap(7, 0.6).share


def test_a_mishap_can_be_forced_and_excluded():
    assert {draw_mishap(seed, 0.0).kind for seed in range(50)} == {'none'}
    assert {draw_mishap(seed, 0.6, 'drop').kind for seed in range(50)} == {'drop'}


def test_bad_options_say_what_would_be_right():
    with pytest.raises(ConfigError, match='known: none, miss, drop, stall'):
        ScriptedPolicy(mishap='explode')
    with pytest.raises(ConfigError, match='fail_probability is 2.0; expected 0 to 1'):
        ScriptedPolicy(fail_probability=2.0)

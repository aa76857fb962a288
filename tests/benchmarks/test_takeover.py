"""The takeover benchmark: the naive controllers are naive, and the scores say so."""

from __future__ import annotations

from dataclasses import replace
import io
import json
from pathlib import Path

import numpy as np
import pinocchio as pin
import pytest
from rich.console import Console

from benchmarks.bench_takeover import main, run
from benchmarks.takeover.reach import ArmReach
from benchmarks.takeover.scores import judge, record
from rove_teleop.assembly import make_robot
from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import GROUP_CHANNELS, NUM_CHANNELS, NUM_LEG_JOINTS
from rove_teleop.errors import ConfigError, UnknownName
from tests.fakes.frames import Script, task_states
from tests.fakes.recordings import build_episode

SILENT = Console(file=io.StringIO())


def test_each_arm_reaches_a_pose_and_nothing_else_moves():
    robot = make_robot()
    legs = LegKinematics(robot)
    kinematics = Kinematics(robot, legs)
    start = np.concatenate((legs.nominal_base, robot.nominal[NUM_LEG_JOINTS:]))
    turn = pin.SE3(pin.exp3(np.array([0.1, -0.2, 0.3])), np.zeros(3))
    goals = {side: palm * turn for side, palm in kinematics.palms(start).items()}
    for goal in goals.values():
        goal.translation = goal.translation + [0.05, 0.0, 0.1]
    solved = ArmReach(robot).solve(start, goals)
    for side, palm in kinematics.palms(solved).items():
        assert np.abs(pin.log6(palm.actInv(goals[side])).vector).max() < 1e-3
    arms = np.zeros(NUM_CHANNELS, dtype=bool)
    for side in goals:
        arms[GROUP_CHANNELS[f'{side}_arm']] = True
    assert (solved[~arms] == start[~arms]).all()


@pytest.mark.parametrize(('controller', 'jolts'), [('naive', True), ('naive-limited', False)])
def test_the_naive_switch_jolts_the_robot_unless_it_is_limited(controller: str, jolts: bool):
    judged, _ = run(controller, 1, 0, 5.0, SILENT)
    takeover = judged[0].switch
    assert takeover.kind == 'takeover'
    assert (takeover.velocity_step > 10.0) == jolts
    assert (takeover.acceleration > 20.0) == jolts


def test_a_grasp_is_kept_while_the_object_stays_up_for_half_a_second():
    script = Script(ticks=500, takeover=150, release=300)
    episode = build_episode(script)
    states = tuple(task_states(script))
    assert not any(each.holding or each.kept for each in judge(episode, 0))
    for word, kept in (('lifted', 2), ('placed', 2), ('start', 1)):
        task = tuple(
            replace(state, progress='lifted' if k * 10 <= 320 else word)
            for k, state in enumerate(states)
        )
        judged = judge(replace(episode, task=task), 0)
        assert record('rove', judged, 0)['grasps'] == 2
        assert record('rove', judged, 0)['grasps_kept'] == kept


def test_the_command_writes_one_record_per_controller(tmp_path: Path, capsys):
    path = tmp_path / 'deep' / 'takeover.json'
    short = ['--switches', '1', '--timeout', '5']
    assert main(['--controllers', 'rove', *short, '--json', str(path)]) == 0
    (row,) = json.loads(path.read_text())
    assert (row['controller'], row['switches'], row['falls']) == ('rove', 2, 0)
    assert 0.0 < row['velocity_step_max'] <= 0.1
    assert 0.0 < row['acceleration_max'] <= 20.0
    assert 'rove' in capsys.readouterr().out


def test_unknown_controllers_and_silly_numbers_are_refused():
    with pytest.raises(UnknownName, match='naive-limited'):
        main(['--controllers', 'robot'])
    with pytest.raises(ConfigError, match='--switches'):
        main(['--switches', '0'])
    with pytest.raises(ConfigError, match='--timeout'):
        main(['--timeout', '1'])

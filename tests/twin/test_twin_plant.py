from __future__ import annotations

import numpy as np
import pytest

from rove_teleop.core.types import Array, TaskState
from rove_teleop.errors import ConfigError, UnknownName
from rove_teleop.tasks.task import TaskView
from rove_teleop.twin.plant import DIVERGED, TwinPlant
from tests.contracts.plant_contract import DT_NS, ELBOW, joint_command, with_entry

CUBE_MASS = 0.1
ON_TABLE = np.array([0.45, -0.2, 0.806, 0.0, 0.0, 0.0, 1.0])


class FakeTask:
    """Puts the cube somewhere random; successful once a second has passed."""

    name, text, scene = 'fake', 'wait', 'pick_place'

    def place(self, rng: np.random.Generator) -> dict[str, Array]:
        cube = ON_TABLE + np.concatenate([rng.uniform(-0.05, 0.05, 2), np.zeros(5)])
        goal = np.array([0.45, 0.1, 0.78, 0.0, 0.0, 0.0, 1.0])
        return {'cube': cube, 'goal': goal}

    def judge(self, view: TaskView) -> TaskState:
        return TaskState(
            task=self.name, text=self.text, seed=view.seed, t_ns=view.t_ns,
            success=view.t_ns >= 10**9, failed=view.fallen, progress='waiting',
            objects=dict(view.pose),
        )  # fmt: skip


def run(plant: TwinPlant, seed: int, ticks: int = 200):
    """Reset, wave one arm, and return everything the last state holds as bytes."""
    plant.reset(seed)
    for k in range(ticks):
        wave = with_entry(plant.robot.nominal, ELBOW, 0.6 + 0.3 * np.sin(0.02 * k))
        state = plant.step(joint_command(plant.robot, k + 1, k * DT_NS, position=wave), k * DT_NS)
    arrays = (state.position, state.velocity, state.effort, state.base_pose, state.base_twist)
    return b''.join(a.tobytes() for a in (*arrays, *state.objects.values()))


def test_same_seed_and_commands_give_bit_identical_states():
    plant = TwinPlant(FakeTask())
    first = run(plant, 3)
    assert run(plant, 3) == first
    assert run(TwinPlant(FakeTask()), 3) == first


def test_another_seed_puts_the_objects_elsewhere():
    plant = TwinPlant(FakeTask())
    first, second = plant.reset(1).objects['cube'], plant.reset(2).objects['cube']
    assert np.linalg.norm(first[:2] - second[:2]) > 1e-3


def test_the_cube_rests_on_the_table_and_presses_with_its_weight():
    plant = TwinPlant(FakeTask())
    plant.reset(0)
    for k in range(200):
        plant.step(None, k * DT_NS)
    view = plant.view(7)
    assert view.t_ns == 7
    assert view.touching('cube', 'table')
    assert view.touching('robot', 'floor')
    assert not view.touching('cube', 'right_hand')
    assert view.normal_force['cube', 'table'] == pytest.approx(9.81 * CUBE_MASS, rel=0.02)
    assert np.abs(view.velocity['cube']).max() < 1e-3
    assert view.pose['cube'][2] == pytest.approx(0.805, abs=1e-3)
    np.testing.assert_allclose(view.pose['goal'][:3], (0.45, 0.1, 0.78))
    assert set(view.pose) == {'cube', 'goal', 'table'}


def test_a_hand_that_touches_the_cube_is_seen():
    plant = TwinPlant(FakeTask())
    plant.reset(0)
    palm = plant.data.body('right_hand_palm_link')
    plant.set_object_pose('cube', np.concatenate([palm.xpos, [0.0, 0.0, 0.0, 1.0]]))
    plant.step(None, 0)
    assert plant.view(0).touching('right_hand', 'cube')


def test_the_task_judges_what_the_plant_shows_it():
    plant = TwinPlant(FakeTask())
    plant.reset(5)
    assert plant.judge(0).success is False
    assert plant.judge(10**9).success is True
    assert plant.judge(10**9).seed == 5


def test_without_a_task_there_is_no_judgement():
    assert TwinPlant(scene='empty').judge(0) is None


def test_moving_an_unknown_object_lists_the_known_ones():
    with pytest.raises(UnknownName, match='cube, goal'):
        TwinPlant(FakeTask()).set_object_pose('teapot', ON_TABLE)


def test_an_unknown_scene_lists_the_known_ones():
    with pytest.raises(UnknownName, match='pick_place'):
        TwinPlant(scene='nowhere')


@pytest.mark.parametrize('options', [{'control_dt': 0.0}, {'substeps': 0}, {'control_dt': 0.02}])
def test_a_physics_step_that_makes_no_sense_is_refused(options):
    with pytest.raises(ConfigError, match='physics step'):
        TwinPlant(scene='empty', **options)


def test_reset_forgets_the_commands_and_the_fall_of_before():
    plant = TwinPlant(scene='empty')
    plant.apply_push(np.array([0.0, 400.0, 0.0]), 0.3)
    for k in range(400):
        state = plant.step(None, k * DT_NS)
    assert state.fault == 'fell'
    state = plant.reset(0)
    assert state.fault == ''
    assert plant.step(joint_command(plant.robot, 1, 0), 0).fault == ''
    assert plant.guard.accepted == 1


def test_a_damping_stop_lets_the_robot_sink_without_jerks():
    plant = TwinPlant(scene='empty')
    for k in range(200):
        command = joint_command(plant.robot, k + 1, k * DT_NS, damping=True)
        state = plant.step(command, k * DT_NS)
    assert state.base_pose[2] < 0.75
    assert np.abs(state.velocity).max() < 10.0


def test_a_simulation_that_diverges_reports_it_and_hands_out_finite_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MuJoCo logs its warning into the working directory
    plant = TwinPlant(scene='empty')
    plant.data.qvel[6:] = 1e8
    for k in range(3):
        state = plant.step(None, k * DT_NS)
        assert state.fault == DIVERGED
        assert state.seq == k + 1
        assert state.t_ns == k * DT_NS
        assert np.isfinite(state.position).all()
    assert plant.reset(0).fault == ''

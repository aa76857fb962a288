"""From any scene the skill says how to go on until the cube lies on the goal."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest

from rove_teleop.tasks.pick_place import CUBE_SIZE, TABLE_TOP
from rove_teleop.tasks.skill import CLOSED, GRASP_CENTRE, OPEN, Scene, go_on, grasp_pose

LYING = TABLE_TOP + 0.5 * CUBE_SIZE
CUBE = np.array([0.4, -0.2, LYING, 0.0, 0.0, 0.0, 1.0])
GOAL = np.array([0.4, 0.0, TABLE_TOP, 0.0, 0.0, 0.0, 1.0])
HANGING = pin.SE3(np.eye(3), np.array([0.12, -0.22, 0.73]))


def names(scene: Scene) -> list[str]:
    return [point.name for point in go_on(scene)]


def held_at(position: list[float], grip: float = CLOSED) -> Scene:
    cube = np.array([*position, 0.0, 0.0, 0.0, 1.0])
    return Scene(grasp_pose(cube), grip, cube, GOAL)


def test_from_a_hanging_arm_it_does_the_whole_task():
    assert names(Scene(HANGING, 0.0, CUBE, GOAL)) == [
        'open', 'raise', 'approach', 'descend', 'close', 'settle', 'lift', 'carry', 'lower',
        'open', 'retreat',
    ]  # fmt: skip


def test_the_grasp_has_the_cube_between_the_fingers():
    assert grasp_pose(CUBE).actInv(CUBE[:3]) == pytest.approx(GRASP_CENTRE)


def test_an_aim_error_shifts_the_grasp_by_itself():
    shift = np.array([0.0, 0.04, 0.0])
    moved = grasp_pose(CUBE, shift).translation - grasp_pose(CUBE).translation
    assert moved == pytest.approx(shift)


@pytest.mark.parametrize('yaw', [-0.7, 0.3, 1.8, 3.0])
def test_the_hand_turns_at_most_45_degrees_to_grasp_along_the_sides(yaw: float):
    cube = np.array([*CUBE[:3], 0.0, 0.0, np.sin(yaw / 2), np.cos(yaw / 2)])
    fingers = grasp_pose(cube).rotation[:, 0]
    heading = np.arctan2(fingers[1], fingers[0])
    assert abs(heading) <= np.pi / 4 + 1e-6
    assert np.sin(2 * (heading - yaw)) == pytest.approx(0.0, abs=1e-6)


def test_a_cube_lying_on_another_side_is_grasped_the_same_way():
    tipped = np.array([*CUBE[:3], 0.0, np.sin(np.pi / 4), 0.0, np.cos(np.pi / 4)])
    down = grasp_pose(tipped).rotation[:, 1]
    assert down[2] == pytest.approx(grasp_pose(CUBE).rotation[2, 1])


def test_with_the_cube_in_the_hand_it_goes_on_to_the_goal():
    assert names(held_at([0.4, -0.2, LYING])) == ['lift', 'carry', 'lower', 'open', 'retreat']
    assert names(held_at([0.4, -0.1, LYING + 0.12])) == ['carry', 'lower', 'open', 'retreat']
    assert names(held_at([0.4, 0.0, LYING + 0.06])) == ['lower', 'open', 'retreat']


def test_it_lowers_the_cube_onto_the_goal_wherever_it_sits_in_the_hand():
    scene = held_at([0.4, -0.1, LYING + 0.12])
    shifted = Scene(
        pin.SE3(scene.palm.rotation, scene.palm.translation + [0.01, -0.01, 0.0]),
        CLOSED, scene.cube, GOAL,
    )  # fmt: skip
    lower = next(point for point in go_on(shifted) if point.name == 'lower')
    cube = lower.palm.act(shifted.cube_in_palm)
    assert cube == pytest.approx([0.4, 0.0, LYING], abs=0.004)


def test_it_sets_a_cube_that_hangs_askew_down_flat():
    grasp = grasp_pose(CUBE)
    tilt = pin.SE3(pin.rpy.rpyToMatrix(0.2, -0.1, 0.0), np.array([0.0, 0.0, 0.1]))
    palm, cube = tilt * grasp, tilt * pin.XYZQUATToSE3(CUBE)
    scene = Scene(palm, CLOSED, pin.SE3ToXYZQUAT(cube), GOAL)
    lower = next(point for point in go_on(scene) if point.name == 'lower')
    assert (lower.palm * palm.inverse() * cube).rotation[2, 2] == pytest.approx(1.0)


def test_it_never_opens_between_the_grasp_and_the_goal():
    way = go_on(held_at([0.4, -0.2, LYING]))
    assert [point.grip for point in way] == [CLOSED, CLOSED, CLOSED, OPEN, OPEN]


def test_a_squeeze_firmer_than_its_own_is_kept():
    way = go_on(held_at([0.4, -0.2, LYING], grip=1.6))
    assert [point.grip for point in way[:3]] == [1.6] * 3


def test_a_closed_hand_beside_the_cube_rises_and_opens_before_it_comes_down():
    beside = grasp_pose(CUBE, np.array([0.0, 0.06, 0.0]))
    way = go_on(Scene(beside, CLOSED, CUBE, GOAL))
    assert [point.name for point in way[:4]] == ['open', 'raise', 'approach', 'descend']
    assert way[1].palm.translation[2] > beside.translation[2] + 0.04


def test_an_open_hand_around_the_cube_only_closes():
    assert names(Scene(grasp_pose(CUBE), OPEN, CUBE, GOAL))[0] == 'close'


def test_a_cube_on_the_goal_is_let_go_of_and_left_alone():
    placed = np.array([*GOAL[:2], LYING, 0.0, 0.0, 0.0, 1.0])
    near = Scene(grasp_pose(placed), 0.1, placed, GOAL)
    assert names(near) == ['open', 'retreat']
    assert names(Scene(HANGING, 0.0, placed, GOAL)) == []

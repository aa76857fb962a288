"""Success is what physics shows: at rest on the square, flat, and let go of."""

from __future__ import annotations

import numpy as np
import pytest

from rove_teleop.errors import UnknownName
from rove_teleop.tasks.pick_place import CUBE_SIZE, GOAL_RADIUS, TABLE_TOP, PickPlace
from rove_teleop.tasks.registry import make_task
from rove_teleop.tasks.task import TaskView
from rove_teleop.twin.model import scene_spec

GOAL = np.array([0.4, 0.0, TABLE_TOP, 0.0, 0.0, 0.0, 1.0])
RESTING = GOAL + [0.01, 0.0, 0.5 * CUBE_SIZE, 0.0, 0.0, 0.0, 0.0]
ON_TABLE = frozenset({('cube', 'table')})
IN_HAND = frozenset({('cube', 'right_hand')})
SECOND = 1_000_000_000


def view(
    seconds: float,
    cube: np.ndarray = RESTING,
    contacts: frozenset[tuple[str, str]] = ON_TABLE,
    speed: float = 0.0,
    fallen: bool = False,
    seed: int = 1,
) -> TaskView:
    return TaskView(
        seed=seed,
        t_ns=round(seconds * SECOND),
        pose={'cube': cube, 'goal': GOAL, 'table': GOAL},
        velocity={'cube': np.array([speed, 0.0, 0.0, 0.0, 0.0, 0.0])},
        contacts=contacts,
        normal_force={},
        fallen=fallen,
    )


def test_the_cube_at_rest_on_the_square_is_a_success_after_half_a_second():
    task = PickPlace()
    assert not task.judge(view(0.0)).success
    assert not task.judge(view(0.4)).success
    state = task.judge(view(0.5))
    assert (state.success, state.failed, state.progress) == (True, False, 'placed')


def test_half_a_second_begins_anew_when_the_cube_moves():
    task = PickPlace()
    task.judge(view(0.0))
    task.judge(view(0.4, speed=0.1))
    assert not task.judge(view(0.6)).success
    assert task.judge(view(1.1)).success


def test_the_next_episode_does_not_inherit_the_rest_of_the_one_before():
    task = PickPlace()
    task.judge(view(0.0))
    assert not task.judge(view(0.6, seed=2)).success


@pytest.mark.parametrize(
    'changes',
    [
        {'contacts': ON_TABLE | IN_HAND},
        {'contacts': IN_HAND},
        {'cube': RESTING + [GOAL_RADIUS, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]},
        {'cube': np.array([*RESTING[:3], 0.0, np.sin(0.3), 0.0, np.cos(0.3)])},
        {'speed': 0.05},
        {'fallen': True},
    ],
    ids=['touched', 'held', 'beside the square', 'on an edge', 'sliding', 'robot fell'],
)
def test_it_is_no_success_when(changes: dict):
    task = PickPlace()
    task.judge(view(0.0, **changes))
    assert not task.judge(view(1.0, **changes)).success


def test_any_side_of_the_cube_may_be_up():
    task = PickPlace()
    tipped = np.array([*RESTING[:3], 0.0, np.sin(np.pi / 4), 0.0, np.cos(np.pi / 4)])
    task.judge(view(0.0, cube=tipped))
    assert task.judge(view(1.0, cube=tipped)).success


def test_a_cube_in_the_hand_above_the_table_is_lifted():
    up = RESTING + [0.0, 0.0, 0.05, 0.0, 0.0, 0.0, 0.0]
    assert PickPlace().judge(view(0.0, cube=up, contacts=IN_HAND)).progress == 'lifted'
    assert PickPlace().judge(view(0.0, cube=up, contacts=frozenset())).progress == 'start'
    assert PickPlace().judge(view(0.0, contacts=ON_TABLE | IN_HAND)).progress == 'start'


def test_a_cube_on_the_floor_and_a_fallen_robot_have_failed():
    floor = RESTING - [0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0]
    assert PickPlace().judge(view(0.0, cube=floor, contacts=frozenset())).failed
    assert PickPlace().judge(view(0.0, fallen=True)).failed


def test_every_start_lies_on_the_table_and_leaves_something_to_do():
    model = scene_spec('pick_place').compile()
    middle, half = model.body('table').pos, model.geom('table_top').size
    assert middle[2] + half[2] == pytest.approx(TABLE_TOP)
    for seed in range(200):
        start = PickPlace().place(np.random.default_rng(seed))
        for pose in start.values():
            assert (np.abs(pose[:2] - middle[:2]) < half[:2] - 0.06).all()
            assert np.linalg.norm(pose[3:]) == pytest.approx(1.0)
        assert np.linalg.norm((start['cube'] - start['goal'])[:2]) >= 0.14
        assert start['cube'][2] == pytest.approx(TABLE_TOP + 0.5 * CUBE_SIZE)


def test_the_start_follows_from_the_seed():
    first, again, other = (PickPlace().place(np.random.default_rng(s)) for s in (4, 4, 5))
    assert all((first[name] == again[name]).all() for name in first)
    assert (first['cube'] != other['cube']).any()


def test_an_unknown_task_lists_the_known_ones():
    assert make_task('pick_place').name == 'pick_place'
    with pytest.raises(UnknownName, match='juggling.*known: pick_place'):
        make_task('juggling')


def test_the_hands_are_kept_off_the_very_table_of_the_scene():
    model = scene_spec('pick_place').compile()
    middle, half = model.body('table').pos, model.geom('table_top').size
    for surface, height in zip(PickPlace.surfaces, (TABLE_TOP, middle[2] - half[2]), strict=True):
        assert surface.distance(middle[0], middle[1], height) == pytest.approx(0.0)
        assert surface.area == pytest.approx(
            [m + sign * h for m, h in zip(middle[:2], half[:2], strict=True) for sign in (-1, 1)]
        )

"""Planes: hands stay on the free side, slide along, and come back slowly from behind."""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import DT, SIDES, kinematics, make_robot, moved, standing

from rove_teleop.core.kinematics import IkConfig, PalmTarget, Targets, WholeBodyIK
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.planes import Plane, box
from rove_teleop.core.types import Array
from rove_teleop.errors import InvalidInput

FORWARD = kinematics()
START = FORWARD.palms(standing())
END = np.array([0.17, 0.0, 0.0])


def hand_ends(position: Array) -> np.ndarray:
    """Both ends of both hand capsules, shape (4, 3)."""
    wrists = [FORWARD.frame(position, f'{side}_wrist_yaw_link') for side in SIDES]
    return np.array([point for T in wrists for point in (T.translation, T.act(END))])


def follow(
    offset: list[float], workspace: tuple[Plane, ...] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the hands (n, 4, 3) and free velocities (n, 23) of 3 s towards an offset."""
    solver = WholeBodyIK(make_robot(), LegKinematics(make_robot()), IkConfig(workspace=workspace))
    solver.reset(standing())
    palms = {s: PalmTarget(moved(START[s], offset)) for s in SIDES}
    ends, velocities = [], []
    for _ in range(600):
        solution = solver.solve(Targets(palms), DT)
        assert solution.ok
        ends.append(hand_ends(solution.position))
        velocities.append(solution.velocity[:23])
    return np.array(ends), np.array(velocities)


def test_a_hand_that_is_sent_into_a_table_stops_on_it():
    height = hand_ends(standing())[:, 2].min() - 0.1
    table = Plane((0.0, 0.0, 1.0), height)
    free, _ = follow([0.1, 0.0, -0.3])
    ends, velocity = follow([0.1, 0.0, -0.3], (table,))
    assert free[-1, :, 2].min() < height - 0.1
    assert ends[:, :, 2].min() > height + IkConfig().plane_radius - 5e-3
    assert np.abs(velocity[-50:, 6:]).max() < 0.2
    assert ends[-1, :, 0].mean() > ends[0, :, 0].mean() + 0.05


def test_a_table_ends_somewhere():
    height = hand_ends(standing())[:, 2].min() - 0.1
    far = Plane((0.0, 0.0, 1.0), height, area=(2.0, 3.0, -1.0, 1.0))
    ends, _ = follow([0.1, 0.0, -0.3], (far,))
    assert np.array_equal(ends, follow([0.1, 0.0, -0.3])[0])


def test_what_is_deep_below_a_table_is_under_it_and_stays_there():
    above = hand_ends(standing())[:, 2].max() + 0.2
    ends, velocity = follow([0, 0, 0], (Plane((0.0, 0.0, 1.0), above, depth=0.05),))
    assert np.abs(velocity).max() < 1e-9
    assert ends[-1, :, 2].max() < above


def test_a_hand_that_is_just_inside_comes_out_slowly():
    inside = hand_ends(standing())[:, 2].min() + 0.02
    ends, _ = follow([0, 0, 0], (Plane((0.0, 0.0, 1.0), inside),))
    speed = np.diff(ends[:, :, 2], axis=0) / DT
    assert ends[-1, :, 2].min() > inside + IkConfig().plane_radius - 5e-3
    assert speed.max() < 0.5


def test_hands_stay_inside_a_box():
    low, high = (-0.5, -0.4, 0.5), (0.35, 0.4, 1.2)
    ends, _ = follow([0.4, 0.0, 0.3], box(low, high))
    assert ends[:, :, 0].max() < high[0]
    assert (ends > np.array(low)).all() and (ends < np.array(high)).all()


def test_a_box_is_six_planes_around_its_inside():
    planes = box((-1.0, -2.0, -3.0), (1.0, 2.0, 3.0))
    assert len(planes) == 6
    assert min(plane.distance(0.0, 0.0, 0.0) for plane in planes) == 1.0
    assert min(plane.distance(0.0, 2.5, 0.0) for plane in planes) == -0.5


@pytest.mark.parametrize(
    'fields, message',
    [
        ({'normal': (0.0, 0.0, 2.0), 'offset': 0.0}, 'unit vector'),
        ({'normal': (0.0, math.nan, 1.0), 'offset': 0.0}, 'unit vector'),
        ({'normal': (0.0, 0.0, 1.0), 'offset': math.nan}, 'offset must be finite'),
        ({'normal': (0.0, 0.0, 1.0), 'offset': 0.0, 'depth': 0.0}, 'depth must be positive'),
        ({'normal': (0.0, 0.0, 1.0), 'offset': 0.0, 'area': (1.0, 0.0, 0.0, 1.0)}, 'x_min'),
    ],
)
def test_planes_that_make_no_sense_are_refused(fields, message):
    with pytest.raises(InvalidInput, match=message):
        Plane(**fields)


def test_a_turned_plane_holds_as_well():
    normal = pin.rpy.rpyToMatrix(0.0, -0.5, 0.0) @ np.array([0.0, 0.0, 1.0])
    ends = hand_ends(standing())
    plane = Plane(tuple(normal.tolist()), float((ends @ normal).min()) - 0.1)
    reached, _ = follow([0.2, 0.0, -0.3], (plane,))
    assert (reached @ normal).min() > plane.offset + IkConfig().plane_radius - 5e-3

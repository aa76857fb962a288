"""Every Jacobian and gradient of the whole-body solver against finite differences."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import make_robot

from rove_teleop.core.kinematics.body import NUM_FREE, NUM_VELOCITY, Body
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.limits.collision import CollisionLimit
from rove_teleop.core.kinematics.targets import PalmTarget
from rove_teleop.core.kinematics.tasks.com import ComTask
from rove_teleop.core.kinematics.tasks.palm import PalmTask
from rove_teleop.core.kinematics.tasks.posture import PostureTask
from rove_teleop.core.kinematics.tasks.upright import UprightTask
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.robot import FOOT_FRAMES, PALM_FRAMES

STEP = 1e-6
DT = 0.005


def crouched(seed: int = 0) -> Body:
    """A body in a random pose around a crouch."""
    rng = np.random.default_rng(seed)
    legs = LegKinematics(make_robot())
    body = Body(make_robot(), legs)
    body.set_base(legs.nominal_base + [0.02, -0.01, -0.12, 0.03, 0.15, -0.1])
    body.joints[12:] += rng.uniform(-0.3, 0.3, NUM_FREE - 6)
    body.update()
    body.update()
    return body


def displaced(body: Body, x: np.ndarray) -> Body:
    """The same body a small way along the free velocities."""
    copy = Body(make_robot(), LegKinematics(make_robot()))
    copy.base[:], copy.joints[:] = body.base, body.joints
    copy.update()
    copy.integrate(x, 1.0)
    for _ in range(3):
        copy.update()
    return copy


def directions() -> np.ndarray:
    return np.eye(NUM_FREE) * STEP


def placement(body: Body, frame: str) -> pin.SE3:
    return body.data.oMf[body.model.getFrameId(frame)].copy()


@pytest.mark.parametrize('frame', list(FOOT_FRAMES.values()))
def test_feet_stand_still_whatever_the_body_does(frame):
    body = crouched()
    foot = body.jacobian(body.model.getFrameId(frame)) @ body.expand
    assert np.abs(foot).max() < 1e-5


def test_legs_follow_the_base_exactly():
    body = crouched()
    for x in directions()[:6]:
        after = displaced(body, x)
        slope = (after.joints[:12] - body.joints[:12]) / STEP
        assert np.allclose(slope, body.expand[6:18] @ x / STEP, atol=1e-3)


@pytest.mark.parametrize('frame', [*PALM_FRAMES.values(), 'torso_link', 'pelvis'])
def test_the_jacobian_of_a_frame_is_its_velocity(frame):
    body = crouched()
    jacobian = body.jacobian(body.model.getFrameId(frame)) @ body.expand
    before = placement(body, frame)
    for column, x in enumerate(directions()):
        after = placement(displaced(body, x), frame)
        linear = (after.translation - before.translation) / STEP
        angular = pin.log3(after.rotation @ before.rotation.T) / STEP
        assert np.allclose(jacobian[:, column], [*linear, *angular], atol=1e-4)


def test_the_jacobian_of_the_centre_of_mass_is_its_velocity():
    body = crouched()
    com, jacobian = body.com()
    for column, x in enumerate(directions()):
        slope = (displaced(body, x).com()[0] - com) / STEP
        assert np.allclose((jacobian @ body.expand)[:, column], slope, atol=1e-4)


def test_a_palm_task_asks_for_what_brings_the_palm_to_its_target():
    body, config = crouched(), IkConfig()
    task = PalmTask(body, PALM_FRAMES['left'], config)
    target = placement(body, PALM_FRAMES['left']) * pin.exp6(np.full(6, 1e-4))
    rows, rhs = np.zeros((6, NUM_VELOCITY)), np.zeros(6)
    task.write(body, PalmTarget(target), DT, rows, rhs)
    nu = np.linalg.lstsq(rows @ body.expand, rhs, rcond=None)[0]
    after = displaced(body, nu / config.palm_gain)
    assert placement(after, PALM_FRAMES['left']).isApprox(target, 1e-6)
    assert task.distance == pytest.approx(np.linalg.norm([1e-4] * 3), rel=1e-3)


def test_a_palm_task_adds_the_velocity_of_its_target():
    body, config = crouched(), IkConfig()
    task = PalmTask(body, PALM_FRAMES['left'], config)
    velocity = np.array([0.1, 0.2, -0.1, 0.3, 0.0, -0.2])
    rows, rhs = np.zeros((6, NUM_VELOCITY)), np.zeros(6)
    task.write(body, PalmTarget(placement(body, PALM_FRAMES['left']), velocity), DT, rows, rhs)
    weights = np.repeat((config.palm_position, config.palm_rotation), 3)
    assert np.allclose(rhs, weights * velocity)


def test_a_far_palm_target_is_approached_at_a_bounded_speed_that_can_still_brake():
    body, config = crouched(), IkConfig()
    task = PalmTask(body, PALM_FRAMES['left'], config)
    rows, rhs = np.zeros((6, NUM_VELOCITY)), np.zeros(6)
    here = placement(body, PALM_FRAMES['left'])
    for distance in (0.001, 0.01, 0.1, 1.0, 5.0):
        there = pin.SE3(here.rotation, here.translation + [distance, 0, 0])
        task.write(body, PalmTarget(there), DT, rows, rhs)
        speed = np.linalg.norm(rhs[:3]) / config.palm_position
        assert speed <= config.palm_speed + 1e-9
        assert speed**2 <= 2 * config.palm_braking[0] * distance + 1e-9


def test_an_upright_task_is_content_when_the_link_is_upright():
    body = Body(make_robot(), LegKinematics(make_robot()))
    body.update()
    task = UprightTask(body, 'torso_link', weight=2.0, gain=3.0)
    rows, rhs = np.zeros((3, NUM_VELOCITY)), np.ones(3)
    task.write(body, rows, rhs)
    assert np.abs(rhs).max() < 1e-9


def test_an_upright_task_turns_the_link_as_asked():
    body = crouched()
    task = UprightTask(body, 'torso_link', weight=1.0, gain=1.0)
    wanted = pin.exp3(np.array([1e-3, -2e-3, 1e-3])) @ placement(body, 'torso_link').rotation
    rows, rhs = np.zeros((3, NUM_VELOCITY)), np.zeros(3)
    task.write(body, rows, rhs, wanted)
    after = displaced(body, np.linalg.lstsq(rows @ body.expand, rhs, rcond=None)[0])
    assert np.allclose(placement(after, 'torso_link').rotation, wanted, atol=1e-5)


def test_a_com_task_pulls_towards_its_nominal_point():
    body = crouched()
    com, jacobian = body.com()
    task = ComTask(com[:2] + [0.01, -0.02], weight=2.0, gain=3.0)
    rows, rhs = np.zeros((2, NUM_VELOCITY)), np.zeros(2)
    task.write(com, jacobian, rows, rhs)
    assert np.allclose(rhs, 2.0 * 3.0 * np.array([0.01, -0.02]))
    assert np.allclose(rows, 2.0 * jacobian[:2])


def test_posture_wishes_nothing_in_the_nominal_pose_and_the_way_back_elsewhere():
    body = Body(make_robot(), LegKinematics(make_robot()))
    posture = PostureTask(body, IkConfig())
    assert not posture.velocity(body, None).any()
    body.joints[15] += 0.1
    body.base[2] -= 0.1
    wish = posture.velocity(body, None)
    assert wish[9] < 0.0 < wish[2]
    assert posture.velocity(body, float(body.base[2]))[2] == pytest.approx(0.0)


def test_collision_rows_are_the_gradients_of_the_distances():
    body = crouched()
    body.joints[12:] = Body(make_robot(), LegKinematics(make_robot())).joints[12:]
    body.update()
    limit = CollisionLimit(body, IkConfig(collision_horizon=2.0, collision_rows=24))
    rows, lower = np.zeros((limit.size, NUM_VELOCITY)), np.zeros(limit.size)
    count = limit.write(body, DT, rows, lower)
    assert count == 24
    before = distances(limit)
    nearest_first = np.argsort(before, kind='stable')
    gradient = rows[:count] @ body.expand
    for column, x in enumerate(directions()):
        limit.write(displaced(body, x), DT, np.zeros_like(rows), np.zeros_like(lower))
        slope = (distances(limit) - before) / STEP
        assert np.allclose(gradient[:, column], slope[nearest_first], atol=1e-3)


def distances(limit: CollisionLimit) -> np.ndarray:
    return np.array([result.min_distance for result in limit._data.distanceResults])

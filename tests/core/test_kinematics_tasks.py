"""Every Jacobian and gradient of the whole-body solver against finite differences."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import make_robot

from rove_teleop.core.kinematics.body import NUM_FREE, Body
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.limits.collision import CollisionLimit
from rove_teleop.core.kinematics.limits.contact import Contacts
from rove_teleop.core.kinematics.limits.plane import PlaneLimit
from rove_teleop.core.kinematics.targets import PalmTarget
from rove_teleop.core.kinematics.tasks.com import ComTask
from rove_teleop.core.kinematics.tasks.frames import FrameRows
from rove_teleop.core.kinematics.tasks.palm import PalmTask
from rove_teleop.core.kinematics.tasks.posture import PostureTask
from rove_teleop.core.kinematics.tasks.upright import UprightTask
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.planes import Plane
from rove_teleop.core.robot import FOOT_FRAMES, PALM_FRAMES

STEP = 1e-6
DT = 0.005


def crouched(seed: int = 0) -> Body:
    """A body in a random pose around a crouch."""
    rng = np.random.default_rng(seed)
    legs = LegKinematics(make_robot())
    body = Body(make_robot(), legs)
    body.set_base(legs.nominal_base + [0.02, -0.01, -0.12, 0.03, 0.15, -0.1])
    body.upper += rng.uniform(-0.3, 0.3, NUM_FREE - 6)
    refresh(body)
    return body


def refresh(body: Body) -> None:
    for _ in range(3):
        body.update()
    body.update_centre()


def displaced(body: Body, x: np.ndarray) -> Body:
    """The same body a small way along the free velocities."""
    copy = Body(make_robot(), LegKinematics(make_robot()))
    copy.position[:] = body.position
    copy.update()
    copy.integrate(x, 1.0)
    refresh(copy)
    return copy


def directions() -> np.ndarray:
    return np.eye(NUM_FREE) * STEP


def placement(body: Body, frame: str) -> pin.SE3:
    return body.placement(body.model.getFrameId(frame)).copy()


def rows_of(body: Body, frame: str, linear: float = 1.0, angular: float = 1.0) -> np.ndarray:
    """Weighted Jacobian of a frame, linear then angular, shape (6, 23)."""
    frames = FrameRows(body)
    frames.add(body.model.getFrameId(frame), linear, angular)
    rows = np.zeros((frames.size, NUM_FREE))
    frames.write(rows)
    return rows


def difference(after: pin.SE3, before: pin.SE3) -> np.ndarray:
    turned = pin.log3(after.rotation @ before.rotation.T)
    return np.concatenate((after.translation - before.translation, turned))


@pytest.mark.parametrize('frame', list(FOOT_FRAMES.values()))
def test_feet_stand_still_whatever_the_body_does(frame):
    body = crouched()
    before = placement(body, frame)
    for x in directions():
        moved = difference(placement(displaced(body, x), frame), before)
        assert np.abs(moved).max() < 1e-6 * STEP


def test_legs_follow_the_base_exactly():
    body = crouched()
    for x in directions()[:6]:
        slope = (displaced(body, x).legs - body.legs) / STEP
        assert np.allclose(slope, body.leg_map @ x[:6] / STEP, atol=1e-3)


@pytest.mark.parametrize('seed', range(5))
def test_the_legs_are_those_of_the_leg_kinematics(seed):
    rng = np.random.default_rng(seed)
    legs = LegKinematics(make_robot())
    body = Body(make_robot(), legs)
    wanted = legs.nominal_base + [0, 0, -0.1, 0, 0.2, 0] + rng.uniform(-0.05, 0.05, 6)
    start = body.base.copy()
    for _ in range(50):
        x = np.zeros(NUM_FREE)
        x[:6] = (wanted - start) / 50
        body.integrate(x, 1.0)
        body.update()
    body.update()
    assert np.allclose(body.legs, legs.solve(wanted, np.zeros(6))[0], atol=1e-6)


def test_the_legs_return_to_their_feet_after_an_error():
    body = crouched()
    legs = body.legs.copy()
    body.legs += 0.02
    for _ in range(4):
        body.update()
    assert np.allclose(body.legs, legs, atol=1e-7)


def test_a_straight_leg_is_no_reason_to_raise():
    body = Body(make_robot(), LegKinematics(make_robot()))
    body.legs[:] = 0.0
    body.update()
    assert np.isfinite(body.leg_map).all() and np.isfinite(body.legs).all()


@pytest.mark.parametrize('frame', [*PALM_FRAMES.values(), 'torso_link', 'pelvis'])
def test_the_jacobian_of_a_frame_is_its_velocity(frame):
    body = crouched()
    jacobian = rows_of(body, frame)
    before = placement(body, frame)
    for column, x in enumerate(directions()):
        slope = difference(placement(displaced(body, x), frame), before) / STEP
        assert np.allclose(jacobian[:, column], slope, atol=1e-4)


def test_weights_scale_the_rows_of_a_frame_and_a_weight_of_zero_leaves_them_out():
    body = crouched()
    plain = rows_of(body, 'torso_link')
    assert np.allclose(rows_of(body, 'torso_link', 2.0, 3.0)[:3], 2.0 * plain[:3])
    assert np.allclose(rows_of(body, 'torso_link', 2.0, 3.0)[3:], 3.0 * plain[3:])
    assert np.allclose(rows_of(body, 'torso_link', 0.0, 3.0), 3.0 * plain[3:])
    assert np.allclose(rows_of(body, 'torso_link', 2.0, 0.0), 2.0 * plain[:3])


def test_the_palm_can_be_any_point_of_any_link_of_the_arm():
    offset = (0.05, 0.01, -0.02)
    body = Body(make_robot(), LegKinematics(make_robot()), 'wrist_yaw_link', offset)
    wrist = placement(body, 'left_wrist_yaw_link')
    palm = body.placement(body.palms['left'])
    assert palm.isApprox(wrist * pin.SE3(np.eye(3), np.array(offset)), 1e-9)


def test_the_jacobian_of_the_centre_of_mass_is_its_velocity():
    body = crouched()
    com, rows = body.com.copy(), body.com_rows.copy()
    for column, x in enumerate(directions()):
        slope = (displaced(body, x).com - com) / STEP
        assert np.allclose(rows[:, column], slope[:2], atol=1e-4)


def palm_rows(
    body: Body, config: IkConfig, target: PalmTarget
) -> tuple[PalmTask, np.ndarray, np.ndarray]:
    """Task, rows and right-hand side of the left palm."""
    task = PalmTask(body, 'left', config)
    rows = rows_of(body, PALM_FRAMES['left'], config.palm_position, config.palm_rotation)
    rhs = np.zeros(6)
    task.write(target, DT, rows, rhs)
    return task, rows, rhs


def test_a_palm_task_asks_for_what_brings_the_palm_to_its_target():
    body, config = crouched(), IkConfig()
    target = placement(body, PALM_FRAMES['left']) * pin.exp6(np.full(6, 1e-4))
    task, rows, rhs = palm_rows(body, config, PalmTarget(target, np.zeros(6)))
    nu = np.linalg.lstsq(rows, rhs, rcond=None)[0]
    after = displaced(body, nu / config.palm_gain)
    assert placement(after, PALM_FRAMES['left']).isApprox(target, 1e-6)
    assert task.distance == pytest.approx(np.linalg.norm([1e-4] * 3), rel=1e-3)


def test_a_palm_that_moves_with_its_target_is_asked_for_the_velocity_of_the_target():
    body, config = crouched(), IkConfig()
    velocity = np.array([0.1, 0.2, -0.1, 0.3, 0.0, -0.2])
    here = placement(body, PALM_FRAMES['left'])
    ahead = pin.SE3(
        pin.exp3(velocity[3:] * DT) @ here.rotation, here.translation + velocity[:3] * DT
    )
    rhs = palm_rows(body, config, PalmTarget(ahead, velocity))[2]
    weights = np.repeat((config.palm_position, config.palm_rotation), 3)
    assert np.allclose(rhs, weights * velocity)


def test_without_a_velocity_the_motion_of_the_target_itself_counts():
    body, config = crouched(), IkConfig()
    task = PalmTask(body, 'left', config)
    rows, rhs = np.zeros((6, NUM_FREE)), np.zeros(6)
    here = placement(body, PALM_FRAMES['left'])
    step = np.array([0.001, -0.002, 0.0])
    task.write(PalmTarget(here), DT, rows, rhs)
    assert np.abs(rhs).max() < 1e-9
    task.write(PalmTarget(pin.SE3(here.rotation, here.translation + step)), DT, rows, rhs)
    assert np.allclose(rhs[:3], config.palm_position * step / DT)
    task.forget()
    task.write(PalmTarget(pin.SE3(here.rotation, here.translation + step)), DT, rows, rhs)
    assert np.allclose(rhs[:3], config.palm_position * config.palm_gain * step, rtol=1e-2)


def test_a_target_that_leaps_has_no_velocity():
    body, config = crouched(), IkConfig()
    task = PalmTask(body, 'left', config)
    rows, rhs = np.zeros((6, NUM_FREE)), np.zeros(6)
    here = placement(body, PALM_FRAMES['left'])
    task.write(PalmTarget(here), DT, rows, rhs)
    far = pin.SE3(here.rotation, here.translation + [0.5, 0.0, 0.0])
    task.write(PalmTarget(far), DT, rows, rhs)
    assert np.linalg.norm(rhs[:3]) <= config.palm_position * config.palm_speed + 1e-9


def test_a_far_palm_target_is_approached_at_a_bounded_speed_that_can_still_brake():
    body, config = crouched(), IkConfig()
    here = placement(body, PALM_FRAMES['left'])
    for distance in (0.001, 0.01, 0.1, 1.0, 5.0):
        there = pin.SE3(here.rotation, here.translation + [distance, 0, 0])
        rhs = palm_rows(body, config, PalmTarget(there, np.zeros(6)))[2]
        speed = np.linalg.norm(rhs[:3]) / config.palm_position
        assert speed <= config.palm_speed + 1e-9
        assert speed**2 <= 2 * config.palm_braking[0] * distance + 1e-9


def test_farther_from_its_target_a_palm_cares_less_for_its_angle():
    body, config = crouched(), IkConfig()
    here = placement(body, PALM_FRAMES['left'])
    turned = here.rotation @ pin.exp3(np.array([0.0, 0.0, 0.01]))
    shares = []
    for distance in (0.0, config.palm_yield, 0.1):
        there = pin.SE3(turned, here.translation + [distance, 0, 0])
        rows = palm_rows(body, config, PalmTarget(there, np.zeros(6)))[1]
        plain = rows_of(body, PALM_FRAMES['left'], 1.0, config.palm_rotation)
        shares.append(np.linalg.norm(rows[3:]) / np.linalg.norm(plain[3:]))
    assert shares[0] == pytest.approx(1.0)
    assert shares[1] == pytest.approx(0.5)
    assert shares[2] < 0.05


def test_an_upright_task_is_content_when_the_link_is_upright():
    body = Body(make_robot(), LegKinematics(make_robot()))
    task = UprightTask(body, body.model.getFrameId('torso_link'), 0.0, 2.0, gain=3.0)
    rhs = np.ones(3)
    task.write(DT, rhs)
    assert np.abs(rhs).max() < 1e-9


def test_an_upright_task_turns_the_link_as_asked():
    body = crouched()
    task = UprightTask(body, body.model.getFrameId('torso_link'), 0.0, 1.0, gain=1.0)
    wanted = pin.exp3(np.array([1e-3, -2e-3, 1e-3])) @ placement(body, 'torso_link').rotation
    rhs = np.zeros(3)
    task.write(DT, rhs, wanted)
    rows = rows_of(body, 'torso_link', 0.0, 1.0)
    after = displaced(body, np.linalg.lstsq(rows, rhs, rcond=None)[0])
    assert np.allclose(placement(after, 'torso_link').rotation, wanted, atol=1e-5)


def test_an_upright_task_with_a_weight_for_it_keeps_the_link_where_it_was():
    body = Body(make_robot(), LegKinematics(make_robot()))
    task = UprightTask(body, body.model.getFrameId('torso_link'), 2.0, 1.0, gain=3.0)
    body.base[0] += 0.01
    refresh(body)
    rhs = np.zeros(6)
    task.write(DT, rhs)
    assert np.allclose(rhs[:3], [-2.0 * 3.0 * 0.01, 0.0, 0.0])


def test_a_com_task_pulls_towards_its_nominal_point():
    body = crouched()
    task = ComTask(body.com[:2] + [0.01, -0.02], weight=2.0, gain=3.0)
    rows, rhs = np.zeros((2, NUM_FREE)), np.zeros(2)
    task.write(body.com, body.com_rows, rows, rhs)
    assert np.allclose(rhs, 2.0 * 3.0 * np.array([0.01, -0.02]))
    assert np.allclose(rows, 2.0 * body.com_rows)


def test_posture_wishes_nothing_in_the_nominal_pose_and_the_way_back_elsewhere():
    body = Body(make_robot(), LegKinematics(make_robot()))
    posture = PostureTask(body, IkConfig())
    assert not posture.velocity(body, None, DT).any()
    body.upper[3] += 0.1
    body.base[2] -= 0.1
    wish = posture.velocity(body, None, DT)
    assert wish[9] < 0.0 < wish[2]
    assert posture.velocity(body, float(body.base[2]), DT)[2] == pytest.approx(0.0)


def test_a_posture_of_the_legs_is_the_gradient_of_its_cost():
    body = crouched()
    config = IkConfig(posture_legs=0.7, posture_gain=1.5)
    posture = PostureTask(Body(make_robot(), LegKinematics(make_robot())), config)
    nominal = Body(make_robot(), LegKinematics(make_robot())).legs
    rows, rhs = np.zeros((12, 6)), np.zeros(12)
    posture.write_legs(body, DT, 0.2, rows, rhs)

    def cost(x: np.ndarray) -> float:
        rates = body.leg_map @ x
        miss = rates - 1.5 * (nominal - body.legs)
        return 0.5 * (0.7**2 * miss @ miss + 0.2 * rates @ rates)

    x = np.random.default_rng(0).normal(size=6)
    gradient = rows.T @ (rows @ x - rhs)
    for column, step in enumerate(np.eye(6) * 1e-5):
        slope = (cost(x + step) - cost(x - step)) / 2e-5
        assert gradient[column] == pytest.approx(slope, abs=1e-6)


def contact_rows(body: Body, limit: CollisionLimit) -> tuple[np.ndarray, np.ndarray, int]:
    contacts = Contacts(limit.size)
    limit.collect(body, DT, contacts)
    rows, lower = np.zeros((limit.size, NUM_FREE)), np.zeros(limit.size)
    return rows, lower, contacts.write(body, rows, lower)


def test_collision_rows_are_the_gradients_of_the_distances():
    body = crouched()
    body.upper[:] = Body(make_robot(), LegKinematics(make_robot())).upper
    refresh(body)
    config = IkConfig(collision_horizon=2.0, collision_rows=24, collision_distance=0.0)
    limit = CollisionLimit(body, config)
    rows, _, count = contact_rows(body, limit)
    assert count == 24
    before = np.array(limit.distances())
    nearest_first = np.argsort(before, kind='stable')
    for column, x in enumerate(directions()):
        contact_rows(displaced(body, x), limit)
        slope = (np.array(limit.distances()) - before) / STEP
        assert np.allclose(rows[:, column], slope[nearest_first], atol=1e-3)


def test_capsules_side_by_side_get_a_row_at_either_end():
    body = Body(make_robot(), LegKinematics(make_robot()))
    body.upper[[4, 11]] = -0.12, 0.12  # arms in, along the thighs
    body.upper[[6, 13]] = 1.3
    refresh(body)
    limit = CollisionLimit(body, IkConfig(collision_rows=60))
    rows, _, count = contact_rows(body, limit)
    pairs = sum(distance < 0.15 for distance in limit.distances())
    assert limit.clearance < 0.04 and count > pairs


def test_plane_rows_are_the_gradients_of_the_distances():
    body = crouched()
    plane = Plane((0.6, 0.0, 0.8), 0.5)

    def look(body: Body) -> tuple[np.ndarray, np.ndarray]:
        contacts = Contacts(PlaneLimit.size)
        limit = PlaneLimit(body, IkConfig(collision_horizon=2.0, workspace=(plane,)))
        limit.collect(DT, contacts)
        rows, lower = np.zeros((limit.size, NUM_FREE)), np.zeros(limit.size)
        assert contacts.write(body, rows, lower) == 4
        return rows[0], np.array(limit.clearance)

    row, before = look(body)
    for column, x in enumerate(directions()):
        assert (look(displaced(body, x))[1] - before) / STEP == pytest.approx(
            row[column], abs=1e-4
        )
    far = IkConfig(collision_horizon=2.0, workspace=(Plane((0.6, 0.0, 0.8), -9.0),))
    limit = PlaneLimit(body, far)
    limit.collect(DT, Contacts(PlaneLimit.size))
    assert limit.clearance == np.inf

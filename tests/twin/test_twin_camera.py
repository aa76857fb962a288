from __future__ import annotations

from dataclasses import replace
import subprocess
import sys

import numpy as np
import pytest

from rove_teleop.cameras.camera import d435_color
from rove_teleop.errors import DeviceError, UnknownName
from rove_teleop.share import share
from rove_teleop.twin.camera import TwinCamera, twin_intrinsics
from rove_teleop.twin.plant import TwinPlant
from rove_teleop.twin.renderer import SceneRenderer
from tests.contracts.camera_contract import CameraContract

CUBE = np.array([0.40, -0.15, 0.805, 0.0, 0.0, 0.0, 1.0])
GOAL = np.array([0.42, 0.10, 0.78, 0.0, 0.0, 0.0, 1.0])
OBJECTS = {'cube': CUBE, 'goal': GOAL}
SIZE = (320, 240)


@pytest.fixture(scope='module')
def state():
    return TwinPlant(scene='pick_place').reset(0)


@pytest.fixture(scope='module')
def renderer():
    renderer = SceneRenderer('pick_place', twin_intrinsics(*SIZE))
    yield renderer
    renderer.close()


def draw(renderer, state, objects, name='head'):
    return renderer.render(state.position, state.base_pose, objects, [name])[name]


def red(image):
    """Pixels (u, v) that are clearly red."""
    r, g, b = np.moveaxis(image.astype(int), 2, 0)
    v, u = np.nonzero((r > 100) & (r > 2 * g) & (r > 2 * b))
    return np.stack([u, v], axis=1)


class TestTwinCamera(CameraContract):
    @pytest.fixture
    def camera(self, renderer):
        return TwinCamera(renderer, 'head')

    @pytest.fixture
    def show(self, camera, state):
        moments = iter(range(100))
        return lambda: camera.show(replace(state, t_ns=next(moments)), OBJECTS)


def test_the_cube_appears_where_the_intrinsics_project_it(renderer, state):
    """Pinhole projection through the robot's own kinematics, against the picture."""
    plant = TwinPlant(scene='pick_place')
    optical = plant.data.body('head_camera_optical_frame')
    rotation, origin = optical.xmat.reshape(3, 3), optical.xpos
    x, y, z = rotation.T @ (CUBE[:3] - origin)
    camera = renderer.intrinsics('head')
    expected = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
    seen = red(draw(renderer, state, OBJECTS)).mean(axis=0)
    np.testing.assert_allclose(seen, expected, atol=4.0)


def test_an_object_moves_in_the_picture_as_it_moves_in_the_world(renderer, state):
    left = red(draw(renderer, state, OBJECTS | {'cube': CUBE + [0, 0.1, 0, 0, 0, 0, 0]}))
    right = red(draw(renderer, state, OBJECTS))
    assert left[:, 0].mean() < right[:, 0].mean() - 20


def test_the_head_camera_does_not_see_the_inside_of_the_head(renderer, state):
    image = draw(renderer, state, OBJECTS)
    assert image[: SIZE[1] // 2].min() > 30  # the visor is nearly black


def test_drawing_the_same_state_twice_gives_the_same_picture(renderer, state):
    np.testing.assert_array_equal(
        draw(renderer, state, OBJECTS, 'view'), draw(renderer, state, OBJECTS, 'view')
    )


def test_the_view_camera_shows_robot_table_and_floor(renderer, state):
    image = draw(renderer, state, OBJECTS, 'view').reshape(-1, 3).astype(int)
    white = (image.min(axis=1) > 200).mean()
    wood = ((image[:, 0] > image[:, 2] + 50) & (image[:, 1] > image[:, 2])).mean()
    assert white > 0.01
    assert wood > 0.05


def test_cameras_of_different_sizes_share_a_renderer(state):
    cameras = {'head': d435_color(64, 48), 'view': twin_intrinsics(160, 90)['view']}
    renderer = SceneRenderer('pick_place', cameras)
    images = renderer.render(state.position, state.base_pose, OBJECTS)
    renderer.close()
    assert {name: image.shape for name, image in images.items()} == {
        'head': (48, 64, 3),
        'view': (90, 160, 3),
    }


def test_an_unknown_camera_is_refused_with_the_known_ones(renderer):
    with pytest.raises(UnknownName, match='head'):
        SceneRenderer('pick_place', {'wrist': d435_color()})
    with pytest.raises(UnknownName, match='head, view'):
        TwinCamera(renderer, 'wrist')


def test_a_closed_renderer_says_so(state):
    renderer = SceneRenderer('empty', twin_intrinsics(32, 24))
    renderer.close()
    renderer.close()
    with pytest.raises(DeviceError, match='closed'):
        renderer.render(state.position, state.base_pose, {})


def test_a_machine_without_opengl_gets_a_device_error_that_names_the_cure():
    script = (
        'from rove_teleop.twin.camera import twin_intrinsics\n'
        'from rove_teleop.twin.renderer import SceneRenderer\n'
        'from rove_teleop.errors import DeviceError\n'
        'try:\n'
        '    SceneRenderer("empty", twin_intrinsics(32, 24))\n'
        'except DeviceError as error:\n'
        '    assert "libegl1" in str(error), error\n'
        'else:\n'
        '    raise SystemExit("no error")\n'
    )
    root = share('urdf').parent
    environment = {'MUJOCO_GL': 'glfw', 'PATH': '/usr/bin:/bin', 'PYTHONPATH': str(root)}
    subprocess.run([sys.executable, '-c', script], check=True, env=environment, timeout=60)

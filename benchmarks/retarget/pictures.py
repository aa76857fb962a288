"""Pictures of the golden poses: the human's hand above the robot's, one row per objective."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
import mujoco
import numpy as np

from rove_teleop.assembly import make_robot
from rove_teleop.core.names import HAND_JOINTS
from rove_teleop.core.retargeting import (
    DEX3_DEXPILOT,
    DEX3_VECTOR,
    HandRetargeter,
    LightRetargeter,
    VectorRetargeter,
    hand_points,
)
from rove_teleop.core.robot import PALM_FRAMES
from rove_teleop.core.types import Array
from rove_teleop.hands.golden import GOLDEN_POSES
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.twin.model import robot_spec

SIZE = 360  # pixels
_CALLS = 30  # from the middle of the limits to the answer that stays
_BONES = [
    (0 if joint % 5 == 0 or joint == 1 else joint - 1, joint) for joint in range(1, 25)
]  # wrist to thumb 1, 2, 3, 4, then wrist to each metacarpal and on
_SKIN = (0.87, 0.67, 0.55, 1.0)
_THICKNESS = 0.008  # m
_VIEW = {'left': -40.0, 'right': 40.0}  # from straight at the palm to the side of the thumb [deg]


def draw(side: str, path: Path) -> Path:
    """Draw all golden poses of one hand; returns ``path``, a PNG file."""
    robot = make_robot()
    retargeters: Mapping[str, HandRetargeter] = {
        'vector': VectorRetargeter.of_robot(robot, side, DEX3_VECTOR),
        'dexpilot': VectorRetargeter.of_robot(robot, side, DEX3_DEXPILOT),
        'light': LightRetargeter(robot, side),
    }
    figure = Figure(figsize=(10, 10.4), layout='constrained')
    grid = figure.subplots(1 + len(retargeters), len(GOLDEN_POSES))
    model = _robot_hand(side)
    with mujoco.Renderer(model, SIZE, SIZE) as renderer:
        for column, (name, curls) in enumerate(GOLDEN_POSES.items()):
            hand = hand_pose(side, **curls)
            _show(grid[0, column], _human_picture(hand_points(hand, side), side), title=name)
            for row, retargeter in enumerate(retargeters.values(), start=1):
                for _ in range(_CALLS):
                    position = retargeter.retarget(hand)
                joints = dict(zip(HAND_JOINTS[side], position, strict=True))
                _show(grid[row, column], _picture(renderer, model, joints, side))
    for row, kind in enumerate(('human', *retargeters)):
        grid[row, 0].set_ylabel(kind)
    figure.suptitle(f'{side} Dex3 hand, retargeted from the hand above')
    figure.savefig(path, dpi=90)
    return path


def _show(axes: Axes, picture: Array, title: str = '') -> None:
    axes.imshow(picture)
    axes.set(xticks=[], yticks=[], title=title)


def _upright(side: str) -> Array:
    """World directions of forward, aside and back: fingers up, palm to the viewer at -y."""
    outward = 1.0 if side == 'right' else -1.0
    return np.array([(0.0, 0.0, 1.0), (outward, 0.0, 0.0), (0.0, 1.0, 0.0)]).T


def _stage() -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    spec.stat.extent = 0.5
    spec.visual.map.znear = 0.01
    spec.visual.global_.offwidth = spec.visual.global_.offheight = SIZE
    spec.visual.headlight.ambient = (0.4, 0.4, 0.42)
    spec.visual.headlight.diffuse = (0.2, 0.2, 0.2)
    spec.visual.quality.shadowsize, spec.visual.quality.offsamples = 4096, 8
    spec.add_texture(
        name='sky', type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT, rgb1=(0.93, 0.94, 0.96),
        rgb2=(0.93, 0.94, 0.96), width=8, height=48,
    )  # fmt: skip
    spec.worldbody.add_light(
        pos=(0.5, -1.0, 1.5),
        dir=(-0.3, 0.7, -0.7),
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        diffuse=(0.5, 0.5, 0.48),
    )
    return spec


def _robot_hand(side: str) -> mujoco.MjModel:
    spec = _stage()
    palm = robot_spec().body(PALM_FRAMES[side])
    axes = np.array(DEX3_VECTOR.axes)
    if side == 'right':
        axes = axes * np.array(DEX3_VECTOR.mirror)
    quaternion_wxyz = np.empty(4)
    mujoco.mju_mat2Quat(quaternion_wxyz, (_upright(side) @ axes).ravel())
    spec.worldbody.add_frame(quat=quaternion_wxyz).attach_body(palm, 'hand/', '')
    spec.body(f'hand/{PALM_FRAMES[side]}').pos = (0.0, 0.0, 0.0)
    return spec.compile()


def _human_picture(points: Array, side: str) -> Array:
    spec = _stage()
    world = points @ _upright(side).T
    for first, second in _BONES:
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=(*world[first], *world[second]),
            size=(_THICKNESS, 0.0, 0.0), rgba=_SKIN,
        )  # fmt: skip
    model = spec.compile()
    with mujoco.Renderer(model, SIZE, SIZE) as renderer:
        return _picture(renderer, model, {}, side)


def _picture(
    renderer: mujoco.Renderer, model: mujoco.MjModel, joints: Mapping[str, float], side: str
) -> Array:
    data = mujoco.MjData(model)
    for name, value in joints.items():
        data.joint(f'hand/{name}').qpos = value
    mujoco.mj_forward(model, data)
    camera = mujoco.MjvCamera()
    camera.lookat[:] = (0.0, -0.02, 0.085)
    camera.distance, camera.elevation = 0.31, -12.0
    camera.azimuth = 90.0 + _VIEW[side]
    option = mujoco.MjvOption()
    option.geomgroup[:] = [1, 1, 0, 0, 0, 0]
    renderer.update_scene(data, camera, option)
    return renderer.render().copy()

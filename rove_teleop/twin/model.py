"""The MuJoCo model of the twin, compiled from the robot's URDF and a scene of ``sim/``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mujoco
import numpy as np

from rove_teleop.cameras.camera import D435_COLOR_FOVY
from rove_teleop.core.names import HAND_JOINTS, JOINTS, SIDES
from rove_teleop.core.robot import ANKLE_TO_SOLE, FOOT_FRAMES
from rove_teleop.core.types import Array
from rove_teleop.errors import ModelError, UnknownName
from rove_teleop.share import share
from rove_teleop.twin.gains import MOTORS

HEAD_CAMERA = 'head'
VIEW_CAMERA = 'view'
ROBOT_ROOT = 'pelvis'
HEAD_GROUP = 2
"""Geom group of the head's shell, which the head camera sits in and must not see."""
IMU_FRAME = 'imu_in_pelvis'
FOOT_SENSOR = {side: f'{side}_sole_force' for side in SIDES}

VIEW_FOVY = 40.0
"""Vertical field of view of the third-person camera [deg]."""

_VIEW_FROM, _VIEW_AT = (1.80, -1.50, 1.45), (0.24, -0.02, 0.69)
_HAND = ('wrist_yaw', 'hand_palm', *(j.removeprefix('left_')[:-6] for j in HAND_JOINTS['left']))
_STIFF = (0.005, 1.0)  # contact time constant [s] and damping ratio
_FINGER_FRICTION = (1.2, 0.02, 0.0005)
_FOOT_FRICTION = (1.0, 0.005, 0.0001)
_NEVER_TOUCH = (
    ('pelvis', 'torso_link'),
    ('left_hip_yaw_link', 'right_hip_yaw_link'),
    *((f'{s}_hip_yaw_link', 'pelvis') for s in SIDES),
    *((f'{s}_hip_{axis}_link', 'torso_link') for s in SIDES for axis in ('pitch', 'roll')),
    *((f'{s}_shoulder_yaw_link', 'torso_link') for s in SIDES),
    *((f'{s}_shoulder_pitch_link', 'head_link') for s in SIDES),
)
"""Pairs that overlap by construction, besides neighbours up to great-grandparents."""


def scenes() -> tuple[str, ...]:
    """Names of the scenes in ``sim/``."""
    return tuple(sorted(path.stem for path in share('sim').glob('*.xml')))


def robot_spec(urdf: Path | str | None = None) -> mujoco.MjSpec:
    """The robot alone, floating, with actuators, contacts and the head camera.

    Args:
        urdf: Robot description; the shipped one if None.

    Raises:
        ModelError: The description is missing, not a URDF, or lacks joints.
    """
    path = Path(urdf) if urdf is not None else share('urdf/g1_dex3.urdf')
    if not path.is_file():
        raise ModelError(f'robot description {path} does not exist')
    try:
        spec = mujoco.MjSpec.from_file(str(path))
    except ValueError as error:
        raise ModelError(f'{path} is not a readable URDF: {error}') from error
    missing = [name for name in JOINTS if spec.joint(name) is None]
    if missing:
        raise ModelError(f'{path} lacks the joints {", ".join(missing)}')
    spec.compiler.degree = False
    spec.body(ROBOT_ROOT).add_freejoint(name='root')
    for name in JOINTS:
        _motorise(spec, name)
    _shape_contacts(spec)
    _exclude(spec)
    _add_foot_sensors(spec)
    _add_head_camera(spec)
    return spec


def scene_spec(scene: str, urdf: Path | str | None = None) -> mujoco.MjSpec:
    """The robot on a floor in one scene.

    Args:
        scene: Name of a file in ``sim/``, without its ending.
        urdf: Robot description; the shipped one if None.

    Raises:
        UnknownName: There is no such scene; the message lists the known ones.
        ModelError: The scene or the robot description cannot be read.
    """
    known = scenes()
    if scene not in known:
        raise UnknownName('scene', scene, known)
    spec = robot_spec(urdf)
    _set_physics(spec)
    _set_look(spec)
    try:
        objects = mujoco.MjSpec.from_file(str(share(f'sim/{scene}.xml')))
    except ValueError as error:
        raise ModelError(f'scene sim/{scene}.xml is not readable: {error}') from error
    _attach(spec, objects)
    return spec


def _attach(spec: mujoco.MjSpec, objects: mujoco.MjSpec) -> None:
    """Put a scene's bodies into the world under their own names; MuJoCo wants a prefix."""
    spec.attach(objects, frame=spec.worldbody.add_frame(), prefix='scene/')
    for element in (*spec.bodies, *spec.geoms, *spec.joints, *spec.sites):
        element.name = element.name.removeprefix('scene/')


def _motorise(spec: mujoco.MjSpec, name: str) -> None:
    """Give a joint its motor: PD with feed-forward, limited to the joint's effort.

    The motor's torque is ``kp (ctrl - q) - kd q'``, so a caller that wants ``kp (q_des - q) +
    kd (q'_des - q') + tau`` sets ``ctrl = q_des + (tau + kd q'_des) / kp``.
    """
    motor, joint = MOTORS[name], spec.joint(name)
    joint.armature, joint.frictionloss = motor.armature, motor.friction
    joint.damping[0] = motor.damping
    joint.solref_limit, joint.solimp_limit[:3] = _STIFF, (0.95, 0.99, 0.001)
    actuator = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    actuator.biastype = mujoco.mjtBias.mjBIAS_AFFINE
    actuator.gainprm[0] = motor.kp
    actuator.biasprm[1:3] = (-motor.kp, -motor.kd)
    actuator.forcerange = joint.actfrcrange
    actuator.forcelimited = True
    actuator.ctrllimited = False


def _shape_contacts(spec: mujoco.MjSpec) -> None:
    """Friction and stiffness of feet and hands; cylinders collide as the capsules inside."""
    hands = {f'{side}_{part}_link' for side in SIDES for part in _HAND}
    for body in spec.bodies:
        for geom in body.geoms:
            if not geom.contype:
                geom.group = HEAD_GROUP if body.name == 'head_link' else 1
                continue
            geom.group = 3
            if geom.type == mujoco.mjtGeom.mjGEOM_CYLINDER:
                geom.type = mujoco.mjtGeom.mjGEOM_CAPSULE
                geom.size[1] -= geom.size[0]
            if body.name.endswith('ankle_roll_link'):
                geom.friction, geom.condim, geom.solref = _FOOT_FRICTION, 3, _STIFF
            elif body.name in hands:
                geom.friction, geom.condim, geom.solref = _FINGER_FRICTION, 4, _STIFF


def _exclude(spec: mujoco.MjSpec) -> None:
    """Switch collision off between links that touch by construction."""
    pairs = {tuple(sorted(pair)) for pair in _NEVER_TOUCH}
    for body in spec.bodies[1:]:
        ancestor = body.parent
        for _ in range(3):
            if ancestor is None or ancestor.name == 'world':
                break
            pairs.add((min(body.name, ancestor.name), max(body.name, ancestor.name)))
            ancestor = ancestor.parent
    for side in SIDES:
        near = [f'{side}_{part}_link' for part in ('wrist_yaw', 'hand_palm', 'hand_thumb_0')]
        near += [f'{side}_hand_{finger}_0_link' for finger in ('index', 'middle')]
        pairs |= {(a, b) for a in near for b in near if a < b}
    solid = {body.name for body in spec.bodies if any(geom.contype for geom in body.geoms)}
    for a, b in sorted(pairs):
        if a in solid and b in solid:
            spec.add_exclude(bodyname1=a, bodyname2=b)


def _add_foot_sensors(spec: mujoco.MjSpec) -> None:
    """One sensor per sole that sums the normal forces under it."""
    for side, name in FOOT_SENSOR.items():
        spec.body(FOOT_FRAMES[side]).add_site(
            name=name, type=mujoco.mjtGeom.mjGEOM_BOX, size=(0.12, 0.05, 0.03),
            pos=(0.035, 0.0, -ANKLE_TO_SOLE), group=5,
        )  # fmt: skip
        spec.add_sensor(
            name=name, type=mujoco.mjtSensor.mjSENS_TOUCH,
            objtype=mujoco.mjtObj.mjOBJ_SITE, objname=name,
        )  # fmt: skip


def _add_head_camera(spec: mujoco.MjSpec) -> None:
    """The D435's colour camera; MuJoCo cameras look along -z with y up."""
    spec.body('d435_link').add_camera(
        name=HEAD_CAMERA, fovy=D435_COLOR_FOVY, quat=(0.5, 0.5, -0.5, -0.5)
    )


def _set_physics(spec: mujoco.MjSpec) -> None:
    option = spec.option
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.solver = mujoco.mjtSolver.mjSOL_NEWTON
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = 10.0
    option.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET


def _set_look(spec: mujoco.MjSpec) -> None:
    """Floor, light, background and the third-person camera."""
    spec.stat.extent, spec.stat.center = 2.0, (0.3, 0.0, 0.7)
    visual = spec.visual
    visual.map.znear, visual.map.zfar = 0.005, 20.0  # times the extent
    visual.headlight.ambient = (0.42, 0.42, 0.44)
    visual.headlight.diffuse = (0.28, 0.28, 0.28)
    visual.headlight.specular = (0.05, 0.05, 0.05)
    spec.add_texture(
        name='sky', type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=(0.80, 0.86, 0.92), rgb2=(0.45, 0.52, 0.60), width=64, height=384,
    )  # fmt: skip
    spec.add_texture(
        name='tiles', type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER, mark=mujoco.mjtMark.mjMARK_EDGE,
        rgb1=(0.62, 0.65, 0.68), rgb2=(0.57, 0.60, 0.63), markrgb=(0.50, 0.53, 0.56),
        width=256, height=256,
    )  # fmt: skip
    floor = spec.add_material(name='floor', texrepeat=(2, 2), texuniform=True, specular=0.1)
    floor.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = 'tiles'
    spec.worldbody.add_geom(
        name='floor', type=mujoco.mjtGeom.mjGEOM_PLANE, size=(10, 10, 0.1), material='floor',
        friction=_FOOT_FRICTION, condim=3,
    )  # fmt: skip
    spec.worldbody.add_light(
        name='lamp', pos=(1.5, -1.5, 3.0), dir=(-0.4, 0.5, -0.9), diffuse=(0.55, 0.53, 0.50),
        specular=(0.2, 0.2, 0.2), type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, castshadow=True,
    )  # fmt: skip
    spec.worldbody.add_camera(
        name=VIEW_CAMERA, fovy=VIEW_FOVY, pos=_VIEW_FROM, quat=_looking(_VIEW_FROM, _VIEW_AT)
    )


def _looking(here: Sequence[float], there: Sequence[float]) -> Array:
    """Orientation wxyz of a camera that looks from one point at another, upright."""
    back = np.subtract(here, there) / np.linalg.norm(np.subtract(here, there))
    right = np.cross((0.0, 0.0, 1.0), back)
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(back, right), back], axis=1)
    quaternion_wxyz = np.empty(4)
    mujoco.mju_mat2Quat(quaternion_wxyz, rotation.ravel())
    return quaternion_wxyz

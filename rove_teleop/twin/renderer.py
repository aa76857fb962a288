"""Pictures of the twin, drawn from states: never in the process or thread that does physics."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
import os
from typing import Any, NamedTuple

import mujoco
import numpy as np

from rove_teleop.cameras.camera import Intrinsics
from rove_teleop.core.geometry import wxyz_from_xyzw
from rove_teleop.core.names import JOINTS
from rove_teleop.core.types import Array
from rove_teleop.errors import DeviceError, UnknownName
from rove_teleop.twin.model import HEAD_CAMERA, HEAD_GROUP, scene_spec
from rove_teleop.twin.objects import SceneObjects


class _Quality(NamedTuple):
    """What MuJoCo's ``visual/quality`` calls these: roundness of shapes, shadows, smoothing."""

    numslices: int
    numstacks: int
    numquads: int
    shadowsize: int
    offsamples: int


_FAST = _Quality(18, 9, 1, 0, 0)
_STILL = _Quality(40, 24, 4, 4096, 8)


class SceneRenderer:
    """Draws a scene as its cameras see it.

    One OpenGL context draws all cameras; use it from the thread that made it. Shadows and
    multisampling cost a factor of five to ten on a CPU, so they are for still pictures.
    """

    def __init__(
        self, scene: str, cameras: Mapping[str, Intrinsics], *, still: bool = False
    ) -> None:
        """Load the scene and open a context.

        Args:
            scene: Name of the scene.
            cameras: Camera names of the model, and how each sees.
            still: With shadows and smooth edges.

        Raises:
            UnknownName: There is no such scene or camera; the message lists the known ones.
            DeviceError: This machine cannot render.
        """
        spec = scene_spec(scene)
        known = [camera.name for camera in spec.cameras]
        for name, intrinsics in cameras.items():
            if name not in known:
                raise UnknownName('camera', name, known)
            spec.camera(name).fovy = intrinsics.fovy
        self._width = max((c.width for c in cameras.values()), default=1)
        self._height = max((c.height for c in cameras.values()), default=1)
        _set_quality(spec, _STILL if still else _FAST)
        spec.visual.global_.offwidth = self._width
        spec.visual.global_.offheight = self._height
        self._cameras = dict(cameras)
        self._model = spec.compile()
        self._data = mujoco.MjData(self._model)
        self._objects = SceneObjects(self._model)
        self._qpos = np.array([self._model.joint(name).qposadr[0] for name in JOINTS])
        self._scene = mujoco.MjvScene(self._model, maxgeom=1000)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = still
        self._scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = still
        self._option = mujoco.MjvOption()
        self._gl, self._context = self._open()

    def render(
        self,
        position: Array,
        base_pose: Array,
        objects: Mapping[str, Array],
        names: Collection[str] | None = None,
    ) -> dict[str, Array]:
        """Draw one state.

        Args:
            position: Joints in model order [rad], (43,).
            base_pose: Pelvis in the world, (7,).
            objects: World poses (7,) of free objects and markers; other names are ignored.
            names: Cameras to draw; all of them if None.

        Returns:
            RGB pictures by camera, uint8 (H, W, 3).

        Raises:
            DeviceError: The renderer was closed.
        """
        if self._gl is None:
            raise DeviceError('renderer is closed; make a new one')
        self._pose(position, base_pose, objects)
        self._gl.make_current()
        return {name: self._draw(name) for name in (self._cameras if names is None else names)}

    def intrinsics(self, name: str) -> Intrinsics:
        """How one of the cameras sees.

        Raises:
            UnknownName: There is no such camera here; the message lists the known ones.
        """
        if name not in self._cameras:
            raise UnknownName('camera', name, self._cameras)
        return self._cameras[name]

    def close(self) -> None:
        """Free the context; may be called twice."""
        if self._gl is not None:
            self._gl.make_current()
            self._context.free()
            self._gl.free()
            self._gl = None

    def _open(self) -> tuple[Any, mujoco.MjrContext]:
        backend = os.environ.get('MUJOCO_GL', 'egl')
        try:
            gl = import_module(f'mujoco.{backend}').GLContext(self._width, self._height)
            gl.make_current()
            context = mujoco.MjrContext(self._model, mujoco.mjtFontScale.mjFONTSCALE_100)
        except Exception as error:  # every back end raises its own kind, some a bare Exception
            raise DeviceError(
                f'cannot render on this machine with MUJOCO_GL={backend}: {error}; install '
                'libegl1 and libgl1 and use MUJOCO_GL=egl, or libosmesa6 and MUJOCO_GL=osmesa'
            ) from error
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, context)
        return gl, context

    def _pose(self, position: Array, base_pose: Array, objects: Mapping[str, Array]) -> None:
        data = self._data
        data.qpos[:3], data.qpos[3:7] = base_pose[:3], wxyz_from_xyzw(base_pose[3:])
        data.qpos[self._qpos] = position
        for name in self._objects.movable:
            if name in objects:
                self._objects.place(data, name, objects[name])
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        mujoco.mj_camlight(self._model, data)

    def _draw(self, name: str) -> Array:
        intrinsics = self._cameras[name]
        camera = mujoco.MjvCamera()
        camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        camera.fixedcamid = self._model.camera(name).id
        self._option.geomgroup[:] = [1, 1, 0, 0, 0, 0]
        self._option.geomgroup[HEAD_GROUP] = name != HEAD_CAMERA
        mujoco.mjv_updateScene(
            self._model, self._data, self._option, None, camera,
            mujoco.mjtCatBit.mjCAT_ALL, self._scene,
        )  # fmt: skip
        view = mujoco.MjrRect(0, 0, intrinsics.width, intrinsics.height)
        mujoco.mjr_render(view, self._scene, self._context)
        image = np.empty((intrinsics.height, intrinsics.width, 3), dtype=np.uint8)
        mujoco.mjr_readPixels(image, None, view, self._context)
        return image[::-1].copy()


def _set_quality(spec: mujoco.MjSpec, quality: _Quality) -> None:
    for field, value in quality._asdict().items():
        setattr(spec.visual.quality, field, value)

"""The viewer node: MuJoCo's own window, showing what the plant reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import mujoco.viewer
import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from rove_teleop.config import param
from rove_teleop.core.geometry import wxyz_from_xyzw
from rove_teleop.core.names import JOINTS
from rove_teleop.nodes import latest
from rove_teleop.nodes.params import declare
from rove_teleop.nodes.run import main_of
from rove_teleop.tasks.registry import make_task
from rove_teleop.twin.model import scene_spec
from rove_teleop.twin.objects import SceneObjects

_VIEW = (0.2, 0.0, 0.75), 2.6, -140.0, -15.0  # m, m, deg, deg: robot and table from its left


@dataclass(frozen=True)
class ViewerParams:
    """Parameters of the viewer."""

    task: str = param('pick_place', 'Task whose scene is shown.')
    rate: float = param(30.0, 'Pictures a second [Hz].', low=1.0, high=60.0)


class ViewerNode(Node):
    """Subscribe ``plant_state`` and ``task_state``; needs a screen."""

    def __init__(self, **kwargs: Any) -> None:
        """Open the window."""
        super().__init__('viewer', **kwargs)
        params = declare(self, ViewerParams)
        self._model = scene_spec(make_task(params.task).scene).compile()
        self._data = mujoco.MjData(self._model)
        self._objects = SceneObjects(self._model)
        self._qpos = np.array([self._model.joint(name).qposadr[0] for name in JOINTS])
        self._window = mujoco.viewer.launch_passive(
            self._model, self._data, show_left_ui=False, show_right_ui=False
        )
        camera = self._window.cam
        camera.lookat, camera.distance, camera.azimuth, camera.elevation = _VIEW
        self._plant = latest.plant_state(self)
        self._task = latest.task_state(self)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0 / params.rate, self._step, clock=steady)

    def destroy_node(self) -> None:
        """Close the window."""
        self._window.close()
        super().destroy_node()

    def _step(self) -> None:
        plant, task = self._plant.get(), self._task.get()
        if plant is None or task is None or not self._window.is_running():
            return
        with self._window.lock():
            self._data.qpos[:3] = plant.base_pose[:3]
            self._data.qpos[3:7] = wxyz_from_xyzw(plant.base_pose[3:])
            self._data.qpos[self._qpos] = plant.position
            for name in self._objects.movable:
                if name in task.objects:
                    self._objects.place(self._data, name, task.objects[name])
            mujoco.mj_forward(self._model, self._data)
        self._window.sync()


main = main_of(ViewerNode)

if __name__ == '__main__':
    main()

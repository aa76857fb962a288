"""The camera node: the twin's cameras drawn from its states, or a RealSense on the head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage

from rove_teleop.cameras.camera import Camera
from rove_teleop.cameras.realsense import RealSenseCamera
from rove_teleop.config import param
from rove_teleop.nodes import images, latest, qos
from rove_teleop.nodes.params import declare
from rove_teleop.nodes.run import main_of
from rove_teleop.tasks.registry import make_task
from rove_teleop.twin.camera import TwinCamera, twin_intrinsics
from rove_teleop.twin.renderer import SceneRenderer

SOURCES = ('twin', 'realsense')


@dataclass(frozen=True)
class CameraParams:
    """Parameters of the cameras."""

    source: str = param('twin', 'Where pictures come from.', choices=SOURCES)
    task: str = param('pick_place', 'Task whose scene is drawn.')
    rate: float = param(15.0, 'Pictures a second of each camera [Hz].', low=1.0, high=60.0)
    width: int = param(640, 'Width of a picture [px].', low=64, high=1920)
    height: int = param(480, 'Height of a picture [px].', low=48, high=1080)


class CameraNode(Node):
    """Publish ``<name>_camera/image/compressed`` and ``<name>_camera/camera_info``.

    The twin has a ``head`` and a ``view`` camera; drawing them in this process never slows
    physics. A RealSense is the ``head`` camera.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Open the cameras.

        Raises:
            DeviceError: This machine cannot render, or no RealSense is there.
        """
        super().__init__('camera', **kwargs)
        params = declare(self, CameraParams)
        self._renderer: SceneRenderer | None = None
        self._cameras = self._open(params)
        self._plant = latest.plant_state(self)
        self._task = latest.task_state(self)
        self._image_pubs = {
            camera.name: self.create_publisher(
                CompressedImage, images.compressed_topic(camera.name), qos.CAMERA
            )
            for camera in self._cameras
        }
        self._info_pubs = {
            camera.name: self.create_publisher(
                CameraInfo, f'{camera.name}_camera/camera_info', qos.CAMERA
            )
            for camera in self._cameras
        }
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0 / params.rate, self._step, clock=steady)

    def destroy_node(self) -> None:
        """Close the cameras."""
        for camera in self._cameras:
            camera.close()
        if self._renderer is not None:
            self._renderer.close()
        super().destroy_node()

    def _open(self, params: CameraParams) -> list[Camera]:
        if params.source == 'realsense':
            return [RealSenseCamera('head', params.width, params.height)]
        intrinsics = twin_intrinsics(params.width, params.height)
        self._renderer = SceneRenderer(make_task(params.task).scene, intrinsics)
        return [TwinCamera(self._renderer, name) for name in intrinsics]

    def _step(self) -> None:
        plant, task = self._plant.get(), self._task.get()
        for camera in self._cameras:
            if isinstance(camera, TwinCamera) and plant is not None and task is not None:
                camera.show(plant, task.objects)
            frame = camera.read()
            if frame is None:
                continue
            stamp = self.get_clock().now().to_msg()
            self._image_pubs[camera.name].publish(images.compress(frame.image, camera.name, stamp))
            self._info_pubs[camera.name].publish(
                images.camera_info(camera.intrinsics, camera.name, stamp)
            )


main = main_of(CameraNode)

if __name__ == '__main__':
    main()

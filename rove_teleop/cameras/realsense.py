"""Intel RealSense cameras through ``pyrealsense2``, real ones and its software device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
import time
from typing import Any

import numpy as np

from rove_teleop.cameras.camera import CameraFrame, Intrinsics
from rove_teleop.core.types import Array
from rove_teleop.errors import ConfigError, DeviceError

MAX_FRAME_AGE_NS = 1_000_000_000
_MAX_POLLS = 64
_MM = 1e-3  # [m]


class RealSenseCamera:
    """The colour camera of a RealSense device, with depth seen from it if asked for.

    Args:
        name: Name of the camera.
        width, height, fps: Mode of the colour and depth streams [px, Hz].
        depth: Whether to deliver depth.
        serial: Serial number of the device; empty takes the only one.
        device: A device of ``pyrealsense2`` to use instead, such as a ``software_device``.
        clock_ns: Monotonic clock [ns].

    Raises:
        ConfigError: The device has no such mode.
        DeviceError: ``pyrealsense2`` cannot be loaded, or there is no such device, or it
            cannot be opened.
    """

    def __init__(
        self,
        name: str = 'head',
        width: int = 640,
        height: int = 480,
        fps: int = 30,
        depth: bool = False,
        serial: str = '',
        device: Any = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._rs = load_pyrealsense2()
        self.name = name
        self._device = device if device is not None else self._find(serial)
        self._clock_ns = clock_ns
        self._number: int | None = None
        self._seq = self._t_ns = 0
        self._align = self._rs.align(self._rs.stream.color) if depth else None
        self._syncer = self._rs.syncer(2)
        mode = (width, height, fps)
        color_formats = (self._rs.format.rgb8, self._rs.format.bgr8)
        streams = [self._choose(self._rs.stream.color, color_formats, mode)]
        if depth:
            streams.append(self._choose(self._rs.stream.depth, (self._rs.format.z16,), mode))
        self._is_bgr = streams[0][1].format() == self._rs.format.bgr8
        self.intrinsics = _intrinsics(streams[0][1].get_intrinsics())
        self._sensors: list[Any] = []
        self._open(streams)

    def read(self) -> CameraFrame | None:
        """Return the newest frame, or None if there is none since the last call.

        Raises:
            DeviceError: The camera stopped working.
        """
        if not self._sensors:
            return None
        try:
            newest = None
            for frames in self._waiting():
                newest = frames
            return None if newest is None else self._convert(newest)
        except RuntimeError as error:
            raise DeviceError(f'camera {self.name!r} stopped working: {error}') from error

    def close(self) -> None:
        """Stop the streams; may be called twice."""
        sensors, self._sensors = self._sensors, []
        for sensor in sensors:
            try:
                sensor.stop()
                sensor.close()
            except RuntimeError:  # it was unplugged: there is nothing left to stop
                continue

    def _waiting(self) -> Iterator[Any]:
        """Yield the sets of frames that wait, those with a colour frame not seen yet."""
        for _ in range(_MAX_POLLS):
            frames = self._syncer.poll_for_frames()
            if not frames or not frames.size():
                return
            color = frames.get_color_frame()
            if color and color.get_frame_number() != self._number:
                yield frames

    def _convert(self, frames: Any) -> CameraFrame:
        depth = None
        if self._align is not None and frames.get_depth_frame():
            frames = self._align.process(frames)
            depth = _depth_in_mm(frames.get_depth_frame())
        color = frames.get_color_frame()
        self._number = color.get_frame_number()
        self._seq += 1
        self._t_ns = max(self._t_ns, self._clock_ns() - self._age_ns(color))
        image = np.array(np.asanyarray(color.get_data())[..., :: -1 if self._is_bgr else 1])
        image.setflags(write=False)
        return CameraFrame(self._seq, self._t_ns, image, depth)

    def _age_ns(self, frame: Any) -> int:
        """How long ago a frame was taken; 0 where its clock is not this machine's."""
        if frame.get_frame_timestamp_domain() == self._rs.timestamp_domain.hardware_clock:
            return 0
        age_ns = time.time_ns() - round(frame.get_timestamp() * 1e6)
        return min(max(age_ns, 0), MAX_FRAME_AGE_NS)

    def _find(self, serial: str) -> Any:
        devices = {
            device.get_info(self._rs.camera_info.serial_number): device
            for device in self._rs.context().query_devices()
        }
        known = ', '.join(sorted(devices)) or 'none'
        if serial and serial not in devices:
            raise DeviceError(f'no RealSense with serial number {serial!r}; connected: {known}')
        if not serial and len(devices) != 1:
            raise DeviceError(
                f'expected one RealSense, or a serial number to choose by; connected: {known}'
            )
        return devices[serial] if serial else next(iter(devices.values()))

    def _choose(self, stream: Any, formats: tuple[Any, ...], mode: tuple[int, int, int]) -> Any:
        """Return the sensor and the profile of a stream in a mode, by preference of formats."""
        found: dict[Any, tuple[Any, Any]] = {}
        modes: set[tuple[int, int, int]] = set()
        for sensor in self._device.query_sensors():
            for profile in sensor.get_stream_profiles():
                if profile.stream_type() != stream or profile.format() not in formats:
                    continue
                video = profile.as_video_stream_profile()
                modes.add((video.width(), video.height(), video.fps()))
                if (video.width(), video.height(), video.fps()) == mode:
                    found.setdefault(profile.format(), (sensor, video))
        for each in formats:
            if each in found:
                return found[each]
        known = ', '.join(f'{w}x{h}@{fps}' for w, h, fps in sorted(modes)) or 'none'
        wanted = '{}x{}@{}'.format(*mode)
        raise ConfigError(
            f'camera {self.name!r} has no {stream.name} mode {wanted}; known: {known}'
        )

    def _open(self, streams: list[Any]) -> None:
        """Start each sensor once, with all of its streams."""
        by_sensor: dict[str, tuple[Any, list[Any]]] = {}
        for sensor, profile in streams:
            key = sensor.get_info(self._rs.camera_info.name)
            by_sensor.setdefault(key, (sensor, []))[1].append(profile)
        try:
            for sensor, profiles in by_sensor.values():
                sensor.open(profiles)
                sensor.start(self._syncer)
                self._sensors.append(sensor)
        except RuntimeError as error:
            self.close()
            raise DeviceError(f'camera {self.name!r} cannot be opened: {error}') from error


def load_pyrealsense2() -> Any:
    """Import ``pyrealsense2``, or say what to install.

    Raises:
        DeviceError: It, or the system library it needs, is missing.
    """
    try:
        return import_module('pyrealsense2')
    except ImportError as error:
        cure = (
            'install the system package libusb-1.0-0'
            if 'libusb' in str(error)
            else 'install it with `pip install "rove[realsense]"`'
        )
        raise DeviceError(f'pyrealsense2 cannot be loaded ({error}); {cure}') from error


def _intrinsics(values: Any) -> Intrinsics:
    return Intrinsics(values.width, values.height, values.fx, values.fy, values.ppx, values.ppy)


def _depth_in_mm(frame: Any) -> Array:
    raw = np.asanyarray(frame.get_data())
    scaled = np.rint(raw * (frame.get_units() / _MM)).clip(0, np.iinfo(np.uint16).max)
    depth: Array = scaled.astype(np.uint16)
    depth.setflags(write=False)
    return depth

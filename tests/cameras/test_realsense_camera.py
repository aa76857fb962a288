from __future__ import annotations

from collections.abc import Callable, Iterator
import time
from typing import Any

import numpy as np
import pyrealsense2 as rs
import pytest

from rove_teleop.cameras import realsense
from rove_teleop.cameras.camera import Camera, CameraFrame, Intrinsics, d435_color
from rove_teleop.cameras.realsense import RealSenseCamera
from rove_teleop.errors import ConfigError, DeviceError, InvalidInput
from tests.contracts.camera_contract import CameraContract, Show, read_soon

WIDTH, HEIGHT, FPS = 64, 48, 30
FOCAL = 61.0


class SoftwareDevice:
    """A RealSense device whose pictures a test makes up.

    Args:
        color_format: ``rgb8`` or ``bgr8``.
        depth_units: What one step of depth means [m].
    """

    def __init__(self, color_format: str = 'rgb8', depth_units: float = 1e-3) -> None:
        self.device = rs.software_device()
        self._color = self.device.add_sensor('RGB Camera')
        self._depth = self.device.add_sensor('Stereo Module')
        self._depth_units = depth_units
        self._depth.add_read_only_option(rs.option.depth_units, depth_units)
        form = getattr(rs.format, color_format)
        self._color_profile = self._stream(self._color, rs.stream.color, 0, form, 3)
        self._depth_profile = self._stream(self._depth, rs.stream.depth, 1, rs.format.z16, 2)
        same = rs.extrinsics()
        same.rotation = list(np.eye(3).ravel())
        same.translation = [0.0, 0.0, 0.0]
        self._depth_profile.register_extrinsics_to(self._color_profile, same)
        self._buffers: list[np.ndarray] = []
        self._number = 0
        self._taken = time.time() - 1.0

    def show(
        self,
        color: tuple[int, int, int] = (10, 20, 30),
        depth: int | None = None,
        age: float | None = None,
        domain: str = 'system_time',
        number: int | None = None,
    ) -> None:
        """Take a picture of one colour, as bytes of the stream, and of one raw depth.

        Unless its ``age`` is given, it is stamped one period after the last one: by its stamps
        the library pairs colour with depth.
        """
        self._number = self._number + 1 if number is None else number
        self._taken += 1.0 / FPS
        stamp = (self._taken if age is None else time.time() - age) * 1e3
        if depth is not None:
            pixels = np.full((HEIGHT, WIDTH), depth, np.uint16)
            frame = self._frame(pixels, self._depth_profile, stamp, domain)
            frame.depth_units = self._depth_units
            self._depth.on_video_frame(frame)
        pixels = np.full((HEIGHT, WIDTH, 3), color, np.uint8)
        self._color.on_video_frame(self._frame(pixels, self._color_profile, stamp, domain))

    def _frame(self, pixels: np.ndarray, profile: Any, stamp: float, domain: str) -> Any:
        self._buffers.append(pixels)  # the library keeps a bare pointer
        frame = rs.software_video_frame()
        frame.pixels = pixels
        frame.stride = pixels.strides[0]
        frame.bpp = pixels.strides[1]
        frame.timestamp = stamp
        frame.domain = getattr(rs.timestamp_domain, domain)
        frame.frame_number = self._number
        frame.profile = profile
        return frame

    @staticmethod
    def _stream(sensor: Any, kind: Any, uid: int, form: Any, size: int) -> Any:
        intrinsics = rs.intrinsics()
        intrinsics.width, intrinsics.height = WIDTH, HEIGHT
        intrinsics.fx, intrinsics.fy = FOCAL, FOCAL + 1.0
        intrinsics.ppx, intrinsics.ppy = WIDTH / 2 + 1.0, HEIGHT / 2 - 1.0
        intrinsics.model = rs.distortion.none
        intrinsics.coeffs = [0.0] * 5
        stream = rs.video_stream()
        stream.type, stream.index, stream.uid = kind, 0, uid
        stream.width, stream.height, stream.fps = WIDTH, HEIGHT, FPS
        stream.bpp, stream.fmt, stream.intrinsics = size, form, intrinsics
        return sensor.add_video_stream(stream).as_video_stream_profile()


Open = Callable[..., RealSenseCamera]


@pytest.fixture
def open_camera() -> Iterator[Open]:
    opened: list[RealSenseCamera] = []

    def build(device: SoftwareDevice, **options: Any) -> RealSenseCamera:
        mode = {'width': WIDTH, 'height': HEIGHT, 'fps': FPS}
        opened.append(RealSenseCamera(device=device.device, **(mode | options)))
        return opened[-1]

    yield build
    for camera in opened:
        camera.close()


class TestRealSenseCamera(CameraContract):
    @pytest.fixture
    def device(self) -> SoftwareDevice:
        return SoftwareDevice()

    @pytest.fixture
    def camera(self, device: SoftwareDevice, open_camera: Open) -> Camera:
        return open_camera(device)

    @pytest.fixture
    def show(self, device: SoftwareDevice) -> Show:
        return device.show


class TestRealSenseCameraWithDepth(TestRealSenseCamera):
    @pytest.fixture
    def camera(self, device: SoftwareDevice, open_camera: Open) -> Camera:
        return open_camera(device, depth=True)

    @pytest.fixture
    def show(self, device: SoftwareDevice) -> Show:
        device.show(depth=500)  # the library pairs streams only once it has seen both
        return lambda: device.show(depth=500)

    def test_there_is_no_frame_before_a_picture_was_taken(self, camera: Camera) -> None:
        assert camera.read() is None


@pytest.mark.parametrize(('color_format', 'shown'), [('rgb8', (1, 2, 3)), ('bgr8', (3, 2, 1))])
def test_the_image_is_rgb_whatever_the_stream_is(
    open_camera: Open, color_format: str, shown: tuple[int, int, int]
) -> None:
    device = SoftwareDevice(color_format)
    camera = open_camera(device)
    device.show(shown)
    image = read_soon(camera).image
    assert (image == (1, 2, 3)).all()
    assert not image.flags.writeable


def test_the_newest_of_several_frames_is_read_and_the_others_are_dropped(
    open_camera: Open,
) -> None:
    device = SoftwareDevice()
    camera = open_camera(device)
    for shade in range(1, 8):
        device.show((shade, shade, shade))
    assert (read_soon(camera).image == 7).all()
    assert camera.read() is None


def test_the_intrinsics_are_the_devices(open_camera: Open) -> None:
    camera = open_camera(SoftwareDevice())
    expected = Intrinsics(WIDTH, HEIGHT, FOCAL, FOCAL + 1.0, WIDTH / 2 + 1.0, HEIGHT / 2 - 1.0)
    assert camera.intrinsics == expected


@pytest.mark.parametrize(('units', 'raw', 'millimetres'), [(1e-3, 500, 500), (1e-4, 5004, 500)])
def test_depth_is_in_millimetres_whatever_the_devices_units_are(
    open_camera: Open, units: float, raw: int, millimetres: int
) -> None:
    device = SoftwareDevice(depth_units=units)
    camera = open_camera(device, depth=True)
    for _ in range(3):  # the library pairs streams only once it has seen both
        device.show(depth=raw)
        frame = read_soon(camera)
    assert frame.depth is not None
    middle = frame.depth[HEIGHT // 4 : -HEIGHT // 4, WIDTH // 4 : -WIDTH // 4]
    assert frame.depth.shape == (HEIGHT, WIDTH)
    assert set(np.unique(middle)) == {millimetres}


def test_without_depth_there_is_none(open_camera: Open) -> None:
    device = SoftwareDevice()
    camera = open_camera(device)
    device.show()
    assert read_soon(camera).depth is None


@pytest.mark.parametrize(
    ('age', 'domain', 'expected'),
    [
        (0.1, 'system_time', 0.1),
        (0.1, 'global_time', 0.1),
        (0.1, 'hardware_clock', 0.0),
        (-5.0, 'system_time', 0.0),
        (60.0, 'system_time', 1.0),
    ],
)
def test_the_time_is_when_the_picture_was_taken_where_its_clock_tells(
    open_camera: Open, age: float, domain: str, expected: float
) -> None:
    device = SoftwareDevice()
    now = 100_000_000_000
    camera = open_camera(device, clock_ns=lambda: now)
    device.show(age=age, domain=domain)
    measured = (now - read_soon(camera).t_ns) * 1e-9
    assert expected <= measured + 1e-9
    assert measured < expected + 0.5


def test_a_device_that_starts_counting_again_is_still_read(open_camera: Open) -> None:
    device = SoftwareDevice()
    camera = open_camera(device)
    sequence = []
    for number in (500, 501, 1, 2):
        device.show(number=number)
        sequence.append(read_soon(camera).seq)
    assert sequence == [1, 2, 3, 4]


def test_a_mode_the_device_lacks_is_refused_with_the_known_ones(open_camera: Open) -> None:
    with pytest.raises(ConfigError, match='no color mode 1280x48@30; known: 64x48@30'):
        open_camera(SoftwareDevice(), width=1280)


def test_a_device_in_use_is_a_clear_error(open_camera: Open) -> None:
    device = SoftwareDevice()
    open_camera(device)
    with pytest.raises(DeviceError, match="camera 'head' cannot be opened"):
        open_camera(device)


def test_without_a_device_the_error_says_what_is_connected() -> None:
    with pytest.raises(DeviceError, match='connected: none'):
        RealSenseCamera()
    with pytest.raises(DeviceError, match="serial number '123'; connected: none"):
        RealSenseCamera(serial='123')


@pytest.mark.parametrize(
    ('reason', 'cure'),
    [
        ('No module named pyrealsense2', r'pip install "rove\[realsense\]"'),
        ('libusb-1.0.so.0: cannot open shared object file', 'system package libusb-1.0-0'),
    ],
)
def test_a_missing_library_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, reason: str, cure: str
) -> None:
    def fail(name: str) -> None:
        raise ImportError(reason)

    monkeypatch.setattr(realsense, 'import_module', fail)
    with pytest.raises(DeviceError, match=cure):
        RealSenseCamera()


@pytest.mark.parametrize(('size', 'fovx'), [((1280, 720), 69.4), ((640, 480), 54.8)])
def test_nominal_intrinsics_have_the_field_of_view_of_the_data_sheet(
    size: tuple[int, int], fovx: float
) -> None:
    intrinsics = d435_color(*size)
    across = 2.0 * np.degrees(np.arctan(intrinsics.width / (2.0 * intrinsics.fx)))
    assert intrinsics.fovy == pytest.approx(42.5)
    assert across == pytest.approx(fovx, abs=0.3)


def test_senseless_intrinsics_are_refused() -> None:
    with pytest.raises(ConfigError, match='positive'):
        Intrinsics(640, 0, 600.0, 600.0, 320.0, 240.0)


def test_a_malformed_frame_is_refused() -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    with pytest.raises(InvalidInput, match='image is float64'):
        CameraFrame(1, 0, np.zeros((4, 6, 3)))
    with pytest.raises(InvalidInput, match=r'expected uint16 of shape \(4, 6\)'):
        CameraFrame(1, 0, image, np.zeros((4, 5), np.uint16))

"""What every camera promises; mix into a test class with two fixtures.

``camera`` is a fresh ``Camera`` that has taken no picture yet; ``show`` is a function that makes
it take one more.
"""

from __future__ import annotations

from collections.abc import Callable
import time

import numpy as np

from rove_teleop.cameras.camera import Camera, CameraFrame

Show = Callable[[], None]


def read_soon(camera: Camera, limit: float = 5.0) -> CameraFrame:
    """Read until there is a frame; fails after ``limit`` [s]."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        frame = camera.read()
        if frame is not None:
            return frame
    raise AssertionError(f'camera {camera.name!r} gave no frame within {limit} s')


class CameraContract:
    def test_it_has_a_name(self, camera: Camera) -> None:
        assert camera.name

    def test_there_is_no_frame_before_a_picture_was_taken(self, camera: Camera) -> None:
        assert camera.read() is None

    def test_a_frame_has_the_size_the_intrinsics_say(self, camera: Camera, show: Show) -> None:
        show()
        frame = read_soon(camera)
        intrinsics = camera.intrinsics
        assert frame.image.shape == (intrinsics.height, intrinsics.width, 3)
        assert frame.image.dtype == np.uint8
        assert 0.0 < intrinsics.cx < intrinsics.width
        assert 0.0 < intrinsics.cy < intrinsics.height

    def test_a_frame_is_handed_out_once(self, camera: Camera, show: Show) -> None:
        show()
        read_soon(camera)
        assert camera.read() is None

    def test_sequence_numbers_and_times_increase(self, camera: Camera, show: Show) -> None:
        frames = []
        for _ in range(4):
            show()
            frames.append(read_soon(camera))
        assert all(a.seq < b.seq for a, b in zip(frames, frames[1:], strict=False))
        assert all(a.t_ns <= b.t_ns for a, b in zip(frames, frames[1:], strict=False))

    def test_a_frame_does_not_change_afterwards(self, camera: Camera, show: Show) -> None:
        show()
        frame = read_soon(camera)
        before = frame.image.copy()
        show()
        read_soon(camera)
        np.testing.assert_array_equal(frame.image, before)

    def test_reading_never_blocks(self, camera: Camera) -> None:
        began = time.monotonic()
        for _ in range(10):
            camera.read()
        assert time.monotonic() - began < 0.1

    def test_it_may_be_closed_twice_and_gives_nothing_afterwards(
        self, camera: Camera, show: Show
    ) -> None:
        show()
        read_soon(camera)
        camera.close()
        camera.close()
        assert camera.read() is None

"""The camera pictures of a recording, in the order they were taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2

from rove_teleop.recording.episode import Array
from rove_teleop.recording.reader import read_episode
from rove_teleop.recording.schemas import COMPRESSED_IMAGE


class CameraFrame(NamedTuple):
    """One picture, still compressed.

    Attributes:
        camera: Name of the camera, the topic's first word (``head_camera``).
        stamp_ns: When it was taken, in the clock of the stamps.
        data: JPEG, shape (n,), uint8.
    """

    camera: str
    stamp_ns: int
    data: Array

    def image(self) -> Array | None:
        """The picture, shape (h, w, 3), BGR; None when its data is damaged."""
        return cv2.imdecode(self.data, cv2.IMREAD_COLOR) if len(self.data) else None


def camera_frames(path: Path) -> Iterator[CameraFrame]:
    """Yield every compressed picture of a recording.

    Raises:
        RecordingError: The file is not a recording.
    """
    for record in read_episode(path, {COMPRESSED_IMAGE}):
        stamp = record.message.header.stamp
        stamp_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
        yield CameraFrame(
            record.topic.split('/')[0], stamp_ns or record.log_time_ns, record.message.data
        )

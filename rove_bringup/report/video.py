"""Make a video of an episode that shows who is in command."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.video.stream import VideoStream

from rove_bringup.report.cameras import CameraFrame, camera_frames
from rove_bringup.report.overlay import Caption, compose
from rove_teleop.recording.episode import Array, Episode

MAIN_CAMERA = 'view_camera'
INSET_CAMERA = 'head_camera'

_CODECS = ('libx264', 'h264', 'mpeg4')
_TIME_BASE = Fraction(1, 1000)


def write_video(recording: Path, episode: Episode, path: Path) -> Path | None:
    """Write the pictures of a recording as a video with its tags drawn in.

    Pictures keep their own times, so a pause or a lost picture lasts as long as it did.

    Args:
        recording: The MCAP file the episode came from.
        episode: The same, loaded.
        path: MP4 file to write.

    Returns:
        ``path``, or None when no camera was recorded.
    """
    pictures = annotated_pictures(recording, episode)
    first = next(pictures, None)
    if first is None:
        return None
    start_ns, image = first
    with av.open(str(path), 'w') as container:
        stream = _stream(container, image)
        last_ms = -1
        for stamp_ns, picture in _chain(first, pictures):
            # A codec refuses times that do not ascend.
            last_ms = max(last_ms + 1, round((stamp_ns - start_ns) / 1e6))
            if picture.shape != image.shape:
                continue
            frame = av.VideoFrame.from_ndarray(picture, format='bgr24')
            frame.pts, frame.time_base = last_ms, _TIME_BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def annotated_pictures(
    recording: Path, episode: Episode, stamp_ns: int | None = None
) -> Iterator[tuple[int, Array]]:
    """Yield the stamp [ns] and the composed picture for every picture of the main camera.

    Without a main camera the head camera's pictures are shown alone.

    Args:
        recording: The MCAP file the episode came from.
        episode: The same, loaded.
        stamp_ns: Only the picture of this very stamp, None for all.
    """
    main = main_camera(recording)
    head: CameraFrame | None = None
    for frame in camera_frames(recording):
        if frame.camera == main and stamp_ns in (None, frame.stamp_ns):
            image = frame.image()
            if image is not None:
                caption = Caption.at(episode, frame.stamp_ns)
                yield frame.stamp_ns, compose(image, head.image() if head else None, caption)
        elif frame.camera == INSET_CAMERA and frame.camera != main:
            head = frame


def main_camera(recording: Path) -> str:
    """The camera that fills the picture."""
    cameras = {frame.camera for frame in camera_frames(recording)}
    return MAIN_CAMERA if MAIN_CAMERA in cameras else INSET_CAMERA


def _stream(container: av.container.OutputContainer, image: Array) -> VideoStream:
    codec = next(name for name in _CODECS if name in av.codecs_available)
    stream = container.add_stream(codec, rate=30)
    assert isinstance(stream, VideoStream)
    stream.height, stream.width = image.shape[:2]
    stream.pix_fmt = 'yuv420p'
    stream.codec_context.time_base = _TIME_BASE
    if codec == 'mpeg4':
        stream.bit_rate = 4_000_000
    else:
        stream.options = {'preset': 'veryfast', 'crf': '23'}
    return stream


def _chain(
    first: tuple[int, Array], rest: Iterator[tuple[int, Array]]
) -> Iterator[tuple[int, Array]]:
    yield first
    yield from rest

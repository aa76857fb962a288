"""Keep one picture of an episode: the moment of the takeover."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from rove_bringup.report.cameras import camera_frames
from rove_bringup.report.switches import find_switches
from rove_bringup.report.video import annotated_pictures, main_camera
from rove_teleop.recording.episode import Episode

AFTER_NS = 700_000_000
"""How long after the takeover the picture is taken, so that the operator is at work."""


def write_picture(recording: Path, episode: Episode, path: Path) -> Path | None:
    """Write the picture nearest to the first takeover, or to the middle without a takeover.

    Args:
        recording: The MCAP file the episode came from.
        episode: The same, loaded.
        path: PNG file to write.

    Returns:
        ``path``, or None when no camera was recorded.
    """
    wanted, camera = _moment_ns(episode), main_camera(recording)
    stamps = [frame.stamp_ns for frame in camera_frames(recording) if frame.camera == camera]
    for stamp_ns in sorted(stamps, key=lambda stamp: abs(stamp - wanted)):
        for _, picture in annotated_pictures(recording, episode, stamp_ns):
            path.write_bytes(cv2.imencode('.png', picture)[1].tobytes())
            return path
    return None


def _moment_ns(episode: Episode) -> int:
    """The stamp the picture should have."""
    takeover = next((each for each in find_switches(episode) if each.kind == 'takeover'), None)
    if takeover is None:
        return int(episode.stamp_ns[len(episode) // 2])
    row = int(np.searchsorted(episode.t_ns, takeover.t_ns + AFTER_NS))
    return int(episode.stamp_ns[min(row, len(episode) - 1)])

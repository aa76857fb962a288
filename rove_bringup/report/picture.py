"""Keep one picture of an episode: the moment of the takeover."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from rove_bringup.report.switches import find_switches
from rove_bringup.report.video import annotated_pictures
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
    wanted = _moment_ns(episode)
    best, gap = None, np.inf
    for stamp_ns, picture in annotated_pictures(recording, episode):
        if abs(stamp_ns - wanted) < gap:
            best, gap = picture, abs(stamp_ns - wanted)
    if best is None:
        return None
    path.write_bytes(cv2.imencode('.png', best)[1].tobytes())
    return path


def _moment_ns(episode: Episode) -> int:
    """The stamp the picture should have."""
    takeover = next((each for each in find_switches(episode) if each.kind == 'takeover'), None)
    if takeover is None:
        return int(episode.stamp_ns[len(episode) // 2])
    row = int(np.searchsorted(episode.t_ns, takeover.t_ns + AFTER_NS))
    return int(episode.stamp_ns[min(row, len(episode) - 1)])

"""How far the operator's hands are from the robot's when he takes over."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import se3_from_pose
from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.names import SIDES
from rove_teleop.recording.episode import Episode

_FRESH_NS = 100_000_000


def alignment_at(episode: Episode, row: int, kinematics: Kinematics) -> tuple[float, float] | None:
    """Distance [m] and angle [deg] between wrist and palm, of the hand that is farther off.

    It is what the frame says, if it does. Else the operator's frame counts as the robot's stance
    frame, as a mapping without an anchor would have it.

    Args:
        episode: What was recorded.
        row: Row of its frames.
        kinematics: Of the robot in it.

    Returns:
        None when no wrist was tracked in the last 100 ms before.
    """
    told = episode.alignment[row][np.isfinite(episode.alignment[row]).all(axis=1)]
    if len(told):
        return float(told[:, 0].max()), float(np.rad2deg(told[:, 1].max()))
    newest = int(np.searchsorted(episode.wrist_t_ns, episode.t_ns[row], 'right')) - 1
    if newest < 0 or episode.t_ns[row] - episode.wrist_t_ns[newest] > _FRESH_NS:
        return None
    palms = kinematics.palms(episode.executed_position[row])
    offsets = [
        se3_from_pose(wrist).actInv(palms[side])
        for side, wrist in zip(SIDES, episode.wrist_pose[newest], strict=True)
        if np.isfinite(wrist).all()
    ]
    if not offsets:
        return None
    distance = max(float(np.linalg.norm(offset.translation)) for offset in offsets)
    angle = max(float(np.linalg.norm(pin.log3(offset.rotation))) for offset in offsets)
    return distance, float(np.rad2deg(angle))

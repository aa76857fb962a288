"""What a series of switches comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rove_bringup.report.switches import WINDOW_NS, Switch, find_switches
from rove_teleop.recording.episode import Episode

_MARGIN_NS = 50_000_000  # the task is judged at 50 Hz, and the first human frame comes later


@dataclass(frozen=True)
class Judged:
    """One switch, and what became of the grasp.

    Attributes:
        holding: Whether the robot held the object up when authority changed hands.
        kept: Whether it still does half a second later, or has put it down where it belongs.
    """

    switch: Switch
    seed: int
    holding: bool
    kept: bool


def judge(episode: Episode, seed: int) -> list[Judged]:
    """The takeovers and releases of an episode."""
    judged = []
    for switch in find_switches(episode):
        if switch.kind == 'resume':
            continue
        holding = _progress(episode, switch.t_ns) == 'lifted'
        after = _progress(episode, switch.t_ns + WINDOW_NS + _MARGIN_NS)
        judged.append(Judged(switch, seed, holding, holding and after in ('lifted', 'placed')))
    return judged


def record(controller: str, judged: Sequence[Judged], falls: int) -> dict[str, Any]:
    """One row of the result; at least one switch."""
    switches = [each.switch for each in judged]
    grasps = sum(each.holding for each in judged)
    kept = sum(each.kept for each in judged)
    return {
        'controller': controller,
        'switches': len(switches),
        'takeovers': sum(switch.kind == 'takeover' for switch in switches),
        'releases': sum(switch.kind == 'release' for switch in switches),
        'velocity_step_max': max(switch.velocity_step for switch in switches),
        'acceleration_max': max(switch.acceleration for switch in switches),
        'jerk_max': max(switch.jerk for switch in switches),
        'grasps': grasps,
        'grasps_kept': kept,
        'grasps_kept_share': kept / grasps if grasps else None,
        'falls': falls,
    }


def _progress(episode: Episode, t_ns: int) -> str:
    """How the task stood, in its own word."""
    before = [state for state in episode.task if state.t_ns <= t_ns]
    return before[-1].progress if before else ''

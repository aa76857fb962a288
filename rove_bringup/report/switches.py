"""Find the takeovers and releases of an episode and measure how smooth they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rove_teleop.core.names import GROUPS, JOINTS, Authority, Phase
from rove_teleop.core.tags import detail_value
from rove_teleop.core.types import Event
from rove_teleop.recording.episode import Array, Episode

WINDOW_NS = 500_000_000
"""How long after a switch its smoothness is judged."""

_ENTERED = (Phase.TO_HUMAN, Phase.TO_AUTO)


@dataclass(frozen=True)
class Switch:
    """One passage of authority between policy and human.

    Attributes:
        kind: ``takeover``, ``release`` (human to policy) or ``resume`` (hold to policy).
        groups: The groups that changed hands.
        t_ns: Time of the first frame in the new phase.
        latency_ms: For a takeover, from the receipt of the request to the first frame in
            which the human commands; None if that never came or nobody asked.
        velocity_step: Largest change of an executed joint velocity in one tick, in the half
            second after [rad/s].
        joint: The joint that made it.
    """

    kind: str
    tick: int
    t_ns: int
    groups: tuple[str, ...]
    takeover_id: int
    latency_ms: float | None
    velocity_step: float
    joint: str


def find_switches(episode: Episode) -> list[Switch]:
    """Return the switches of an episode in the order they happened."""
    steps = velocity_steps(episode)
    switches = []
    for phase in _ENTERED:
        inside = episode.phase == phase
        entered = inside[1:] & ~inside[:-1]
        for row in np.flatnonzero(entered.any(axis=1)) + 1:
            switches.append(_measure(episode, steps, int(row), entered[row - 1]))
    return sorted(switches, key=lambda switch: switch.tick)


def velocity_steps(episode: Episode) -> Array:
    """Change of every executed joint velocity from tick to tick [rad/s], shape (n, 43).

    Rows are zero where a tick is missing before them, and while a stop is latched: a stop
    brakes at limits of its own. A number that is not finite counts as zero here.
    """
    steps = np.zeros_like(episode.joint_velocity)
    steps[1:] = np.abs(np.diff(np.nan_to_num(episode.joint_velocity), axis=0))
    steps[1:][np.diff(episode.tick) != 1] = 0.0
    steps[episode.robot_phase == Phase.STOPPED] = 0.0
    return steps


def _measure(episode: Episode, steps: Array, row: int, entered: Array) -> Switch:
    kind = _kind(episode, row, entered)
    groups = tuple(group for group, changed in zip(GROUPS, entered, strict=True) if changed)
    t_ns = int(episode.t_ns[row])
    begin = _authority_row(episode, row, entered)
    end = int(np.searchsorted(episode.t_ns, episode.t_ns[begin] + WINDOW_NS))
    window = steps[row:end]
    joint = int(window.max(axis=0).argmax())
    latency = _latency_ms(episode, row, begin) if kind == 'takeover' else None
    return Switch(
        kind=kind,
        tick=int(episode.tick[row]),
        t_ns=t_ns,
        groups=groups,
        takeover_id=int(episode.takeover_id[row]),
        latency_ms=latency,
        velocity_step=float(window[:, joint].max()),
        joint=JOINTS[joint],
    )


def _kind(episode: Episode, row: int, entered: Array) -> str:
    if (episode.phase[row, entered] == Phase.TO_HUMAN).any():
        return 'takeover'
    return 'resume' if (episode.phase[row - 1, entered] == Phase.HOLD).all() else 'release'


def _authority_row(episode: Episode, row: int, entered: Array) -> int:
    """First row from ``row`` on in which the new source commands, ``row`` if it never does."""
    phase = episode.phase[row, int(np.argmax(entered))]
    for later in range(row, len(episode)):
        if (episode.phase[later, entered] != phase).all():
            break
        if (episode.authority[later, entered] != Authority.HOLD).any():
            return later
    return row


def _latency_ms(episode: Episode, row: int, begin: int) -> float | None:
    """From the receipt of the request to the row in which the human first commands."""
    if not (episode.authority[begin] == Authority.HUMAN).any():
        return None
    tick = episode.tick[row]
    asked = [event for event in episode.events if event.kind == 'takeover' and event.tick == tick]
    if not asked:
        return None
    return float(episode.t_ns[begin] - _received_ns(asked[0])) / 1e6


def _received_ns(event: Event) -> int:
    """When the request behind an event was received; when it took effect, if not told."""
    text = detail_value(event.detail, 't_receive_ns')
    return int(text) if text.isdigit() else event.t_ns

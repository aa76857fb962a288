"""Find the takeovers and releases of an episode and measure how smooth they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rove_bringup.report.alignment import alignment_at
from rove_teleop.assembly import CONTROL_PERIOD_NS
from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.names import GROUP_CHANNELS, GROUPS, JOINTS, Authority, Phase
from rove_teleop.core.tags import detail_value
from rove_teleop.core.types import Event
from rove_teleop.recording.episode import Array, Episode

WINDOW_NS = 500_000_000
"""How long after a switch its smoothness is judged."""

EFFECT = 1e-3
"""A channel that moved less has not moved [m, rad]."""

_LONGEST_WAY_NS = 1_000_000_000
_PERIOD = CONTROL_PERIOD_NS * 1e-9  # s
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
        effect_ms: From the receipt of the request to the first frame that shows the operator's
            will: a channel he has moved away from where it was taken, and the robot with him,
            by more than ``EFFECT``. None likewise, and while he keeps still.
        velocity_step: Largest change of an executed joint velocity in one tick, in the half
            second after [rad/s].
        joint: The joint that made it.
        acceleration: Largest of any executed joint in that time, from differences of its
            velocity [rad/s²].
        jerk: Largest of any executed joint in that time, from differences of the
            acceleration [rad/s³].
        alignment_m, alignment_deg: For a takeover, how far the operator's hand was from the
            robot's, of the two the farther; None if not recorded or nobody told the robot.
        human_s: For a takeover, how long the groups stayed with the operator [s].
        help_s: For a takeover, how long a request for help had waited for it [s], None if there
            was none.
    """

    kind: str
    tick: int
    t_ns: int
    groups: tuple[str, ...]
    takeover_id: int
    latency_ms: float | None
    effect_ms: float | None
    velocity_step: float
    joint: str
    acceleration: float
    jerk: float
    alignment_m: float | None
    alignment_deg: float | None
    human_s: float | None
    help_s: float | None = None


def find_switches(episode: Episode, kinematics: Kinematics | None = None) -> list[Switch]:
    """Return the switches of an episode in the order they happened.

    Args:
        episode: What was recorded.
        kinematics: Of the robot in it, for the alignment.
    """
    motion = _Motion.of(episode)
    switches = []
    for phase in _ENTERED:
        inside = episode.phase == phase
        entered = inside[1:] & ~inside[:-1]
        for row in np.flatnonzero(entered.any(axis=1)) + 1:
            switches.append(_measure(episode, motion, int(row), entered[row - 1], kinematics))
    return sorted(switches, key=lambda switch: switch.tick)


def velocity_steps(episode: Episode) -> Array:
    """Change of every executed joint velocity from tick to tick [rad/s], shape (n, 43).

    Rows are zero where a tick is missing before them, and while a stop is latched: a stop
    brakes at limits of its own. A number that is not finite counts as zero here.
    """
    return np.abs(_changes(episode, np.nan_to_num(episode.joint_velocity)))


@dataclass(frozen=True)
class _Motion:
    """How roughly each joint moved in each tick, absolute values, each shape (n, 43)."""

    steps: Array  # rad/s
    acceleration: Array  # rad/s²
    jerk: Array  # rad/s³

    @staticmethod
    def of(episode: Episode) -> _Motion:
        steps = _changes(episode, np.nan_to_num(episode.joint_velocity))
        acceleration = steps / _PERIOD
        jerk = _changes(episode, acceleration) / _PERIOD
        return _Motion(np.abs(steps), np.abs(acceleration), np.abs(jerk))


def _changes(episode: Episode, values: Array) -> Array:
    """Differences from tick to tick, zero where there are none to be judged."""
    changes = np.zeros_like(values)
    changes[1:] = np.diff(values, axis=0)
    changes[1:][np.diff(episode.tick) != 1] = 0.0
    changes[episode.robot_phase == Phase.STOPPED] = 0.0
    return changes


def _measure(
    episode: Episode, motion: _Motion, row: int, entered: Array, kinematics: Kinematics | None
) -> Switch:
    kind = _kind(episode, row, entered)
    groups = tuple(group for group, changed in zip(GROUPS, entered, strict=True) if changed)
    begin = _authority_row(episode, row, entered)
    end = int(np.searchsorted(episode.t_ns, episode.t_ns[begin] + WINDOW_NS))
    window = slice(row, end)
    joint = int(motion.steps[window].max(axis=0).argmax())
    last = _last_row(episode, row, entered)
    effect = _effect_row(episode, begin, last, entered)
    takeover = kind == 'takeover'
    alignment = None
    if takeover and kinematics is not None:
        alignment = alignment_at(episode, begin, kinematics)
    return Switch(
        kind=kind,
        tick=int(episode.tick[row]),
        t_ns=int(episode.t_ns[row]),
        groups=groups,
        takeover_id=int(episode.takeover_id[row]),
        latency_ms=_latency_ms(episode, row, begin, begin) if takeover else None,
        effect_ms=_latency_ms(episode, row, begin, effect) if takeover else None,
        velocity_step=float(motion.steps[window, joint].max()),
        joint=JOINTS[joint],
        acceleration=float(motion.acceleration[window].max()),
        jerk=float(motion.jerk[window].max()),
        alignment_m=alignment[0] if alignment else None,
        alignment_deg=alignment[1] if alignment else None,
        human_s=float(episode.t_ns[last] - episode.t_ns[begin]) * 1e-9 if takeover else None,
        help_s=_help_s(episode, row) if takeover else None,
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


def _last_row(episode: Episode, row: int, entered: Array) -> int:
    """Row that ends what began in ``row``: the first in which a group is not the human's."""
    human = np.isin(episode.phase[row:, entered], (Phase.TO_HUMAN, Phase.HUMAN)).all(axis=1)
    return len(episode) - 1 if human.all() else row + int(np.argmin(human))


def _effect_row(episode: Episode, begin: int, last: int, entered: Array) -> int | None:
    """First row in which human and executed both have left the pose of ``begin``."""
    rows, channels = slice(begin, last), _channels(entered)
    wanted, executed = (
        np.abs(position[rows, channels] - position[begin, channels]) > EFFECT
        for position in (episode.human_position, episode.executed_position)
    )
    moved = (wanted & executed).any(axis=1)
    return begin + int(moved.argmax()) if moved.any() else None


def _channels(entered: Array) -> Array:
    """Indices of the channels of the groups, bool of shape (6,)."""
    return np.concatenate(
        [np.r_[GROUP_CHANNELS[g]] for g, taken in zip(GROUPS, entered, strict=True) if taken]
    )


def _latency_ms(episode: Episode, row: int, begin: int, until: int | None) -> float | None:
    """From the receipt of the request to a row, once the human commands in ``begin``."""
    if until is None or not (episode.authority[begin] == Authority.HUMAN).any():
        return None
    asked = _takeover_at(episode, row)
    return None if asked is None else float(episode.t_ns[until] - _received_ns(asked)) / 1e6


def _takeover_at(episode: Episode, row: int) -> Event | None:
    tick = episode.tick[row]
    asked = (e for e in episode.events if e.kind == 'takeover' and e.tick == tick)
    return next(asked, None)


def _help_s(episode: Episode, row: int) -> float | None:
    """How long the request for help waited that the takeover in a row answers."""
    asked = _takeover_at(episode, row)
    text = '' if asked is None else detail_value(asked.detail, 'help_ms')
    return int(text) * 1e-3 if text.isdigit() else None


def _received_ns(event: Event) -> int:
    """When the first process received the request behind an event, as far as it is told.

    That is the operator's, whose word is taken for no more than a second before the arbiter's
    own; when that is not told either, the time at which the request took effect.
    """
    received = detail_value(event.detail, 't_receive_ns')
    if not received.isdigit():
        return event.t_ns
    asked = detail_value(event.detail, 'asked_ns')
    passed_on = int(received) - int(asked) if asked.isdigit() else 0
    return int(received) - (passed_on if 0 <= passed_on <= _LONGEST_WAY_NS else 0)

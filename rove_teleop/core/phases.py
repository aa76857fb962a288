"""The phase machine of a group as data: which event leads from which phase to which."""

from __future__ import annotations

from collections.abc import Iterable

from rove_teleop.core.names import Authority, Phase
from rove_teleop.errors import InvalidTransition

REQUESTS = (
    'takeover',
    'release',
    'hold',
    'stop',
    'rearm',
    'success',
    'failure',
    'episode_start',
    'episode_end',
    'mark_recovery',
    'heartbeat',
)
"""What an operator, a supervisor or the episode director may ask for."""

_ALL = tuple(Phase)
RUNNING = tuple(phase for phase in Phase if phase is not Phase.STOPPED)
OPERATED = (Phase.TO_HUMAN, Phase.HUMAN)
_PLAYING = (Phase.AUTO, Phase.TO_AUTO)

_ROWS: dict[str, dict[Phase, Phase]] = {
    # The operator takes over; from TO_HUMAN or HUMAN it is a re-clutch with a new anchor.
    'takeover': dict.fromkeys(RUNNING, Phase.TO_HUMAN),
    # The first proposal with the new anchor has arrived: authority begins.
    'human': {Phase.TO_HUMAN: Phase.TO_HUMAN},
    # The switch window is over.
    'settled': {Phase.TO_HUMAN: Phase.HUMAN},
    # Back to the policy; from HOLD the group waits there for a fresh chunk.
    'release': {**dict.fromkeys(OPERATED, Phase.TO_AUTO), Phase.HOLD: Phase.HOLD},
    # A chunk newer than the release has arrived: the offset to it starts fading.
    'blend': dict.fromkeys((Phase.HOLD, Phase.TO_AUTO), Phase.TO_AUTO),
    # The offset is gone.
    'auto': {Phase.TO_AUTO: Phase.AUTO},
    'hold': dict.fromkeys(RUNNING, Phase.HOLD),
    'stop': dict.fromkeys(_ALL, Phase.STOPPED),
    # That every button was released first is up to the operator's `ButtonMapper`.
    'rearm': {Phase.STOPPED: Phase.HOLD},
    'input_lost': dict.fromkeys(OPERATED, Phase.HOLD),
    'input_back': {phase: phase for phase in _ALL},
    'lease_lost': dict.fromkeys(OPERATED, Phase.HOLD),
    'policy_lost': dict.fromkeys((*_PLAYING, Phase.HOLD), Phase.HOLD),
    'plant_lost': dict.fromkeys(RUNNING, Phase.HOLD),
    'plant_back': {phase: phase for phase in _ALL},
    # The plant began anew, wherever it is now: nobody goes on as if nothing had happened.
    'plant_restarted': {**dict.fromkeys(RUNNING, Phase.HOLD), Phase.STOPPED: Phase.STOPPED},
    # Starts an episode: groups in HOLD wait there for the first chunk of the episode.
    'episode_start': {phase: phase for phase in RUNNING},
    'episode_end': {**dict.fromkeys(RUNNING, Phase.HOLD), Phase.STOPPED: Phase.STOPPED},
}
PHASE_EVENTS = tuple(_ROWS)
"""Every event that a group's phase machine knows."""

TABLE: dict[tuple[Phase, str], Phase] = {
    (phase, event): after for event, row in _ROWS.items() for phase, after in row.items()
}
"""The whole machine; a pair that is not in it is refused."""

_AUTHORITY_AFTER = {
    'human': Authority.HUMAN,
    'settled': Authority.HUMAN,
    'blend': Authority.BLEND,
    'auto': Authority.POLICY,
}
_KEEPS_AUTHORITY = ('input_back', 'plant_back', 'episode_start')


def allowed(phase: Phase) -> tuple[str, ...]:
    """Events that the table has for a phase."""
    return tuple(event for event in PHASE_EVENTS if (phase, event) in TABLE)


def transition(phase: Phase, event: str) -> Phase:
    """The phase after an event.

    Raises:
        InvalidTransition: The table refuses the pair; the message names what is allowed.
    """
    try:
        return TABLE[phase, event]
    except KeyError:
        known = ', '.join(allowed(phase))
        raise InvalidTransition(
            f'{event!r} is refused in phase {phase.name.lower()}; allowed: {known}'
        ) from None


def authority_after(phase: Phase, authority: Authority, event: str) -> Authority:
    """Who commands a group after an event that the table let through.

    A policy that starts from a hold has nobody's motion to blend with: it commands alone, and
    the fading offset is its own approach. Only a release from the operator blends.

    Args:
        phase: Of the group before the event.
        authority: Who commanded it before.
        event: What happened.
    """
    if event in _KEEPS_AUTHORITY:
        return authority
    if event == 'blend' and phase is Phase.HOLD:
        return Authority.POLICY
    return _AUTHORITY_AFTER.get(event, Authority.HOLD)


def robot_phase(phases: Iterable[Phase]) -> Phase:
    """Phase of the whole robot: stopped > hold > to_human > human > to_auto > auto."""
    return max(phases)

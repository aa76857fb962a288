"""The desk where requests are checked: known, new, recent, and from somebody who may ask."""

from __future__ import annotations

from collections import deque

from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.lease import Lease
from rove_teleop.core.names import GROUPS, Phase, Stage
from rove_teleop.core.phases import REQUESTS, TABLE, allowed
from rove_teleop.core.tags import TagMachine
from rove_teleop.core.types import Request
from rove_teleop.errors import InvalidTransition

DIRECTOR = 'director'
"""The operator_id of the episode director, who has a lease of its own; it rearms between
episodes only."""

_ANYBODY = ('stop', 'hold')
_DIRECTORS = ('episode_start', 'episode_end', 'rearm')
_PARTIAL = ('takeover', 'release', 'hold')
"""Requests that can be about some of the groups; all others are about the whole robot."""

_URGENT = ('takeover', 'release', 'rearm')
_REMEMBERED = 4096
_MS = 1_000_000


class Desk:
    """Says why a request is refused whatever the phases are."""

    def __init__(self, config: ArbiterConfig, lease: Lease, seat: Lease) -> None:
        """Check against the operator's lease, and the director's once it was granted."""
        self._config, self._lease, self._seat = config, lease, seat
        self._ids: set[str] = set()
        self._admitted: dict[str, Request] = {}
        self._order: deque[str] = deque()

    def refusal(self, request: Request, now_ns: int) -> str:
        """Why a request is refused, empty when it is not; changes nothing."""
        return self._malformed(request) or self._late(request, now_ns) or self._foreign(request)

    def reserve(self, request: Request) -> None:
        """Use up its id now, for this very request object when it is performed."""
        if request.request_id:
            self._admitted.setdefault(request.request_id, request)
        self.remember(request)

    def settle(self, request: Request) -> None:
        """Take note that an admitted request has been answered; its id stays used."""
        if self._admitted.get(request.request_id) is request:
            del self._admitted[request.request_id]

    def remember(self, request: Request) -> None:
        """Never accept a request with this id again."""
        if not request.request_id or request.request_id in self._ids:
            return
        self._ids.add(request.request_id)
        self._order.append(request.request_id)
        if len(self._order) > _REMEMBERED:
            self._ids.discard(self._order.popleft())

    def _malformed(self, request: Request) -> str:
        if request.event not in REQUESTS:
            return f'unknown request {request.event!r}; known: {", ".join(REQUESTS)}'
        if unknown := [group for group in request.groups if group not in GROUPS]:
            return f'unknown group {unknown[0]!r}; known: {", ".join(GROUPS)}'
        return ''

    def _late(self, request: Request, now_ns: int) -> str:
        if request.event in ('stop', 'heartbeat'):
            return ''
        if not request.request_id:
            return 'request_id is empty; give every request a new one'
        mine = self._admitted.get(request.request_id) is request
        if request.request_id in self._ids and not mine:
            return f'request_id {request.request_id!r} was used before'
        age_ns = now_ns - request.t_receive_ns
        if (
            request.event in _URGENT
            and request.t_receive_ns
            and age_ns > self._config.request_age_ns
        ):
            return f'the request is {age_ns // _MS} ms old'
        return ''

    def _foreign(self, request: Request) -> str:
        if request.event in _ANYBODY:
            return ''
        if request.operator_id == DIRECTOR:
            if request.event in _DIRECTORS or (
                request.event == 'release' and not self._lease.holder
            ):
                return self._seat.refusal(DIRECTOR, request.epoch) if self._seat.epoch else ''
            return f'{request.event!r} is for the holder of the operator lease'
        return self._lease.refusal(request.operator_id, request.epoch)


def obstacle(request: Request, tags: TagMachine) -> str:
    """What episode and stage have against a request, empty when nothing."""
    kind = request.event
    if kind in ('success', 'failure', 'episode_end') and not tags.episode:
        return 'no episode is running'
    if kind == 'episode_start' and tags.episode:
        return f'episode {tags.episode!r} is running; end it first'
    if kind == 'episode_start' and Phase.STOPPED in tags.phase:
        return 'the robot is stopped; rearm first'
    if kind == 'mark_recovery' and tags.stage is not Stage.ADAPTATION:
        return f'the stage is {tags.stage.name.lower()}, not adaptation'
    if kind == 'rearm' and request.operator_id == DIRECTOR and tags.episode:
        return 'the director rearms between episodes only'
    return ''


def concerned(request: Request, phases: list[Phase]) -> tuple[str, ...]:
    """The groups a request moves: the named ones, or of all those that can.

    Args:
        request: One whose event the phase table knows.
        phases: Per group, in the order of ``GROUPS``.

    Raises:
        InvalidTransition: A named group refuses it, or all do.
    """
    able = tuple(
        group
        for group, phase in zip(GROUPS, phases, strict=True)
        if (phase, request.event) in TABLE
    )
    wanted = request.groups if request.event in _PARTIAL else ()
    named = tuple(group for group in GROUPS if group in (wanted or GROUPS))
    refused = [group for group in named if group not in able]
    if refused and (wanted or not able):
        phase = phases[GROUPS.index(refused[0])]
        raise InvalidTransition(
            f'{request.event!r} is refused for {refused[0]} in phase {phase.name.lower()}; '
            f'allowed: {", ".join(allowed(phase))}'
        )
    return tuple(group for group in named if group in able)

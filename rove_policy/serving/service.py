"""What a policy server does with a request; knows no socket and no clock."""

from __future__ import annotations

import logging
from traceback import format_exc
from typing import Any

from rove_policy.policy import Policy
from rove_policy.serving.codec import encode
from rove_policy.serving.messages import (
    PROTOCOL,
    Description,
    Request,
    chunk_to_wire,
    describe_to_wire,
    observation_from_wire,
    take,
)
from rove_teleop.errors import InvalidInput

OWNER_TIMEOUT = 2.0
"""A robot that has said nothing for so long loses the policy to the next one [s]."""
MAX_REASON = 500

_log = logging.getLogger(__name__)


class PolicyService:
    """Answers requests for one policy, which serves one robot at a time.

    Args:
        policy: The policy.
        task: Told to the policy where the robot names no task.
    """

    def __init__(self, policy: Policy, task: str = '') -> None:
        self._policy = policy
        self._task = task
        self._owner = ''
        self._heard_ns = 0

    def answer(self, request: Request, now_ns: int) -> bytes:
        """Answer one request; every failure becomes an error reply.

        Args:
            request: A request of the right outer form.
            now_ns: Time of this call [ns, monotonic].
        """
        try:
            if request.kind == 'describe':
                return self._reply(request, 'description', self._describe())
            if request.kind == 'leave':
                self._owner = '' if request.session == self._owner else self._owner
                return self._reply(request, 'left', {})
            refusal = self._claim(request, now_ns)
            if refusal is not None:
                return error_reply(request.request_id, *refusal)
            if request.kind == 'reset':
                return self._reply(request, 'ready', self._reset(request))
            return self._reply(request, 'chunk', self._infer(request))
        except InvalidInput as error:
            return error_reply(request.request_id, 'request', 'InvalidInput', str(error))
        except Exception as error:  # a policy is foreign code: whatever it does, we serve on
            _log.warning('policy failed on %s\n%s', request.kind, _printable(format_exc()))
            return error_reply(request.request_id, 'policy', type(error).__name__, str(error))

    def _claim(self, request: Request, now_ns: int) -> tuple[str, str, str] | None:
        """Give the policy to the robot that asks, or say why not."""
        if request.session != self._owner:
            silence = (now_ns - self._heard_ns) / 1e9
            if self._owner and silence < OWNER_TIMEOUT:
                return 'busy', 'Busy', f'another robot was heard {silence:.1f} s ago'
            if request.kind != 'reset':
                return 'session', 'UnknownSession', 'reset comes first'
        self._owner, self._heard_ns = request.session, now_ns
        return None

    def _describe(self) -> dict[str, Any]:
        images = getattr(self._policy, 'images', {})
        return describe_to_wire(Description(self._policy.policy_id, images))

    def _reset(self, request: Request) -> dict[str, Any]:
        task = take(request.body, 'task', str) or self._task
        self._policy.reset(take(request.body, 'seed', int), task)
        return {}

    def _infer(self, request: Request) -> dict[str, Any]:
        observation = observation_from_wire(take(request.body, 'observation', dict))
        return chunk_to_wire(self._policy.infer(observation))

    def _reply(self, request: Request, kind: str, body: dict[str, Any]) -> bytes:
        return encode({'v': PROTOCOL, 'id': request.request_id, 'kind': kind, **body})


def error_reply(request_id: int, code: str, error: str, message: str) -> bytes:
    """Say that a request failed; ``code`` is ``request``, ``session``, ``busy`` or ``policy``."""
    body = {'code': code, 'error': error, 'message': _printable(message[:MAX_REASON])}
    return encode({'v': PROTOCOL, 'id': request_id, 'kind': 'error', **body})


def _printable(text: str) -> str:
    """The text without what no terminal, file or message can hold (lone surrogates)."""
    return text.encode(errors='replace').decode()

"""A policy on the other side of a ZeroMQ socket, used like one that is here."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from pathlib import Path
import time
from typing import Any
from uuid import uuid4

import zmq

from rove_policy.serving.address import DEFAULT_ADDRESS, check_protected
from rove_policy.serving.codec import MAX_MESSAGE, decode, encode
from rove_policy.serving.curve import protect_client
from rove_policy.serving.messages import (
    PROTOCOL,
    check_version,
    chunk_from_wire,
    describe_from_wire,
    observation_to_wire,
    take,
)
from rove_policy.types import Observation
from rove_policy.worker import Start
from rove_teleop.core.types import ActionChunk
from rove_teleop.errors import ConfigError, InvalidInput, PolicyError, PolicyTimeout

LEAVE_LINGER_MS = 100
"""How long ``close`` may take to tell the server."""


class RemotePolicy:
    """Asks a policy server; after a timeout it starts over with a new socket.

    Use it from one thread. It connects with the first request, so it may be made before the
    server runs, and it tells a restarted server about the episode again by itself.

    Args:
        address: Where the server listens.
        timeout: Longest wait for a chunk [s].
        reset_timeout: Longest wait for the policy to begin an episode [s].
        curve_dir: Key folder, see ``rove_policy.serving.curve``; required off loopback.

    Attributes:
        timeout: May be changed at any time [s].
        images: Cameras the server's policy needs, name to (height, width), once it is known.

    Raises:
        ConfigError: The address is malformed or unprotected, a key is missing, or a timeout
            is not positive.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        timeout: float = 0.2,
        reset_timeout: float = 2.0,
        curve_dir: Path | str | None = None,
    ) -> None:
        self._curve_dir = None if curve_dir is None else Path(curve_dir)
        check_protected(address, self._curve_dir)
        if not (timeout > 0.0 and reset_timeout > 0.0):
            raise ConfigError(f'{timeout=} and {reset_timeout=} must be positive')
        self.policy_id = f'remote({address})'
        self.images: dict[str, tuple[int, int]] = {}
        self._address = address
        self.timeout = timeout
        self._reset_timeout = reset_timeout
        self._session = uuid4().hex
        self._ids = count(1)
        self._start = Start(0, '')
        self._known = self._ready = False
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket: zmq.Socket[bytes] | None = None
        if self._curve_dir is not None:
            self._connect()  # so that a missing key is an error here and not in the loop

    def reset(self, seed: int, task: str) -> None:
        """Begin a new episode at the server.

        Raises:
            PolicyTimeout: The server does not answer; ``infer`` will try again.
            PolicyError: The server refuses.
        """
        self._start = Start(seed, task)
        self._ready = False
        self._prepare()

    def infer(self, observation: Observation) -> ActionChunk:
        """Ask the server for a chunk.

        Raises:
            PolicyTimeout: The server did not answer in time.
            PolicyError: The server refuses, its policy failed, or its answer is not usable.
        """
        for _ in range(2):
            self._prepare()
            self._check_images(observation)
            reply = self._request(
                'infer', 'chunk', self.timeout, observation=observation_to_wire(observation)
            )
            if reply is not None:
                return self._read_chunk(reply, observation)
        raise PolicyError(
            f'policy server {self._address} forgets the episode as soon as it starts'
        )

    def close(self) -> None:
        """Let the next robot have the policy, and release the socket."""
        if self._socket is not None and self._ready:
            self._socket.setsockopt(zmq.LINGER, LEAVE_LINGER_MS)
            with suppress(zmq.Again):
                self._socket.send(encode(self._head('leave')), zmq.NOBLOCK)
        self._disconnect()
        self._context.term()

    def _prepare(self) -> None:
        """Learn who serves, and tell it about the episode, unless that is done."""
        if not self._known:
            reply = self._request('describe', 'description', self.timeout)
            try:
                description = describe_from_wire(reply or {})
            except InvalidInput as error:
                raise PolicyError(f'policy server {self._address}: {error}') from error
            self.policy_id = f'remote({description.policy_id})'
            self.images = description.images
            self._known = True
        if not self._ready:
            start = vars(self._start)
            self._request('reset', 'ready', self._reset_timeout, **start)
            self._ready = True

    def _request(
        self, kind: str, expected: str, timeout: float, **body: Any
    ) -> dict[str, Any] | None:
        """Send a request and return its reply, or None if the server does not know us yet."""
        head = self._head(kind)
        try:
            data = encode({**head, **body})
        except InvalidInput as error:
            raise PolicyError(f'request for {kind} cannot be sent: {error}') from error
        try:
            reply = self._exchange(data, head['id'], timeout)
            got = take(reply, 'kind', str)
            if got == 'error':
                self._read_error(reply)
                return None
            if got != expected:
                raise InvalidInput(f'kind is {got!r:.40}; expected {expected!r}')
        except InvalidInput as error:
            self._disconnect()
            raise PolicyError(f'policy server {self._address} talks nonsense: {error}') from error
        return reply

    def _head(self, kind: str) -> dict[str, Any]:
        return {'v': PROTOCOL, 'id': next(self._ids), 'session': self._session, 'kind': kind}

    def _exchange(self, data: bytes, request_id: int, timeout: float) -> dict[str, Any]:
        """Send bytes and wait for the reply with our id; older replies are dropped."""
        socket = self._socket or self._connect()
        deadline = time.monotonic() + timeout
        try:
            socket.send(data, zmq.NOBLOCK, copy=False)
            while (left := deadline - time.monotonic()) > 0.0:
                if socket.poll(max(1, round(left * 1e3))):
                    reply = decode(socket.recv(zmq.NOBLOCK))
                    check_version(reply)
                    if take(reply, 'id', int) in (request_id, 0):  # 0: our request was unreadable
                        return reply
        except zmq.Again:
            pass
        self._disconnect()
        raise PolicyTimeout(
            f'policy server {self._address} did not answer within {timeout * 1e3:.0f} ms; '
            'is `rove policy-serve` running there?'
        )

    def _read_error(self, reply: dict[str, Any]) -> None:
        """Forget what a restarted server cannot know; raise for every other error."""
        if take(reply, 'code', str) == 'session':
            self._known = self._ready = False
            return
        error, message = take(reply, 'error', str), take(reply, 'message', str)
        raise PolicyError(f'policy server {self._address}: {error}: {message}')

    def _read_chunk(self, reply: dict[str, Any], observation: Observation) -> ActionChunk:
        try:
            return chunk_from_wire(reply, observation)
        except InvalidInput as error:
            raise PolicyError(f'policy server {self._address}: {error}') from error

    def _check_images(self, observation: Observation) -> None:
        for name, size in self.images.items():
            image = observation.images.get(name)
            if image is None or image.shape[:2] != size:
                got = 'none' if image is None else image.shape[:2]
                raise PolicyError(f'{self.policy_id} needs image {name!r} of {size}; got {got}')

    def _connect(self) -> zmq.Socket[bytes]:
        socket = self._context.socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.IPV6, '[' in self._address)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
        socket.setsockopt(zmq.SNDHWM, 2)
        socket.setsockopt(zmq.RCVHWM, 2)
        try:
            if self._curve_dir is not None:
                protect_client(socket, self._curve_dir)
            socket.connect(self._address)
        except zmq.ZMQError as error:
            socket.close()
            raise ConfigError(f'address {self._address!r} cannot be used: {error}') from error
        self._socket = socket
        return socket

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

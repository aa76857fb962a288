"""The policy server's socket and its command, ``rove policy-serve``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
import json
import logging
from pathlib import Path
import signal
import threading
import time
from typing import Any

import zmq
from zmq.auth.thread import ThreadAuthenticator

from rove_policy.policy import POLICIES, Policy, make_policy
from rove_policy.serving.address import DEFAULT_ADDRESS, check_protected
from rove_policy.serving.codec import MAX_MESSAGE
from rove_policy.serving.curve import create_keys, protect_server
from rove_policy.serving.messages import Request, read_request
from rove_policy.serving.service import PolicyService, error_reply
from rove_teleop.errors import ConfigError, InvalidInput, RoveError

QUEUE_LENGTH = 16
MAX_PARTS = 3
"""Parts of a message we read: address, empty delimiter of REQ peers, request."""
POLL_INTERVAL = 0.1  # [s]

_log = logging.getLogger(__name__)


class PolicyServer:
    """Serves a policy on a ZeroMQ ROUTER socket, one request after the other.

    Args:
        policy: The policy; only the thread that calls ``serve`` uses it.
        address: Where to listen; port 0 or ``*`` takes a free one.
        curve_dir: Key folder, see ``rove_policy.serving.curve``; required off loopback.
        task: Told to the policy where the robot names no task.

    Raises:
        ConfigError: The address is malformed, taken or unprotected, or a key is missing.
    """

    def __init__(
        self,
        policy: Policy,
        address: str = DEFAULT_ADDRESS,
        curve_dir: Path | None = None,
        task: str = '',
    ) -> None:
        check_protected(address, curve_dir)
        self._service = PolicyService(policy, task)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.IPV6, '[' in address)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
        self._socket.setsockopt(zmq.RCVHWM, QUEUE_LENGTH)
        self._socket.setsockopt(zmq.SNDHWM, QUEUE_LENGTH)
        self._authenticator: ThreadAuthenticator | None = None
        try:
            if curve_dir is not None:
                self._authenticator = protect_server(self._socket, curve_dir)
            self._socket.bind(address)
        except zmq.ZMQError as error:
            self.close()
            raise ConfigError(f'address {address!r} cannot be bound: {error}') from error
        except ConfigError:
            self.close()
            raise
        self.address = self._socket.get_string(zmq.LAST_ENDPOINT)
        """Where the server really listens."""

    def serve(self, stopped: Callable[[], bool]) -> None:
        """Answer requests until ``stopped`` says so."""
        while not stopped():
            if self._socket.poll(round(POLL_INTERVAL * 1e3)):
                self._answer_waiting()

    def close(self) -> None:
        """Release the socket."""
        if self._authenticator is not None:
            self._authenticator.stop()
        self._socket.close()
        self._context.term()

    def _answer_waiting(self) -> None:
        """Answer what waits, but only the newest observation of each robot.

        After a slow answer the older ones have timed out at the robot, and answering them
        would only make the newest one late as well. A robot that timed out asks again through
        another connection, and connections are read in turns: the number tells the newest.
        """
        requests = self._read_waiting()
        newest: dict[str, int] = {}
        for _, request in requests:
            if request.kind == 'infer':
                number = request.request_id
                newest[request.session] = max(number, newest.get(request.session, number))
        for envelope, request in requests:
            if request.kind != 'infer' or newest[request.session] == request.request_id:
                self._send(envelope, self._service.answer(request, time.monotonic_ns()))

    def _read_waiting(self) -> list[tuple[list[bytes], Request]]:
        requests: list[tuple[list[bytes], Request]] = []
        for _ in range(QUEUE_LENGTH):
            parts = self._receive()
            if parts is None:
                break
            try:
                if not 2 <= len(parts) <= MAX_PARTS:
                    raise InvalidInput(f'message has {len(parts) - 1} parts or more; expected 1')
                requests.append((parts[:-1], read_request(parts[-1])))
            except InvalidInput as error:
                _log.warning('request refused: %s', error)
                self._send(parts[:1], error_reply(0, 'request', 'InvalidInput', str(error)))
        return requests

    def _receive(self) -> list[bytes] | None:
        """Return the parts of the next message, at most one more than we can use, or None."""
        parts: list[bytes] = []
        try:
            more = True
            while more:
                part = self._socket.recv(zmq.NOBLOCK)
                if len(parts) <= MAX_PARTS:
                    parts.append(part)
                more = bool(self._socket.getsockopt(zmq.RCVMORE))
        except zmq.Again:
            return None
        return parts

    def _send(self, envelope: list[bytes], reply: bytes) -> None:
        try:
            self._socket.send_multipart([*envelope, reply], zmq.NOBLOCK)
        except zmq.ZMQError as error:  # the robot is gone or does not read: its loss
            _log.warning('reply dropped: %s', error)


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``rove policy-serve`` until interrupted; return the exit code."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format='%(levelname)s %(message)s')
    try:
        if options.new_keys:
            if options.curve_dir is None:
                raise ConfigError('--new-keys needs --curve-dir, the folder to make them in')
            create_keys(options.curve_dir)
            _log.info('keys made in %s', options.curve_dir)
            return 0
        policy = make_policy(options.policy, **dict(map(_parse_option, options.option)))
        policy.reset(options.seed, options.task)
        _serve_until_interrupted(
            PolicyServer(policy, options.bind, options.curve_dir, options.task)
        )
    except RoveError as error:
        _log.error('%s', error)
        return 2
    return 0


def _serve_until_interrupted(server: PolicyServer) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    _log.info('policy server listens on %s', server.address)
    try:
        server.serve(stop.is_set)
    finally:
        server.close()


def _parse_option(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition('=')
    if not (name and equals):
        raise ConfigError(f'--option is {text!r}; expected NAME=VALUE')
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='rove policy-serve', description='Serve a policy to a robot over ZeroMQ.'
    )
    known = ', '.join(sorted(POLICIES))
    parser.add_argument(
        '--policy', default='scripted', help=f'one of {known}, or your.module:Class (%(default)s)'
    )
    parser.add_argument('--bind', default=DEFAULT_ADDRESS, help='where to listen (%(default)s)')
    parser.add_argument('--task', default='', help='task text where the robot names none')
    parser.add_argument('--seed', type=int, default=0, help='seed of the policy (%(default)s)')
    parser.add_argument(
        '--curve-dir', type=Path, help='folder with CURVE keys; required off this machine'
    )
    parser.add_argument(
        '--new-keys', action='store_true', help='make keys in --curve-dir and exit'
    )
    parser.add_argument(
        '--option',
        action='append',
        default=[],
        metavar='NAME=VALUE',
        help='option of the policy, value as JSON or text; may be repeated',
    )
    return parser


if __name__ == '__main__':
    raise SystemExit(main())

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
import threading
import time

import numpy as np
import pytest
import zmq

from rove_policy.serving.address import check_protected, is_local
from rove_policy.serving.client import RemotePolicy
from rove_policy.serving.codec import MAX_MESSAGE, decode, encode
from rove_policy.serving.curve import create_keys
from rove_policy.serving.messages import observation_to_wire
from rove_policy.serving.server import PolicyServer
from rove_teleop.errors import ConfigError, PolicyError, PolicyTimeout
from tests.contracts.policy_contract import PolicyContract
from tests.fakes.policies import FailingPolicy, FakePolicy, GatedPolicy, observation
from tests.fakes.serving import ANY_PORT, connected, serving


class TestRemotePolicy(PolicyContract):
    @pytest.fixture
    def policy(self) -> Iterator[RemotePolicy]:
        with serving(FakePolicy()) as address, connected(address) as remote:
            yield remote


def test_the_server_sees_the_observation_and_the_robot_the_chunk() -> None:
    policy = FakePolicy()
    with serving(policy) as address, connected(address) as remote:
        remote.reset(4, 'wave')
        seen = observation()
        chunk = remote.infer(seen)
    assert policy.starts == [(4, 'wave')]
    np.testing.assert_array_equal(policy.seen[0].images['head'], seen.images['head'])
    np.testing.assert_array_equal(chunk.position[3], seen.executed)
    assert (chunk.policy_id, remote.policy_id) == ('fake', 'remote(fake)')


def test_a_robot_that_closes_makes_room_for_the_next() -> None:
    with serving(FakePolicy()) as address:
        for _ in range(3):
            with connected(address) as remote:
                assert remote.infer(observation()).policy_id == 'fake'


def test_closing_does_not_wait_for_a_server_that_is_gone() -> None:
    with ExitStack() as stack:
        with serving(FakePolicy()) as address:
            remote = stack.enter_context(connected(address))
            remote.infer(observation())
        began = time.monotonic()
    assert time.monotonic() - began < 1.0


def test_a_missing_image_is_named_before_it_is_asked_for() -> None:
    policy = FakePolicy()
    policy.images = {'head': (224, 224)}  # type: ignore[attr-defined]  # optional in the protocol
    with serving(policy) as address, connected(address) as remote:
        message = r"needs image 'head' of \(224, 224\); got \(24, 32\)"
        with pytest.raises(PolicyError, match=message):
            remote.infer(observation())


def test_a_failing_policy_is_an_error_with_its_type_and_the_server_goes_on() -> None:
    with serving(FailingPolicy()) as address, connected(address) as remote:
        for _ in range(3):
            with pytest.raises(PolicyError, match='RuntimeError: the arm fell asleep') as caught:
                remote.infer(observation())
            assert not isinstance(caught.value, PolicyTimeout)
            assert 'Traceback' not in str(caught.value)


def test_a_server_that_is_not_there_is_a_timeout_that_names_the_address() -> None:
    with connected('tcp://127.0.0.1:9', timeout=0.05) as remote:
        began = time.monotonic()
        with pytest.raises(PolicyTimeout, match='tcp://127.0.0.1:9 did not answer within 50 ms'):
            remote.infer(observation())
        assert 0.04 < time.monotonic() - began < 1.0


def test_a_late_reply_is_dropped_and_the_next_answer_is_the_right_one() -> None:
    policy = GatedPolicy()
    with serving(policy) as address, connected(address) as remote:
        remote.reset(1, '')
        remote.timeout = 0.05
        with pytest.raises(PolicyTimeout):
            remote.infer(observation(executed=np.full(37, 1.0)))
        policy.gate.release(2)
        remote.timeout = 5.0
        chunk = remote.infer(observation(executed=np.full(37, 2.0)))
    assert (chunk.position == 2.0).all()


def test_only_the_newest_of_several_waiting_observations_is_answered() -> None:
    policy = GatedPolicy()
    with serving(policy) as address, connected(address) as remote:
        remote.reset(1, '')
        remote.timeout = 0.05
        for value in range(5):
            with pytest.raises(PolicyTimeout):
                remote.infer(observation(executed=np.full(37, float(value))))
        policy.gate.release(6)
        remote.timeout = 5.0
        chunk = remote.infer(observation(executed=np.full(37, 9.0)))
    assert (chunk.position == 9.0).all()
    assert len(policy.seen) < 6


@pytest.fixture
def peer() -> Iterator[tuple[zmq.Socket[bytes], RemotePolicy]]:
    """A raw socket at a server, and a well-behaved robot beside it."""
    with serving(FakePolicy()) as address, connected(address) as remote:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        socket = context.socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, 5000)
        socket.connect(address)
        yield socket, remote
        socket.close()
        context.term()


@pytest.mark.parametrize(
    'parts',
    [
        [b'\x80\x04K\x01.'],
        [b''],
        [b'x' * 1000],
        [encode({'v': 99, 'id': 1, 'session': 's', 'kind': 'describe'})],
        [b'a', b'b', b'c', b'd'],
        [b'x'] * 500,
    ],
)
def test_garbage_is_answered_with_an_error_and_the_robot_does_not_notice(
    peer: tuple[zmq.Socket[bytes], RemotePolicy], parts: list[bytes]
) -> None:
    socket, remote = peer
    socket.send_multipart(parts)
    reply = decode(socket.recv())
    assert (reply['kind'], reply['code'], reply['id']) == ('error', 'request', 0)
    assert remote.infer(observation()).policy_id == 'fake'


def test_an_oversized_message_costs_its_sender_the_connection_only(
    peer: tuple[zmq.Socket[bytes], RemotePolicy],
) -> None:
    socket, remote = peer
    socket.send(bytes(MAX_MESSAGE + 1))
    for _ in range(3):
        assert remote.infer(observation()).policy_id == 'fake'


def test_a_flood_does_not_starve_the_robot(
    peer: tuple[zmq.Socket[bytes], RemotePolicy],
) -> None:
    socket, remote = peer
    request = {'v': 1, 'id': 1, 'session': 'flood', 'kind': 'infer'}
    for _ in range(200):
        socket.send(encode(request | {'observation': observation_to_wire(observation())}))
    assert remote.infer(observation()).policy_id == 'fake'


def test_a_peer_with_a_req_socket_is_served() -> None:
    with (
        serving(FakePolicy()) as address,
        zmq.Context() as context,
        context.socket(zmq.REQ) as socket,
    ):
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, 5000)
        socket.connect(address)
        socket.send(encode({'v': 1, 'id': 8, 'session': 's', 'kind': 'describe'}))
        assert decode(socket.recv())['policy_id'] == 'fake'


@contextmanager
def fake_server(reply: bytes) -> Iterator[str]:
    """Something on the other side that gives the same bytes for every request."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.bind(ANY_PORT)
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            if socket.poll(20):
                socket.send_multipart([socket.recv_multipart()[0], reply])

    thread = threading.Thread(target=run)
    thread.start()
    yield socket.get_string(zmq.LAST_ENDPOINT)
    stop.set()
    thread.join(10.0)
    socket.close()
    context.term()


@pytest.mark.parametrize(
    ('reply', 'message'),
    [
        (b'<html>', 'not msgpack|expected a map'),
        (encode({'v': 7}), 'protocol version is 7; expected 1'),
        (encode({'v': 1, 'id': 0, 'kind': 'description'}), "field 'policy_id' is missing"),
        (encode({'v': 1, 'id': 0, 'kind': 'ready'}), "kind is 'ready'; expected 'description'"),
        (encode({'v': 1, 'id': 0, 'kind': 'error', 'code': 3}), 'code is int'),
    ],
)
def test_a_server_that_talks_nonsense_is_an_error(reply: bytes, message: str) -> None:
    with fake_server(reply) as address, connected(address) as remote:
        with pytest.raises(PolicyError, match=message) as caught:
            remote.infer(observation())
        assert not isinstance(caught.value, PolicyTimeout)


def test_replies_with_foreign_ids_are_ignored() -> None:
    with (
        fake_server(encode({'v': 1, 'id': 77, 'kind': 'ready'})) as address,
        connected(address, timeout=0.1) as remote,
        pytest.raises(PolicyTimeout),
    ):
        remote.infer(observation())


@pytest.mark.parametrize(
    ('address', 'local'),
    [
        ('tcp://127.0.0.1:5601', True),
        ('tcp://127.9.9.9:5601', True),
        ('tcp://localhost:*', True),
        ('tcp://[::1]:5601', True),
        ('ipc:///run/rove/policy', True),
        ('tcp://0.0.0.0:5601', False),
        ('tcp://*:5601', False),
        ('tcp://192.168.1.5:5601', False),
        ('tcp://robot.example:5601', False),
        ('tcp://127.0.0.1.example:5601', False),
    ],
)
def test_an_address_is_local_only_if_no_other_machine_reaches_it(
    address: str, local: bool
) -> None:
    assert is_local(address) is local
    if not local:
        with pytest.raises(ConfigError, match='needs CURVE keys'):
            check_protected(address, None)
        with pytest.raises(ConfigError, match='needs CURVE keys'):
            RemotePolicy(address)


@pytest.mark.parametrize(
    'address',
    ['', '5601', 'tcp://127.0.0.1', 'tcp://:5601', 'udp://127.0.0.1:5', 'tcp://a:x', 'ipc://']
    + ['tcp://127.0.0.1:70000', 'inproc://policy'],
)
def test_a_malformed_address_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(ConfigError, match='expected'):
        RemotePolicy(address)


def test_an_address_that_is_taken_is_a_clear_error() -> None:
    with serving(FakePolicy()) as address, pytest.raises(ConfigError, match='cannot be bound'):
        PolicyServer(FakePolicy(), address)


def test_with_keys_a_known_robot_is_served_and_strangers_are_not(tmp_path: Path) -> None:
    create_keys(tmp_path / 'ours')
    create_keys(tmp_path / 'theirs')
    thief = tmp_path / 'theirs' / 'server.key'
    thief.write_text((tmp_path / 'ours' / 'server.key').read_text())
    with serving(FakePolicy(), curve_dir=tmp_path / 'ours') as address:
        with connected(address, curve_dir=tmp_path / 'ours') as remote:
            assert remote.infer(observation()).policy_id == 'fake'
        for stranger in ({}, {'curve_dir': tmp_path / 'theirs'}):
            with (
                connected(address, timeout=0.3, **stranger) as remote,
                pytest.raises(PolicyTimeout),
            ):
                remote.infer(observation())


def test_secret_keys_are_for_their_owner_only_and_never_overwritten(tmp_path: Path) -> None:
    create_keys(tmp_path)
    for secret in tmp_path.glob('*.key_secret'):
        assert secret.stat().st_mode & 0o077 == 0
    with pytest.raises(ConfigError, match='already holds keys'):
        create_keys(tmp_path)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='client.key_secret cannot be read'):
        RemotePolicy('tcp://192.0.2.1:5601', curve_dir=tmp_path)
    with pytest.raises(ConfigError, match='server.key_secret cannot be read'):
        PolicyServer(FakePolicy(), ANY_PORT, tmp_path)
    create_keys(tmp_path)
    (tmp_path / 'clients' / 'client.key').unlink()
    with pytest.raises(ConfigError, match='holds no public key'):
        PolicyServer(FakePolicy(), ANY_PORT, tmp_path)

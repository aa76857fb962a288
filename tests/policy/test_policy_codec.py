from __future__ import annotations

from dataclasses import replace
import pickle

import msgpack
import numpy as np
import pytest

from rove_policy.policy import ConstantPolicy
from rove_policy.serving.codec import DTYPES, MAX_MESSAGE, decode, encode
from rove_policy.serving.messages import (
    Description,
    chunk_from_wire,
    chunk_to_wire,
    describe_from_wire,
    describe_to_wire,
    observation_from_wire,
    observation_to_wire,
    read_request,
)
from rove_teleop.errors import InvalidInput
from tests.fakes.policies import observation


def array_bytes(dtype: object, shape: object, data: object) -> bytes:
    body = msgpack.packb([dtype, shape, data])
    return msgpack.packb({'a': msgpack.ExtType(1, body)})


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('shape', [(), (0,), (3,), (2, 3, 4), (1, 2, 3, 4)])
def test_an_array_comes_back_as_it_was(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.asarray(np.random.default_rng(0).random(shape) * 200).astype(dtype)
    back = decode(encode({'a': array}))['a']
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(back, array)


def test_strided_and_big_endian_arrays_travel_by_value() -> None:
    array = np.arange(12.0).reshape(3, 4)
    for view in (array.T, array[::2, ::-1], array.astype('>f8')):
        np.testing.assert_array_equal(decode(encode({'a': view}))['a'], view)


def test_a_received_array_cannot_be_edited() -> None:
    with pytest.raises(ValueError, match='read-only'):
        decode(encode({'a': np.zeros(3)}))['a'][0] = 1.0


def test_an_observation_comes_back_as_it_was() -> None:
    seen = observation(resumed=True, seed=2**63)
    back = observation_from_wire(decode(encode(observation_to_wire(seen))))
    np.testing.assert_array_equal(back.state, seen.state)
    np.testing.assert_array_equal(back.images['head'], seen.images['head'])
    np.testing.assert_array_equal(back.objects['cube'], seen.objects['cube'])
    plain = ('seq', 't_ns', 'task', 'seed', 'episode', 'resumed')
    assert [getattr(back, f) for f in plain] == [getattr(seen, f) for f in plain]


def test_a_chunk_comes_back_as_it_was() -> None:
    seen = observation()
    chunk = replace(
        ConstantPolicy().infer(seen),
        success=0.25,
        help=1.0,
        help_reason='lost the cube',
        groups=('legs', 'torso'),
    )
    back = chunk_from_wire(decode(encode(chunk_to_wire(chunk))), seen)
    np.testing.assert_array_equal(back.position, chunk.position)
    assert replace(back, position=chunk.position) == chunk


def test_a_description_comes_back_as_it_was() -> None:
    description = Description('vla', {'head': (224, 224)})
    assert describe_from_wire(decode(encode(describe_to_wire(description)))) == description


@pytest.mark.parametrize('value', [np.array(['text']), np.zeros(2, complex), object(), {1, 2}])
def test_what_does_not_travel_is_refused_by_the_sender(value: object) -> None:
    with pytest.raises(InvalidInput, match='cannot be encoded'):
        encode({'a': value})


def test_an_object_array_is_never_sent() -> None:
    with pytest.raises(InvalidInput, match='array of object'):
        encode({'a': np.array([None, 1])})


def test_a_message_that_is_too_long_is_refused_on_both_sides() -> None:
    with pytest.raises(InvalidInput, match='at most'):
        encode({'a': np.zeros(MAX_MESSAGE, np.uint8)})
    with pytest.raises(InvalidInput, match='at most'):
        decode(bytes(MAX_MESSAGE + 1))


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (b'', 'not msgpack'),
        (b'\xc1', 'not msgpack'),
        (b'{"kind": "infer"}', 'not msgpack|expected a map'),
        (pickle.dumps({'kind': 'infer'}), 'not msgpack|expected a map'),
        (msgpack.packb([1, 2]), 'message is list'),
        (msgpack.packb({1: 2}), 'not msgpack'),
        (msgpack.packb({'a': 1}) + b'\x00', 'not msgpack'),
        (msgpack.packb({'a': 'x' * 70_000}), 'not msgpack'),
        (b'\xdf\xff\xff\xff\xff', 'not msgpack'),
        (b'\x81\xa1a\xdd\xff\xff\xff\xff', 'not msgpack'),
        (b'\x81\xa1a' + b'\x91' * 100_000 + b'\xc0', 'not msgpack'),
        (msgpack.packb({'a': msgpack.ExtType(5, b'x')}), 'extension type 5 is unknown'),
        (msgpack.packb({'a': msgpack.ExtType(1, b'')}), 'not msgpack'),
        (msgpack.packb({'a': msgpack.ExtType(1, b'\x92\x01\x02')}), 'array is malformed'),
        (array_bytes('|O', [1], b'12345678'), "dtype is '|O'"),
        (array_bytes('<f8,<f8', [1], bytes(16)), 'array dtype'),
        (array_bytes(['<f8'], [1], bytes(8)), 'array dtype'),
        (array_bytes('<f8', [2], bytes(8)), '8 bytes long; expected 16'),
        (array_bytes('<f8', [-1], bytes(8)), 'sizes of 0 and more'),
        (array_bytes('<f8', [True], bytes(8)), 'sizes of 0 and more'),
        (array_bytes('<f8', [2**62, 0], b''), 'sizes of 0 and more'),
        (array_bytes('<f8', [1] * 9, bytes(8)), 'at most 4 sizes'),
        (array_bytes('<f8', 1, bytes(8)), 'shape is malformed'),
        (array_bytes('<f8', [1], 'text'), 'array data is str'),
    ],
)
def test_hostile_bytes_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        decode(data)


def test_random_damage_is_refused_or_harmless() -> None:
    good = encode({'v': 1, 'id': 4, 'session': 's', 'kind': 'reset', 'a': np.zeros(5)})
    random = np.random.default_rng(1)
    refused = 0
    for _ in range(3000):
        data = bytearray(good[: random.integers(1, len(good) + 1)])
        data[random.integers(len(data))] = random.integers(256)
        try:
            read_request(bytes(data))
        except InvalidInput:
            refused += 1
    assert refused > 2000


OBSERVATION = observation_to_wire(observation())


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('seq', '1', 'seq is str; expected int'),
        ('seq', True, 'seq is bool; expected int'),
        ('resumed', 1, 'resumed is int; expected bool'),
        ('task', None, 'task is NoneType; expected str'),
        ('executed', [0.0] * 37, 'executed is list'),
        ('joint_position', np.full(43, np.nan), 'joint_position is not finite'),
        ('images', [], 'images is list'),
        ('images', {'head': np.zeros((2, 2, 4), np.uint8)}, r'expected uint8 of shape'),
        ('images', {str(i): np.zeros((1, 1, 3), np.uint8) for i in range(17)}, '17 entries'),
        ('objects', {'cube': 3}, r"objects\['cube'\] is int"),
    ],
)
def test_a_malformed_observation_is_refused_by_field(
    field: str, value: object, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        observation_from_wire(OBSERVATION | {field: value})


@pytest.mark.parametrize('field', sorted(OBSERVATION))
def test_an_observation_without_a_field_is_refused(field: str) -> None:
    rest = {name: value for name, value in OBSERVATION.items() if name != field}
    with pytest.raises(InvalidInput, match=field):
        observation_from_wire(rest)


CHUNK = chunk_to_wire(ConstantPolicy().infer(observation()))


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('position', np.full((2, 37), np.inf), 'not finite'),
        ('position', np.zeros((2, 43)), r'shape \(2, 43\)'),
        ('position', None, 'position is NoneType'),
        ('dt', -1, 'dt is -1.0'),
        ('groups', ['tail'], 'groups are'),
        ('groups', [3], 'groups has an entry'),
        ('help', 'yes', 'help is str'),
        ('help_reason', 3, 'help_reason is int'),
        ('help_reason', 'x' * 201, 'at most 200 characters'),
    ],
)
def test_a_malformed_chunk_is_refused_by_field(field: str, value: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        chunk_from_wire(CHUNK | {field: value}, observation())


def test_a_server_for_another_robot_is_refused() -> None:
    wire = describe_to_wire(Description('vla'))
    with pytest.raises(InvalidInput, match='orders joints or channels in another way'):
        describe_from_wire(wire | {'joints': wire['joints'][::-1]})
    with pytest.raises(InvalidInput, match='state_size is 14'):
        describe_from_wire(wire | {'state_size': 14})
    with pytest.raises(InvalidInput, match=r'expected \[height, width\]'):
        describe_from_wire(wire | {'images': {'head': [0, 224]}})

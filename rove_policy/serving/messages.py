"""What robot and policy server say to each other, version 1.

A request is a map ``{v, id, session, kind}`` with, by kind: ``describe`` nothing, ``reset``
``{seed, task}``, ``infer`` ``{observation}``, ``leave`` nothing. A reply carries the request's
id: ``description``, ``ready``, ``chunk``, ``left``, or ``error`` with ``{code, error, message}``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from rove_policy.chunk import chunk_problem
from rove_policy.serving.codec import decode
from rove_policy.types import STATE_SIZE, Observation
from rove_teleop.core.names import CHANNELS, JOINTS
from rove_teleop.core.types import ActionChunk, Array
from rove_teleop.errors import InvalidInput

PROTOCOL = 1
MAX_IMAGES = 16
KINDS = ('describe', 'reset', 'infer', 'leave')

T = TypeVar('T')


@dataclass(frozen=True)
class Description:
    """Who serves, and what it wants to see.

    Attributes:
        images: Cameras the policy needs, name to (height, width); empty when it needs none.
        state_size: Length of ``Observation.state`` the policy was made for.
        joints, channels: Names and order both sides must agree on.
    """

    policy_id: str
    images: dict[str, tuple[int, int]] = field(default_factory=dict)
    state_size: int = STATE_SIZE
    joints: tuple[str, ...] = JOINTS
    channels: tuple[str, ...] = CHANNELS


@dataclass(frozen=True)
class Request:
    """One request as the server understood it."""

    request_id: int
    session: str
    kind: str
    body: dict[str, Any]


def take(message: dict[str, Any], name: str, kind: type[T]) -> T:
    """Return a field of a message, of exactly the type asked for (a float may be an int).

    Raises:
        InvalidInput: The field is missing or of another type.
    """
    if name not in message:
        raise InvalidInput(f'field {name!r} is missing; expected {kind.__name__}')
    value = message[name]
    if kind is float and type(value) is int:
        return float(value)  # type: ignore[return-value]  # kind is float here
    if type(value) is not kind:
        raise InvalidInput(f'{name} is {type(value).__name__}; expected {kind.__name__}')
    return value


def read_request(data: bytes) -> Request:
    """Decode a request and check its outer form.

    Raises:
        InvalidInput: It is not a request of this protocol.
    """
    message = decode(data)
    check_version(message)
    kind = take(message, 'kind', str)
    if kind not in KINDS:
        raise InvalidInput(f'kind is {kind!r:.40}; expected one of {", ".join(KINDS)}')
    return Request(take(message, 'id', int), take(message, 'session', str), kind, message)


def check_version(message: dict[str, Any]) -> None:
    """Refuse a message of another protocol version."""
    version = take(message, 'v', int)
    if version != PROTOCOL:
        raise InvalidInput(f'protocol version is {version}; expected {PROTOCOL}')


def describe_to_wire(description: Description) -> dict[str, Any]:
    """Turn a description into plain values."""
    return {
        'policy_id': description.policy_id,
        'images': {name: list(size) for name, size in description.images.items()},
        'state_size': description.state_size,
        'joints': list(description.joints),
        'channels': list(description.channels),
    }


def describe_from_wire(message: dict[str, Any]) -> Description:
    """Read a description, and refuse a server made for another robot.

    Raises:
        InvalidInput: A field is malformed, or joints, channels or state differ from ours.
    """
    description = Description(
        policy_id=take(message, 'policy_id', str),
        images={
            name: _image_size(name, size) for name, size in take(message, 'images', dict).items()
        },
        state_size=take(message, 'state_size', int),
        joints=_names(message, 'joints'),
        channels=_names(message, 'channels'),
    )
    if description.joints != JOINTS or description.channels != CHANNELS:
        raise InvalidInput('the server orders joints or channels in another way than this robot')
    if description.state_size != STATE_SIZE:
        raise InvalidInput(f'state_size is {description.state_size}; expected {STATE_SIZE}')
    return description


def observation_to_wire(observation: Observation) -> dict[str, Any]:
    """Turn an observation into plain values and arrays."""
    return dict(vars(observation))


def observation_from_wire(message: dict[str, Any]) -> Observation:
    """Read an observation.

    Raises:
        InvalidInput: A field is missing, malformed or not finite.
    """
    images: dict[str, Array] = _named(message, 'images')
    if len(images) > MAX_IMAGES:
        raise InvalidInput(f'images has {len(images)} entries; expected at most {MAX_IMAGES}')
    return Observation(
        seq=take(message, 'seq', int),
        t_ns=take(message, 't_ns', int),
        joint_position=message.get('joint_position'),  # type: ignore[arg-type]  # checked within
        joint_velocity=message.get('joint_velocity'),  # type: ignore[arg-type]  # checked within
        base_pose=message.get('base_pose'),  # type: ignore[arg-type]  # checked within
        executed=message.get('executed'),  # type: ignore[arg-type]  # checked within
        task=take(message, 'task', str),
        seed=take(message, 'seed', int),
        episode=take(message, 'episode', str),
        resumed=take(message, 'resumed', bool),
        images=images,
        objects=_named(message, 'objects'),
    )


def chunk_to_wire(chunk: ActionChunk) -> dict[str, Any]:
    """Turn a chunk into plain values and arrays.

    Raises:
        InvalidInput: The chunk is not usable.
    """
    _check(chunk)
    return {
        'policy_id': chunk.policy_id,
        'dt': float(chunk.dt),
        'position': chunk.position,
        'groups': list(chunk.groups),
        'success': float(chunk.success),
        'help': float(chunk.help),
        'help_reason': chunk.help_reason,
    }


def chunk_from_wire(message: dict[str, Any], observation: Observation) -> ActionChunk:
    """Read the chunk that answers an observation.

    Raises:
        InvalidInput: A field is missing or malformed, or the chunk is not usable.
    """
    chunk = ActionChunk(
        seq=observation.seq,
        policy_id=take(message, 'policy_id', str),
        t_observation_ns=observation.t_ns,
        t0_ns=observation.t_ns,
        dt=take(message, 'dt', float),
        position=message.get('position'),  # type: ignore[arg-type]  # checked below
        groups=_names(message, 'groups'),
        success=take(message, 'success', float),
        help=take(message, 'help', float),
        help_reason=take({'help_reason': '', **message}, 'help_reason', str),  # may be left out
    )
    _check(chunk)
    return chunk


def _check(chunk: ActionChunk) -> None:
    problem = chunk_problem(chunk)
    if problem:
        raise InvalidInput(f'chunk: {problem}')


def _named(message: dict[str, Any], name: str) -> dict[str, Any]:
    entries: dict[str, Any] = take(message, name, dict)
    if not all(isinstance(key, str) for key in entries):
        raise InvalidInput(f'{name} has a key that is not text')
    return entries


def _names(message: dict[str, Any], name: str) -> tuple[str, ...]:
    values = take(message, name, list)
    if not all(isinstance(value, str) for value in values):
        raise InvalidInput(f'{name} has an entry that is not text')
    return tuple(values)


def _image_size(name: object, size: object) -> tuple[int, int]:
    if (
        not isinstance(name, str)
        or not isinstance(size, list)
        or len(size) != 2
        or not all(type(value) is int and value > 0 for value in size)
    ):
        raise InvalidInput(f'images[{name!r:.40}] is {size!r:.40}; expected [height, width]')
    return size[0], size[1]

"""ROS message definitions as MCAP schemas, gathered from the installed ``.msg`` files.

A ``ros2msg`` schema is the text of the message followed by the text of every message it
contains, each introduced by a line of 80 ``=`` and ``MSG: package/Type``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
import os
from pathlib import Path
import re
import sys
import sysconfig

from rove_teleop.errors import RecordingError

CONTROL_FRAME = 'rove_msgs/msg/ControlFrame'
EVENT = 'rove_msgs/msg/Event'
OPERATOR_STATE = 'rove_msgs/msg/OperatorState'
PLANT_STATE = 'rove_msgs/msg/PlantState'
TASK_STATE = 'rove_msgs/msg/TaskState'
COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'
IMAGE = 'sensor_msgs/msg/Image'

ENCODING = 'ros2msg'
SEPARATOR = '=' * 80

NUMBERS = {
    'bool': '?',
    'byte': 'B',
    'char': 'B',
    'int8': 'b',
    'uint8': 'B',
    'int16': 'h',
    'uint16': 'H',
    'int32': 'i',
    'uint32': 'I',
    'int64': 'q',
    'uint64': 'Q',
    'float32': 'f',
    'float64': 'd',
}
"""The number types and their code in ``struct`` and numpy."""
PRIMITIVES = frozenset(NUMBERS) | {'string', 'wstring'}

_FIELD = re.compile(
    r'^(?P<type>[A-Za-z][\w/]*)(?:<=\d+)?(?P<array>\[(?:<=)?\d*\])?\s+(?P<name>[A-Za-z]\w*)'
    r'\s*(?P<constant>=)?'
)


@dataclass(frozen=True)
class Field:
    """One field of a message.

    Attributes:
        type: A primitive, or ``package/Type``.
        length: None for a single value, 0 for a sequence, else the size of a fixed array.
    """

    name: str
    type: str
    length: int | None


def short_name(type_name: str) -> str:
    """Return ``package/Type`` for ``package/msg/Type`` (or for itself).

    Raises:
        RecordingError: The name has another form.
    """
    parts = type_name.split('/')
    if len(parts) not in (2, 3) or (len(parts) == 3 and parts[1] != 'msg') or not all(parts):
        raise RecordingError(f'message type {type_name!r}: expected package/msg/Type')
    return f'{parts[0]}/{parts[-1]}'


def parse_fields(text: str, package: str) -> Iterator[Field]:
    """Yield the fields of one message definition; constants and comments are passed over.

    Args:
        text: The content of a ``.msg`` file.
        package: Package in which a type without a package is looked up.

    Raises:
        RecordingError: A line is neither a field nor a constant nor a comment.
    """
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split('#', 1)[0].strip()
        if not line:
            continue
        match = _FIELD.match(line)
        if match is None:
            raise RecordingError(f'{package}: line {number}: {raw!r} is not a message field')
        if match['constant']:
            continue
        yield Field(match['name'], _qualified(match['type'], package), _length(match['array']))


@cache
def schema_text(type_name: str) -> str:
    """Return the ``ros2msg`` schema of an installed message type.

    Args:
        type_name: ``package/msg/Type``.

    Raises:
        RecordingError: The definition, or that of a message inside it, is not installed.
    """
    wanted = [short_name(type_name)]
    sections: dict[str, str] = {}
    while wanted:
        name = wanted.pop(0)
        if name in sections:
            continue
        text = _definition(name)
        sections[name] = text
        for field in parse_fields(text, name.split('/')[0]):
            if field.type not in PRIMITIVES:
                wanted.append(field.type)
    (_, first), *rest = sections.items()
    return first + ''.join(f'\n{SEPARATOR}\nMSG: {name}\n{text}' for name, text in rest)


def split_schema(type_name: str, text: str) -> dict[str, tuple[Field, ...]]:
    """Return the fields of every message in a ``ros2msg`` schema by ``package/Type``."""
    first, *rest = re.split(r'^={80}\s*$', text, flags=re.MULTILINE)
    name = short_name(type_name)
    messages = {name: tuple(parse_fields(first, name.split('/')[0]))}
    for section in rest:
        heading, _, body = section.lstrip().partition('\n')
        if not heading.startswith('MSG:'):
            raise RecordingError(f'schema of {type_name}: expected "MSG: ...", got {heading!r}')
        name = short_name(heading.removeprefix('MSG:').strip())
        messages[name] = tuple(parse_fields(body, name.split('/')[0]))
    return messages


def _qualified(type_name: str, package: str) -> str:
    if type_name in PRIMITIVES:
        return type_name
    return short_name(type_name) if '/' in type_name else f'{package}/{type_name}'


def _length(array: str | None) -> int | None:
    if array is None:
        return None
    inside = array[1:-1]
    return int(inside) if inside.isdigit() else 0


def _definition(name: str) -> str:
    package, kind = name.split('/')
    places = [root / 'share' / package / 'msg' / f'{kind}.msg' for root in _prefixes()]
    for place in places:
        if place.is_file():
            return place.read_text(encoding='utf-8')
    searched = ', '.join(str(root) for root in _prefixes())
    raise RecordingError(
        f'message type {name}: no share/{package}/msg/{kind}.msg in {searched}; '
        f'install {package} or source its workspace'
    )


def _prefixes() -> list[Path]:
    ament = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    roots = [*filter(None, ament), sysconfig.get_path('data'), sys.prefix]
    return [Path(root) for root in dict.fromkeys(roots)]

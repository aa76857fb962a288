"""An operator's proportions on disk, as a small YAML file that a person can read and mend."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import yaml

from rove_teleop.core.calibration import Calibration
from rove_teleop.errors import ConfigError

_FIELDS = tuple(item.name for item in fields(Calibration))


def save_calibration(calibration: Calibration, path: Path) -> None:
    """Write a new file.

    Raises:
        ConfigError: There is a file already, or it cannot be written.
    """
    values = asdict(calibration) | {'neck': list(calibration.neck)}
    try:
        with path.open('x') as file:
            file.write('# Proportions of an operator: lengths in metres, see docs/operator.md.\n')
            yaml.safe_dump(values, file, sort_keys=False, default_flow_style=None)
    except OSError as error:
        raise ConfigError(f'calibration {path} cannot be written: {error.strerror}') from error


def load_calibration(path: Path) -> Calibration:
    """Read a file.

    Raises:
        ConfigError: Names the file, the field, what was got and what would be right.
    """
    try:
        values = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f'calibration {path} cannot be read: {error}') from error
    except yaml.YAMLError as error:
        raise ConfigError(f'calibration {path} is no YAML: {error}') from error
    if not isinstance(values, dict) or set(values) != set(_FIELDS):
        got = ', '.join(map(str, values)) if isinstance(values, dict) else type(values).__name__
        raise ConfigError(f'calibration {path} holds {got}; expected {", ".join(_FIELDS)}')
    try:
        return Calibration(
            operator=_text(values['operator']),
            arm_length=_number('arm_length', values['arm_length']),
            neck=_point('neck', values['neck']),
        )
    except ConfigError as error:
        raise ConfigError(f'calibration {path}: {error}') from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ConfigError(f'operator is {value!r}; expected a name')
    return value


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(f'{name} is {value!r}; expected metres')
    return float(value)


def _point(name: str, value: Any) -> tuple[float, float, float]:
    if not isinstance(value, list) or len(value) != 3:
        raise ConfigError(f'{name} is {value!r}; expected three lengths [x, y, z] in metres')
    x, y, z = (_number(name, part) for part in value)
    return x, y, z

"""Command-line options made from the fields of a configuration."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any, TypeVar

from rove_teleop.errors import ConfigError

Config = TypeVar('Config')


def add_options(parser: argparse.ArgumentParser, kind: type) -> None:
    """Add ``--field VALUE`` for every field of a config class, with its doc as the help."""
    for item in dataclasses.fields(kind):
        doc = item.metadata['doc'].replace('%', '%%')
        choices = item.metadata['choices']
        known = f' One of: {", ".join(choices)}.' if choices else ''
        default = f' Default: {item.default}.' if item.default != '' else ''
        option = f'--{item.name.replace("_", "-")}'
        if isinstance(item.default, bool):
            yes_or_no = argparse.BooleanOptionalAction
            parser.add_argument(option, action=yes_or_no, default=item.default, help=doc)
            continue
        parser.add_argument(
            option,
            type=type(item.default),
            default=item.default,
            metavar=type(item.default).__name__.upper(),
            help=doc + known + default,
        )


def read_options(options: argparse.Namespace, kind: type[Config]) -> Config:
    """The config of parsed options.

    Raises:
        ConfigError: A value is out of its range.
    """
    values: dict[str, Any] = {
        item.name: getattr(options, item.name)
        for item in dataclasses.fields(kind)  # type: ignore[arg-type]  # a config dataclass
    }
    return kind(**values)


def choice(kind: str, value: str, known: tuple[str, ...]) -> str:
    """A value among known ones.

    Raises:
        ConfigError: Naming the known ones.
    """
    if value not in known:
        raise ConfigError(f'unknown {kind} {value!r}; known: {", ".join(sorted(known))}')
    return value

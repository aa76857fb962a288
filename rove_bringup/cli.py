"""The ``rove`` program: finds the command, and runs its ``main(argv) -> exit code``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
import importlib
import sys
from typing import NamedTuple

from rove_bringup.environment import prepare
from rove_teleop import __version__
from rove_teleop.errors import RoveError, UnknownName


class Command(NamedTuple):
    """A line of help, and ``module:function`` to import once the command is called.

    One that joins a run uses its ROS domain; the others have one of their own.
    """

    help: str
    target: str
    joins: bool = False


COMMANDS: Mapping[str, Command] = {
    'sim': Command(
        'run the twin, a policy and an operator; record and sum up', 'rove_bringup.sim:main'
    ),
    'keys': Command(
        'stop, hold, release and take over from the keyboard, beside any operator',
        'rove_bringup.keys:main',
        joins=True,
    ),
    'policy-serve': Command(
        'serve a policy to other processes or machines', 'rove_policy.serving.server:main'
    ),
    'bench': Command(
        'measure rove beside other projects (source checkout)', 'rove_bringup.bench:main'
    ),
    'doctor': Command('say what this installation has and lacks', 'rove_bringup.doctor:main'),
    'test': Command('run the tests (arguments go to pytest)', 'rove_bringup.testing:main'),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code.

    0 is success, 1 a failed command, 2 a wrong command line or configuration, 130 Ctrl-C.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    if not arguments:
        parser.print_help(sys.stderr)
        return 2
    options = parser.parse_args(arguments[:1])
    try:
        command = load(options.command)
        prepare(own_run=not COMMANDS[options.command].joins)
        return command(arguments[1:])
    except RoveError as error:
        sys.stderr.write(f'rove {options.command}: {error}\n')
        return 2
    except KeyboardInterrupt:
        return 130


def load(name: str) -> Callable[[Sequence[str]], int]:
    """Import the function behind a command.

    Raises:
        UnknownName: There is no such command; the message lists those there are.
    """
    if name not in COMMANDS:
        raise UnknownName('command', name, COMMANDS)
    module, function = COMMANDS[name].target.split(':')
    return getattr(importlib.import_module(module), function)


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS)) + 2
    lines = [f'  {name:<{width}}{command.help}' for name, command in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        prog='rove',
        usage='rove [-h] [--version] command ...',
        description='Teleoperation of humanoids, and intervention while a policy runs.',
        epilog='\n'.join(
            ['commands:', *lines, '', '`rove command --help` tells what a command takes.']
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--version', action='version', version=f'rove {__version__}')
    parser.add_argument('command', help=argparse.SUPPRESS)
    return parser

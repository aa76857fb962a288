"""A terminal that gives every key as it is pressed, and is itself again afterwards."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from types import TracebackType

from rove_teleop.errors import ConfigError

_SUSPEND = 'VSUSP'


class KeyTerminal:
    """The terminal of this process, for as long as ``with`` lasts.

    Ctrl-C is still a signal; Ctrl-Z is not, for a program that is suspended stops nothing.
    """

    def __init__(self) -> None:
        """Take standard input.

        Raises:
            ConfigError: It is no terminal.
        """
        self._fd = sys.stdin.fileno()
        if not os.isatty(self._fd):
            raise ConfigError('standard input is no terminal; run this in one')

    def __enter__(self) -> KeyTerminal:
        """Turn off lines and echo."""
        self._before = termios.tcgetattr(self._fd)
        tty.setcbreak(self._fd)
        settings = termios.tcgetattr(self._fd)
        settings[6][getattr(termios, _SUSPEND)] = b'\0'
        termios.tcsetattr(self._fd, termios.TCSANOW, settings)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Be what it was."""
        termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def keys(self, timeout: float = 0.0) -> str:
        """The keys that were pressed since the last call, each one character.

        Args:
            timeout: How long to wait for the first [s].

        Raises:
            EOFError: The terminal is gone.
        """
        if not select.select([self._fd], [], [], timeout)[0]:
            return ''
        data = os.read(self._fd, 1024)
        if not data:
            raise EOFError('the terminal is gone')
        return '' if data.startswith(b'\x1b') else data.decode(errors='ignore')

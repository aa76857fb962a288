"""A ROS domain for each run, so that two runs on one machine do not command each other's robot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
import socket

from rove_teleop.errors import ConfigError, RoveError

DOMAINS = range(42, 100)  # the ports of higher ones are handed out by Linux to anybody
_CLAIM = 'rove/domain/'
_SOCKETS = Path('/proc/net/unix')


class ClaimedDomain:
    """The lowest domain that no other run has; free again when this process is gone.

    The claim is a name in Linux's abstract socket namespace: every user of this machine sees
    it, nobody can leave it behind, and it reaches as far as ROS on the loopback does.

    Attributes:
        number: The domain.
    """

    def __init__(self) -> None:
        """Claim one.

        Raises:
            RoveError: All are taken.
        """
        self._claim = socket.socket(socket.AF_UNIX)
        for self.number in DOMAINS:
            try:
                self._claim.bind(f'\0{_CLAIM}{self.number}')
            except OSError:
                continue
            return
        self._claim.close()
        raise RoveError(
            f'the ROS domains {DOMAINS.start} to {DOMAINS.stop - 1} are all in use by other '
            'runs; end one, or set ROS_DOMAIN_ID to another domain'
        )

    def free(self) -> None:
        """Let another run have it."""
        self._claim.close()


def claimed_domains() -> tuple[int, ...]:
    """The domains that runs on this machine have now, ascending."""
    ends = (line.rpartition(f'@{_CLAIM}')[2] for line in _SOCKETS.read_text().splitlines())
    return tuple(sorted(int(end) for end in ends if end.isdigit()))


def domain_to_join(wanted: int | None, environ: Mapping[str, str]) -> int:
    """The domain of a run that is to be joined.

    Args:
        wanted: What was asked for, if anything.
        environ: Its ``ROS_DOMAIN_ID`` counts if nothing was asked for, then the only claim.

    Raises:
        ConfigError: There is no run, or more than one.
    """
    if wanted is not None:
        return wanted
    if text := environ.get('ROS_DOMAIN_ID', ''):
        if not text.isdigit():
            raise ConfigError(f'ROS_DOMAIN_ID is {text!r}; expected a number')
        return int(text)
    running = claimed_domains()
    if not running:
        raise ConfigError('no run was found on this machine; start one, or name its --domain')
    if len(running) > 1:
        known = ', '.join(map(str, running))
        raise ConfigError(f'more than one run was found; name its --domain, one of {known}')
    return running[0]

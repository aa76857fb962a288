"""A ROS domain for each run, so that two runs on one machine do not command each other's robot."""

from __future__ import annotations

import socket

from rove_teleop.errors import RoveError

DOMAINS = range(42, 100)  # the ports of higher ones are handed out by Linux to anybody


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
                self._claim.bind(f'\0rove/domain/{self.number}')
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

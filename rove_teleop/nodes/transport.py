"""How messages travel between processes of one machine: by UDP, not by shared memory.

Whoever opens a shared-memory port of another process in Fast DDS first waits for its listener to
wake up, and waits by yielding in a loop for up to a third of a second
(``healthy_check_timeout_ms``). In real-time processes that loop keeps everybody else, the
listener included, from the processors: the control loop and the twin stood still for 330 ms
when a slow process joined. UDP has no such port, and our messages are small.

``FASTDDS_BUILTIN_TRANSPORTS`` would say it in a word, but the Fast DDS of ROS 2 Jazzy (2.14)
does not heed it for participants made by ``rmw_fastrtps``; a default profile it does.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from rove_teleop.share import share

PROFILES = 'FASTRTPS_DEFAULT_PROFILES_FILE'
"""The variable under which Fast DDS looks for its default profiles."""


def use_udp(environ: MutableMapping[str, str]) -> None:
    """Choose UDP unless the user has profiles of his own; before ``rclpy`` is initialised."""
    environ.setdefault(PROFILES, str(share('config', 'fastdds.xml')))

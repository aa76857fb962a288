"""How messages travel between processes of one machine: by UDP on the loopback.

Fast DDS would use shared memory. Whoever opens a port of another process there first waits for
its listener to wake up, and waits by yielding in a loop for up to a third of a second
(``healthy_check_timeout_ms``). In a real-time process that loop keeps everybody else, the
listener included, from the processor: every control loop stood still for 330 ms when a slow
process joined. UDP has no such port, and our messages are small.
"""

from __future__ import annotations

from collections.abc import MutableMapping


def use_udp(environ: MutableMapping[str, str]) -> None:
    """Choose UDP unless the user chose something; before ``rclpy`` is initialised."""
    environ.setdefault('FASTDDS_BUILTIN_TRANSPORTS', 'UDPv4')

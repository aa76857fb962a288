"""A policy served from a thread, and a robot connected to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import threading
from typing import Any

from rove_policy.policy import Policy
from rove_policy.serving.client import RemotePolicy
from rove_policy.serving.server import PolicyServer

ANY_PORT = 'tcp://127.0.0.1:*'


@contextmanager
def serving(policy: Policy, **options: Any) -> Iterator[str]:
    """Serve a policy from a thread; yields the address."""
    server = PolicyServer(policy, **({'address': ANY_PORT} | options))
    stop = threading.Event()
    thread = threading.Thread(target=server.serve, args=(stop.is_set,))
    thread.start()
    try:
        yield server.address
    finally:
        stop.set()
        thread.join(10.0)
        server.close()


@contextmanager
def connected(address: str, **options: Any) -> Iterator[RemotePolicy]:
    remote = RemotePolicy(address, **({'timeout': 5.0, 'reset_timeout': 5.0} | options))
    try:
        yield remote
    finally:
        remote.close()

"""Every test process talks ROS in a domain of its own, on this machine only."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
import tempfile
from typing import IO

from rove_bringup.environment import prepare

DOMAINS = range(50, 100)


def claim_domain() -> tuple[int, IO[str]]:
    """A ROS domain that no other test process has; it is ours while the file stays open."""
    folder = Path(tempfile.gettempdir()) / f'rove-domains-{os.getuid()}'
    folder.mkdir(exist_ok=True)
    for domain in DOMAINS:
        lock = (folder / str(domain)).open('w')
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return domain, lock
    raise RuntimeError(f'the ROS domains {DOMAINS} are all taken by other test runs')


domain, domain_lock = claim_domain()
os.environ['ROS_DOMAIN_ID'] = str(domain)
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
prepare()

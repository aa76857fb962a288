"""Addresses a policy server may have, and the rule that off this machine they are encrypted."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from rove_teleop.errors import ConfigError

DEFAULT_ADDRESS = 'tcp://127.0.0.1:5601'


def is_local(address: str) -> bool:
    """Tell whether an address can be reached from this machine only.

    Raises:
        ConfigError: It is not ``tcp://HOST:PORT`` or ``ipc://PATH``.
    """
    if address.startswith('ipc://') and len(address) > len('ipc://'):
        return True
    parts = urlsplit(address)
    host = parts.hostname or ''
    port = address.rpartition(':')[2]
    if parts.scheme != 'tcp' or not host or not (port == '*' or port.isdigit()):
        raise ConfigError(
            f'address is {address!r}; expected tcp://HOST:PORT or ipc://PATH, '
            f'as in {DEFAULT_ADDRESS}'
        )
    if port != '*' and int(port) > 65535:
        raise ConfigError(f'address is {address!r}; expected a port of at most 65535')
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def check_protected(address: str, curve_dir: Path | None) -> None:
    """Refuse an address that others can reach unless there are keys to keep them out.

    Raises:
        ConfigError: The address is malformed, or is not local and has no keys.
    """
    if not is_local(address) and curve_dir is None:
        raise ConfigError(
            f'address {address!r} can be reached from other machines, which needs CURVE keys: '
            'name their folder (curve_dir, --curve-dir; --new-keys makes one), '
            f'or stay on this machine with {DEFAULT_ADDRESS}'
        )

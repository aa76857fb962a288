"""CURVE keys: the server proves itself to the robot, and only known robots may ask.

A key folder holds ``server.key`` and ``client.key`` (public), ``server.key_secret`` and
``client.key_secret``, and ``clients/`` with the public key of every robot that may connect. The
robot's machine needs ``server.key`` and its own client pair; the server's needs
``server.key_secret`` and ``clients/``.
"""

from __future__ import annotations

from pathlib import Path
import shutil

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

from rove_teleop.errors import ConfigError

ZAP_DOMAIN = b'rove'


def create_keys(folder: Path) -> None:
    """Make a key folder with one server and one client; secrets are readable by the owner only.

    Raises:
        ConfigError: The folder already holds keys; none is ever overwritten.
    """
    if any(folder.glob('*.key*')):
        raise ConfigError(f'{folder} already holds keys; expected a folder without')
    clients = folder / 'clients'
    clients.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in ('server', 'client'):
        _, secret = zmq.auth.create_certificates(folder, name)
        Path(secret).chmod(0o600)
    shutil.copy(folder / 'client.key', clients)


def protect_server(socket: zmq.Socket[bytes], folder: Path) -> ThreadAuthenticator:
    """Make a server socket accept the robots in ``clients/`` and nobody else.

    Returns:
        The authenticator; whoever closes the socket stops it.

    Raises:
        ConfigError: A key file is missing or unreadable.
    """
    socket.curve_publickey, socket.curve_secretkey = _load_pair(folder / 'server.key_secret')
    socket.curve_server = True
    clients = folder / 'clients'
    if not any(clients.glob('*.key')):
        raise ConfigError(f'{clients} holds no public key; expected NAME.key of every robot')
    socket.zap_domain = ZAP_DOMAIN
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)  # without the authenticator nobody gets in
    authenticator = ThreadAuthenticator(socket.context)
    authenticator.start()
    authenticator.configure_curve(domain=ZAP_DOMAIN.decode(), location=str(clients))
    return authenticator


def protect_client(socket: zmq.Socket[bytes], folder: Path) -> None:
    """Make a client socket talk to the owner of ``server.key`` and nobody else.

    Raises:
        ConfigError: A key file is missing or unreadable.
    """
    socket.curve_publickey, socket.curve_secretkey = _load_pair(folder / 'client.key_secret')
    socket.curve_serverkey = _load(folder / 'server.key')[0]


def _load_pair(path: Path) -> tuple[bytes, bytes]:
    public, secret = _load(path)
    if secret is None:
        raise ConfigError(f'{path} has no secret key; expected a .key_secret file')
    return public, secret


def _load(path: Path) -> tuple[bytes, bytes | None]:
    try:
        return zmq.auth.load_certificate(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f'key file {path} cannot be read: {error}') from error

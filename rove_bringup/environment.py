"""Defaults of the process environment that ROS and MuJoCo read, for us and for our children."""

from __future__ import annotations

from collections.abc import MutableMapping
import ctypes
from functools import cache
import os
import sys

from rove_bringup.domain import ClaimedDomain

DISCOVERY_RANGE = 'LOCALHOST'


def prepare(environ: MutableMapping[str, str] | None = None, own_run: bool = True) -> None:
    """Fill in what the user left open; what is set stays.

    ROS stays on this machine, in a domain of its own as long as this process lives, and finds
    its packages where this interpreter's packages are; MuJoCo renders without a screen, or not
    at all without OpenGL. Must run before ``mujoco`` is imported and before ``rclpy`` is
    initialised.

    Args:
        environ: What to fill in; this process's own when None.
        own_run: Whether this process is a run of its own, not one that joins another.

    Raises:
        RoveError: Other runs have every ROS domain.
    """
    environ = os.environ if environ is None else environ
    environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', DISCOVERY_RANGE)
    if own_run and 'ROS_DOMAIN_ID' not in environ:
        environ['ROS_DOMAIN_ID'] = str(own_domain().number)
    environ.setdefault('AMENT_PREFIX_PATH', sys.prefix)
    if 'MUJOCO_GL' not in environ:
        environ['MUJOCO_GL'] = 'egl' if has_gl() else 'disabled'


@cache
def own_domain() -> ClaimedDomain:
    """The domain of this process."""
    return ClaimedDomain()


def has_gl() -> bool:
    """Whether the libraries for rendering without a screen (EGL and OpenGL) can be loaded."""
    return _loads('libEGL.so.1') and (_loads('libOpenGL.so.0') or _loads('libGL.so.1'))


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True

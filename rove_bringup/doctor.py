"""``rove doctor``: what this installation has, what it lacks, and what to do about it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
import importlib
from importlib.metadata import PackageNotFoundError, version
import os
import platform
import shutil
import sys

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rove_bringup.environment import DISCOVERY_RANGE, prepare
from rove_teleop.share import share

REQUIRED = {
    'rclpy': 'ros-jazzy-rclpy',
    'pinocchio': 'pin',
    'mujoco': 'mujoco',
    'zmq': 'pyzmq',
    'numpy': 'numpy',
    'daqp': 'daqp',
    'mcap': 'mcap',
}
OPTIONAL = {
    'dex_retargeting': ('dex-retargeting', 'the reference hand solver: pip install "rove[hands]"'),
    'torch': ('torch', 'the reference hand solver: pip install "rove[hands]"'),
    'pyrealsense2': ('pyrealsense2', 'RealSense cameras: "rove[realsense]" and libusb-1.0-0'),
}


@dataclass(frozen=True)
class Finding:
    """One line of the report; `advice` says what would put it right."""

    name: str
    good: bool
    detail: str
    advice: str = ''
    required: bool = True


def main(argv: Sequence[str] = ()) -> int:
    """Print the findings; returns 0 when everything that rove needs is there, else 1."""
    argparse.ArgumentParser(prog='rove doctor', description=__doc__).parse_args(argv)
    prepare()
    findings = list(examine())
    Console().print(_table(findings))
    return int(any(finding.required and not finding.good for finding in findings))


def examine() -> Iterator[Finding]:
    """Look at the machine, the packages and the ROS settings, one finding at a time."""
    yield _python()
    yield _attempt('machine', _machine)
    yield _attempt('OpenGL', _render, 'install EGL and OpenGL for the cameras', required=False)
    for module, package in REQUIRED.items():
        yield _attempt(package, partial(_import, module, package), f'install {package}')
    yield _attempt('rove_msgs', _message_round_trip, 'pip install ./rove_msgs')
    for module, (package, purpose) in OPTIONAL.items():
        yield _attempt(package, partial(_import, module, package), purpose, required=False)
    yield _attempt('shipped files', lambda: str(share('urdf')), 'install rove again')
    yield _compiler()
    yield _discovery()
    yield Finding('ROS domain', True, os.environ['ROS_DOMAIN_ID'])


def _attempt(
    name: str, look: Callable[[], str], advice: str = '', required: bool = True
) -> Finding:
    try:
        return Finding(name, True, look(), required=required)
    except Exception as error:  # noqa: BLE001 - whatever is wrong is what the user must see
        return Finding(name, False, f'{type(error).__name__}: {error}', advice, required)


def _python() -> Finding:
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    detail = f'{platform.python_version()} in {sys.prefix}'
    return Finding('Python', good, detail, 'rove needs Python 3.11 to 3.13')


def _machine() -> str:
    if (platform.system(), platform.machine()) != ('Linux', 'x86_64'):
        raise OSError(f'{platform.system()} {platform.machine()}, not x86-64 Linux')
    memory = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30
    return f'x86-64 Linux, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB'


def _render() -> str:
    import mujoco

    if not hasattr(mujoco, 'GLContext'):
        raise OSError(
            f'no OpenGL (MUJOCO_GL={os.environ["MUJOCO_GL"]}): rove runs without cameras'
        )
    context = mujoco.GLContext(64, 64)
    context.make_current()
    context.free()
    return f'{os.environ["MUJOCO_GL"]} context made'


def _import(module: str, package: str) -> str:
    importlib.import_module(module)
    return _version(package)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return 'not from a Python package'


def _message_round_trip() -> str:
    from rclpy.serialization import deserialize_message, serialize_message

    from rove_msgs.msg import ControlFrame

    sent = ControlFrame(tick=7)
    if deserialize_message(serialize_message(sent), ControlFrame) != sent:
        raise OSError('a ControlFrame does not survive serialisation')
    return f'{_version("rove-msgs")}, a ControlFrame survives serialisation'


def _compiler() -> Finding:
    found = shutil.which(os.environ.get('CXX', 'c++'))
    advice = 'only needed to build rove_msgs: install g++'
    return Finding('C++ compiler', found is not None, found or 'none', advice, required=False)


def _discovery() -> Finding:
    reach = os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE']
    return Finding(
        'ROS discovery',
        reach == DISCOVERY_RANGE,
        reach,
        f'ROS talks past this machine; {DISCOVERY_RANGE} keeps it here',
        required=False,
    )


def _table(findings: Sequence[Finding]) -> Table:
    table = Table('', 'what', 'found', 'advice', title='rove doctor')
    for finding in findings:
        mark = 'ok' if finding.good else 'MISSING' if finding.required else 'note'
        advice = '' if finding.good else finding.advice
        table.add_row(mark, finding.name, escape(finding.detail), escape(advice))
    return table

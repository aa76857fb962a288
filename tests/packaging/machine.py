"""A machine made of stand-in programs, on which ./rove sets itself up in milliseconds."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import subprocess
import sys

ROOT = Path(__file__).resolve().parents[2]
NEEDED = (
    'rove',
    'setup.py',
    'scripts/bootstrap.sh',
    'rove_teleop/__init__.py',
    'rove_bringup/environment.py',
    'requirements',
    'rove_msgs',
)

# Answers the questions of the bootstrap from the files in $STATE, and notes what it is asked to
# install and to run.
PYTHON = """#!/bin/sh
case "$*" in
*version_info*">= sys.version"* | *"<= sys.version"*) [ ! -e "$STATE/old-python" ] ;;
*ensurepip*) [ ! -e "$STATE/no-venv" ] ;;
*Python.h*) [ ! -e "$STATE/no-headers" ] ;;
*"python%d.%d"*) echo python3.11 ;;
*has_gl*) [ ! -e "$STATE/no-gl" ] ;;
*libusb*) [ ! -e "$STATE/no-usb" ] ;;
"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip "*)
    echo "$@" >>"$STATE/pip"
    [ ! -e "$STATE/hang" ] || exec sleep 60
    [ ! -e "$STATE/no-network" ] || { echo "no network"; exit 1; } ;;
"-P -m rove_bringup"*)
    echo "$@" >>"$STATE/ran"
    env >"$STATE/environment"
    exit "$(cat "$STATE/exit" 2>/dev/null || echo 0)" ;;
*) exec "$REAL" "$@" ;;
esac
"""
COMPILER = '#!/bin/sh\n[ ! -e "$STATE/no-compiler" ]\n'
APT_GET = """#!/bin/sh
echo "$@" >>"$STATE/apt-get"
[ ! -e "$STATE/no-network" ] || exit 100
case "$1" in install) rm -f "$STATE"/no-[cghuv]* ;; esac
"""
SUDO = """#!/bin/sh
[ -e "$STATE/sudoer" ] || exit 1
[ "$1" != -n ] || shift
exec env "$@"
"""
IDENTITY = '#!/bin/sh\n[ -e "$STATE/root" ] && echo 0 || echo 1000\n'
NAME = """#!/bin/sh
case "$1" in -m) cat "$STATE/architecture" 2>/dev/null || echo x86_64 ;; *) echo Linux ;; esac
"""
PROGRAMS = {
    'python3': PYTHON,
    'python3.11': PYTHON,
    'python3.12': PYTHON,
    'python3.13': PYTHON,
    'cc': COMPILER,
    'c++': COMPILER,
    'apt-get': APT_GET,
    'apt-cache': '#!/bin/sh\n[ "$2" = python3.11 ]\n',
    'sudo': SUDO,
    'id': IDENTITY,
    'uname': NAME,
}


class Machine:
    """A checkout of rove on a machine whose lacks and powers are files in `state`."""

    def __init__(self, home: Path) -> None:
        self.checkout = home / 'checkout'
        self.state = home / 'state'
        self.bin = home / 'bin'
        for folder in (self.checkout, self.state, self.bin):
            folder.mkdir()
        for name in NEEDED:
            source, target = ROOT / name, self.checkout / name
            target.parent.mkdir(exist_ok=True)
            if source.is_dir():
                ignore = shutil.ignore_patterns('build', '*.egg-info')
                shutil.copytree(source, target, ignore=ignore)
            else:
                shutil.copy2(source, target)
        for name, text in PROGRAMS.items():
            program = self.bin / name
            program.write_text(text)
            program.chmod(0o755)
        self.environment = {
            'PATH': f'{self.bin}:/usr/bin:/bin',
            'HOME': str(home),
            'STATE': str(self.state),
            'REAL': os.path.realpath(sys.executable),
        }

    @property
    def venv(self) -> Path:
        """The environment that rove makes."""
        return self.checkout / '.venv'

    def set(self, *names: str) -> None:
        """Make the machine lack or be something."""
        for name in names:
            (self.state / name).touch()

    def clear(self, *names: str) -> None:
        """Undo `set`."""
        for name in names:
            (self.state / name).unlink()

    def noted(self, name: str) -> list[str]:
        """The lines that a stand-in program noted, one a call."""
        path = self.state / name
        return path.read_text().splitlines() if path.exists() else []

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start ./rove in a process group of its own."""
        return subprocess.Popen(
            [str(self.checkout / 'rove'), *arguments],
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def rove(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Run ./rove to its end: exit code and output."""
        process = self.start(*arguments, **environment)
        output, _ = process.communicate(timeout=30)
        return process.returncode, output

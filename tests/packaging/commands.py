"""Commands that must succeed, and the pip install that the tests use."""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys


def run(*command: object, **options: object) -> str:
    """Run a command; its output, or a failure that shows the output."""
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, f'{command} gave {done.returncode}:\n{done.stdout[-4000:]}'
    return done.stdout


def install(home: Path, *what: object) -> None:
    """Pip-install into an environment, building with the tools that are here."""
    run(
        *(sys.executable, '-m', 'pip', '--python', home / 'bin' / 'python', 'install'),
        *('--quiet', '--no-deps', '--no-build-isolation', '--disable-pip-version-check'),
        *what,
    )

"""What is refused before anything starts: names nobody knows, recordings in the way."""

from __future__ import annotations

from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from rove_bringup.config import RunConfig
from rove_policy.policy import POLICIES
from rove_teleop.assembly import robot_names
from rove_teleop.errors import ConfigError, UnknownName
from rove_teleop.operators.source import operator_names
from rove_teleop.tasks.registry import TASKS


def check_names(config: RunConfig) -> None:
    """Refuse names nobody knows, and files and packages that are named but not there.

    Raises:
        UnknownName: Listing the known ones.
        ConfigError: Naming the file or package, and what is wrong with it.
    """
    for kind, name, known in (
        ('task', config.task, tuple(TASKS)),
        ('robot', config.robot, robot_names()),
        ('operator', config.operator, operator_names()),
        ('policy', config.policy, tuple(POLICIES)),
    ):
        if name not in known and not (kind in ('operator', 'policy') and ':' in name):
            raise UnknownName(kind, name, known)
    config.teleop_config()
    if config.hand_backend == 'dex-retargeting' and not find_spec('dex_retargeting'):
        raise ConfigError(
            'hand_backend dex-retargeting needs the package of that name; install it with: '
            'pip install "rove[hands]", or choose light'
        )


def run_directory(wanted: str, option: str) -> Path:
    """The run's own directory, made if need be; ``runs/<time>`` when none is wanted.

    Args:
        wanted: Path, or nothing.
        option: How the user names another one, for the error.

    Raises:
        ConfigError: It holds a run already.
    """
    out = Path(wanted) if wanted else Path('runs') / datetime.now().strftime('%Y%m%d-%H%M%S')
    if any(out.glob('episode_*.mcap')):
        raise ConfigError(f'{out} already holds recordings; name another directory with {option}')
    out.mkdir(parents=True, exist_ok=True)
    return out

"""One run of the whole system, as a user describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rove_teleop.assembly import ROBOT
from rove_teleop.config import param
from rove_teleop.operators.config import OperatorConfig
from rove_teleop.teleop_options import TeleopOptions

RUNNERS = ('processes', 'lockstep')


@dataclass(frozen=True)
class RunConfig(TeleopOptions, OperatorConfig):
    """What to run. Command-line options and launch arguments are made from these fields."""

    task: str = param('pick_place', 'Task to run.')
    robot: str = param(ROBOT, 'Robot to run it with.')
    policy: str = param('scripted', 'Policy that starts the task: a name, or module:Class.')
    policy_address: str = param('tcp://127.0.0.1:5601', 'Address of a remote policy.')
    episodes: int = param(1, 'Number of episodes.', low=1, high=100000)
    seed: int = param(0, 'Seed of the first episode; each next one adds 1.', low=0, high=2**31)
    timeout: float = param(60.0, 'Longest duration of an episode [s].', low=1.0, high=3600.0)

    def policy_options(self) -> dict[str, Any]:
        """Constructor options of the configured policy."""
        return {'address': self.policy_address} if self.policy == 'remote' else {}


@dataclass(frozen=True)
class Episode:
    """One attempt: its name, and the seed of everything random in it."""

    name: str
    seed: int


def episodes_of(config: RunConfig) -> tuple[Episode, ...]:
    """The episodes of a run, named ``episode_0000`` onwards."""
    return tuple(Episode(f'episode_{k:04d}', config.seed + k) for k in range(config.episodes))

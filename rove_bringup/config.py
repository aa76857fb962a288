"""One run of the whole system, as a user describes it."""

from __future__ import annotations

from dataclasses import dataclass

from rove_teleop.config import check, param

RUNNERS = ('processes', 'lockstep')


@dataclass(frozen=True)
class RunConfig:
    """What to run. Command-line options and launch arguments are made from these fields."""

    task: str = param('pick_place', 'Task to run.')
    policy: str = param('scripted', 'Policy that starts the task.')
    operator: str = param('scripted', 'Operator who may take over.')
    episodes: int = param(1, 'Number of episodes.', low=1, high=100000)
    seed: int = param(0, 'Seed of the first episode; each next one adds 1.', low=0, high=2**31)
    imperfection: float = param(
        0.3, 'How imperfect the scripted operator is, 0 to 1.', low=0.0, high=1.0
    )
    timeout: float = param(60.0, 'Longest duration of an episode [s].', low=1.0, high=3600.0)
    recording: str = param('', 'Recording the replay operator plays: a name or a path.')
    scale: float = param(1.0, 'Scale of the replayed hand path.', low=0.05, high=2.0)
    policy_address: str = param('tcp://127.0.0.1:5601', 'Address of a remote policy.')

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        check(self)


@dataclass(frozen=True)
class Episode:
    """One attempt: its name, and the seed of everything random in it."""

    name: str
    seed: int


def episodes_of(config: RunConfig) -> tuple[Episode, ...]:
    """The episodes of a run, named ``episode_0000`` onwards."""
    return tuple(Episode(f'episode_{k:04d}', config.seed + k) for k in range(config.episodes))

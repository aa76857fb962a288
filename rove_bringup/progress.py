"""What a person watching a run sees: one line per thing that happened."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from rove_bringup.config import Episode, RunConfig
from rove_bringup.director import Outcome
from rove_teleop.core.names import GROUPS
from rove_teleop.core.types import Event

_STYLES = {
    'takeover': 'bold magenta',
    'human': 'magenta',
    'release': 'bold blue',
    'auto': 'blue',
    'hold': 'yellow',
    'stop': 'bold red',
    'success': 'bold green',
    'failure': 'bold red',
    'input_lost': 'yellow',
    'policy_lost': 'yellow',
    'plant_lost': 'red',
    'refused': 'yellow',
    'recorder_lost': 'bold red',
    'help': 'bold yellow',
    'foreign_writer': 'bold red',
}
_QUIET = ('settled', 'blend')


class Progress:
    """Prints a run as it goes and remembers how it went.

    Attributes:
        outcomes: How each episode ended, by name.
        problems: What was lost on the way.
    """

    def __init__(self, console: Console) -> None:
        """Print to this console."""
        self._console = console
        self._start_ns = 0
        self.outcomes: dict[str, Outcome] = {}
        self.problems: list[str] = []

    def introduce(self, config: RunConfig, runner: str, out: Path) -> None:
        """Say what is about to run, and how to look at it from another terminal."""
        print_ = self._console.print
        print_(
            f'[bold]{config.task}[/]: policy {config.policy}, operator {config.operator}, '
            f'seed {config.seed}, {config.episodes} episode(s), runner {runner}'
        )
        print_(f'recording to {out}', highlight=False)
        if runner == 'processes':
            domain = os.environ.get('ROS_DOMAIN_ID', '0')
            print_(
                '[dim]to join: export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST '
                f'ROS_DOMAIN_ID={domain}[/]',
                highlight=False,
            )
            print_(
                f'[dim]keyboard: rove keys --domain {domain} in another terminal[/]',
                highlight=False,
            )

    def event(self, event: Event) -> None:
        """One event of the arbiter."""
        if event.kind == 'episode_start':
            self._start_ns = event.t_ns
        if event.kind in _QUIET:
            return
        time = (event.t_ns - self._start_ns) * 1e-9 if self._start_ns else 0.0
        style = _STYLES.get(event.kind, 'dim')
        groups = (
            ''
            if not event.groups or len(event.groups) == len(GROUPS)
            else (' ' + ' '.join(event.groups))
        )
        actor = f' by {event.actor}' if event.actor else ''
        detail = f' [dim]{event.detail}[/]' if event.detail else ''
        self._console.print(
            f'{time:7.2f} s  [{style}]{event.kind}[/]{groups}{actor}{detail}', highlight=False
        )

    def outcome(self, episode: Episode, outcome: Outcome) -> None:
        """The end of one episode."""
        self.outcomes[episode.name] = outcome
        word = '[bold green]success[/]' if outcome.success else '[bold red]failure[/]'
        self._console.print(f'{episode.name} seed {episode.seed}: {word} ({outcome.reason})')

    def problem(self, text: str) -> None:
        """Something was lost."""
        self.problems.append(text)
        self._console.print(f'[bold red]{text}[/]', highlight=False)

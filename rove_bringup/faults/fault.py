"""What a fault is: where it strikes, for how long, and what the system must do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
import zlib

import numpy as np

from rove_bringup.faults.damage import Damage
from rove_teleop.core.names import GROUPS

LAYERS = ('lockstep', 'processes')
LIMIT_TICKS = 2
"""A reaction comes within so many ticks of its detection limit."""


class Situation(StrEnum):
    """Who commands the robot, in motion, when a fault strikes."""

    POLICY = 'policy'
    OPERATOR = 'operator'


@dataclass(frozen=True)
class Reaction:
    """Something that must happen.

    Attributes:
        kind: An event of the arbiter; ``reject`` or ``clamp`` for a verdict in the frame;
            ``refuses`` for the operator's node or the plant; ``brakes`` for the plant.
        age_of: The stream whose age has the limit: ``operator``, ``policy``, ``plant``,
            ``recorder``, ``lease`` or ``joint_command``; ``fault`` counts from the injection,
            ``disorder`` from the first message out of order, ``end`` from the end of the fault.
        limit_ms: Age at which it is due.
        groups: Groups an event is about.
        says: Must be in the event's detail or in the verdict.
    """

    kind: str
    age_of: str = 'fault'
    limit_ms: float = 0.0
    groups: tuple[str, ...] = GROUPS
    says: str = ''

    @property
    def text(self) -> str:
        """As it stands in a table."""
        text = self.kind.replace('_', ' ')
        if self.kind in ('reject', 'clamp', 'refuses') and self.says:
            text += f' ({self.says})'
        if self.kind.endswith('_lost') and set(self.groups) not in (set(), set(GROUPS)):
            text += f' ({len(self.groups)} groups)'
        return f'{text} at {self.limit_ms:g} ms' if self.limit_ms else text


@dataclass(frozen=True)
class Fault:
    """One fault, as data.

    Attributes:
        name: Short name, for the command line.
        what: What goes wrong, in words.
        where: Stream or process that is struck.
        situation: Who commands when it strikes.
        duration: How long it lasts [s].
        reactions: All that must happen, in this order; nothing when empty: the robot goes on.
        damage: Makes what is done to a stream; None for a fault of a process.
        how: What is done: ``messages`` are damaged; a process is ``kill``ed or ``pause``d; the
            processors ``burn``, politely or not; the disk is ``full``; ``second`` starts
            another arbiter; ``replay`` sends old commands.
        may: What may happen beside that, as slow machines have it; also in time.
        after: How long the run is watched when it is over [s].
        record_lost: Most of the record that may be lost [s].
    """

    name: str
    what: str
    where: str
    situation: Situation
    duration: float
    reactions: tuple[Reaction, ...] = ()
    damage: Callable[[], Damage] | None = None
    how: str = 'messages'
    may: tuple[Reaction, ...] = ()
    after: float = 0.15
    record_lost: float = 0.0

    @property
    def expected(self) -> str:
        """All that must happen, as it stands in a table."""
        text = ', '.join(reaction.text for reaction in self.reactions) or 'goes on'
        return f'{text} (or holds)' if self.may else text

    def random(self, seed: int) -> np.random.Generator:
        """Everything random in it, for a seed."""
        return np.random.default_rng((seed, zlib.crc32(self.name.encode())))

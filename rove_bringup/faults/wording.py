"""The words in which the faults of messages are written."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rove_bringup.faults.damage import Change, Damage, Network, Spoiled
from rove_bringup.faults.fault import Fault, Reaction, Situation
from rove_bringup.faults.nodes.wire import on_the_wire
from rove_teleop.core.names import GROUPS

NAN, INF = float('nan'), float('inf')
_LEFT = tuple(group for group in GROUPS if group.startswith('left'))
_BODY = tuple(group for group in GROUPS if 'hand' not in group)
_OF_THE_OPERATOR = (
    'operator_input',
    'operator_state',
    'joint_proposal',
    'control_frame',
    'request',
    'lease',
)

INPUT_LOST = Reaction('input_lost', 'operator', 400.0)
LEFT_LOST = Reaction('input_lost', 'operator', 400.0, _LEFT)
ARMS_LOST = Reaction('input_lost', 'operator', 400.0, _BODY)
LEFT_ARM_LOST = Reaction('input_lost', 'operator', 400.0, ('left_arm',))
POLICY_LOST = Reaction('policy_lost', 'policy', 300.0)
PLANT_LOST = Reaction('plant_lost', 'plant', 20.0)
PLANT_STOP = Reaction('stop', 'plant', 100.0)
BRAKES = Reaction('brakes', 'joint_command', 50.0)


def reject(says: str, age_of: str = 'fault') -> Reaction:
    """A verdict in the frame."""
    return Reaction('reject', age_of, says=says)


def refuses(says: str, age_of: str = 'fault') -> Reaction:
    """A refusal that only the one who refuses knows of."""
    return Reaction('refuses', age_of, says=says)


def message_fault(
    where: str,
    name: str,
    what: str,
    duration: float,
    damage: Callable[[], Damage],
    *reactions: Reaction,
    after: float = 0.15,
) -> Fault:
    """A fault of a stream; the operator commands when it is one of his."""
    human = where in _OF_THE_OPERATOR
    situation = Situation.OPERATOR if human else Situation.POLICY
    short = where.replace('operator_input', 'device').replace('_', '-')
    return Fault(
        f'{short}-{name}', what, where, situation, duration, reactions, damage, after=after
    )


def network(**values: float | bool) -> Callable[[], Damage]:
    """A bad network."""
    return partial(Network, **values)  # type: ignore[arg-type]  # its own fields


def spoiled(change: Change, every: int = 1) -> Callable[[], Damage]:
    """Messages that break, one of so many."""
    return partial(Spoiled, change, every)


def wired(stream: str, spoil: Callable[..., None], every: int = 1) -> Callable[[], Damage]:
    """Messages that break as messages, one of so many."""
    return partial(Spoiled, on_the_wire(stream, spoil), every)

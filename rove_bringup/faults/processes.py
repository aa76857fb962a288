"""The faults of processes, as data; run with the real ones."""

from __future__ import annotations

from dataclasses import replace

from rove_bringup.faults.fault import Fault, Reaction, Situation
from rove_bringup.faults.messages import MESSAGE_FAULTS
from rove_bringup.faults.wording import BRAKES, INPUT_LOST, PLANT_LOST, PLANT_STOP, POLICY_LOST

_SAID_LATE_MS = 1500.0
RECORDER_LOST = Reaction('recorder_lost', 'recorder', _SAID_LATE_MS, groups=())
_HOLDS = (INPUT_LOST, POLICY_LOST, PLANT_LOST, PLANT_STOP)

_OF_A_DEVICE = (
    'device-silent',
    'device-long-stall',
    'device-loss',
    'device-jitter',
    'device-reordered',
    'device-clock-ahead',
    'device-clock-back',
    'device-nan',
    'device-zero-quaternion',
    'device-identity',
    'device-teleport',
    'device-wrong-size',
    'device-stranger',
)


def _process(
    how: str,
    name: str,
    what: str,
    duration: float,
    *reactions: Reaction,
    by: Situation = Situation.POLICY,
    after: float = 0.3,
    record_lost: float = 0.0,
    may: tuple[Reaction, ...] = (),
) -> Fault:
    return Fault(
        name=f'{how}-{name}',
        what=what,
        where=name,
        situation=by,
        duration=duration,
        reactions=reactions,
        how=how,
        after=after,
        record_lost=record_lost,
        may=may,
    )


def _live(fault: Fault) -> Fault:
    """A fault of messages over ROS; what the operator's node refuses is not in the record."""
    seen = tuple(reaction for reaction in fault.reactions if reaction.kind != 'refuses')
    return replace(fault, name=f'live-{fault.name}', reactions=seen, after=0.3)


_KILLED = (
    _process('kill', 'operator', 'kill -9', 0.6, INPUT_LOST, by=Situation.OPERATOR),
    _process('kill', 'teleop', 'kill -9', 0.6, INPUT_LOST, by=Situation.OPERATOR),
    _process('kill', 'policy', 'kill -9', 1.6, POLICY_LOST),
    _process('kill', 'twin', 'kill -9', 0.4, PLANT_LOST, PLANT_STOP),
    _process('kill', 'arbiter', 'kill -9', 0.8, BRAKES),
    _process('kill', 'recorder', 'kill -9', 2.2, RECORDER_LOST, record_lost=1.0),
    _process('kill', 'camera', 'kill -9', 1.0),
)
_PAUSED = (
    _process('pause', 'operator', 'SIGSTOP for 0.7 s', 0.7, INPUT_LOST, by=Situation.OPERATOR),
    _process('pause', 'teleop', 'SIGSTOP for 0.7 s', 0.7, INPUT_LOST, by=Situation.OPERATOR),
    _process('pause', 'policy', 'SIGSTOP for 1.6 s', 1.6, POLICY_LOST),
    _process('pause', 'twin', 'SIGSTOP for 0.3 s', 0.3, PLANT_LOST, PLANT_STOP),
    _process('pause', 'arbiter', 'SIGSTOP for 0.3 s', 0.3, BRAKES, after=1.0, may=_HOLDS),
    _process('pause', 'recorder', 'SIGSTOP for 2.5 s', 2.5, RECORDER_LOST, after=2.0),
    _process('pause', 'camera', 'SIGSTOP for 1 s', 1.0),
)
_STARVED = (
    _process(
        'burn', 'nice', 'two busy polite processes per processor', 3.0, may=_HOLDS,
        by=Situation.OPERATOR,
    ),
    _process(
        'burn', 'normal', 'two busy processes per processor', 3.0, may=_HOLDS,
        by=Situation.OPERATOR,
    ),
)  # fmt: skip
_OTHERS = (
    _process('full', 'recorder', 'the disk is full', 3.5, RECORDER_LOST, record_lost=1.0),
    _process(
        'second', 'arbiter', 'another arbiter starts', 1.0,
        Reaction('refuses', 'disorder', says='another arbiter'),
    ),
    _process(
        'replay', 'joint_command', 'old commands come again, 200 a second', 2.0,
        Reaction('foreign_writer', 'disorder', groups=()),
    ),
)  # fmt: skip

PROCESS_FAULTS: tuple[Fault, ...] = (
    *_KILLED,
    *_PAUSED,
    *_STARVED,
    *_OTHERS,
    *(_live(fault) for fault in MESSAGE_FAULTS if fault.name in _OF_A_DEVICE),
)
"""Every fault of the layer of processes."""

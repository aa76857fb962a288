"""The faults of messages, as data; run in lockstep."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rove_bringup.faults import changes
from rove_bringup.faults.damage import Beside, Burst, Damage, Network, Replay, Silence, Spoiled
from rove_bringup.faults.fault import Fault, Reaction, Situation
from rove_bringup.faults.nodes.wire import cut, misname, on_the_wire, rename
from rove_teleop.core.names import GROUPS

_DEVICE, _SAMPLE, _PROPOSAL = 'operator_input', 'operator_state', 'joint_proposal'
_CHUNK, _PLANT, _COMMAND = 'action_chunk', 'plant_state', 'joint_command'

_LEFT = tuple(group for group in GROUPS if group.startswith('left'))
_BODY = tuple(group for group in GROUPS if 'hand' not in group)
_NAN, _INF = float('nan'), float('inf')

INPUT_LOST = Reaction('input_lost', 'operator', 400.0)
LEFT_LOST = Reaction('input_lost', 'operator', 400.0, _LEFT)
ARMS_LOST = Reaction('input_lost', 'operator', 400.0, _BODY)
LEFT_ARM_LOST = Reaction('input_lost', 'operator', 400.0, ('left_arm',))
POLICY_LOST = Reaction('policy_lost', 'policy', 300.0)
PLANT_LOST = Reaction('plant_lost', 'plant', 20.0)
PLANT_STOP = Reaction('stop', 'plant', 100.0)
BRAKES = Reaction('brakes', 'joint_command', 50.0)


def _reject(says: str, age_of: str = 'fault') -> Reaction:
    return Reaction('reject', age_of, says=says)


def _refuses(says: str, age_of: str = 'fault') -> Reaction:
    return Reaction('refuses', age_of, says=says)


def _fault(
    where: str,
    name: str,
    what: str,
    duration: float,
    damage: Callable[[], Damage],
    *reactions: Reaction,
    after: float = 0.15,
) -> Fault:
    human = where in (_DEVICE, _SAMPLE, _PROPOSAL, 'lease', 'control_frame', 'request')
    situation = Situation.OPERATOR if human else Situation.POLICY
    short = where.replace('operator_input', 'device').replace('_', '-')
    return Fault(
        f'{short}-{name}', what, where, situation, duration, reactions, damage, after=after
    )


def _network(**values: float | bool) -> Callable[[], Damage]:
    return partial(Network, **values)  # type: ignore[arg-type]  # its own fields


def _spoiled(change: changes.Change, every: int = 1) -> Callable[[], Damage]:
    return partial(Spoiled, change, every)


def _wire(stream: str, spoil: Callable[..., None], every: int = 1) -> Callable[[], Damage]:
    return partial(Spoiled, on_the_wire(stream, spoil), every)


_DEVICE_FAULTS = (
    _fault(_DEVICE, 'silent', 'nothing comes from it', 0.5, Silence, INPUT_LOST),
    _fault(
        _DEVICE,
        'stall',
        'nothing for 0.25 s, then all at once',
        0.25,
        Burst,
        _refuses('late', 'end'),
    ),
    _fault(
        _DEVICE,
        'long-stall',
        'nothing for 0.6 s, then all at once',
        0.6,
        Burst,
        INPUT_LOST,
        _refuses('late', 'end'),
    ),
    _fault(_DEVICE, 'delay', '60 ms late', 0.6, _network(delay_ms=60)),
    _fault(_DEVICE, 'jitter', 'up to 60 ms late', 0.6, _network(jitter_ms=60)),
    _fault(_DEVICE, 'loss', 'half of it lost', 0.6, _network(loss=0.5)),
    _fault(
        _DEVICE,
        'duplicates',
        'half of it twice',
        0.4,
        _network(duplicates=0.5, jitter_ms=15),
        _refuses('sequence', 'disorder'),
    ),
    _fault(
        _DEVICE,
        'reordered',
        'up to 40 ms late, each by itself',
        0.6,
        _network(jitter_ms=40, ordered=False),
        _refuses('sequence', 'disorder'),
    ),
    _fault(
        _DEVICE,
        'clock-ahead',
        'its clock jumps 5 s ahead',
        0.5,
        _spoiled(changes.ahead),
        _refuses('source clock jumped'),
        INPUT_LOST,
    ),
    _fault(
        _DEVICE,
        'clock-back',
        'its clock jumps 5 s back',
        0.5,
        _spoiled(changes.behind),
        _refuses('source time went back'),
        INPUT_LOST,
    ),
    _fault(
        _DEVICE,
        'nan',
        'one number is none',
        0.5,
        _spoiled(changes.poses(_NAN, 'left', 'right')),
        _refuses('is not finite'),
        INPUT_LOST,
    ),
    _fault(
        _DEVICE,
        'nan-left',
        'the left side is not a number',
        0.5,
        _spoiled(changes.poses(_NAN, 'left')),
        _refuses('left_wrist: is not finite'),
        LEFT_LOST,
    ),
    _fault(
        _DEVICE,
        'inf',
        'every second sample is infinite',
        0.5,
        _spoiled(changes.poses(_INF, 'left', 'right'), 2),
        _refuses('is not finite'),
    ),
    _fault(
        _DEVICE,
        'zero-quaternion',
        'no rotation at all',
        0.5,
        _spoiled(changes.no_rotation),
        _refuses('norm'),
        ARMS_LOST,
    ),
    _fault(
        _DEVICE,
        'identity',
        'the pose of a tracker that sees nothing',
        0.5,
        _spoiled(changes.poses(None, 'left', 'right')),
        _refuses('in the origin'),
        INPUT_LOST,
    ),
    _fault(
        _DEVICE,
        'teleport',
        'hands jump by metres in every sample',
        0.5,
        _spoiled(changes.jump_hands),
    ),
    _fault(
        _DEVICE,
        'teleport-once',
        'hands jump by metres in every tenth sample',
        0.5,
        _spoiled(changes.jump_hands, 10),
    ),
    _fault(
        _DEVICE,
        'wrong-size',
        'a wrist of six numbers',
        0.5,
        _wire(_DEVICE, cut('left_wrist')),
        LEFT_ARM_LOST,
    ),
    _fault(
        _DEVICE,
        'stranger',
        'another device speaks, too',
        0.5,
        partial(Beside, changes.stranger),
        _refuses('foreign source'),
    ),
    _fault(
        _DEVICE,
        'replayed',
        'old samples come again',
        0.5,
        Replay,
        _refuses('sequence'),
    ),
)

_TELEOP_FAULTS = (
    _fault(_SAMPLE, 'silent', 'nothing comes to teleoperation', 0.5, Silence, INPUT_LOST),
    _fault(
        _SAMPLE,
        'stranger',
        'a stranger publishes beside the operator',
        0.3,
        partial(Beside, changes.stranger),
    ),
    _fault(
        _SAMPLE,
        'nan',
        'wrists that are no numbers',
        0.5,
        _spoiled(changes.poses(_NAN, 'left', 'right')),
        INPUT_LOST,
    ),
    _fault('control_frame', 'stall', 'teleoperation sees no frame for 0.3 s', 0.3, Burst),
    _fault(
        'control_frame',
        'delay',
        'teleoperation sees frames 50 ms late',
        0.5,
        _network(delay_ms=50),
    ),
    _fault(_PROPOSAL, 'silent', 'nothing comes to the arbiter', 0.5, Silence, INPUT_LOST),
    _fault(_PROPOSAL, 'delay', '30 ms late', 0.5, _network(delay_ms=30)),
    _fault(_PROPOSAL, 'loss', 'half of it lost', 0.5, _network(loss=0.5)),
    _fault(
        _PROPOSAL,
        'reordered',
        'up to 20 ms late, each by itself',
        0.5,
        _network(jitter_ms=20, ordered=False),
        _reject('seq', 'disorder'),
    ),
    _fault(
        _PROPOSAL,
        'duplicates',
        'half of it twice',
        0.3,
        _network(duplicates=0.5, jitter_ms=12),
        _reject('seq', 'disorder'),
    ),
    _fault(
        _PROPOSAL,
        'nan',
        'one joint is not a number',
        0.5,
        _spoiled(changes.spoil_one(_NAN, 'position')),
        _reject('position is not finite'),
        INPUT_LOST,
    ),
    _fault(
        _PROPOSAL,
        'inf-velocity',
        'an infinite velocity in every second one',
        0.3,
        _spoiled(changes.spoil_one(_INF, 'velocity'), 2),
        _reject('velocity is not finite'),
    ),
    _fault(
        _PROPOSAL,
        'wrong-size',
        'one joint too few',
        0.5,
        _spoiled(changes.resize('position')),
        _reject('position has shape'),
        INPUT_LOST,
    ),
    _fault(
        _PROPOSAL,
        'wrong-names',
        'a joint of another robot',
        0.5,
        _wire(_PROPOSAL, misname),
        INPUT_LOST,
    ),
    _fault(
        _PROPOSAL,
        'swapped-names',
        'two joints change places',
        0.5,
        _wire(_PROPOSAL, rename),
        INPUT_LOST,
    ),
    _fault(
        _PROPOSAL,
        'wrong-group',
        'a group nobody has',
        0.3,
        _spoiled(changes.fields(groups=('tail',))),
        _reject("unknown group 'tail'"),
    ),
    _fault(
        _PROPOSAL,
        'teleport',
        'every joint jumps by 3 rad',
        0.5,
        _spoiled(changes.shift(3.0, 'position')),
        _reject('steps by'),
        INPUT_LOST,
    ),
    _fault(
        _PROPOSAL,
        'step',
        'every joint steps by 0.5 rad to and fro',
        0.3,
        _spoiled(changes.step_joints(0.5)),
        Reaction('clamp', says='steps by'),
    ),
    _fault(_PROPOSAL, 'replayed', 'an old one after each true one', 0.3, Replay),
    _fault(
        _PROPOSAL,
        'only-old',
        'old ones come instead',
        0.5,
        partial(Replay, instead=True),
        _reject('seq'),
        INPUT_LOST,
    ),
    _fault(
        _PROPOSAL,
        'future',
        'its sample is from the future',
        0.5,
        _spoiled(changes.of_time(5.0, 't_operator_ns')),
        _reject('from the future'),
        INPUT_LOST,
    ),
)

_POLICY_FAULTS = (
    _fault(_CHUNK, 'silent', 'nothing comes from the policy', 1.4, Silence, POLICY_LOST),
    _fault(_CHUNK, 'delay', '150 ms late', 0.8, _network(delay_ms=150)),
    _fault(_CHUNK, 'jitter', 'up to 200 ms late', 0.8, _network(jitter_ms=200)),
    _fault(_CHUNK, 'loss', 'half of it lost', 0.8, _network(loss=0.5)),
    _fault(
        _CHUNK,
        'duplicates',
        'every one twice',
        0.6,
        _network(duplicates=1.0, jitter_ms=40),
        _reject('seq', 'disorder'),
    ),
    _fault(
        _CHUNK,
        'stall',
        'nothing for 0.5 s, then all at once',
        0.5,
        Burst,
    ),
    _fault(
        _CHUNK,
        'nan',
        'one joint is not a number',
        1.4,
        _spoiled(changes.spoil_one(_NAN, 'position')),
        _reject('position is not finite'),
        POLICY_LOST,
    ),
    _fault(
        _CHUNK,
        'inf-once',
        'an infinite joint in every second one',
        0.8,
        _spoiled(changes.spoil_one(_INF, 'position'), 2),
        _reject('position is not finite'),
    ),
    _fault(
        _CHUNK,
        'wrong-size',
        'one joint too few',
        1.4,
        _spoiled(changes.resize('position')),
        _reject('position has shape'),
        POLICY_LOST,
    ),
    _fault(
        _CHUNK,
        'wrong-names',
        'a joint of another robot',
        1.4,
        _wire(_CHUNK, misname),
        POLICY_LOST,
    ),
    _fault(
        _CHUNK,
        'teleport',
        'every chunk is 1 rad away from where the robot is',
        0.6,
        _spoiled(changes.shift(1.0, 'position')),
    ),
    _fault(
        _CHUNK,
        'clock-ahead',
        'its clock is 5 s ahead',
        1.4,
        _spoiled(changes.of_time(5.0, 't0_ns', 't_observation_ns')),
        _reject('from the future'),
        POLICY_LOST,
    ),
    _fault(
        _CHUNK,
        'clock-back',
        'its clock is 5 s behind',
        1.4,
        _spoiled(changes.of_time(-5.0, 't0_ns')),
        _reject('ended before it came'),
        POLICY_LOST,
    ),
    _fault(
        _CHUNK,
        'unending',
        'a chunk of an hour',
        1.4,
        _spoiled(changes.fields(dt=9.0)),
        _reject('lasts'),
        POLICY_LOST,
    ),
    _fault(_CHUNK, 'replayed', 'an old one after each true one', 0.6, Replay),
)

_PLANT_FAULTS = (
    _fault(_PLANT, 'gap', 'nothing for 60 ms', 0.06, Silence, PLANT_LOST),
    _fault(_PLANT, 'silent', 'nothing for 0.2 s', 0.2, Silence, PLANT_LOST, PLANT_STOP),
    _fault(
        _PLANT,
        'burst',
        'nothing for 60 ms, then all at once',
        0.06,
        Burst,
        PLANT_LOST,
    ),
    _fault(_PLANT, 'delay', '10 ms late', 0.3, _network(delay_ms=10)),
    _fault(_PLANT, 'jitter', 'up to 10 ms late', 0.3, _network(jitter_ms=10)),
    _fault(
        _PLANT,
        'reordered',
        'up to 12 ms late, each by itself',
        0.3,
        _network(jitter_ms=12, ordered=False),
        _reject('seq', 'disorder'),
    ),
    _fault(
        _PLANT,
        'duplicates',
        'half of it twice',
        0.3,
        _network(duplicates=0.5, jitter_ms=12),
        _reject('seq', 'disorder'),
    ),
    _fault(
        _PLANT,
        'nan-once',
        'one joint is not a number in every third state',
        0.3,
        _spoiled(changes.spoil_one(_NAN, 'position'), 3),
        _reject('position is not finite'),
    ),
    _fault(
        _PLANT,
        'nan',
        'one joint is not a number',
        0.2,
        _spoiled(changes.spoil_one(_NAN, 'position')),
        _reject('position is not finite'),
        PLANT_LOST,
        PLANT_STOP,
    ),
    _fault(
        _PLANT,
        'wrong-size',
        'one joint too few',
        0.2,
        _spoiled(changes.resize('position')),
        _reject('position has shape'),
        PLANT_LOST,
        PLANT_STOP,
    ),
    _fault(
        _PLANT,
        'wrong-names',
        'a joint of another robot',
        0.2,
        _wire(_PLANT, misname),
        PLANT_LOST,
        PLANT_STOP,
    ),
    _fault(
        _PLANT,
        'zero-quaternion',
        'a pelvis without rotation',
        0.2,
        _spoiled(changes.fill(0.0, 'base_pose')),
        _reject('base_pose has a quaternion'),
        PLANT_LOST,
        PLANT_STOP,
    ),
    _fault(
        _PLANT,
        'replayed',
        'an old state after each true one',
        0.2,
        Replay,
    ),
    _fault(
        _PLANT,
        'restart',
        'it counts from the beginning',
        0.1,
        _spoiled(lambda value, random: changes.fields(seq=value.seq - 200)(value, random)),
        _reject('seq'),
        Reaction('plant_restarted'),
    ),
    _fault(
        _PLANT,
        'fault',
        'it reports a fault',
        0.1,
        _spoiled(changes.fields(fault='motor is hot')),
        Reaction('stop', says='plant fault'),
    ),
    _fault(
        _PLANT,
        'tilt',
        'the pelvis lies at 60 degrees',
        0.1,
        _spoiled(changes.tilt(60.0)),
        Reaction('stop', says='tilts'),
    ),
)

_COMMAND_FAULTS = (
    _fault(_COMMAND, 'silent', 'nothing comes to the plant', 0.3, Silence, BRAKES),
    _fault(_COMMAND, 'loss', 'half of it lost', 0.4, _network(loss=0.5)),
    _fault(_COMMAND, 'delay', '20 ms late', 0.3, _network(delay_ms=20)),
    _fault(
        _COMMAND,
        'reordered',
        'up to 15 ms late, each by itself',
        0.3,
        _network(jitter_ms=15, ordered=False),
        _refuses('old sequence number', 'disorder'),
    ),
    _fault(
        _COMMAND,
        'nan',
        'one joint is not a number',
        0.3,
        _spoiled(changes.spoil_one(_NAN, 'position')),
        _refuses('position: not finite'),
        BRAKES,
    ),
    _fault(
        _COMMAND,
        'wrong-size',
        'one joint too few',
        0.3,
        _spoiled(changes.resize('position')),
        _refuses('position: wrong size'),
        BRAKES,
    ),
    _fault(
        _COMMAND,
        'wrong-names',
        'a joint of another robot',
        0.3,
        _wire(_COMMAND, misname),
        BRAKES,
    ),
    _fault(
        _COMMAND,
        'stranger',
        'another writer in the same session',
        0.3,
        partial(Beside, changes.intruder()),
        _refuses('foreign writer'),
    ),
    _fault(
        _COMMAND,
        'second-arbiter',
        'an arbiter with a session of its own',
        0.3,
        partial(Beside, changes.intruder('second')),
        _refuses('another session is live'),
    ),
    _fault(
        _COMMAND,
        'replayed',
        'old commands come again',
        0.3,
        Replay,
        _refuses('expired'),
    ),
    _fault(
        _COMMAND,
        'only-old',
        'old commands come instead',
        0.3,
        partial(Replay, instead=True),
        _refuses('expired'),
        BRAKES,
    ),
)

_OTHER_FAULTS = (
    _fault(
        'lease',
        'silent',
        'no heartbeat of the operator',
        2.1,
        Silence,
        Reaction('lease_lost', 'lease', 2000.0),
    ),
    _fault(
        'recorder',
        'silent',
        'no heartbeat of the recorder',
        1.6,
        Silence,
        Reaction('recorder_lost', 'recorder', 1500.0, groups=()),
    ),
)

MESSAGE_FAULTS: tuple[Fault, ...] = (
    *_DEVICE_FAULTS,
    *_TELEOP_FAULTS,
    *_POLICY_FAULTS,
    *_PLANT_FAULTS,
    *_COMMAND_FAULTS,
    *_OTHER_FAULTS,
)
"""Every fault of the lockstep layer."""

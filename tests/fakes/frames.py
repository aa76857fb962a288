"""A made-up but consistent episode: policy, takeover, correction, release, policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rove_teleop.core.names import (
    GROUP_CHANNELS,
    GROUPS,
    NUM_CHANNELS,
    NUM_JOINTS,
    NUM_LEG_JOINTS,
    Authority,
    Phase,
)
from rove_teleop.core.tags import FrameTags, TagMachine
from rove_teleop.core.types import (
    Channels,
    ControlFrame,
    Event,
    PlantState,
    SourceTimes,
    TaskState,
)

PERIOD_NS = 5_000_000
TAKEN = ('left_arm', 'right_arm', 'left_hand', 'right_hand', 'torso')
ARM = GROUP_CHANNELS['right_arm']


@dataclass(frozen=True)
class Script:
    """When things happen, in ticks.

    Attributes:
        wait: Ticks between the request and the first frame in the operator's hands.
        request_age_ns: How long before its tick the request was received.
    """

    ticks: int = 400
    takeover: int = 150
    release: int = 300
    wait: int = 2
    fade: int = 20
    request_age_ns: int = 3_000_000
    episode: str = 'episode_0000'
    start_ns: int = 1_000_000_000


def events(script: Script) -> list[Event]:
    """What happened, from which the tags of the frames are computed."""
    takeover, release = script.takeover, script.release
    receive = script.start_ns + takeover * PERIOD_NS - script.request_age_ns
    happenings: list[tuple[int, str, tuple[str, ...], str, str]] = [
        (0, 'episode_start', GROUPS, 'director', f'episode={script.episode}'),
        (2, 'blend', GROUPS, 'arbiter', ''),
        (2 + script.fade, 'auto', GROUPS, 'arbiter', ''),
        (takeover, 'takeover', TAKEN, 'operator', f'request_id=a1 t_receive_ns={receive}'),
        (takeover + script.wait, 'human', TAKEN, 'arbiter', ''),
        (takeover + script.wait + 100, 'settled', TAKEN, 'arbiter', ''),
        (release, 'release', TAKEN, 'operator', ''),
        (release + 2, 'blend', TAKEN, 'arbiter', ''),
        (release + 2 + script.fade, 'auto', TAKEN, 'arbiter', ''),
        (script.ticks - 2, 'success', (), 'supervisor', ''),
    ]
    return [
        Event(number, tick, script.start_ns + tick * PERIOD_NS, kind, groups, actor, detail)
        for number, (tick, kind, groups, actor, detail) in enumerate(happenings, 1)
        if tick < script.ticks
    ]


def control_frames(script: Script) -> Iterator[ControlFrame]:
    """Frames of an arm that follows the policy, then the operator, then the policy again."""
    executed = np.zeros(NUM_CHANNELS)
    measured = np.zeros(NUM_JOINTS)
    velocity = np.zeros(NUM_CHANNELS)
    machine = TagMachine()
    pending = events(script)
    for tick in range(script.ticks):
        while pending and pending[0].tick == tick:
            machine.apply(pending.pop(0))
        tags = machine.tags()
        policy, human = _policy(tick), _human(script, tick)
        target = {Authority.POLICY: policy, Authority.HUMAN: human, Authority.BLEND: policy}.get(
            tags.authority[GROUPS.index('right_arm')], executed
        )
        wanted = np.clip((target - executed) / 0.05, -2.0, 2.0)
        velocity = velocity + np.clip(wanted - velocity, -0.08, 0.08)
        executed = executed + velocity * 5e-3
        legs = np.zeros(NUM_LEG_JOINTS)
        joints = np.concatenate([legs, executed[6:]])
        measured = measured + 0.2 * (joints - measured)
        yield _frame(script, tick, tags, policy, human, Channels(executed, velocity), measured)


def _frame(
    script: Script,
    tick: int,
    tags: FrameTags,
    policy: np.ndarray,
    human: np.ndarray,
    executed: Channels,
    measured: np.ndarray,
) -> ControlFrame:
    now = script.start_ns + tick * PERIOD_NS
    legs = np.zeros(NUM_LEG_JOINTS)
    return ControlFrame(
        tick=tick,
        t_ns=now,
        **vars(tags),
        reason='takeover' if tags.robot_phase is Phase.TO_HUMAN else '',
        operator_id='operator' if tags.intervention else '',
        policy_proposal=Channels(policy, np.zeros(NUM_CHANNELS)),
        human_proposal=Channels(human, np.zeros(NUM_CHANNELS)) if tick >= 20 else None,
        executed=executed,
        joint_position=np.concatenate([legs, executed.position[6:]]),
        joint_velocity=np.concatenate([legs, executed.velocity[6:]]),
        measured_position=measured,
        measured_velocity=np.zeros(NUM_JOINTS),
        operator=SourceTimes(tick, now - 6_000_000, now - 4_000_000, now),
        policy=SourceTimes(tick // 40, now - 90_000_000, now - 50_000_000, now),
        plant=SourceTimes(tick, now - 1_000_000, now - 500_000, now),
        verdicts=('operator: pass', 'policy: pass'),
        limits=('right_elbow_joint:velocity',) if tick == script.takeover else (),
    )


def task_states(script: Script) -> Iterator[TaskState]:
    """The task's judgement at 20 Hz; it succeeds in the last tenth of the episode."""
    for tick in range(0, script.ticks, 10):
        yield TaskState(
            task='pick_place',
            text='put the cube on the mat',
            seed=7,
            t_ns=script.start_ns + tick * PERIOD_NS,
            success=tick >= 0.9 * script.ticks,
            failed=False,
            progress='placed' if tick >= 0.9 * script.ticks else 'start',
            objects={'cube': np.array([0.4, 0.0, 0.8, 0.0, 0.0, 0.0, 1.0])},
        )


def plant_state(script: Script, tick: int, tilt: float = 0.0) -> PlantState:
    """A standing robot, or one leaning by ``tilt`` [rad] about its y axis."""
    pose = np.array([0.0, 0.0, 0.75, 0.0, np.sin(tilt / 2), 0.0, np.cos(tilt / 2)])
    joints = np.zeros(NUM_JOINTS)
    return PlantState(
        seq=tick,
        t_ns=script.start_ns + tick * PERIOD_NS,
        position=joints,
        velocity=joints,
        effort=joints,
        base_pose=pose,
        base_twist=np.zeros(6),
        imu_angular_velocity=np.zeros(3),
        imu_linear_acceleration=np.array([0.0, 0.0, 9.81]),
        foot_force=np.array([170.0, 170.0]),
    )


def _policy(tick: int) -> np.ndarray:
    value = np.zeros(NUM_CHANNELS)
    t = tick * 5e-3
    value[ARM] = np.linspace(0.3, 0.8, 7) * np.sin(2 * np.pi * 0.35 * t)
    return value


def _human(script: Script, tick: int) -> np.ndarray:
    """Motion measured from where the robot was at the takeover."""
    frozen = _policy(min(tick, script.takeover - 1))
    value = frozen.copy()
    t = max(0, tick - script.takeover - script.wait) * 5e-3
    value[ARM] += np.linspace(0.5, -0.4, 7) * (1 - np.cos(2 * np.pi * 0.4 * t)) / 2
    return value

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
    Stage,
)
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


def phase_at(script: Script, tick: int) -> Phase:
    if tick < script.takeover:
        return Phase.AUTO
    if tick < script.takeover + script.wait:
        return Phase.TO_HUMAN
    if tick < script.release:
        return Phase.HUMAN
    return Phase.TO_AUTO if tick < script.release + script.fade else Phase.AUTO


AUTHORITY = {
    Phase.AUTO: Authority.POLICY,
    Phase.TO_HUMAN: Authority.HOLD,
    Phase.HUMAN: Authority.HUMAN,
    Phase.TO_AUTO: Authority.BLEND,
}


def control_frames(script: Script) -> Iterator[ControlFrame]:
    """Frames of an arm that follows the policy, then the operator, then the policy again."""
    executed = np.zeros(NUM_CHANNELS)
    measured = np.zeros(NUM_JOINTS)
    seen_human = False
    for tick in range(script.ticks):
        now = script.start_ns + tick * PERIOD_NS
        phase = phase_at(script, tick)
        policy, human = _policy(tick), _human(script, tick)
        target = {Authority.POLICY: policy, Authority.HUMAN: human}.get(AUTHORITY[phase])
        if target is None:
            fade = (tick - script.release) / script.fade
            hold = phase is Phase.TO_HUMAN
            target = executed if hold else human + fade * (policy - human)
        step = np.clip(target - executed, -2.0 * 5e-3, 2.0 * 5e-3)
        executed = executed + step
        joints = np.concatenate([np.zeros(NUM_LEG_JOINTS), executed[6:]])
        velocity = np.concatenate([np.zeros(NUM_LEG_JOINTS), step[6:] / 5e-3])
        measured = measured + 0.2 * (joints - measured)
        groups = [phase if group in TAKEN else Phase.AUTO for group in GROUPS]
        authority = [AUTHORITY[each] for each in groups]
        intervention = any(a in (Authority.HUMAN, Authority.BLEND) for a in authority)
        seen_human = seen_human or intervention
        taken = tick >= script.takeover
        yield ControlFrame(
            tick=tick,
            t_ns=now,
            episode=script.episode,
            phase=tuple(groups),
            authority=tuple(authority),
            robot_phase=max(phase, Phase.AUTO),
            intervention=intervention,
            stage=Stage.ADAPTATION if seen_human else Stage.ROLLOUT,
            takeover_id=int(taken),
            anchor_id=int(taken),
            reason='takeover' if phase is Phase.TO_HUMAN else '',
            operator_id='operator' if taken and tick < script.release else '',
            policy_proposal=Channels(policy, np.zeros(NUM_CHANNELS)),
            human_proposal=Channels(human, np.zeros(NUM_CHANNELS)) if tick >= 20 else None,
            executed=Channels(executed, np.concatenate([step[:6] / 5e-3, velocity[12:]])),
            joint_position=joints,
            joint_velocity=velocity,
            measured_position=measured,
            measured_velocity=np.zeros(NUM_JOINTS),
            operator=SourceTimes(tick, now - 6_000_000, now - 4_000_000, now),
            policy=SourceTimes(tick // 40, now - 90_000_000, now - 50_000_000, now),
            plant=SourceTimes(tick, now - 1_000_000, now - 500_000, now),
            verdicts=('operator: pass', 'policy: pass'),
            limits=('right_elbow_joint:velocity',) if tick == script.takeover else (),
        )


def events(script: Script) -> list[Event]:
    """What happened in the same episode."""

    def at(tick: int, number: int, kind: str, **rest: object) -> Event:
        t_ns = script.start_ns + tick * PERIOD_NS
        return Event(number, tick, t_ns, kind, **rest)  # type: ignore[arg-type]

    receive = script.start_ns + script.takeover * PERIOD_NS - script.request_age_ns
    return [
        at(0, 1, 'episode_start', detail=f'episode={script.episode}'),
        at(
            script.takeover,
            2,
            'takeover',
            groups=TAKEN,
            actor='operator',
            detail=f'request_ns={receive}',
        ),
        at(script.release, 3, 'release', groups=TAKEN, actor='operator'),
        at(script.ticks - 1, 4, 'success', actor='supervisor'),
    ]


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

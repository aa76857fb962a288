"""One episode as numpy arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rove_teleop.core.types import Event, TaskState

Array = np.ndarray


@dataclass(frozen=True)
class Episode:
    """Every tick of an attempt at a task; n ticks, groups, channels and joints in core order.

    Attributes:
        tick, t_ns, stamp_ns: Number, monotonic time and stamp of each tick, shape (n,).
        log_time_ns: When the recorder received each frame, shape (n,).
        phase, authority: Per group, shape (n, 6).
        robot_phase, intervention, stage, takeover_id, anchor_id: Shape (n,).
        episode, reason, operator_id: One string a tick.
        policy_position, policy_velocity: Proposal of the policy, shape (n, 37), NaN if none.
        human_position, human_velocity: Proposal of the operator, likewise.
        executed_position, executed_velocity: Channels that went to the plant, shape (n, 37).
        joint_position, joint_velocity: The executed 43 joints, shape (n, 43).
        measured_position, measured_velocity: The 43 joints as measured, shape (n, 43).
        operator_times, policy_times, plant_times: seq, source, receive and apply time [ns],
            shape (n, 4).
        verdicts, limits: One tuple of strings a tick.
        alignment: Distance [m] and angle [rad] of the operator's left and right hand from the
            robot's palm, shape (n, 2, 2); NaN where it is not known.
        help: Who asks for a takeover and why, one string a tick.
        base_t_ns, base_pose: Pelvis in the world as measured, shapes (m,) and (m, 7).
        wrist_t_ns, wrist_pose: Operator's left and right wrist in his frame, when sampled, shapes
            (k,) and (k, 2, 7); NaN while not tracked.
        task: How the task stood, as published.
        metadata: Metadata records of the file by name.
        truncated, problems: Whether the file lacks its end, and what in it was unreadable.
    """

    tick: Array
    t_ns: Array
    stamp_ns: Array
    log_time_ns: Array
    phase: Array
    authority: Array
    robot_phase: Array
    intervention: Array
    stage: Array
    takeover_id: Array
    anchor_id: Array
    policy_position: Array
    policy_velocity: Array
    human_position: Array
    human_velocity: Array
    executed_position: Array
    executed_velocity: Array
    joint_position: Array
    joint_velocity: Array
    measured_position: Array
    measured_velocity: Array
    operator_times: Array
    policy_times: Array
    plant_times: Array
    episode: tuple[str, ...]
    reason: tuple[str, ...]
    operator_id: tuple[str, ...]
    verdicts: tuple[tuple[str, ...], ...]
    limits: tuple[tuple[str, ...], ...]
    base_t_ns: Array
    base_pose: Array
    wrist_t_ns: Array
    wrist_pose: Array
    events: tuple[Event, ...]
    task: tuple[TaskState, ...]
    metadata: dict[str, dict[str, str]]
    alignment: Array
    help: tuple[str, ...]
    truncated: bool = False
    problems: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of ticks."""
        return len(self.tick)

    @property
    def name(self) -> str:
        """The episode's name: the last one a frame carries, empty if none does."""
        return next((name for name in reversed(self.episode) if name), '')

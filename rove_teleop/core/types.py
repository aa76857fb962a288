"""What flows between the parts: frozen values, numpy arrays inside, SI units, integer times.

Times ending in ``_ns`` are monotonic nanoseconds of one machine (or of the injected clock in
lockstep). A pose is a float64 array ``[x y z qx qy qz qw]`` [m, unit quaternion], shape (7,).
A hand is (25, 7): one pose per joint in WebXR order (0 wrist, 1-4 thumb, then five per finger).
The operator's frame is REP 103 (x forward, y left, z up). Arrays are never edited in place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rove_teleop.core.names import Authority, Phase, Stage

Array = np.ndarray


@dataclass(frozen=True)
class OperatorState:
    """One sample of an operator's body; a pose that is not tracked is None.

    Attributes:
        left_wrist, right_wrist, head: Poses in the operator's frame, shape (7,).
        left_hand, right_hand: Hand joints in the operator's frame, shape (25, 7).
        body: Optional further poses by name (elbows, torso, pelvis, feet), each (7,).
        buttons: Names of the buttons held down in this sample.
        axes: Analog axes by name in [-1, 1].
    """

    source_id: str
    session: str
    seq: int
    t_source_ns: int
    t_receive_ns: int
    head: Array | None = None
    left_wrist: Array | None = None
    right_wrist: Array | None = None
    left_hand: Array | None = None
    right_hand: Array | None = None
    body: dict[str, Array] = field(default_factory=dict)
    buttons: tuple[str, ...] = ()
    axes: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ActionChunk:
    """A policy's future, sampled at ``t0_ns + k * dt``.

    Attributes:
        t_observation_ns: Time of the plant state the chunk was computed from.
        position: Channel positions in model order, shape (n, 37).
        groups: The groups the policy proposes for; others keep what is executed.
        success, help: The policy's own hints, each in [0, 1].
        help_reason: What it wants help with, in a few words.
    """

    seq: int
    policy_id: str
    t_observation_ns: int
    t0_ns: int
    dt: float
    position: Array
    groups: tuple[str, ...]
    t_receive_ns: int = 0
    success: float = 0.0
    help: float = 0.0
    help_reason: str = ''


@dataclass(frozen=True)
class JointProposal:
    """What the operator asks of the robot, after anchor, IK and retargeting.

    Attributes:
        anchor_id: The anchor from which the motion is measured.
        position, velocity: Channels in model order, shape (37,) [m, rad] and per second.
        groups: Groups whose channels are valid.
        reason: Why a group is missing, empty when all are there.
        operator_seq: The operator sample the proposal was computed from.
        t_source_ns, t_operator_ns: When that sample was taken, and when rove received it.
        alignment: By side, how far the operator's hand, mapped without an anchor, is from the
            robot's palm: distance [m] and angle [rad]. A side that is not known is absent.
        gate: Largest distance [m] and angle [rad] at which an arm may be taken over; None if
            any will do, because motion counts from the takeover.
    """

    seq: int
    anchor_id: int
    position: Array
    velocity: Array
    groups: tuple[str, ...]
    reason: str = ''
    operator_seq: int = 0
    t_source_ns: int = 0
    t_operator_ns: int = 0
    t_receive_ns: int = 0
    alignment: dict[str, tuple[float, float]] = field(default_factory=dict)
    gate: tuple[float, float] | None = None


@dataclass(frozen=True)
class PlantState:
    """What the plant measured at one instant.

    Attributes:
        position, velocity, effort: The 43 joints in model order [rad, rad/s, N·m].
        base_pose: Pelvis in the world, shape (7,).
        base_twist: Pelvis velocity in the world frame, linear then angular, shape (6,).
        imu_angular_velocity, imu_linear_acceleration: In the pelvis IMU frame, shape (3,).
        foot_force: Vertical force under the left and right foot [N], shape (2,).
        objects: World poses of the task's free objects by name, each (7,) (twin only).
        fault: Empty, or what is wrong with the plant.
    """

    seq: int
    t_ns: int
    position: Array
    velocity: Array
    effort: Array
    base_pose: Array
    base_twist: Array
    imu_angular_velocity: Array
    imu_linear_acceleration: Array
    foot_force: Array
    objects: dict[str, Array] = field(default_factory=dict)
    fault: str = ''
    t_receive_ns: int = 0


@dataclass(frozen=True)
class JointCommand:
    """The one message that moves joints (arbiter to plant).

    Attributes:
        position, velocity, effort: The 43 joints in model order; effort is feed-forward.
        base: Pelvis reference for the balance controller, shape (6,), see ``BASE_CHANNELS``.
        base_velocity: Its derivative, shape (6,).
        session: One arbiter lifetime; the plant locks to the first writer of a session.
        valid_until_ns: The plant stops following at this time.
        damping: True asks for the damping stop (a fall): no position is followed any more.
    """

    seq: int
    session: str
    writer_id: str
    t_ns: int
    valid_until_ns: int
    position: Array
    velocity: Array
    effort: Array
    base: Array
    base_velocity: Array
    damping: bool = False
    t_receive_ns: int = 0


@dataclass(frozen=True)
class Request:
    """A wish for a transition, from an operator, a supervisor or the episode director.

    Attributes:
        event: One of ``rove_teleop.core.phases.REQUESTS``.
        groups: Groups it is about; empty means all.
        epoch: Epoch of the operator's lease the sender believes in.
        detail: Free text or ``key=value`` pairs, recorded with the event.
    """

    event: str
    groups: tuple[str, ...] = ()
    operator_id: str = ''
    epoch: int = 0
    request_id: str = ''
    detail: str = ''
    t_receive_ns: int = 0


@dataclass(frozen=True)
class Event:
    """Something that happened, as recorded: the truth from which tags can be recomputed."""

    event_id: int
    tick: int
    t_ns: int
    kind: str
    groups: tuple[str, ...] = ()
    actor: str = ''
    detail: str = ''


@dataclass(frozen=True)
class Channels:
    """Position and velocity of all channels in one source's view, each shape (37,)."""

    position: Array
    velocity: Array


@dataclass(frozen=True)
class SourceTimes:
    """Where one source's contribution to a frame came from, and when [ns]; zeros if none."""

    seq: int = 0
    t_source_ns: int = 0
    t_receive_ns: int = 0
    t_apply_ns: int = 0


@dataclass(frozen=True)
class ControlFrame:
    """One tick of truth: who was in command, what each source wanted, what was executed.

    Attributes:
        phase, authority: Per group, in the order of ``GROUPS``.
        robot_phase: Derived phase of the whole robot.
        policy_proposal, human_proposal: Channels (37,), None when that source had nothing.
        executed: Channels (37,) that went to the plant.
        joint_position, joint_velocity: The executed 43 joints (legs by leg kinematics).
        measured_position, measured_velocity: The 43 joints as the plant reported them.
        verdicts: Judged inputs, ``source: pass|clamp|reject reason``.
        limits: Limits that were active, ``channel:limit``.
        alignment: By side, how far the operator's hand is from the robot's palm, see
            `JointProposal`; a side that is not known is absent.
        help: Who asks for a takeover and why, empty if nobody does.
    """

    tick: int
    t_ns: int
    episode: str
    phase: tuple[Phase, ...]
    authority: tuple[Authority, ...]
    robot_phase: Phase
    intervention: bool
    stage: Stage
    takeover_id: int
    anchor_id: int
    reason: str
    operator_id: str
    policy_proposal: Channels | None
    human_proposal: Channels | None
    executed: Channels
    joint_position: Array
    joint_velocity: Array
    measured_position: Array
    measured_velocity: Array
    operator: SourceTimes = SourceTimes()
    policy: SourceTimes = SourceTimes()
    plant: SourceTimes = SourceTimes()
    verdicts: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    alignment: dict[str, tuple[float, float]] = field(default_factory=dict)
    help: str = ''


@dataclass(frozen=True)
class TaskState:
    """How the task stands, judged from physics on the plant's side.

    Attributes:
        success: True while the success condition of the task holds.
        failed: True when the task can no longer succeed (object off the table, robot fell).
        progress: One word of the task's own vocabulary (``start``, ``lifted``, ``placed``).
        objects: World poses of the free objects and the goal by name, each (7,).
    """

    task: str
    text: str
    seed: int
    t_ns: int
    success: bool
    failed: bool
    progress: str
    objects: dict[str, Array] = field(default_factory=dict)

"""A rig around teleop: an operator at will, and an arbiter that executes every proposal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import pose_from_se3
from rove_teleop.core.kinematics import Kinematics, WholeBodyIK
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import (
    GROUPS,
    NUM_CHANNELS,
    NUM_JOINTS,
    NUM_LEG_JOINTS,
    SIDES,
    Authority,
    Phase,
    Stage,
)
from rove_teleop.core.robot import Robot
from rove_teleop.core.teleop import Teleop, TeleopConfig
from rove_teleop.core.types import Array, Channels, ControlFrame, JointProposal, OperatorState
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.share import share

TICK_NS = 5_000_000
DT = 0.005
START_NS = 10_000_000_000


@cache
def make_robot() -> Robot:
    return Robot.from_urdf(share('urdf/g1_dex3.urdf'))


def standing() -> Array:
    """Channels (37,) of the nominal pose."""
    robot = make_robot()
    return np.concatenate([LegKinematics(robot).nominal_base, robot.nominal[NUM_LEG_JOINTS:]])


def standing_solver() -> WholeBodyIK:
    """The whole-body solver in the nominal pose."""
    robot = make_robot()
    solver = WholeBodyIK(robot, LegKinematics(robot))
    solver.reset(standing())
    return solver


def kinematics() -> Kinematics:
    return Kinematics(make_robot(), LegKinematics(make_robot()))


def moved(T: pin.SE3, offset: Array, turn: Array | None = None) -> pin.SE3:
    """A pose displaced and turned in the axes of its frame of reference."""
    rotation = T.rotation if turn is None else pin.exp3(np.asarray(turn, float)) @ T.rotation
    return pin.SE3(rotation, T.translation + np.asarray(offset, float))


def smooth(t: float) -> float:
    """From 0 to 1 in a second, at rest at both ends."""
    t = min(max(t, 0.0), 1.0)
    return t * t * t * (10.0 - 15.0 * t + 6.0 * t * t)


def distance(a: pin.SE3, b: pin.SE3) -> float:
    """Between two origins [m]."""
    return float(np.linalg.norm(a.translation - b.translation))


@dataclass
class Rig:
    """Steps teleop; set ``wrists`` and ``phase`` to change what it sees.

    Attributes:
        wrists: T_operator_wrist by side; a side that is absent is not tracked.
        curl: How far the operator's fingers are closed, 0 to 1.
        phase: Of every group; ``phases`` overrides it per group.
        sample_every: Ticks between two samples of the operator.
        session: Of the tracker's samples.
        head: T_operator_head, None while it is not tracked.
        buttons: Held down.
        holder: Source that holds the lease.
    """

    config: TeleopConfig = field(default_factory=TeleopConfig)
    wrists: dict[str, pin.SE3] = field(default_factory=dict)
    curl: float = 0.0
    phase: Phase = Phase.AUTO
    phases: dict[str, Phase] = field(default_factory=dict)
    sample_every: int = 1
    anchor_id: int = 0
    session: str = 'one'
    head: pin.SE3 | None = None
    buttons: tuple[str, ...] = ()
    holder: str = ''
    tick: int = 0
    proposal: JointProposal | None = None

    def __post_init__(self) -> None:
        robot = make_robot()
        self.teleop = Teleop(robot, LegKinematics(robot), self.config)
        self.kinematics = kinematics()
        self.executed = Channels(standing(), np.zeros(NUM_CHANNELS))
        self.operator: OperatorState | None = None
        offset = pin.SE3(pin.exp3(np.array([0.3, -0.8, 0.5])), np.array([0.2, 0.15, 0.2]))
        self.wrists = self.wrists or {s: offset * T for s, T in self.palms().items()}

    @property
    def now_ns(self) -> int:
        return START_NS + self.tick * TICK_NS

    def palms(self) -> dict[str, pin.SE3]:
        """Executed palms in the stance frame."""
        return self.kinematics.palms(self.executed.position)

    def sample(self) -> OperatorState:
        """What the tracker says now."""
        poses = {f'{side}_wrist': pose_from_se3(T) for side, T in self.wrists.items()}
        if self.head is not None:
            poses['head'] = pose_from_se3(self.head)
        hands = {
            f'{side}_hand': hand_pose(
                side,
                thumb=self.curl,
                index=self.curl,
                middle=self.curl,
                ring=self.curl,
                pinky=self.curl,
                T_world_wrist=T,
            )
            for side, T in self.wrists.items()
        }
        times = (self.now_ns, self.now_ns)
        return OperatorState(
            'tracker', self.session, self.tick, *times, **poses, **hands, buttons=self.buttons
        )

    def frame(self) -> ControlFrame:
        phase = tuple(self.phases.get(group, self.phase) for group in GROUPS)
        zero = np.zeros(NUM_JOINTS)
        return ControlFrame(
            tick=self.tick,
            t_ns=self.now_ns,
            episode='one',
            phase=phase,
            authority=tuple(Authority.HOLD for _ in GROUPS),
            robot_phase=max(phase),
            intervention=False,
            stage=Stage.ROLLOUT,
            takeover_id=0,
            anchor_id=self.anchor_id,
            reason='',
            operator_id=self.holder,
            policy_proposal=None,
            human_proposal=None,
            executed=self.executed,
            joint_position=zero,
            joint_velocity=zero,
            measured_position=zero,
            measured_velocity=zero,
        )

    def step(self, operator: OperatorState | None = None, silent: bool = False) -> JointProposal:
        """One tick; a given sample replaces the tracker's, silence repeats the last one."""
        if not silent and self.tick % self.sample_every == 0:
            self.operator = operator or self.sample()
        self.proposal = self.teleop.step(self.operator, self.frame(), self.now_ns)
        self.tick += 1
        assert self.proposal is not None
        self.executed = Channels(self.proposal.position, self.proposal.velocity)
        return self.proposal

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self.step()

    def take(self, *groups: str) -> None:
        """Give groups (all if none) to the operator, as a takeover does."""
        self.anchor_id += 1
        taken = groups or GROUPS
        self.phases.update(dict.fromkeys(taken, Phase.TO_HUMAN))
        self.run(2)
        self.phases.update(dict.fromkeys(taken, Phase.HUMAN))

    def spoil(self, **fields: object) -> OperatorState:
        """The tracker's sample with some fields replaced."""
        return replace(self.sample(), **fields)  # type: ignore[arg-type]


__all__ = [
    'DT',
    'SIDES',
    'TICK_NS',
    'Rig',
    'distance',
    'kinematics',
    'make_robot',
    'moved',
    'smooth',
    'standing',
]

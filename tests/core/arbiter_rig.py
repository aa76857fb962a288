"""A rig around the arbiter: a plant that follows perfectly, a policy and an operator at will."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rove_teleop.core.arbiter import Arbiter, ArbiterInputs, ArbiterOutput, Reply
from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.limits import ChannelLimits
from rove_teleop.core.names import GROUPS, NUM_CHANNELS, NUM_JOINTS, NUM_LEG_JOINTS, Phase
from rove_teleop.core.types import (
    ActionChunk,
    Array,
    ControlFrame,
    Event,
    JointProposal,
    PlantState,
    Request,
)

TICK_NS = 5_000_000
DT = 0.005
BASE = np.array([0.0, 0.0, 0.74, 0.0, 0.0, 0.0])
UPPER_BODY = 31
START_NS = 10_000_000_000


class FakeLegs:
    """Leg joints that are a fixed linear map of the base reference."""

    def __init__(self) -> None:
        self._map = np.random.default_rng(7).uniform(-3.0, 3.0, (NUM_LEG_JOINTS, 6))

    def solve(self, base: Array, base_velocity: Array) -> tuple[Array, Array]:
        """Linear, so its velocity is exact."""
        return self._map @ (base - BASE), self._map @ base_velocity


def make_limits() -> ChannelLimits:
    """Symmetric joint limits of 2 rad around the start pose."""
    return ChannelLimits.from_joints(np.full(UPPER_BODY, -2.0), np.full(UPPER_BODY, 2.0))


@dataclass
class Rig:
    """Runs an arbiter tick by tick; set the fields to change what it sees.

    Attributes:
        operator: The operator's wanted channels relative to the anchor, (37,); None is silence.
        operator_velocity: Its rate, (37,).
        operator_age_ns: How old the sample is from which teleop makes its proposals.
        policy: Wanted channels (37,) of the next chunks; None is silence.
        plant_seq: Number of the plant's newest state.
        help, help_reason: What the policy says in its next chunks.
        foreign_writers: Who else publishes commands.
        measured: What the plant measures (43,); what was commanded if None.
    """

    arbiter: Arbiter = field(
        default_factory=lambda: Arbiter(ArbiterConfig(BASE), make_limits(), FakeLegs())
    )
    now_ns: int = START_NS
    operator: Array | None = None
    operator_velocity: Array | None = None
    operator_groups: tuple[str, ...] = GROUPS
    operator_age_ns: int = 0
    policy: Array | None = None
    help: float = 0.0
    help_reason: str = ''
    foreign_writers: tuple[str, ...] = ()
    policy_period: int = 20
    policy_rows: int = 20
    plant_alive: bool = True
    base_quaternion: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0)
    fault: str = ''
    plant_seq: int = 0
    measured: Array | None = None
    recorder_alive: bool = True
    raw_proposal: JointProposal | None = None
    raw_chunk: ActionChunk | None = None
    raw_plant: PlantState | None = None
    frames: list[ControlFrame] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    heartbeat: bool = True

    def __post_init__(self) -> None:
        self._ids = 0
        self._proposal: JointProposal | None = None
        self._chunk: ActionChunk | None = None
        self._plant: PlantState | None = None
        self._anchor = np.concatenate((BASE, np.zeros(UPPER_BODY)))
        self._anchor_id = 0
        self._tick = 0
        self.output: ArbiterOutput | None = None
        self.grant = self.arbiter.lease.acquire('ann', self.now_ns)

    @property
    def frame(self) -> ControlFrame:
        """The newest frame."""
        return self.frames[-1]

    def request(self, event: str, *groups: str, by: str = 'ann', **extra: object) -> Request:
        """A well-formed request from the holder of the lease."""
        self._ids += 1
        values = {
            'operator_id': by,
            'epoch': self.grant.epoch,
            'request_id': f'r{self._ids}',
            't_receive_ns': self.now_ns,
        }
        return Request(event, groups, **{**values, **extra})

    def ask(self, event: str, *groups: str, **extra: object) -> Reply:
        """Step one tick with a request and return its answer."""
        self.step(self.request(event, *groups, **extra))
        assert self.output is not None
        return self.output.replies[-1]

    def start(self) -> None:
        """Run a policy that stays where the robot is until it has the robot."""
        self.policy = self._anchor.copy() if self.policy is None else self.policy
        self.step()
        assert self.ask('episode_start', by='director', detail='episode=e1').accepted
        self.run(150)

    def take_over(self, *groups: str) -> None:
        """Take over with an operator at rest until the switch has settled."""
        self.operator = np.zeros(NUM_CHANNELS) if self.operator is None else self.operator
        self.step()
        reply = self.ask('takeover', *groups)
        assert reply.accepted, reply.reason
        self.run(110)

    def run(self, ticks: int) -> None:
        """Step without requests."""
        for _ in range(ticks):
            self.step()

    def step(self, *requests: Request) -> ArbiterOutput:
        """One tick of all."""
        self.now_ns += TICK_NS
        self._tick += 1
        self._update_sources()
        inputs = ArbiterInputs(
            proposal=self.raw_proposal or self._proposal,
            chunk=self.raw_chunk or self._chunk,
            plant=self.raw_plant or self._plant,
            requests=requests,
            recorder_alive=self.recorder_alive,
            foreign_writers=self.foreign_writers,
        )
        if self.heartbeat and self.grant.granted:
            self.arbiter.lease.heartbeat('ann', self.grant.epoch, self.now_ns)
        self.output = self.arbiter.step(inputs, self.now_ns)
        self.events += self.output.events
        if self.output.frame is not None:
            self.frames.append(self.output.frame)
            self._reanchor(self.output.frame)
        return self.output

    @property
    def last_chunk(self) -> ActionChunk | None:
        """What the policy sent last."""
        return self._chunk

    @property
    def last_plant(self) -> PlantState | None:
        """What the plant sent last."""
        return self._plant

    @property
    def last_proposal(self) -> JointProposal | None:
        """What teleop sent last."""
        return self._proposal

    def kinds(self) -> list[str]:
        """Kinds of all events so far."""
        return [event.kind for event in self.events]

    def _reanchor(self, frame: ControlFrame) -> None:
        """As teleop does: not human means anchored to executed, under the newest anchor_id."""
        operated = any(phase in (2, 3) for phase in frame.phase)
        if not operated or frame.anchor_id != self._anchor_id:
            self._anchor, self._anchor_id = frame.executed.position, frame.anchor_id
            if self.operator is not None:
                self._anchor = self._anchor - self.operator

    def _update_sources(self) -> None:
        if self.plant_alive:
            self._plant = self._measure()
        if self.operator is not None:
            velocity = self.operator_velocity
            self._proposal = JointProposal(
                seq=self._tick,
                anchor_id=self._anchor_id,
                position=self._anchor + self.operator,
                velocity=np.zeros(NUM_CHANNELS) if velocity is None else velocity,
                groups=self.operator_groups,
                operator_seq=self._tick,
                t_source_ns=self.now_ns,
                t_operator_ns=self.now_ns - self.operator_age_ns,
                t_receive_ns=self.now_ns,
            )
        if self.policy is not None and self._tick % self.policy_period == 0:
            self._chunk = ActionChunk(
                seq=self._tick,
                policy_id='fake',
                t_observation_ns=self.now_ns - TICK_NS,
                t0_ns=self.now_ns,
                dt=0.02,
                position=np.tile(self.policy, (self.policy_rows, 1)),
                groups=GROUPS,
                t_receive_ns=self.now_ns,
                help=self.help,
                help_reason=self.help_reason,
            )

    def _measure(self) -> PlantState:
        position = np.zeros(NUM_JOINTS)
        if self.frames:
            position = self.frames[-1].joint_position
        if self.measured is not None:
            position = self.measured
        self.plant_seq += 1
        return PlantState(
            seq=self.plant_seq,
            t_ns=self.now_ns,
            position=position,
            velocity=np.zeros(NUM_JOINTS),
            effort=np.zeros(NUM_JOINTS),
            base_pose=np.array([0.0, 0.0, 0.74, *self.base_quaternion]),
            base_twist=np.zeros(6),
            imu_angular_velocity=np.zeros(3),
            imu_linear_acceleration=np.array([0.0, 0.0, 9.81]),
            foot_force=np.array([170.0, 170.0]),
            fault=self.fault,
            t_receive_ns=self.now_ns,
        )


def started() -> Rig:
    """A rig whose policy has the robot."""
    rig = Rig()
    rig.start()
    assert rig.frame.robot_phase is Phase.AUTO
    return rig


def operated() -> Rig:
    """A rig whose operator has the robot."""
    rig = started()
    rig.take_over()
    assert rig.frame.robot_phase is Phase.HUMAN
    return rig


def phases(rig: Rig) -> set[Phase]:
    """Phases that some group is in."""
    return set(rig.frame.phase)


def ticks_until(rig: Rig, phase: Phase, limit: int = 400) -> int:
    """Steps until the whole robot is in a phase."""
    for tick in range(1, limit):
        rig.step()
        if phases(rig) == {phase}:
            return tick
    raise AssertionError(f'still {rig.frame.phase} after {limit} ticks: {rig.kinds()}')

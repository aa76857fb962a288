"""From the operator's body to a joint proposal: anchor, whole-body IK, hand retargeting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pinocchio as pin

from rove_teleop.core.anchor import Anchor
from rove_teleop.core.gate import SampleGate, Stream, stream_of
from rove_teleop.core.geometry import yaw_of
from rove_teleop.core.kinematics import IkConfig, Kinematics, PalmTarget, Targets, WholeBodyIK
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import GROUP_CHANNELS, GROUPS, NUM_CHANNELS, SIDES, Phase
from rove_teleop.core.retargeting import HandFollower, HandRetargeter
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array, ControlFrame, JointProposal, OperatorState
from rove_teleop.core.wrist import WristTrack
from rove_teleop.errors import ConfigError, InvalidInput

_HUMAN = (Phase.TO_HUMAN, Phase.HUMAN)
_DT_S = (1e-3, 0.02)  # what a tick may be; a late one moves no farther than this
_BODY = ('torso', 'legs')


@dataclass(frozen=True)
class TeleopConfig:
    """How the operator's motion becomes the robot's.

    Attributes:
        translation_scale: Metres of palm per metre of wrist.
        align_yaw: Turn the operator's motion by the heading of his head at the latch, so that
            forward for him is forward for the robot wherever he stands.
        stale_ns: A sample older than this freezes the target [ns].
        runaway: How far the solver may get ahead of what was executed [m, rad].
    """

    translation_scale: float = 1.0
    align_yaw: bool = False
    stale_ns: int = 100_000_000
    runaway: tuple[float, float] = (0.1, 0.6)
    ik: IkConfig = field(default_factory=IkConfig)

    def __post_init__(self) -> None:
        if not 0.1 <= self.translation_scale <= 3.0:
            raise ConfigError(
                f'teleop.translation_scale must be 0.1 to 3, got {self.translation_scale}'
            )


class Teleop:
    """Follows the operator with the groups he has, and stays at what is executed with the rest.

    Only the lease holder is followed, and only in the session in which he took the groups: what
    another source sends is ignored, and after a change of session the robot keeps still until
    he takes over again.

    Attributes:
        ik: The whole-body solver, for its counters.
        clearance: Smallest distance between the robot's own limbs at the last step [m].
    """

    def __init__(
        self,
        robot: Robot,
        legs: LegKinematics,
        config: TeleopConfig | None = None,
        retargeters: Mapping[str, HandRetargeter] | None = None,
    ) -> None:
        """Begin without an operator.

        Args:
            robot: Robot to command.
            legs: Its leg kinematics.
            config: Defaults when None.
            retargeters: By side; the built-in solver when None.
        """
        self.config = config = config or TeleopConfig()
        self.ik = WholeBodyIK(robot, legs, config.ik)
        self.clearance = np.inf
        self._kinematics = Kinematics(robot, legs)
        self._arms = {side: _Arm() for side in SIDES}
        self._hands = {
            side: HandFollower(robot, side, (retargeters or {}).get(side)) for side in SIDES
        }
        self._head = WristTrack()
        self._band = np.repeat(config.runaway, (3, 20))
        self._human: frozenset[str] = frozenset()
        self._anchor_id = 0
        self._gate = SampleGate()
        self._clutched: Stream | None = None
        self._seq = 0
        self._last_ns: int | None = None

    def step(
        self, operator: OperatorState | None, frame: ControlFrame | None, now_ns: int
    ) -> JointProposal | None:
        """One tick.

        Args:
            operator: The newest sample, None before the first.
            frame: The newest frame of the arbiter, None before the first.
            now_ns: Time of this tick [ns, monotonic].

        Returns:
            What the operator asks for; None while there is no operator or no frame yet.
        """
        human = _operated(frame)
        self._take(operator, '' if frame is None else frame.operator_id, bool(human))
        newest = self._gate.newest
        if newest is None or frame is None:
            return None
        dt = self._tick(now_ns)
        reasons = self._doubts(newest, frame, human, now_ns)
        if reasons:
            self._freeze()
        position, velocity = frame.executed.position.copy(), np.zeros(NUM_CHANNELS)
        self._follow_body(frame, human, now_ns, dt, position, velocity)
        for side in SIDES:
            group, hand = f'{side}_hand', self._hands[side]
            part = GROUP_CHANNELS[group]
            position[part], velocity[part] = hand.step(group in human, position[part], dt)
        self._human = human
        groups = self._groups(human, reasons)
        return self._proposal(newest, frame, position, velocity, groups, reasons, now_ns)

    def _take(self, operator: OperatorState | None, holder: str, operated: bool) -> None:
        if operator is None or not self._gate.take(operator, holder, operated):
            return
        times = (operator.t_source_ns, operator.t_receive_ns)
        self._head.take(operator.head, *times)
        for side in SIDES:
            self._arms[side].track.take(getattr(operator, f'{side}_wrist'), *times)
            self._hands[side].take(getattr(operator, f'{side}_hand'))

    def _doubts(
        self, newest: OperatorState, frame: ControlFrame, human: frozenset[str], now_ns: int
    ) -> list[str]:
        """Why the newest sample moves nothing, empty when it may."""
        doubts = []
        if now_ns - newest.t_receive_ns > self.config.stale_ns:
            doubts.append('operator is stale')
        if not human or frame.anchor_id != self._anchor_id:
            self._clutched = None
        if frame.operator_id and newest.source_id != frame.operator_id:
            doubts.append(f'{newest.source_id!r} does not hold the lease')
        elif human:
            self._clutched = self._clutched or stream_of(newest)
            if self._clutched != stream_of(newest):
                doubts.append('operator began a new session; take over again')
        return doubts

    def _tick(self, now_ns: int) -> float:
        elapsed = 5e-3 if self._last_ns is None else (now_ns - self._last_ns) * 1e-9
        self._last_ns = now_ns
        return min(max(elapsed, _DT_S[0]), _DT_S[1])

    def _freeze(self) -> None:
        self._head.lose()
        for side in SIDES:
            self._arms[side].track.lose()
            self._hands[side].lose()

    def _follow_body(
        self,
        frame: ControlFrame,
        human: frozenset[str],
        now_ns: int,
        dt: float,
        position: Array,
        velocity: Array,
    ) -> None:
        """Solve for arms, torso and legs of the operator; writes their channels."""
        executed = frame.executed.position
        taken = self._taken(frame, human)
        self.ik.resync(executed, (set(GROUPS) - human) | taken)
        if not human.intersection(('left_arm', 'right_arm', *_BODY)):
            return
        self.ik.stay_near(executed, self._band)
        palms = {
            side: self._follow_arm(side, f'{side}_arm' in taken, now_ns)
            for side in SIDES
            if f'{side}_arm' in human
        }
        solution = self.ik.solve(Targets(palms), dt, set(GROUPS) - human)
        self.clearance = solution.clearance
        for group in human:
            part = GROUP_CHANNELS[group]
            position[part], velocity[part] = solution.position[part], solution.velocity[part]

    def _follow_arm(self, side: str, taken: bool, now_ns: int) -> PalmTarget:
        arm = self._arms[side]
        wrist = arm.track.at(now_ns)
        if taken or arm.must_latch(wrist):
            T_stance_palm = self._kinematics.palms(self.ik.position)[side]
            arm.latch(wrist, T_stance_palm, self.config.translation_scale, self._yaw(now_ns))
        return arm.target(wrist)

    def _taken(self, frame: ControlFrame, human: frozenset[str]) -> set[str]:
        """Groups that became the operator's in this frame, or were taken anew."""
        taken = set(human - self._human)
        if frame.anchor_id != self._anchor_id:
            phase = dict(zip(GROUPS, frame.phase, strict=True))
            taken |= {group for group in human if phase[group] is Phase.TO_HUMAN}
        self._anchor_id = frame.anchor_id
        return taken

    def _yaw(self, now_ns: int) -> float:
        if not self.config.align_yaw or (head := self._head.at(now_ns)) is None:
            return 0.0
        return -yaw_of(head[0].rotation)

    def _groups(self, human: frozenset[str], reasons: list[str]) -> tuple[str, ...]:
        """Groups whose channels are valid; adds why others are not."""
        valid = set()
        for side in SIDES:
            arm, hand = self._arms[side], self._hands[side]
            if arm.track.fault:
                reasons.append(f'{side} wrist {arm.track.fault}')
            if arm.track.known or (f'{side}_arm' in human and arm.anchor is not None):
                valid.add(f'{side}_arm')
            if hand.fault:
                reasons.append(f'{side} hand {hand.fault}')
            if hand.ready:
                valid.add(f'{side}_hand')
        if valid.intersection(('left_arm', 'right_arm')):
            valid.update(_BODY)
        return tuple(group for group in GROUPS if group in valid)

    def _proposal(
        self,
        operator: OperatorState,
        frame: ControlFrame,
        position: Array,
        velocity: Array,
        groups: tuple[str, ...],
        reasons: list[str],
        now_ns: int,
    ) -> JointProposal:
        self._seq += 1
        return JointProposal(
            seq=self._seq,
            anchor_id=frame.anchor_id,
            position=position,
            velocity=velocity,
            groups=groups,
            reason='; '.join(reasons),
            operator_seq=operator.seq,
            t_source_ns=operator.t_source_ns,
            t_operator_ns=operator.t_receive_ns,
            t_receive_ns=now_ns,
        )


class _Arm:
    """One arm's clutch: its wrist track, its anchor and the last target."""

    def __init__(self) -> None:
        self.track = WristTrack()
        self.anchor: Anchor | None = None
        self._held = pin.SE3.Identity()

    def must_latch(self, wrist: tuple[pin.SE3, Array] | None) -> bool:
        """Whether the wrist is known again after relative motion was lost."""
        return wrist is not None and (self.anchor is None or self.track.broken)

    def latch(
        self,
        wrist: tuple[pin.SE3, Array] | None,
        T_stance_palm: pin.SE3,
        scale: float,
        yaw: float,
    ) -> None:
        """Measure from here on, or keep the palm here until the wrist is known."""
        self._held = T_stance_palm
        self.anchor = None if wrist is None else Anchor(wrist[0], T_stance_palm, scale, yaw)
        if wrist is not None:
            self.track.latched()

    def target(self, wrist: tuple[pin.SE3, Array] | None) -> PalmTarget:
        """Palm target of this tick; the last one, at rest, while the wrist is unknown."""
        if wrist is None or self.anchor is None:
            return PalmTarget(self._held)
        try:
            target = self.anchor.target(*wrist)
        except InvalidInput:
            return PalmTarget(self._held)
        self._held = target.pose
        return target


def _operated(frame: ControlFrame | None) -> frozenset[str]:
    """Groups that an operator has."""
    if frame is None:
        return frozenset()
    return frozenset(g for g, p in zip(GROUPS, frame.phase, strict=True) if p in _HUMAN)

"""From the operator's body to a joint proposal: anchor, whole-body IK, hand retargeting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rove_teleop.core.calibration import SHOULDER, Calibration, arm_reach
from rove_teleop.core.clutch import HandClutch
from rove_teleop.core.engage import ENGAGES, GATE, AbsoluteMap, alignment
from rove_teleop.core.gate import SampleGate, Stream, stream_of
from rove_teleop.core.kinematics import IkConfig, Kinematics, PalmTarget, Targets, WholeBodyIK
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import (
    ARM_JOINTS,
    GROUP_CHANNELS,
    GROUPS,
    NUM_CHANNELS,
    NUM_LEG_JOINTS,
    SIDES,
    Phase,
)
from rove_teleop.core.operator_frame import HAND_FRAMES, OperatorFrame
from rove_teleop.core.retargeting import HandFollower, HandRetargeter
from rove_teleop.core.robot import Robot
from rove_teleop.core.smoothing import SMOOTHINGS, make_smoother
from rove_teleop.core.types import Array, ControlFrame, JointProposal, OperatorState
from rove_teleop.errors import ConfigError

_HUMAN = (Phase.TO_HUMAN, Phase.HUMAN)
_DT_S = (1e-3, 0.02)  # what a tick may be; a late one moves no farther than this
_BODY = ('torso', 'legs')
_ALIGNED_EVERY = 5  # steps


@dataclass(frozen=True)
class TeleopConfig:
    """How the operator's motion becomes the robot's.

    Attributes:
        translation_scale: Metres of palm per metre of wrist; on top of what a calibration says.
        align_yaw: Turn the operator's motion by the way he faces at the takeover, so that
            forward for him is forward for the robot wherever he stands.
        hand_frame: What his hands are measured in, one of ``HAND_FRAMES``.
        smoothing: How his wrists are smoothed, one of ``SMOOTHINGS``.
        smoothing_lag: Delay of the fixed-lag smoother [s].
        calibration: His proportions; when None his arms count as long as the robot's.
        engage: One of ``ENGAGES``.
        gate: How near a hand must be to its palm to engage absolutely [m, rad].
        stale_ns: A sample older than this freezes the target [ns].
        runaway: How far the solver may get ahead of what was executed [m, rad].
    """

    translation_scale: float = 1.0
    align_yaw: bool = False
    hand_frame: str = HAND_FRAMES[0]
    smoothing: str = SMOOTHINGS[0]
    smoothing_lag: float = 0.05
    calibration: Calibration | None = None
    engage: str = ENGAGES[0]
    gate: tuple[float, float] = GATE
    stale_ns: int = 100_000_000
    runaway: tuple[float, float] = (0.02, 0.1)
    ik: IkConfig = field(default_factory=IkConfig)

    def __post_init__(self) -> None:
        if not 0.1 <= self.translation_scale <= 3.0:
            raise ConfigError(
                f'teleop.translation_scale must be 0.1 to 3, got {self.translation_scale}'
            )
        if self.engage not in ENGAGES:
            raise ConfigError(f'engage is {self.engage!r}; known: {", ".join(ENGAGES)}')
        if not all(0.0 < edge < np.inf for edge in self.gate):
            raise ConfigError(f'gate is {self.gate}; expected a positive distance and angle')


class Teleop:
    """Follows the operator with the groups he has, and stays at what is executed with the rest.

    Only the lease holder is followed, and only in the session in which he took the groups: what
    another source sends is ignored, and after a change of session the robot keeps still until
    he takes over again.

    Attributes:
        ik: The whole-body solver, for its counters.
        clearance: Smallest distance between the robot's own limbs at the last step [m].
        scale: Metres of palm per metre of wrist, proportions included.
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
        self._map = _absolute_map(robot, legs, self._kinematics, config.hand_frame)
        self._gate_of_arms = config.gate if config.engage == 'absolute' else None
        absolute = None if self._gate_of_arms is None else self._map
        self._arms = {
            side: HandClutch(
                side,
                make_smoother(config.smoothing, config.smoothing_lag),
                absolute,
                self._gate_of_arms,
            )
            for side in SIDES
        }
        self._reach = arm_reach(robot)
        self.calibrate(config.calibration)
        self._hands = {
            side: HandFollower(robot, side, (retargeters or {}).get(side)) for side in SIDES
        }
        self._band = np.repeat(config.runaway, (3, 20))
        self._apart: dict[str, tuple[float, float]] = {}
        self._human: frozenset[str] = frozenset()
        self._anchor_id = 0
        self._gate = SampleGate()
        self._clutched: Stream | None = None
        self._seq = 0
        self._last_ns: int | None = None

    @property
    def operated(self) -> bool:
        """Whether an operator had any group at the last step."""
        return bool(self._human)

    def calibrate(self, calibration: Calibration | None) -> None:
        """Take another operator's proportions; motion is measured anew from here on.

        Args:
            calibration: None for arms as long as the robot's.
        """
        body = calibration or Calibration()
        measured = 1.0 if calibration is None else calibration.scale(self._reach)
        self.scale = self.config.translation_scale * measured
        self._frame = OperatorFrame(self.config.hand_frame, np.array(body.neck))
        for arm in self._arms.values():
            arm.track.lose()

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
        self._frame.take(operator)
        for side in SIDES:
            wrist = self._frame.place(getattr(operator, f'{side}_wrist'))
            self._arms[side].take(operator, *wrist)
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
        self._frame.lose()
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
        return self._arms[side].follow(
            now_ns,
            taken,
            self._yaw,
            self.scale,
            lambda: self._kinematics.palms(self.ik.position)[side],
        )

    def _taken(self, frame: ControlFrame, human: frozenset[str]) -> set[str]:
        """Groups that became the operator's in this frame, or were taken anew."""
        taken = set(human - self._human)
        if frame.anchor_id != self._anchor_id:
            phase = dict(zip(GROUPS, frame.phase, strict=True))
            taken |= {group for group in human if phase[group] is Phase.TO_HUMAN}
        self._anchor_id = frame.anchor_id
        return taken

    @property
    def _yaw(self) -> float | None:
        """Heading of the operator's frame in the stance frame [rad]; None when not known."""
        if not self.config.align_yaw:
            return 0.0
        return None if self._frame.heading is None else -self._frame.heading

    def _alignment(self, executed: Array) -> dict[str, tuple[float, float]]:
        """How far each hand that is known, mapped absolutely, is from its palm.

        Where it only informs it is looked at a little less often.
        """
        yaw, poses = self._yaw, {side: self._arms[side].track.pose for side in SIDES}
        hands = {side: wrist for side, wrist in poses.items() if wrist is not None}
        if yaw is None or not hands:
            self._apart = {}
        elif (
            self._gate_of_arms is not None
            or self._seq % _ALIGNED_EVERY == 0
            or self._apart.keys() != hands.keys()
        ):
            palms = self._kinematics.palms(executed)
            self._apart = {
                side: alignment(self._map.palm(wrist, self.scale, yaw), palms[side])
                for side, wrist in hands.items()
            }
        return self._apart

    def _groups(self, human: frozenset[str], reasons: list[str]) -> tuple[str, ...]:
        """Groups whose channels are valid; adds why others are not."""
        valid = set()
        if self._yaw is None:
            reasons.append('no head, torso or pelvis is tracked that tells the heading')
        for side in SIDES:
            arm, hand = self._arms[side], self._hands[side]
            if arm.fault:
                reasons.append(f'{side} wrist {arm.fault}')
            if arm.track.known or (f'{side}_arm' in human and arm.released):
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
            alignment=self._alignment(frame.executed.position),
            gate=self._gate_of_arms,
        )


def _operated(frame: ControlFrame | None) -> frozenset[str]:
    """Groups that an operator has."""
    if frame is None:
        return frozenset()
    return frozenset(g for g, p in zip(GROUPS, frame.phase, strict=True) if p in _HUMAN)


def _absolute_map(
    robot: Robot, legs: LegKinematics, kinematics: Kinematics, hand_frame: str
) -> AbsoluteMap:
    """Shoulders to shoulders; in the room's frame the robot's own shoulders stand for his."""
    nominal = np.concatenate((legs.nominal_base, robot.nominal[NUM_LEG_JOINTS:]))
    placed = [kinematics.frame(nominal, ARM_JOINTS[side][1]).translation for side in SIDES]
    shoulders = np.mean(placed, axis=0)
    below = np.array(SHOULDER) * (1.0, 0.0, 1.0)
    return AbsoluteMap(shoulders, below if hand_frame == 'neck' else shoulders)

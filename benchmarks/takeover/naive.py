"""The naive switch: from one tick to the next the other source's target is what is executed.

The phases, the requests and the lease are those of rove's arbiter, which runs along unseen, so
that all controllers switch alike; only what goes to the robot is different. The operator's
hands are followed where they are, as systems do that have neither anchor nor clutch, and his
fingers too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from benchmarks.takeover.reach import ArmReach
from rove_teleop.assembly import CONTROL_PERIOD_NS
from rove_teleop.core.arbiter import Arbiter, ArbiterInputs, ArbiterOutput
from rove_teleop.core.geometry import se3_from_pose
from rove_teleop.core.leash import Leash
from rove_teleop.core.leg_reach import LegReach
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.limits import ChannelLimits, Envelopes, Pace
from rove_teleop.core.names import (
    GROUP_CHANNELS,
    GROUPS,
    NUM_BASE,
    NUM_CHANNELS,
    NUM_LEG_JOINTS,
    SIDES,
    Authority,
    Phase,
)
from rove_teleop.core.robot import Robot
from rove_teleop.core.safety import Safety
from rove_teleop.core.teleop import Teleop
from rove_teleop.core.tracker import Target, Tracker
from rove_teleop.core.types import (
    Array,
    Channels,
    ControlFrame,
    JointProposal,
    OperatorState,
    PlantState,
)

_BASE = slice(0, NUM_BASE)
_DT = CONTROL_PERIOD_NS * 1e-9
_SWITCHING = (Phase.TO_HUMAN, Phase.TO_AUTO)


class NaiveTeleop:
    """Puts the palms where the operator's hands are.

    Attributes:
        wanted: Channels that do so, shape (37,); None while nobody operates.
    """

    def __init__(self, inner: Teleop, robot: Robot) -> None:
        """Let the real one make the proposals by which the unseen arbiter switches."""
        self.wanted: Array | None = None
        self.shadow: ControlFrame | None = None
        self._inner, self._reach = inner, ArmReach(robot)
        self._seen: OperatorState | None = None

    def step(
        self, operator: OperatorState | None, frame: ControlFrame | None, now_ns: int
    ) -> JointProposal | None:
        """One control tick; ``frame`` is the executed truth."""
        proposal = self._inner.step(operator, self.shadow, now_ns)
        if operator is None or frame is None or proposal is None:
            return proposal
        if not {Phase.TO_HUMAN, Phase.HUMAN}.intersection(frame.phase):
            self.wanted = self._seen = None
        elif operator is not self._seen:
            self._seen = operator
            self.wanted = self._place(operator, frame.executed.position, proposal)
        return proposal

    def _place(self, operator: OperatorState, executed: Array, proposal: JointProposal) -> Array:
        wrists = {side: getattr(operator, f'{side}_wrist') for side in SIDES}
        palms = {side: se3_from_pose(w) for side, w in wrists.items() if w is not None}
        wanted = self._reach.solve(executed, palms)
        for side in SIDES:
            hand = GROUP_CHANNELS[f'{side}_hand']
            wanted[hand] = proposal.position[hand]
        return wanted


class Execution(Protocol):
    """How a target is executed."""

    def observe(self, plant: PlantState) -> None:
        """Take the newest plant state."""

    def step(self, executed: Channels, target: Target, switching: bool) -> Channels:
        """What is executed next."""


class Direct:
    """At once."""

    def observe(self, plant: PlantState) -> None:
        """Nothing to learn from it."""

    def step(self, executed: Channels, target: Target, switching: bool) -> Channels:
        """The target is what is executed."""
        return Channels(target.position, (target.position - executed.position) / _DT)


class Limited:
    """By the tracker, limits and safety rules of rove's arbiter."""

    def __init__(self, robot: Robot) -> None:
        limits = ChannelLimits.from_joints(
            robot.lower[NUM_LEG_JOINTS:], robot.upper[NUM_LEG_JOINTS:]
        )
        rules = (LegReach(LegKinematics(robot), limits, _DT), Leash())
        self._safety = Safety(limits, rules)
        self._tracker = Tracker(limits.lower, limits.upper, _DT)
        self._envelopes = Envelopes(limits)
        self._begun = False

    def observe(self, plant: PlantState) -> None:
        """Show it to the safety rules."""
        self._safety.observe(plant)

    def step(self, executed: Channels, target: Target, switching: bool) -> Channels:
        """As near to the target as the limits allow."""
        tracker = self._tracker
        if not self._begun:
            self._begun = True
            tracker.seed(executed.position, executed.velocity)
        pace = Pace.SWITCH if switching else Pace.MOVING
        envelope = self._envelopes.of((pace,) * len(GROUPS))
        bounds = self._safety.bounds(tracker.position, tracker.velocity, envelope)
        tracker.step(target, bounds, envelope)
        return Channels(tracker.position, tracker.velocity)


class NaiveArbiter:
    """Decides as rove's arbiter does and executes naively.

    Attributes:
        lease: The unseen arbiter's.
    """

    def __init__(
        self, inner: Arbiter, teleop: NaiveTeleop, robot: Robot, execution: Execution
    ) -> None:
        self.lease = inner.lease
        self._inner, self._teleop, self._execution = inner, teleop, execution
        self._legs = LegKinematics(robot)
        self._executed: Channels | None = None
        self._joints = np.zeros(0)

    def step(self, inputs: ArbiterInputs, now_ns: int) -> ArbiterOutput:
        """One control tick."""
        output = self._inner.step(inputs, now_ns)
        if inputs.plant is not None:
            self._execution.observe(inputs.plant)
        frame, command = output.frame, output.command
        self._teleop.shadow = frame
        if frame is None or command is None:
            return output
        before = self._executed or frame.executed
        target = self._target(frame, before)
        switching = bool(set(_SWITCHING).intersection(frame.phase))
        executed = self._execution.step(before, target, switching)
        legs, _ = self._legs.solve(executed.position[_BASE], executed.velocity[_BASE])
        joints = np.concatenate((legs, executed.position[NUM_BASE:]))
        velocity = (joints - self._joints) / _DT if self._executed else np.zeros(len(joints))
        self._executed, self._joints = executed, joints
        frame = replace(frame, executed=executed, joint_position=joints, joint_velocity=velocity)
        command = replace(
            command,
            position=joints,
            velocity=velocity if isinstance(self._execution, Limited) else self._rates(target),
            base=executed.position[_BASE],
            base_velocity=target.velocity[_BASE],
        )
        return replace(output, frame=frame, command=command)

    def _rates(self, target: Target) -> Array:
        """Joint velocities a source asks for, which is what such systems send."""
        return np.concatenate((np.zeros(NUM_LEG_JOINTS), target.velocity[NUM_BASE:]))

    def _target(self, frame: ControlFrame, executed: Channels) -> Target:
        """What the source in command wants; the one before goes on until the next one does."""
        position, velocity = executed.position.copy(), np.zeros(NUM_CHANNELS)
        led = np.zeros(NUM_CHANNELS, dtype=bool)
        for group, phase, authority in zip(GROUPS, frame.phase, frame.authority, strict=True):
            channels = GROUP_CHANNELS[group]
            waiting = authority is Authority.HOLD
            human = authority is Authority.HUMAN or (waiting and phase is Phase.TO_AUTO)
            policy = not human and (not waiting or phase is Phase.TO_HUMAN)
            if human and self._teleop.wanted is not None:
                position[channels] = self._teleop.wanted[channels]
                led[channels] = True
            elif policy and frame.policy_proposal is not None:
                position[channels] = frame.policy_proposal.position[channels]
                velocity[channels] = frame.policy_proposal.velocity[channels]
                led[channels] = True
        return Target(position, velocity, ~led)

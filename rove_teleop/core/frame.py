"""What a tick leaves behind: the command for the plant and the frame record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.judge import Judge
from rove_teleop.core.names import NUM_BASE, NUM_JOINTS
from rove_teleop.core.tags import FrameTags
from rove_teleop.core.types import (
    Channels,
    ControlFrame,
    JointCommand,
    JointProposal,
    SourceTimes,
)


@dataclass(frozen=True)
class TickResult:
    """What was decided in a tick.

    Attributes:
        executed: Channels (37,) that go to the plant.
        joints: The executed 43 joints.
        reason: Why the robot is in the phase it is in.
        operator_id: Who holds the lease.
        help: Who asks for a takeover and why.
        limits: Limits that were active.
        damping: Whether no position is to be followed.
    """

    tick: int
    now_ns: int
    executed: Channels
    joints: Channels
    reason: str
    operator_id: str
    help: str
    limits: tuple[str, ...]
    damping: bool


def make_command(result: TickResult, config: ArbiterConfig) -> JointCommand:
    """The command of a tick."""
    return JointCommand(
        seq=result.tick,
        session=config.session,
        writer_id=config.writer_id,
        t_ns=result.now_ns,
        valid_until_ns=result.now_ns + config.command_valid_ns,
        position=result.joints.position,
        velocity=result.joints.velocity,
        effort=np.zeros(NUM_JOINTS),
        base=result.executed.position[:NUM_BASE],
        base_velocity=result.executed.velocity[:NUM_BASE],
        damping=result.damping,
    )


def make_frame(
    result: TickResult,
    tags: FrameTags,
    judge: Judge,
    policy: Channels | None,
    applied: Mapping[str, SourceTimes],
    operator_lost_ns: int,
) -> ControlFrame:
    """The record of a tick.

    Args:
        result: What was decided.
        tags: Who is in command.
        judge: Has the newest inputs and their verdicts; the plant has been seen.
        policy: What the policy wants now, None when it has nothing to say.
        applied: By source, what was let in last.
        operator_lost_ns: Age at which a proposal says nothing any more.
    """
    plant, proposal = judge.plant, judge.proposal
    assert plant is not None  # there is no frame before the first one
    if proposal is not None and result.now_ns - proposal.t_receive_ns > operator_lost_ns:
        proposal = None
    return ControlFrame(
        tick=result.tick,
        t_ns=result.now_ns,
        **vars(tags),
        reason=result.reason,
        operator_id=result.operator_id,
        policy_proposal=policy,
        human_proposal=_wanted(proposal),
        executed=result.executed,
        joint_position=result.joints.position,
        joint_velocity=result.joints.velocity,
        measured_position=plant.position,
        measured_velocity=plant.velocity,
        operator=applied.get('operator', SourceTimes()),
        policy=applied.get('policy', SourceTimes()),
        plant=applied['plant'],
        verdicts=tuple(verdict.text for verdict in judge.verdicts.values()),
        limits=result.limits,
        alignment={} if proposal is None else proposal.alignment,
        help=result.help,
    )


def _wanted(proposal: JointProposal | None) -> Channels | None:
    """What the operator wants, as long as teleop is heard from."""
    return None if proposal is None else Channels(proposal.position, proposal.velocity)

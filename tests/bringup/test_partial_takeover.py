"""A part of the robot is taken while it carries something; the policy goes on with the rest."""

from __future__ import annotations

import numpy as np
import pytest

from rove_bringup.config import Episode, RunConfig
from rove_bringup.lockstep import LockstepRunner
from rove_bringup.report.switches import find_switches
from rove_bringup.sinks import EpisodeSink
from rove_teleop.assembly import make_robot
from rove_teleop.core.judge import channel_mask
from rove_teleop.core.names import GROUPS, Authority, Phase
from rove_teleop.core.tags import FrameTags, recompute_tags
from rove_teleop.core.types import ControlFrame
from rove_teleop.recording.check import find_problems
from tests.fakes.collector import Collector
from tests.fakes.partial_operator import PartialOperator, authority_of

PARTS = [('left_arm',), ('left_hand', 'right_hand'), ('torso',)]
ALLOWED = 0.1  # rad/s per tick


def run(groups: tuple[str, ...]) -> tuple[Collector, EpisodeSink, bool, str]:
    """One episode; its frames, its record, whether it succeeded and how the task stood."""
    robot = make_robot()
    runner = LockstepRunner(RunConfig(operator='none', timeout=15.0))
    runner.operator = PartialOperator(robot, groups)
    collector, sink = Collector(), EpisodeSink()
    result = runner.run(Episode('episode_0001', 1), [collector, sink])
    return collector, sink, result.outcome.success, result.final.progress


def slow(frame: ControlFrame, groups: tuple[str, ...]) -> bool:
    """Whether these groups are changing hands or in the operator's."""
    taken = [phase for group, phase in zip(GROUPS, frame.phase, strict=True) if group in groups]
    return frame.takeover_id > 0 and Phase.AUTO not in taken


@pytest.mark.parametrize('groups', PARTS, ids='+'.join)
def test_the_policy_carries_on_with_the_rest_and_nothing_is_dropped(
    groups: tuple[str, ...],
) -> None:
    robot = make_robot()
    collector, sink, success, progress = run(groups)
    rest = tuple(group for group in GROUPS if group not in groups)
    kinds = [event.kind for event in collector.events if event.groups]
    at = kinds.index('takeover')
    assert kinds[at:-1] == ['takeover', 'human', 'settled', 'release', 'blend', 'auto']
    assert {e.groups for e in collector.events if e.kind == 'takeover'} == {groups}
    taken = [f for f in collector.frames if authority_of(f, groups) == {Authority.HUMAN}]
    assert 1.0 < len(taken) * 0.005 < 2.0
    assert all(authority_of(frame, rest) == {Authority.POLICY} for frame in taken)
    assert all(frame.intervention and frame.robot_phase < Phase.HOLD for frame in taken)
    moved = np.ptp([frame.executed.position for frame in taken], axis=0)
    assert moved[channel_mask(('right_arm',))].max() > 0.1, 'the policy carries'
    assert success and progress == 'placed'
    episode = sink.build()
    assert find_problems(episode, robot.lower, robot.upper) == []
    switches = [switch for switch in find_switches(episode) if switch.kind != 'resume']
    assert [(switch.kind, switch.groups) for switch in switches] == [
        ('takeover', groups),
        ('release', groups),
    ]
    part = channel_mask(groups)
    switched = [frame.executed.velocity[part] for frame in collector.frames if slow(frame, groups)]
    assert np.abs(np.diff(switched, axis=0)).max() <= ALLOWED + 1e-9
    ticks = [frame.tick for frame in collector.frames]
    assert recompute_tags(collector.events, ticks) == [
        FrameTags.of(frame) for frame in collector.frames
    ]

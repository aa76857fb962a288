"""A hundred switches in motion, operator 30 cm and 60 degrees away: no joint is jolted."""

from __future__ import annotations

import numpy as np

from benchmarks.takeover.operator import SwitchingOperator
from rove_bringup.config import Episode, RunConfig
from rove_bringup.lockstep import LockstepRunner
from rove_bringup.report.switches import Switch, find_switches
from rove_bringup.sinks import EpisodeSink
from rove_teleop.assembly import make_robot
from rove_teleop.core.leash import LENGTH
from rove_teleop.core.names import GROUPS, HAND_JOINTS, NUM_JOINTS, NUM_LEG_JOINTS
from rove_teleop.recording.check import find_problems
from rove_teleop.recording.episode import Episode as Recorded

SWITCHES = 100
ALLOWED = 0.1  # rad/s per tick
ACCELERATION, JERK = 20.0, 1000.0  # rad/s², rad/s³ of every joint after a switch
LEASHED = slice(NUM_LEG_JOINTS, NUM_JOINTS - sum(map(len, HAND_JOINTS.values())))


def held_up(episode: Recorded, switch: Switch) -> bool:
    """Whether the world was holding an arm, which then brakes as hard as it may."""
    row = int(np.searchsorted(episode.tick, switch.tick))
    behind = np.abs(episode.joint_position - episode.measured_position)[row - 5 : row, LEASHED]
    return bool((behind > LENGTH).any())


def test_a_hundred_switches_change_no_joint_velocity_by_more_than_the_limit() -> None:
    robot = make_robot()
    runner = LockstepRunner(RunConfig(operator='none', timeout=40.0))
    switches, rough, seed = [], [], 0
    while len(switches) < SWITCHES:
        runner.operator = SwitchingOperator(robot, SWITCHES - len(switches))
        sink = EpisodeSink()
        runner.run(Episode(f'episode_{seed:04d}', seed), [sink])
        episode = sink.build()
        assert sink.faults == set()
        assert find_problems(episode, robot.lower, robot.upper) == []
        found = [switch for switch in find_switches(episode) if switch.kind != 'resume']
        assert found, 'an episode without a switch'
        assert all(switch.groups == GROUPS for switch in found if switch.kind == 'takeover')
        switches += found
        jolts = [switch for switch in found if switch.jerk > JERK * (1 + 1e-6)]
        rough += [switch for switch in jolts if not held_up(episode, switch)]
        seed += 1
    kinds = {
        kind: sum(switch.kind == kind for switch in switches) for kind in ('takeover', 'release')
    }
    worst = max(switches, key=lambda switch: switch.velocity_step)
    assert min(kinds.values()) > SWITCHES // 3, kinds
    assert worst.velocity_step <= ALLOWED + 1e-9, worst
    assert max(switch.acceleration for switch in switches) <= ACCELERATION
    assert not rough
    assert np.isfinite([switch.velocity_step for switch in switches]).all()

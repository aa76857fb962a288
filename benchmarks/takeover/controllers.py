"""The controllers that are compared, as runners of the same episodes."""

from __future__ import annotations

from benchmarks.takeover.naive import Direct, Limited, NaiveArbiter, NaiveTeleop
from rove_bringup.config import Episode, RunConfig
from rove_bringup.lockstep import Arbitration, Following, LockstepRunner
from rove_policy.scripted import ScriptedPolicy
from rove_teleop.assembly import make_arbiter, make_teleop

CONTROLLERS = ('rove', 'naive', 'naive-limited')


class TakeoverRunner(LockstepRunner):
    """Runs episodes in which the policy itself never fails."""

    def __init__(self, config: RunConfig, controller: str) -> None:
        """Run with one of ``CONTROLLERS``."""
        super().__init__(config)
        self._controller = controller
        self.policy = ScriptedPolicy(fail_probability=0.0)

    def make_control(self, episode: Episode) -> tuple[Following, Arbitration]:
        """Teleoperation and arbiter of the controller."""
        if self._controller == 'rove':
            return super().make_control(episode)
        robot = self.robot
        teleop = NaiveTeleop(make_teleop(robot), robot)
        arbiter = make_arbiter(f'naive-{episode.name}', 'arbiter', robot)
        execution = Limited(robot) if self._controller == 'naive-limited' else Direct()
        return teleop, NaiveArbiter(arbiter, teleop, robot, execution)

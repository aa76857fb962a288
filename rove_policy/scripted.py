"""A policy made of rules for pick-and-place, which fails in ways a real one does."""

from __future__ import annotations

import numpy as np

from rove_policy.mishap import Mishap, draw_mishap
from rove_policy.policy import CHUNK_DT, CHUNK_HORIZON
from rove_policy.types import Observation
from rove_teleop.core.kinematics import Kinematics, WholeBodyIK
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import GROUPS
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import ActionChunk
from rove_teleop.share import share

_ATTEMPTS = 3
_OFF_PLAN = 0.04  # farther than this from the plan, somebody else moved the robot [m]
_PUSHED = 0.015  # a cube that moved more than this before the grasp is aimed at anew [m]
_PATIENCE = 0.4  # after a plan's end until the next one [s]


class ScriptedPolicy:
    """Plans with ``tasks.skill`` from where everything is, and plays the plan in chunks.

    It looks again whenever the robot is not where its plan has it, so it can go on from any
    state in which a human leaves it. It reads ``Observation.objects``, which is the ground
    truth of the simulation: it cannot leave the twin.

    Args:
        fail_probability: Share of the episodes in which something goes wrong.
        mishap: Force one of ``mishap.MISHAPS`` instead of drawing it; empty draws.
    """

    policy_id = 'scripted'

    def __init__(self, fail_probability: float = 0.6, mishap: str = '') -> None:
        self._probability, self._forced = fail_probability, mishap
        draw_mishap(0, fail_probability, mishap)
        robot = Robot.from_urdf(share('urdf/g1_dex3.urdf'))
        self._legs = LegKinematics(robot)
        self._kinematics = Kinematics(robot, self._legs)
        self._ik = WholeBodyIK(robot, self._legs)
        self.reset(0, '')

    def reset(self, seed: int, task: str) -> None:
        """Draw the mishap of a new episode."""
        self._mishap = draw_mishap(seed, self._probability, self._forced)
        self._fresh = True
        self._begin_again()

    def infer(self, observation: Observation) -> ActionChunk:
        """Go on with the plan, or make a new one where it no longer fits.

        Raises:
            PolicyError: The observation has no ``cube`` or no ``goal``.
        """
        scene = self._look(observation)
        if observation.resumed and not self._fresh:
            self._mishap = Mishap()
            self._begin_again()
        self._fresh = False
        t = self._time(observation)
        if self._needs_plan(scene, t):
            self._plan(scene, observation)
            t = 0.0
        assert self._rollout is not None
        times = t + CHUNK_DT * np.arange(round(CHUNK_HORIZON / CHUNK_DT) + 1)
        return ActionChunk(
            seq=observation.seq,
            policy_id=self.policy_id,
            t_observation_ns=observation.t_ns,
            t0_ns=observation.t_ns,
            dt=CHUNK_DT,
            position=self._play(times),
            groups=GROUPS,
            success=1.0 if scene.placed else 0.0,
            help=self._help(scene, t),
        )

    def _begin_again(self) -> None:
        self._attempts = 0
        self._given_up = False
        self._rollout: Rollout | None = None

    def _look(self, observation: Observation) -> Scene:
        """Where things are; the palm where it was told to be."""
        try:
            cube, goal = observation.objects['cube'], observation.objects['goal']
        except KeyError as missing:
            known = ', '.join(observation.objects) or 'none'
            raise PolicyError(f'the scripted policy needs object {missing}; got {known}') from None
        base = self._legs.base_of(observation.joint_position[:NUM_LEG_JOINTS])
        self._T_world_stance = se3_from_pose(observation.base_pose) * se3_from_base(base).inverse()
        palm = self._T_world_stance * self._kinematics.palms(observation.executed)['right']
        grip = grip_of('right', observation.executed[_RIGHT_HAND])
        return Scene(palm, grip, cube, goal)

    def _plan(self, scene: Scene, observation: Observation) -> None:
        way = [] if self._given_up else go_on(scene, self._mishap.aim)
        self._trajectory = Trajectory(scene.palm, scene.grip, way)
        self._rollout = Rollout(
            self._ik, observation.executed, self._trajectory, self._T_world_stance
        )
        self._start_ns = observation.t_ns
        self._planned = scene
        span = self._trajectory.span(self._mishap.during)
        self._mishap_at = span[0] + self._mishap.share * (span[1] - span[0])

    def _needs_plan(self, scene: Scene, t: float) -> bool:
        """Whether the plan no longer fits what is seen; counts the attempts."""
        if self._rollout is None:
            return True
        if np.linalg.norm(scene.palm.translation - self._target(t).palm.translation) > _OFF_PLAN:
            return True
        if t > self._mishap_at or self._given_up:
            return False
        ...

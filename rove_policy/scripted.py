"""A policy made of rules for pick-and-place, which fails in ways a real one does."""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin

from rove_policy.mishap import Mishap, draw_mishap
from rove_policy.plan import Plan
from rove_policy.policy import CHUNK_DT, CHUNK_HORIZON
from rove_policy.types import Observation
from rove_teleop.core.geometry import se3_from_base, se3_from_pose
from rove_teleop.core.kinematics import Kinematics, WholeBodyIK
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import GROUP_CHANNELS, GROUPS, NUM_LEG_JOINTS
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import ActionChunk
from rove_teleop.errors import PolicyError
from rove_teleop.share import share
from rove_teleop.tasks.grip import grip_of
from rove_teleop.tasks.skill import Scene, go_on

_ATTEMPTS = 2
_OFF_PLAN = 0.04  # farther than this from the plan, somebody else has moved the robot [m]
_PUSHED = 0.015  # a cube that moved farther than this before the grasp is aimed at anew [m]
_PATIENCE = 0.5  # from the end of a plan to the next one [s]
_ROWS = round(CHUNK_HORIZON / CHUNK_DT) + 1


class ScriptedPolicy:
    """Plans with ``tasks.skill`` from where everything is, and plays the plan in chunks.

    It plans anew whenever the plan no longer fits what it sees, so it goes on from any state
    in which a human leaves the robot; its mishap does not survive a human's help. It reads
    ``Observation.objects``, the ground truth of the simulation: it cannot leave the twin.

    Args:
        fail_probability: Share of the episodes in which something goes wrong.
        mishap: Force one of ``mishap.MISHAPS`` instead of drawing it; empty draws.

    Raises:
        ConfigError: ``mishap`` is unknown or ``fail_probability`` is not one.
    """

    policy_id = 'scripted'

    def __init__(self, fail_probability: float = 0.6, mishap: str = '') -> None:
        self._drawing = fail_probability, mishap
        self._robot = Robot.from_urdf(share('urdf/g1_dex3.urdf'))
        self._plan: Plan | None = None
        self._start_ns = 0
        self.reset(0, '')

    def reset(self, seed: int, task: str) -> None:
        """Draw the mishap of a new episode; solvers begin anew, so equal seeds act equally."""
        self._legs = LegKinematics(self._robot)
        self._kinematics = Kinematics(self._robot, self._legs)
        self._ik = WholeBodyIK(self._robot, self._legs)
        self._mishap = draw_mishap(seed, *self._drawing)
        self._fresh = True
        self._begin_again()

    def infer(self, observation: Observation) -> ActionChunk:
        """Go on with the plan, or with a new one where it no longer fits.

        Raises:
            PolicyError: The observation has no ``cube`` or no ``goal``.
        """
        if observation.resumed and not self._fresh:
            self._mishap = Mishap()
            self._begin_again()
        self._fresh = False
        scene, T_world_stance = self._look(observation)
        t = (observation.t_ns - self._start_ns) * 1e-9
        if self._plan is None or self._is_outdated(self._plan, scene, t):
            way = [] if self._attempts >= _ATTEMPTS else go_on(scene, self._mishap.aim)
            executed = observation.executed
            self._plan = Plan(scene, way, self._mishap, self._ik, executed, T_world_stance)
            self._start_ns, t = observation.t_ns, 0.0
        return ActionChunk(
            seq=observation.seq,
            policy_id=self.policy_id,
            t_observation_ns=observation.t_ns,
            t0_ns=observation.t_ns,
            dt=CHUNK_DT,
            position=self._plan.channels(t + CHUNK_DT * np.arange(_ROWS)),
            groups=GROUPS,
            success=self._success(self._plan, scene, t),
            help=self._help(self._plan, t),
        )

    def _begin_again(self) -> None:
        self._attempts = 0
        self._plan = None

    def _look(self, observation: Observation) -> tuple[Scene, pin.SE3]:
        """The scene with the palm where it was told to be, and T_world_stance."""
        try:
            cube, goal = observation.objects['cube'], observation.objects['goal']
        except KeyError as missing:
            seen = ', '.join(observation.objects) or 'none'
            raise PolicyError(
                f'objects lack {missing}, which this task needs; got {seen}'
            ) from None
        base = self._legs.base_of(observation.joint_position[:NUM_LEG_JOINTS])
        T_world_stance = se3_from_pose(observation.base_pose) * se3_from_base(base).inverse()
        palm = T_world_stance * self._kinematics.palms(observation.executed)['right']
        grip = grip_of('right', observation.executed[GROUP_CHANNELS['right_hand']])
        return Scene(palm, grip, cube, goal), T_world_stance

    def _is_outdated(self, plan: Plan, scene: Scene, t: float) -> bool:
        """Whether the plan no longer fits what is seen; counts failed attempts."""
        off_plan = plan.palm(t).translation - scene.palm.translation
        if np.linalg.norm(off_plan) > _OFF_PLAN:
            return True
        if t > plan.mishap_at or self._attempts >= _ATTEMPTS:
            return False
        way, held = plan.trajectory, plan.scene.in_hand
        if t < way.span('descend')[0] < math.inf:
            return bool(np.linalg.norm(scene.cube[:3] - plan.scene.cube[:3]) > _PUSHED)
        carrying = (0.0 if held else way.span('lift')[1]) < t < way.span('lower')[1]
        lost = carrying and not scene.in_hand
        unplaced = t > way.duration + _PATIENCE and not scene.placed
        self._attempts += lost or unplaced
        first_look_at_the_grasp = carrying and not held
        return lost or unplaced or first_look_at_the_grasp

    def _success(self, plan: Plan, scene: Scene, t: float) -> float:
        """Believed success: a policy that dropped the cube did not notice."""
        blind = self._mishap.kind == 'drop' and t > plan.mishap_at
        done = t > plan.trajectory.duration if blind else scene.placed
        return 1.0 if done else 0.0

    def _help(self, plan: Plan, t: float) -> float:
        stalled = self._mishap.kind == 'stall' and t > plan.mishap_at + 1.0
        return 1.0 if stalled or self._attempts >= _ATTEMPTS else self._attempts / _ATTEMPTS

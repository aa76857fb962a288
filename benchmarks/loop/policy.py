"""A policy that swings the arms for ever, so that every takeover meets a robot in motion."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from benchmarks.takeover.reach import ArmReach
from rove_policy.policy import CHUNK_DT, CHUNK_HORIZON
from rove_policy.types import Observation
from rove_teleop.assembly import make_robot
from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import CHANNELS, GROUPS, NUM_LEG_JOINTS
from rove_teleop.core.types import ActionChunk, Array

_ROWS = round(CHUNK_HORIZON / CHUNK_DT) + 1
_PALM = {  # m, in the middle of the swing and clear of the table
    'left': np.array([0.2, 0.22, 1.05]),
    'right': np.array([0.2, -0.22, 1.05]),
}
_SWING = {  # rad, Hz
    'shoulder_pitch': (0.25, 0.31),
    'shoulder_yaw': (0.15, 0.43),
    'elbow': (0.2, 0.37),
    'wrist_roll': (0.3, 0.53),
    'waist_yaw': (0.1, 0.23),
}


class SwingingPolicy:
    """Answers at once; what it proposes depends on the time only."""

    policy_id = 'swinging'

    def __init__(self) -> None:
        robot = make_robot()
        legs = LegKinematics(robot)
        standing = np.concatenate((legs.nominal_base, robot.nominal[NUM_LEG_JOINTS:]))
        palms = Kinematics(robot, legs).palms(standing)
        raised = {side: pin.SE3(palm.rotation, _PALM[side]) for side, palm in palms.items()}
        self._home = ArmReach(robot).solve(standing, raised)
        self._amplitude, self._rate = np.zeros(len(CHANNELS)), np.zeros(len(CHANNELS))
        for channel, name in enumerate(CHANNELS):
            for word, (amplitude, frequency) in _SWING.items():
                if word in name:
                    self._amplitude[channel] = amplitude
                    self._rate[channel] = 2.0 * np.pi * frequency

    def reset(self, seed: int, task: str) -> None:
        """Nothing to forget."""

    def infer(self, observation: Observation) -> ActionChunk:
        """Go on swinging."""
        return ActionChunk(
            seq=observation.seq,
            policy_id=self.policy_id,
            t_observation_ns=observation.t_ns,
            t0_ns=observation.t_ns,
            dt=CHUNK_DT,
            position=self._path(observation.t_ns * 1e-9),
            groups=GROUPS,
        )

    def _path(self, start: float) -> Array:
        t = start + CHUNK_DT * np.arange(_ROWS)[:, None]
        return self._home + self._amplitude * np.sin(self._rate * t)

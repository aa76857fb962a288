"""A policy that swings the arms for ever, so that every takeover meets a robot in motion."""

from __future__ import annotations

import numpy as np

from rove_policy.policy import CHUNK_DT, CHUNK_HORIZON
from rove_policy.types import Observation
from rove_teleop.assembly import make_robot
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import CHANNELS, GROUPS, NUM_LEG_JOINTS
from rove_teleop.core.types import ActionChunk, Array

_ROWS = round(CHUNK_HORIZON / CHUNK_DT) + 1
_HOME = {  # rad and the sign on the right side; the rest is nominal
    'shoulder_pitch': (-0.5, 1.0),
    'shoulder_roll': (0.35, -1.0),
    'elbow': (0.1, 1.0),
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
        self._home = np.concatenate((legs.nominal_base, robot.nominal[NUM_LEG_JOINTS:]))
        self._amplitude, self._rate = np.zeros(len(CHANNELS)), np.zeros(len(CHANNELS))
        for channel, name in enumerate(CHANNELS):
            for word, (angle, mirrored) in _HOME.items():
                if word in name:
                    self._home[channel] = angle * (mirrored if 'right' in name else 1.0)
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

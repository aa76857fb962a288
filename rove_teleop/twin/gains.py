"""What the robot's motors are like: gains, armature and passive friction by joint name.

Gains are the ones a public teleoperation stack runs on the real robot (xr_teleoperate: strong
joints 300/3, weak ones 80/3, wrists 40/1.5, fingers 1.5/0.2). Armature is the reflected rotor
inertia of the motor class, gear ratio squared; the fingers' is a guess, as is the friction.
"""

from __future__ import annotations

from dataclasses import dataclass

from rove_teleop.core.names import JOINTS


@dataclass(frozen=True)
class Motor:
    """One motor as the twin simulates it.

    Attributes:
        kp, kd: Position gain [N·m/rad] and velocity gain [N·m·s/rad].
        armature: Reflected rotor inertia [kg·m²].
        damping: Passive viscous friction [N·m·s/rad].
        friction: Passive dry friction [N·m].
    """

    kp: float
    kd: float
    armature: float
    damping: float = 0.05
    friction: float = 0.2


_HIP = Motor(300.0, 3.0, 0.0251)
_YAW = Motor(300.0, 3.0, 0.0102)
_ANKLE = Motor(80.0, 3.0, 0.0072)
_WAIST = Motor(300.0, 3.0, 0.0072)
_ARM = Motor(80.0, 3.0, 0.0036)
_FOREARM = Motor(40.0, 1.5, 0.0036)
_WRIST = Motor(40.0, 1.5, 0.00425, friction=0.1)
_FINGER = Motor(1.5, 0.2, 5e-4, damping=0.005, friction=0.02)

_BY_WORD = {
    'hip_pitch': _HIP,
    'hip_roll': _HIP,
    'hip_yaw': _YAW,
    'knee': _HIP,
    'ankle': _ANKLE,
    'waist_yaw': _YAW,
    'waist': _WAIST,
    'shoulder': _ARM,
    'elbow': _ARM,
    'wrist_roll': _FOREARM,
    'wrist': _WRIST,
    'hand': _FINGER,
}


def _motor(joint: str) -> Motor:
    return next(motor for word, motor in _BY_WORD.items() if word in joint)


MOTORS = {joint: _motor(joint) for joint in JOINTS}
"""The motor of each of the 43 joints."""

"""The robot as data: a pinocchio model of the URDF, limits and index maps in model order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pinocchio as pin

from rove_teleop.core.names import ARM_JOINTS, JOINTS, SIDES
from rove_teleop.core.types import Array
from rove_teleop.errors import ModelError

ANKLE_TO_SOLE = 0.0354
"""Height of the ankle_roll frame above the sole [m]."""

FOOT_FRAMES = {side: f'{side}_ankle_roll_link' for side in SIDES}
WRIST_FRAMES = {side: f'{side}_wrist_yaw_link' for side in SIDES}
PALM_LINK = 'hand_palm_link'
PALM_FRAMES = {side: f'{side}_{PALM_LINK}' for side in SIDES}
TORSO_FRAME = 'torso_link'

_NOMINAL = {
    **{f'{side}_hip_pitch_joint': -0.2 for side in SIDES},
    **{f'{side}_knee_joint': 0.4 for side in SIDES},
    **{f'{side}_ankle_pitch_joint': -0.2 for side in SIDES},
    **{name: value for side, sign in (('left', 1.0), ('right', -1.0)) for name, value in zip(
        ARM_JOINTS[side], (0.2, 0.2 * sign, 0.0, 0.6, 0.0, 0.0, 0.0), strict=True)},
}  # fmt: skip


@dataclass(frozen=True)
class Robot:
    """Kinematic facts of one robot, joints in model order.

    Attributes:
        model: pinocchio model with a free-flyer root; its own joint order differs from ours.
        lower, upper: Position limits [rad], shape (43,).
        velocity, effort: Limits of the description [rad/s, N·m], shape (43,).
        idx_q, idx_v: Where each joint sits in pinocchio's q and v, shape (43,).
        nominal: The standing pose [rad], shape (43,).
    """

    name: str
    model: pin.Model
    lower: Array
    upper: Array
    velocity: Array
    effort: Array
    idx_q: Array
    idx_v: Array
    nominal: Array

    @classmethod
    def from_urdf(cls, path: Path | str) -> Robot:
        """Load a robot description.

        Args:
            path: URDF file.

        Raises:
            ModelError: The file is missing, not a URDF, or lacks joints of the model order.
        """
        path = Path(path)
        if not path.is_file():
            raise ModelError(f'robot description {path} does not exist')
        try:
            model = pin.buildModelFromUrdf(str(path), pin.JointModelFreeFlyer())
        except (ValueError, RuntimeError) as error:
            raise ModelError(f'{path} is not a readable URDF: {error}') from error
        missing = [name for name in JOINTS if not model.existJointName(name)]
        if missing:
            raise ModelError(f'{path} lacks the joints {", ".join(missing)}')
        frames = [*FOOT_FRAMES.values(), *PALM_FRAMES.values(), TORSO_FRAME]
        missing = [name for name in frames if not model.existFrame(name)]
        if missing:
            raise ModelError(f'{path} lacks the links {", ".join(missing)}')
        joints = [model.joints[model.getJointId(name)] for name in JOINTS]
        idx_q = np.array([joint.idx_q for joint in joints])
        idx_v = np.array([joint.idx_v for joint in joints])
        return cls(
            name=model.name,
            model=model,
            lower=model.lowerPositionLimit[idx_q],
            upper=model.upperPositionLimit[idx_q],
            velocity=model.velocityLimit[idx_v],
            effort=model.effortLimit[idx_v],
            idx_q=idx_q,
            idx_v=idx_v,
            nominal=np.array([_NOMINAL.get(name, 0.0) for name in JOINTS]),
        )

    def configuration(self, position: Array, base_pose: Array | None = None) -> Array:
        """The q (50,) of pinocchio from joints (43,) and a pelvis pose (7,), identity if None."""
        q = np.empty(self.model.nq)
        q[:7] = (0, 0, 0, 0, 0, 0, 1) if base_pose is None else base_pose
        q[self.idx_q] = position
        return q

    def joint_position(self, q: Array) -> Array:
        """The 43 joints in model order from pinocchio's q (50,)."""
        return q[self.idx_q]

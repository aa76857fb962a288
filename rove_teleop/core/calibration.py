"""The proportions of one operator, measured once from a minute of his own motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np
import pinocchio as pin

from rove_teleop.core.geometry import se3_from_pose
from rove_teleop.core.names import ARM_JOINTS, SIDES
from rove_teleop.core.operator_frame import facing
from rove_teleop.core.pose import pose_fault
from rove_teleop.core.robot import PALM_FRAMES, Robot
from rove_teleop.core.types import Array, OperatorState
from rove_teleop.errors import ConfigError, InvalidInput

ARM_LENGTHS = (0.35, 0.80)
"""Shortest and longest arm that is believed, shoulder to wrist [m]."""
ARM_LENGTH = 0.55
"""Of a person of average height [m]."""
NECK = (-0.08, 0.0, -0.08)
"""Pivot of the neck in the axes of the head pose when nothing else is known [m]."""
NECK_REACH = 0.15
"""How far a measured pivot may be from that, along each axis [m]."""
SHOULDER = (0.0, 0.175, -0.14)
"""The left shoulder of most people from the pivot of the neck, facing forward [m]."""

_SAMPLES = 100  # fewest that say anything
_USED = 1000  # as many of them, evenly spread, are computed with
_WEIGHT = 50.0  # all samples together weigh as much as so many independent ones
_NECK_SIGMA = 0.05  # m, how well the pivot is known beforehand
_NECK_NOISE = 0.01  # m
_SHOULDER_SIGMA = 0.05  # m
_LENGTH_SIGMA = 0.10  # m
_STRETCH_NOISE = 0.02  # m by which the distance of a stretched arm varies
_SWAY = 0.10  # m
_SWING = math.radians(60.0)
_STRETCHED = 0.04, 0.7  # m from the common length, and the share of samples nearer than that
_SIDES_DIFFER = 0.06  # m


@dataclass(frozen=True)
class Calibration:
    """What has to be known of an operator's body.

    Attributes:
        operator: Whose it is.
        arm_length: From shoulder to wrist with the arm stretched [m].
        neck: The point about which the head turns, in the axes of the head pose [m].

    Raises:
        ConfigError: A number is none that a person can have.
    """

    operator: str = ''
    arm_length: float = ARM_LENGTH
    neck: tuple[float, float, float] = NECK

    def __post_init__(self) -> None:
        """Refuse what is no person's."""
        low, high = ARM_LENGTHS
        if not low <= self.arm_length <= high:
            raise ConfigError(
                f'arm_length is {self.arm_length:.3g} m; expected {low:.2f} to {high:.2f}, '
                'shoulder to wrist'
            )
        for axis, value, usual in zip('xyz', self.neck, NECK, strict=True):
            if not abs(value - usual) <= NECK_REACH:
                raise ConfigError(
                    f'neck is {value:.3g} m in {axis} from the head pose; expected '
                    f'{usual - NECK_REACH:.2f} to {usual + NECK_REACH:.2f}'
                )

    def scale(self, reach: float) -> float:
        """Metres of palm per metre of wrist for a robot of this reach [m]."""
        return reach / self.arm_length


def arm_reach(robot: Robot) -> float:
    """Greatest distance of a palm from its shoulder over all bends of the elbow [m]."""
    side = SIDES[0]
    data = robot.model.createData()
    joints = ARM_JOINTS[side]
    shoulder, elbow = (robot.model.getJointId(joints[k]) for k in (1, 3))
    palm = robot.model.getFrameId(PALM_FRAMES[side])
    q = robot.configuration(np.zeros(len(robot.nominal)))
    reach, index = 0.0, robot.model.joints[elbow].idx_q
    low, high = robot.model.lowerPositionLimit[index], robot.model.upperPositionLimit[index]
    for q[index] in np.linspace(low, high, 200):
        pin.forwardKinematics(robot.model, data, q)
        T = pin.updateFramePlacement(robot.model, data, palm)
        away = T.translation - data.oMi[shoulder].translation
        reach = max(reach, float(np.linalg.norm(away)))
    return reach


def calibrate(operator: str, samples: Sequence[OperatorState]) -> Calibration:
    """Measure an operator who stands still, looks about, and swings both stretched arms.

    The pivot of the neck is the point that stays in place while the head turns. Each shoulder is
    the centre of the sphere on which the wrist moves, and its radius is the length of the arm,
    so any mixture of hanging arms, a T-pose and arms held out will do. Both are least squares
    with what people usually measure as a prior; bent arms weigh little.

    Args:
        operator: Whose samples they are.
        samples: At least 100 with head and both wrists.

    Raises:
        InvalidInput: The samples do not tell; the message says what to do.
        ConfigError: They tell what no person is like.
    """
    head, wrists = _usable(samples)
    turns = np.array([se3_from_pose(pose).rotation for pose in head])
    neck = _neck(turns, head[:, :3])
    origin = head[:, :3] + turns @ neck
    sway = float(np.sqrt(((origin - np.median(origin, axis=0)) ** 2).sum(-1).mean()))
    if sway > _SWAY:
        raise InvalidInput(
            f'the neck moved by {sway:.2f} m, expected at most {_SWAY:.2f}: stand in one place'
        )
    yaws = np.array([facing(turn) for turn in turns])
    yaw = math.atan2(float(np.sin(yaws).mean()), float(np.cos(yaws).mean()))
    back = pin.rpy.rpyToMatrix(0.0, 0.0, -yaw)
    lengths = {s: _arm_length(s, (wrists[s] - origin) @ back.T) for s in SIDES}
    left, right = (lengths[side] for side in SIDES)
    if abs(left - right) > _SIDES_DIFFER:
        raise InvalidInput(
            f'the left arm came out as {left:.2f} m and the right one as {right:.2f} m, expected '
            f'a difference of at most {_SIDES_DIFFER:.2f}: swing both, stretched'
        )
    x, y, z = np.round(neck, 4).tolist()
    return Calibration(operator, round((left + right) / 2.0, 4), (x, y, z))


def _usable(samples: Sequence[OperatorState]) -> tuple[Array, dict[str, Array]]:
    """Head poses (n, 7) and wrist positions (n, 3) by side of samples that have all three."""
    rows = []
    for sample in samples:
        poses = (sample.head, sample.left_wrist, sample.right_wrist)
        if all(pose is not None and not pose_fault(pose) for pose in poses):
            rows.append(np.array(poses, dtype=float))
    if len(rows) < _SAMPLES:
        raise InvalidInput(
            f'{len(rows)} of {len(samples)} samples show head and both wrists, '
            f'expected at least {_SAMPLES}'
        )
    table = np.array(rows[:: max(len(rows) // _USED, 1)])
    wrists = {side: table[:, k, :3] for k, side in enumerate(SIDES, start=1)}
    return table[:, 0], wrists


def _neck(turns: Array, positions: Array) -> Array:
    """Pivot (3,) c in the head's axes that makes ``x + R c`` the same point in every sample."""
    prior = np.asarray(NECK)
    loose = turns - turns.mean(axis=0)
    gaps = positions - positions.mean(axis=0) + loose @ prior
    weight = _WEIGHT / len(turns) / _NECK_NOISE**2
    H = weight * np.einsum('nki,nkj->ij', loose, loose) + np.eye(3) / _NECK_SIGMA**2
    g = weight * np.einsum('nki,nk->i', loose, gaps)
    return prior - np.linalg.solve(H, g)


def _arm_length(side: str, points: Array) -> float:
    """Radius [m] of the sphere about the shoulder on which a wrist's points (n, 3) lie."""
    prior = np.array(SHOULDER) * (1.0, 1.0 if side == 'left' else -1.0, 1.0)
    trust = np.diag(np.repeat((_SHOULDER_SIGMA, _LENGTH_SIGMA), (3, 1)) ** -2.0)
    start = np.append(prior, ARM_LENGTH)
    guess = start.copy()
    for _ in range(50):
        away = points - guess[:3]
        far = np.maximum(np.linalg.norm(away, axis=1), 1e-6)
        error = far - guess[3]
        J = np.column_stack((-away / far[:, None], -np.ones(len(far))))
        weight = _WEIGHT / len(far) / (_STRETCH_NOISE**2 + error**2)  # Cauchy's
        H = (J * weight[:, None]).T @ J + trust
        step = np.linalg.solve(H, (J * weight[:, None]).T @ error + trust @ (guess - start))
        guess -= step
        if np.abs(step).max() < 1e-5:
            break
    _check_swing(side, away / far[:, None], error)
    return float(guess[3])


def _check_swing(side: str, directions: Array, error: Array) -> None:
    """Refuse a swing that was too short, or made with a bent arm."""
    mean = directions.mean(axis=0)
    mean /= max(float(np.linalg.norm(mean)), 1e-6)
    away = np.arccos(np.clip(directions @ mean, -1.0, 1.0))
    swing = 2.0 * float(np.percentile(away, 95))
    if swing < _SWING:
        raise InvalidInput(
            f'the {side} arm swung by {math.degrees(swing):.0f} deg, expected at least '
            f'{math.degrees(_SWING):.0f}: from hanging to the side and to the front'
        )
    near, wanted = _STRETCHED
    share = float((np.abs(error) < near).mean())
    if share < wanted:
        raise InvalidInput(
            f'the {side} arm was stretched in {share:.0%} of the samples, expected at least '
            f'{wanted:.0%}: keep the elbow straight'
        )

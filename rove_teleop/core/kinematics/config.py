"""Weights, gains and limits of the whole-body inverse kinematics."""

from __future__ import annotations

from dataclasses import dataclass
import math

from rove_teleop.core.planes import Plane
from rove_teleop.core.robot import PALM_LINK
from rove_teleop.errors import ConfigError

_SIGNED = ('com_x', 'com_y', 'pressure_x', 'pressure_y', 'base_lower', 'base_upper', 'palm_offset')
_FINITE = (
    'palm_offset',
    'palm_position',
    'palm_rotation',
    'palm_gain',
    'com',
    'com_gain',
    'com_squat',
    'damping',
    'settling',
    'collision_distance',
    'collision_horizon',
    'hand_length',
    'plane_radius',
)
_POSITIVE = ('palm_position', 'palm_rotation', 'palm_yield')


@dataclass(frozen=True)
class IkConfig:
    """What the solver trades against what.

    A weight multiplies a velocity residual, so 5 per m/s on the palms against 0.2 per rad/s on
    the arms means that the palms win unless the arm would have to move 25 times as fast.
    A gain turns an error into a velocity [1/s] and is never faster than one tick. A limit that
    is infinite is not there, and what has a weight of zero costs no time.
    """

    palm_link: str = PALM_LINK  # behind 'left_' and 'right_'
    palm_offset: tuple[float, ...] = (0.0, 0.0, 0.0)  # m, in the axes of that link
    palm_position: float = 5.0  # weight per m/s
    palm_rotation: float = 1.5  # weight per rad/s
    palm_yield: float = 0.015  # m; that far from its target a palm cares half for its angle
    palm_gain: float = 80.0  # 1/s
    palm_speed: float = 4.5  # m/s, fastest approach of a far target
    palm_turn: float = 6.0  # rad/s
    palm_braking: tuple[float, float] = (60.0, 180.0)  # m/s², rad/s², of that approach
    com: float = 10.0  # weight per m/s
    com_gain: float = 2.0
    pelvis_upright: float = 1.8  # weight per rad/s
    pelvis_upright_gain: float = 1.5
    torso_upright: float = 0.3
    torso_upright_gain: float = 2.0
    torso_gain: float = 30.0  # when a torso orientation is asked for
    torso_position: float = 0.0  # weight per m/s that keeps the torso where it stood
    pelvis_height: float = 1.34  # weight per m/s
    pelvis_height_gain: float = 1.0
    posture_base: float = 3.1  # weight per m/s and rad/s; no posture to return to
    posture_legs: float = 0.0
    posture_waist: float = 1.0  # weight per rad/s
    posture_arms: float = 0.19
    posture_gain: float = 2.0
    regularisation: float = 1e-6  # times the squared rates
    damping: float = 0.4  # Levenberg-Marquardt, times the squared weighted palm error
    damping_error: float = 0.3  # m, larger errors damp no more
    emergency: float = 1.4  # times the accelerations, where nothing less avoids a collision

    velocity_legs: float = 2.0  # rad/s
    velocity_waist: float = 2.0
    velocity_arms: float = 6.0
    acceleration_legs: float = 5.0  # rad/s², no more than the base can give
    acceleration_waist: float = 10.0
    acceleration_arms: float = 100.0
    base_lower: tuple[float, ...] = (-0.13, -0.09, 0.45, -0.2, -0.2, -0.45)  # m, rad
    base_upper: tuple[float, ...] = (0.13, 0.09, 0.8, 0.2, 0.75, 0.45)
    base_velocity: tuple[float, float] = (0.25, 0.5)  # m/s, rad/s
    base_acceleration: tuple[float, float] = (1.0, 2.0)  # m/s², rad/s²
    knee_minimum: float = 0.27  # rad; straighter legs cannot carry the base reference
    margin: float = 0.01  # rad kept to the position limits of waist and arms
    leg_margin: float = 0.05  # rad; whoever tracks the base passes through other poses

    com_x: tuple[float, float] = (-0.03, 0.112)  # m, stance frame
    com_y: tuple[float, float] = (-0.07, 0.07)
    com_squat: float = 0.05  # m less to the front per m that the pelvis is lower
    pressure_x: tuple[float, float] = (-0.05, 0.125)  # m, where the weight may rest
    pressure_y: tuple[float, float] = (-0.13, 0.13)
    settling: float = 4.0  # s, time constant with which a start's pose gives way to the nominal
    collision_distance: float = 0.02  # m, kept between capsules
    collision_horizon: float = 0.15  # m, pairs farther apart get no row
    collision_acceleration: float = 20.0  # m/s², braking in front of an obstacle
    collision_push: float = 10.0  # 1/s, how fast limbs part that are nearer
    collision_rows: int = 24  # nearest pairs that get a row; 0 turns self-collision off
    hand_length: float = 0.17  # m, from the wrist to the end of the hand's capsule
    workspace: tuple[Plane, ...] = ()  # that the hands never cross, such as a table's top
    plane_radius: float = 0.03  # m, from the middle of a hand to a plane

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if name in ('palm_link', 'workspace'):
                continue
            values = value if isinstance(value, tuple) else (value,)
            if any(math.isnan(v) for v in values):
                raise ConfigError(f'ik.{name} must be a number, got {value}')
            if name in _FINITE and not all(math.isfinite(v) for v in values):
                raise ConfigError(f'ik.{name} must be finite, got {value}')
            if name in _POSITIVE and not min(values) > 0.0:
                raise ConfigError(f'ik.{name} must be positive, got {value}')
            if name not in _SIGNED and min(values) < 0.0:
                raise ConfigError(f'ik.{name} must not be negative, got {value}')
        com = (self.com_x, self.com_y, self.pressure_x, self.pressure_y)
        base = zip(self.base_lower, self.base_upper, strict=True)
        if any(low >= high for low, high in (*com, *base)):
            raise ConfigError(
                'ik.com_x, com_y, pressure_x, pressure_y and base_lower, base_upper need '
                'lower < upper'
            )

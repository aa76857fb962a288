"""Weights, gains and limits of the whole-body inverse kinematics."""

from __future__ import annotations

from dataclasses import dataclass
import math

from rove_teleop.errors import ConfigError

_SIGNED = ('com_x', 'com_y', 'base_lower', 'base_upper')


@dataclass(frozen=True)
class IkConfig:
    """What the solver trades against what.

    A weight multiplies a velocity residual, so 5 per m/s on the palms against 0.35 per rad/s on
    the arms means that the palms win unless the arm would have to move 14 times as fast.
    A gain turns an error into a velocity [1/s] and is never faster than one tick.
    """

    palm_position: float = 5.0  # weight per m/s
    palm_rotation: float = 1.5  # weight per rad/s
    palm_gain: float = 80.0  # 1/s
    palm_speed: float = 2.0  # m/s, fastest approach of a far target
    palm_turn: float = 6.0  # rad/s
    palm_braking: tuple[float, float] = (8.0, 30.0)  # m/s², rad/s², of that approach
    com: float = 10.0  # weight per m/s
    com_gain: float = 2.0
    pelvis_upright: float = 2.0  # weight per rad/s
    pelvis_upright_gain: float = 1.0
    torso_upright: float = 0.3
    torso_upright_gain: float = 2.0
    torso_gain: float = 10.0  # when a torso orientation is asked for
    pelvis_height: float = 3.0  # weight per m/s
    pelvis_height_gain: float = 1.0
    posture_waist: float = 0.8  # weight per rad/s
    posture_arms: float = 0.35
    posture_gain: float = 0.5
    damping: float = 1.0  # Levenberg-Marquardt, times the squared weighted palm error
    damping_error: float = 0.3  # m, larger errors damp no more

    velocity_legs: float = 2.0  # rad/s
    velocity_waist: float = 2.0
    velocity_arms: float = 6.0
    acceleration_legs: float = 1.5  # rad/s², no more than the base can give
    acceleration_waist: float = 20.0
    acceleration_arms: float = 60.0
    base_lower: tuple[float, ...] = (-0.13, -0.09, 0.45, -0.2, -0.2, -0.45)  # m, rad
    base_upper: tuple[float, ...] = (0.13, 0.09, 0.79, 0.2, 0.65, 0.45)
    base_velocity: tuple[float, float] = (0.2, 0.4)  # m/s, rad/s
    base_acceleration: tuple[float, float] = (0.5, 1.0)  # m/s², rad/s²
    knee_minimum: float = 0.3  # rad; straighter legs cannot carry the base reference
    margin: float = 0.01  # rad kept to the position limits of waist and arms
    leg_margin: float = 0.05  # rad; whoever tracks the base passes through other poses

    com_x: tuple[float, float] = (-0.02, 0.09)  # m, stance frame
    com_y: tuple[float, float] = (-0.07, 0.07)
    com_acceleration: float = 0.8  # m/s²; 1 m/s² moves the pressure point by 7 cm
    settling: float = 4.0  # s, time constant with which a start's pose gives way to the nominal
    collision_distance: float = 0.02  # m, kept between capsules
    collision_horizon: float = 0.12  # m, pairs farther apart get no row
    collision_acceleration: float = 6.0  # m/s², braking in front of an obstacle
    collision_rows: int = 8  # nearest pairs that get a row

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            values = value if isinstance(value, tuple) else (value,)
            if not all(math.isfinite(v) for v in values):
                raise ConfigError(f'ik.{name} must be finite, got {value}')
            if name not in _SIGNED and min(values) < 0.0:
                raise ConfigError(f'ik.{name} must not be negative, got {value}')
        intervals = [self.com_x, self.com_y, *zip(self.base_lower, self.base_upper, strict=True)]
        if any(low >= high for low, high in intervals):
            raise ConfigError('ik.com_x, com_y, base_lower, base_upper need lower < upper')

"""How far, how fast and how abruptly each channel may be commanded."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from rove_teleop.core.names import GROUP_CHANNELS, GROUPS, NUM_BASE, NUM_CHANNELS
from rove_teleop.core.types import Array
from rove_teleop.errors import ConfigError

_BASE_LOWER = (-0.15, -0.12, 0.40, -0.35, -0.35, -0.60)
_BASE_UPPER = (0.15, 0.12, 0.85, 0.35, 0.80, 0.60)

_MOVING = ((6.0, 60.0, 3000.0), (0.25, 1.0, 20.0), (0.5, 2.0, 60.0))
_SWITCH = ((3.0, 20.0, 1000.0), (0.15, 0.4, 10.0), (0.3, 1.0, 30.0))
_STOP = ((6.0, 100.0, 10000.0), (0.25, 2.0, 60.0), (0.5, 4.0, 150.0))
_TORSO_VELOCITY = 2.0


@dataclass(frozen=True)
class Envelope:
    """Limits of one tick.

    Attributes:
        velocity, acceleration, jerk: Shape (37,), [m, rad] per s, s² and s³.
        ceiling: Speed that is reached only where it takes time to get down to ``velocity``, and
            never exceeded, shape (37,).
        comfort: Acceleration that is not exceeded without need, so that a switch can follow at
            any moment, shape (37,).
        hardest: Acceleration that a tighter limit lets die down within the jerk limit, and that
            is never exceeded, shape (37,); more than ``acceleration`` only for the base.
    """

    velocity: Array
    acceleration: Array
    jerk: Array
    ceiling: Array
    comfort: Array
    hardest: Array


@dataclass(frozen=True)
class ChannelLimits:
    """Limits of the 37 channels, each shape (37,), in m or rad and their time derivatives.

    Attributes:
        lower, upper: Positions.
        velocity, acceleration, jerk: In motion.
        switch_velocity, switch_acceleration, switch_jerk: For half a second after a switch.
        stop_velocity, stop_acceleration, stop_jerk: While a stop is latched.
    """

    lower: Array
    upper: Array
    velocity: Array
    acceleration: Array
    jerk: Array
    switch_velocity: Array
    switch_acceleration: Array
    switch_jerk: Array
    stop_velocity: Array
    stop_acceleration: Array
    stop_jerk: Array

    def __post_init__(self) -> None:
        """Refuse sizes and values that cannot be limits.

        Raises:
            ConfigError: Naming the field.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if np.shape(value) != (NUM_CHANNELS,) or not np.isfinite(value).all():
                raise ConfigError(
                    f'limit {field.name!r} must be {NUM_CHANNELS} finite numbers, '
                    f'got shape {np.shape(value)}'
                )
            if field.name not in ('lower', 'upper') and not (value > 0).all():
                raise ConfigError(f'limit {field.name!r} must be positive in every channel')
        if not (self.lower < self.upper).all():
            raise ConfigError('limit lower must be below upper in every channel')

    @classmethod
    def from_joints(
        cls,
        lower: Array,
        upper: Array,
        base_lower: Array | None = None,
        base_upper: Array | None = None,
    ) -> ChannelLimits:
        """Defaults of the design around given position limits.

        Args:
            lower: Lowest positions of the 31 joints above the pelvis [rad], shape (31,).
            upper: Their highest positions.
            base_lower: Lowest base reference [m, rad], shape (6,).
            base_upper: The highest.
        """
        base_lower = np.asarray(_BASE_LOWER if base_lower is None else base_lower)
        base_upper = np.asarray(_BASE_UPPER if base_upper is None else base_upper)
        moving, switch, stop = _columns(_MOVING), _columns(_SWITCH), _columns(_STOP)
        for triple in (moving, switch, stop):
            torso = triple[0][GROUP_CHANNELS['torso']]
            np.minimum(torso, _TORSO_VELOCITY, out=torso)
        return cls(
            np.concatenate([base_lower, lower]).astype(float),
            np.concatenate([base_upper, upper]).astype(float),
            *moving,
            *switch,
            *stop,
        )


def _columns(rows: tuple[tuple[float, ...], ...]) -> list[Array]:
    """Velocity, acceleration and jerk of every channel, from joint, translation, rotation."""
    joint, translation, rotation = rows
    half = NUM_BASE // 2
    channels = [translation] * half + [rotation] * half + [joint] * (NUM_CHANNELS - NUM_BASE)
    return list(np.array(channels, dtype=float).T)


class Pace(IntEnum):
    """How fast a group may be right now."""

    MOVING = 0
    SWITCH = 1
    STOP = 2


class Envelopes:
    """The limits of a tick, by the pace of each group; every combination is built once."""

    def __init__(self, limits: ChannelLimits) -> None:
        """Choose among these limits."""
        names = {Pace.MOVING: '', Pace.SWITCH: 'switch_', Pace.STOP: 'stop_'}
        self._sets = {
            pace: [
                getattr(limits, f'{prefix}{name}') for name in ('velocity', 'acceleration', 'jerk')
            ]
            for pace, prefix in names.items()
        }
        comfort = np.minimum(limits.acceleration, limits.switch_acceleration)
        comfort[:NUM_BASE] = limits.acceleration[:NUM_BASE]  # it has to keep up with the arms
        for pace, rows in self._sets.items():
            easy = rows[1] if pace is Pace.STOP else np.minimum(rows[1], comfort)
            hardest = rows[1].copy()
            hardest[:NUM_BASE] = np.maximum(hardest, comfort)[:NUM_BASE]
            rows += [np.maximum(limits.velocity, rows[0]), easy, hardest]
        self._built: dict[tuple[Pace, ...], Envelope] = {}

    def of(self, paces: tuple[Pace, ...]) -> Envelope:
        """Limits of all channels for the paces of the groups, in the order of ``GROUPS``."""
        if paces not in self._built:
            rows = [array.copy() for array in self._sets[Pace.MOVING]]
            for group, pace in zip(GROUPS, paces, strict=True):
                for row, source in zip(rows, self._sets[pace], strict=True):
                    row[GROUP_CHANNELS[group]] = source[GROUP_CHANNELS[group]]
            self._built[paces] = Envelope(*rows)
        return self._built[paces]

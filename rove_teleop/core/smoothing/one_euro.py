"""The One-Euro filter on poses: calm when the hand is still, quick when it moves.

Casiez, Roussel and Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
Interactive Systems", CHI 2012: a first-order low-pass whose cutoff grows with the filtered speed,
``f_c = f_min + beta * |speed|``. Here each axis of the translation and of the rotation's tangent
space has its own, and the share of a new sample is ``1 - exp(-2 pi f_c dt)``, which is exact for
whatever time has passed since the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
import pinocchio as pin

from rove_teleop.core.smoothing.displacement import displaced, displacement
from rove_teleop.core.smoothing.passing import Passing
from rove_teleop.core.types import Array
from rove_teleop.errors import ConfigError

_SHORTEST_S = 1e-3


@dataclass(frozen=True)
class OneEuroConfig:
    """How calm, and how quick.

    Attributes:
        cutoff: Cutoff at rest [Hz].
        speed_gain: What a speed adds to it [Hz / (m/s)].
        turn_gain: What an angular speed adds to it [Hz / (rad/s)].
        speed_cutoff: Cutoff of the speed's own low-pass [Hz].

    Raises:
        ConfigError: A cutoff is not positive or a gain is negative.
    """

    cutoff: float = 2.0
    speed_gain: float = 20.0
    turn_gain: float = 4.0
    speed_cutoff: float = 5.0

    def __post_init__(self) -> None:
        """Refuse numbers that make no filter."""
        for name in ('cutoff', 'speed_cutoff'):
            value = getattr(self, name)
            if not 0.0 < value < math.inf:
                raise ConfigError(f'one_euro.{name} must be above 0 Hz, got {value}')
        for name in ('speed_gain', 'turn_gain'):
            value = getattr(self, name)
            if not 0.0 <= value < math.inf:
                raise ConfigError(f'one_euro.{name} must not be negative, got {value}')


class OneEuro:
    """The filter; between samples the filtered pose goes on as an unfiltered one does."""

    def __init__(self, config: OneEuroConfig | None = None) -> None:
        """Begin without a sample; defaults when the configuration is None."""
        self.config = config = config or OneEuroConfig()
        self._gain = np.repeat((config.speed_gain, config.turn_gain), 3)
        self._passing = Passing()
        self._raw: pin.SE3 | None = None
        self._filtered: pin.SE3 | None = None
        self._speed = np.zeros(6)
        self._times = 0, 0

    def reset(self) -> None:
        """See ``Smoother``."""
        self._raw = self._filtered = None
        self._speed = np.zeros(6)
        self._passing.reset()

    def restart(self) -> None:
        """See ``Smoother``."""
        if self._raw is not None:
            pose = self._raw
            self.reset()
            self._begin(pose)

    def take(self, pose: pin.SE3, t_source_ns: int, t_receive_ns: int) -> None:
        """See ``Smoother``."""
        gap_s = max((t_source_ns - self._times[0]) * 1e-9, _SHORTEST_S)
        self._times = t_source_ns, t_receive_ns
        if self._raw is None or self._filtered is None:
            self._begin(pose)
            return
        speed = displacement(self._raw, pose) / gap_s
        self._speed += _share(self.config.speed_cutoff, gap_s) * (speed - self._speed)
        cutoff = self.config.cutoff + self._gain * np.abs(self._speed)
        step = _share(cutoff, gap_s) * displacement(self._filtered, pose)
        self._raw, self._filtered = pose, displaced(self._filtered, step)
        self._passing.take(self._filtered, *self._times)

    def at(self, now_ns: int) -> tuple[pin.SE3, Array]:
        """See ``Smoother``."""
        return self._passing.at(now_ns)

    def delay(self, speed: float = 0.0) -> float:
        """See ``Smoother``: at most ``1 / (2 pi f_c)``; at rest that of the lowest cutoff."""
        return 1.0 / (2.0 * math.pi * (self.config.cutoff + self.config.speed_gain * abs(speed)))

    def _begin(self, pose: pin.SE3) -> None:
        self._raw = self._filtered = pose
        self._passing.take(pose, *self._times)


def _share(cutoff: Array | float, gap_s: float) -> Array:
    """What part of a new sample is taken on after a gap."""
    return -np.expm1(-2.0 * math.pi * np.asarray(cutoff) * gap_s)

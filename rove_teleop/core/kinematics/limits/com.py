"""Keep the centre of mass, and the point where it would come to rest, over the feet."""

from __future__ import annotations

import numpy as np

from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.limits.joint import LARGEST
from rove_teleop.core.types import Array

_PUSH_OUT = 1.0  # 1/s, how fast it returns when a reset left it outside
_PENDULUM = 3.7  # 1/s, sqrt(g / height) of the linear inverted pendulum


class ComLimit:
    """Two rows on the horizontal velocity of the centre of mass.

    The point under the feet that carries the weight is ``p = c - c'' / w²`` for a linear inverted
    pendulum (Kajita et al. 2001). It has to stay in the pressure region, so c may brake with
    ``w² (p_max - c)`` at most; and from ``w sqrt((p_max - c)² - (p_max - c_max)²)`` it still comes
    to rest within its own region while p stays in its.

    Attributes:
        active: Whether there is a region at all.
    """

    size = 2

    def __init__(self, config: IkConfig) -> None:
        region, pressure = (
            np.array(((x[1], y[1]), (-x[0], -y[0])))
            for x, y in ((config.com_x, config.com_y), (config.pressure_x, config.pressure_y))
        )
        self.active = bool(np.isfinite(region).any())
        self._region = np.clip(region, -LARGEST, LARGEST)
        self._pressure = np.clip(pressure, -LARGEST, LARGEST)
        self._reserve = (self._pressure - self._region) ** 2
        self._squat = config.com_squat
        self._ahead = np.array(((1.0,), (-1.0,)))

    def interval(
        self, com: Array, velocity: Array, dt: float, lower: float = 0.0
    ) -> tuple[Array, Array]:
        """Velocity interval of the centre of mass.

        Args:
            com: Where it is [m], shape (3,).
            velocity: Its last horizontal velocity [m/s], shape (2,).
            dt: Tick [s].
            lower: How much lower the pelvis is than in the nominal pose [m].

        Returns:
            Lowest and highest velocity [m/s], each (2,).
        """
        position = self._ahead * com[:2]
        position[0, 0] += self._squat * max(lower, 0.0)
        lever = np.maximum(self._pressure - position, 0.0)
        room = self._region - position
        ahead = np.maximum(lever - self._ahead * (dt * velocity), 0.0)
        fastest = _PENDULUM * np.sqrt(np.maximum(ahead * ahead - self._reserve, 0.0))
        np.minimum(fastest, np.maximum(room, 0.0) / dt, out=fastest)
        fastest += _PUSH_OUT * np.minimum(room, 0.0)
        change = _PENDULUM * _PENDULUM * dt * lever
        low, high = -fastest[1], fastest[0]
        return (
            np.minimum(np.maximum(low, velocity - change[0]), high),
            np.maximum(np.minimum(high, velocity + change[1]), low),
        )

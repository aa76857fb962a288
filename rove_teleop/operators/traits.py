"""How good an operator is: one knob, and what it does to everything he does."""

from __future__ import annotations

import math

import numpy as np

from rove_teleop.core.types import Array
from rove_teleop.errors import ConfigError


class Traits:
    """The weaknesses of one operator in one episode, drawn from its seed.

    With the knob at 0 he is quick, calm and precise; at 1 he is slow to react, trembles, stops
    to think, overshoots, often grasps beside the object at first and takes over late.

    Attributes:
        delay: Of the visual loop [s].
        pace: Speed relative to a calm motion.
        tremor: Standard deviation of the hand's tremor [m]; in [rad] ten times as much.
        releases: Whether he hands back after the grasp, or finishes by himself.
    """

    def __init__(self, imperfection: float, release_probability: float, seed: int) -> None:
        """Draw the traits of an episode.

        Raises:
            ConfigError: A number is not in [0, 1].
        """
        for name, value in (
            ('imperfection', imperfection),
            ('release_probability', release_probability),
        ):
            if not 0.0 <= value <= 1.0:
                raise ConfigError(f'{name} is {value!r}; expected 0 to 1')
        self._knob = imperfection
        self._rng = np.random.default_rng((1, seed))
        self._muscles = np.random.default_rng((2, seed))
        self.releases = bool(self._rng.random() < release_probability)
        self.delay = 0.1 + 0.1 * imperfection
        self.pace = 1.1 - 0.4 * imperfection
        self.tremor = 0.002 * imperfection
        self._clumsy = bool(self._rng.random() < 0.8 * imperfection)

    def reaction(self) -> float:
        """Time from seeing something to acting on it [s]; late at times."""
        late = self._rng.random() < 0.5 * self._knob
        slow = self._rng.uniform(1.0, 2.5) if late else self._rng.uniform(0.0, 1.0)
        return float(0.3 + self._knob * slow)

    def hesitation(self) -> float:
        """A pause before the next part of a motion [s]; mostly none."""
        if self._rng.random() > 0.7 * self._knob:
            return 0.0
        return float(self._rng.uniform(0.2, 1.0))

    def adaptation(self) -> float:
        """Time from the takeover until he moves on purpose [s]."""
        return float(0.3 + self._knob * self._rng.uniform(0.5, 2.5))

    def overshoot(self) -> float:
        """By which share a fast motion goes too far."""
        return float(self._knob * self._rng.uniform(0.0, 0.3))

    def aim(self) -> Array:
        """Error of a grasp's aim [m] in world axes, shape (3,); the first may be far off."""
        error = 0.012 * self._knob * self._rng.normal(size=2)
        direction = self._rng.uniform(-math.pi, math.pi)
        if self._clumsy:
            self._clumsy = False
            error = error + 0.045 * np.array([math.cos(direction), math.sin(direction)])
        return np.array([*np.clip(error, -0.05, 0.05), 0.0])

    def shake(self) -> Array:
        """White noise that drives the tremor, shape (6,)."""
        return self._muscles.normal(size=6)

    def start(self) -> tuple[Array, Array]:
        """Where his hand is relative to the robot's: 30 cm away [m], turned by 60 degrees.

        Returns:
            Displacement (3,) and rotation vector (3,), both in world axes.
        """
        directions = self._rng.normal(size=(2, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return 0.3 * directions[0], math.radians(60.0) * directions[1]

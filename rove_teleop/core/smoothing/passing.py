"""No smoothing: every sample as it is, carried on with its velocity until the next one."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.smoothing.displacement import displaced, displacement
from rove_teleop.core.types import Array

HORIZON_S = 0.02
"""How long a pose goes on after its newest sample [s]."""
_SMOOTHING = 0.6  # share of a new velocity estimate
_SHORTEST_S = 1e-3


class Passing:
    """The newest sample, extrapolated for at most ``HORIZON_S``; adds no delay.

    Trackers deliver 60 to 120 samples a second and the loop runs at 200 Hz: between samples the
    pose goes on with its estimated velocity, which also is what the solver feeds forward.
    """

    def __init__(self) -> None:
        """Begin without a sample."""
        self._pose: pin.SE3 | None = None
        self._twist = np.zeros(6)
        self._t_source_ns = self._t_receive_ns = 0

    def reset(self) -> None:
        """See ``Smoother``."""
        self._pose, self._twist = None, np.zeros(6)

    def restart(self) -> None:
        """See ``Smoother``; nothing lags behind here."""

    def take(self, pose: pin.SE3, t_source_ns: int, t_receive_ns: int) -> None:
        """See ``Smoother``."""
        if self._pose is not None:
            gap_s = max((t_source_ns - self._t_source_ns) * 1e-9, _SHORTEST_S)
            moved = displacement(self._pose, pose)
            self._twist = self._twist + _SMOOTHING * (moved / gap_s - self._twist)
        self._pose, self._t_source_ns, self._t_receive_ns = pose, t_source_ns, t_receive_ns

    def at(self, now_ns: int) -> tuple[pin.SE3, Array]:
        """See ``Smoother``."""
        assert self._pose is not None
        age_s = max(now_ns - self._t_receive_ns, 0) * 1e-9
        pose = displaced(self._pose, self._twist * min(age_s, HORIZON_S))
        return pose, self._twist if age_s <= HORIZON_S else np.zeros(6)

    def delay(self, speed: float = 0.0) -> float:
        """See ``Smoother``: none."""
        return 0.0

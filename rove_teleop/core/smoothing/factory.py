"""A smoother by the name a user gives."""

from __future__ import annotations

from rove_teleop.core.smoothing.fixed_lag import FixedLag
from rove_teleop.core.smoothing.one_euro import OneEuro
from rove_teleop.core.smoothing.passing import Passing
from rove_teleop.core.smoothing.protocol import Smoother
from rove_teleop.errors import UnknownName

SMOOTHINGS = ('none', 'one_euro', 'fixed_lag')
"""Smoothers there are; the first is the default."""


def make_smoother(name: str, lag: float) -> Smoother:
    """A smoother of one pose.

    Args:
        name: One of ``SMOOTHINGS``.
        lag: Delay of the fixed-lag smoother [s].

    Raises:
        UnknownName: There is no such smoother.
        ConfigError: The lag is out of range.
    """
    if name not in SMOOTHINGS:
        raise UnknownName('smoothing', name, SMOOTHINGS)
    if name == 'fixed_lag':
        return FixedLag(lag)
    return OneEuro() if name == 'one_euro' else Passing()

"""Smoothing of a tracked pose: none, a One-Euro filter, or a fixed-lag smoother."""

from rove_teleop.core.smoothing.factory import SMOOTHINGS, make_smoother
from rove_teleop.core.smoothing.fixed_lag import LAGS, FixedLag
from rove_teleop.core.smoothing.one_euro import OneEuro, OneEuroConfig
from rove_teleop.core.smoothing.passing import HORIZON_S, Passing
from rove_teleop.core.smoothing.protocol import Smoother

__all__ = [
    'HORIZON_S',
    'LAGS',
    'SMOOTHINGS',
    'FixedLag',
    'OneEuro',
    'OneEuroConfig',
    'Passing',
    'Smoother',
    'make_smoother',
]

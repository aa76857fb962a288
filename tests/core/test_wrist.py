from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest

from rove_teleop.core.smoothing import HORIZON_S
from rove_teleop.core.wrist import WristTrack

MS = 1_000_000
START = 1_000 * MS


def pose(x: float = 0.0, turn: float = 0.0) -> np.ndarray:
    return pin.SE3ToXYZQUAT(pin.SE3(pin.exp3(np.array([0, 0, turn])), np.array([x, 0.2, 1.0])))


def track(*samples: tuple[float, np.ndarray | None]) -> WristTrack:
    """A track that took samples at times in ms."""
    result = WristTrack()
    for t_ms, sample in samples:
        t_ns = START + int(t_ms * MS)
        result.take(sample, t_ns, t_ns)
    return result


def test_before_the_first_sample_nothing_is_known():
    assert WristTrack().at(START) is None
    assert WristTrack().fault == 'is not tracked'


def test_a_steady_motion_is_carried_on_between_samples_without_delay():
    steady = track(*((10 * k, pose(0.01 * k, 0.02 * k)) for k in range(12)))
    now, velocity = steady.at(START + 114 * MS)
    assert now.translation[0] == pytest.approx(0.114, abs=1e-4)
    assert pin.log3(now.rotation)[2] == pytest.approx(0.228, abs=1e-3)
    assert velocity[0] == pytest.approx(1.0, abs=1e-3)
    assert velocity[5] == pytest.approx(2.0, abs=1e-2)


def test_a_track_that_falls_silent_comes_to_rest_within_its_horizon():
    silent = track(*((10 * k, pose(0.01 * k)) for k in range(12)))
    now, velocity = silent.at(START + 190 * MS)
    assert not velocity.any()
    assert now.translation[0] == pytest.approx(0.11 + HORIZON_S * 1.0, abs=1e-4)


def test_a_jump_breaks_the_track_until_the_next_good_sample():
    jumped = track((0, pose()), (10, pose(0.3)))
    assert jumped.fault == 'jumped by 0.30 m in 10 ms'
    assert jumped.at(START + 10 * MS) is None
    jumped.take(pose(0.3), START + 20 * MS, START + 20 * MS)
    assert not jumped.fault
    assert jumped.broken, 'relative motion must be measured anew'
    jumped.latched()
    assert not jumped.broken


def test_a_turn_no_wrist_can_do_breaks_the_track():
    assert track((0, pose()), (10, pose(0.0, 2.0))).fault == 'jumped by 115 deg in 10 ms'


def test_a_gap_breaks_the_track_because_the_motion_in_it_is_unknown():
    gap = track((0, pose()))
    gap.latched()
    gap.take(pose(0.02), START + 200 * MS, START + 200 * MS)
    assert gap.broken
    assert not gap.at(START + 200 * MS)[1].any()


def test_single_precision_samples_are_as_good():
    assert track((0, pose().astype(np.float32))).known


def test_an_untracked_sample_is_a_fault_with_a_reason():
    assert track((0, pose()), (10, None)).fault == 'is not tracked'

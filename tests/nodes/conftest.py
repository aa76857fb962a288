"""What the tests of nodes have in common."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from rove_teleop import assembly
from rove_teleop.core.arbiter_config import ArbiterConfig
from tests.fakes.ros_bench import Bench, running_bench

MINUTE_NS = 60_000_000_000


@pytest.fixture
def bench() -> Iterator[Bench]:
    with running_bench() as bench:
        yield bench


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arbiters that a busy machine does not make hold or stop."""
    names = ('plant_hold_ns', 'plant_stop_ns', 'operator_freeze_ns', 'operator_lost_ns')
    patient = partial(ArbiterConfig, **dict.fromkeys((*names, 'request_age_ns'), MINUTE_NS))
    monkeypatch.setattr(assembly, 'ArbiterConfig', patient)


@pytest.fixture
def long_lease(monkeypatch: pytest.MonkeyPatch, patience: None) -> None:
    """Such arbiters, whose lease lasts a minute without a heartbeat."""
    lasting = partial(assembly.ArbiterConfig, lease_ns=MINUTE_NS)
    monkeypatch.setattr(assembly, 'ArbiterConfig', lasting)

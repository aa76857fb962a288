"""Faults of real processes: each ends as it must, by the record of its run."""

from __future__ import annotations

from pathlib import Path

import pytest

from rove_bringup.faults.fault import Fault
from rove_bringup.faults.nodes.live import strike_processes
from rove_bringup.faults.processes import PROCESS_FAULTS

pytestmark = pytest.mark.alone

CHOSEN = (
    'second-arbiter',
    'pause-twin',
    'full-recorder',
    'replay-joint_command',
    'live-device-nan',
)


@pytest.mark.parametrize(
    'fault',
    [fault for fault in PROCESS_FAULTS if fault.name in CHOSEN],
    ids=lambda fault: fault.name,
)
def test_a_fault_of_a_process_ends_as_it_must(fault: Fault, tmp_path: Path) -> None:
    assert strike_processes(fault, 0, tmp_path).problems == ()


def test_no_two_faults_of_processes_have_one_name() -> None:
    names = [fault.name for fault in PROCESS_FAULTS]
    assert len(set(names)) == len(names)
    assert set(CHOSEN) <= set(names)

"""``rove bench faults``: the table, the records, and an exit code that tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import bench_faults
from rove_teleop.errors import UnknownName


def test_the_command_writes_a_record_of_each_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, text = tmp_path / 'deep' / 'faults.json', tmp_path / 'faults.md'
    only = ['--layer', 'lockstep', '--only', 'plant-state-gap']
    assert bench_faults.main([*only, '--json', str(path), '--markdown', str(text)]) == 0
    (record,) = json.loads(path.read_text())
    assert (record['fault'], record['layer'], record['passed']) == (
        'plant-state-gap', 'lockstep', True,
    )  # fmt: skip
    assert record['ticks'] == 1
    assert 'plant lost after 25 ms | 1 |' in text.read_text()
    assert '1 of 1 faults end as they must' in capsys.readouterr().out


def test_unknown_layers_and_faults_are_refused() -> None:
    with pytest.raises(UnknownName, match='lockstep'):
        bench_faults.main(['--layer', 'space'])
    with pytest.raises(UnknownName, match='plant-state-gap'):
        bench_faults.main(['--layer', 'lockstep', '--only', 'nothing-like-it'])

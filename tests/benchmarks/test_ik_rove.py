"""rove's own entry of the benchmark, in this process."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from benchmarks import bench_ik
from benchmarks.ik import pictures
from benchmarks.ik.race import Lane
from benchmarks.ik.scores import Judge, scores
from benchmarks.ik.table import table
from benchmarks.ik.tool import TOOLS, make_tool
from benchmarks.ik.trajectories import formula
from benchmarks.ik.worker import run
from rove_teleop.errors import ConfigError, UnknownName

DT = 0.01


@pytest.mark.parametrize(
    ('tool', 'collision', 'error_mm'), [('rove', False, 0.5), ('rove-full', True, 5.0)]
)
def test_a_second_of_wave_is_followed_from_the_start(tool: str, collision: bool, error_mm: float):
    judge = Judge()
    targets = formula('wave', judge.start, 1.0, 1.0 / DT).poses
    result = run(tool, collision, DT, targets)
    found = scores(judge.curves(result['base'], result['joints'], targets, DT), result['ok'])
    assert found['error_mean_mm'] < error_mm
    assert found['failed_ticks'] == found['limit_violation_max'] == 0
    if tool == 'rove-full':
        assert found['foot_slip_max_mm'] < 0.1
        assert found['velocity_max'] < 6.0
    assert (result['time_ns'] > 0).all()


def test_rove_starts_at_the_start_pose_of_the_benchmark():
    tool = make_tool('rove', False, DT)
    base, joints = tool.configurations([tool.state()])
    judge = Judge()
    hands = np.array([[judge.start[side].homogeneous for side in ('left', 'right')]])
    curves = judge.curves(
        np.repeat(base, 4, 0), np.repeat(joints, 4, 0), np.repeat(hands, 4, 0), DT
    )
    assert curves.error.max() < 1e-6 and curves.turn.max() < 1e-6 and curves.slip.max() < 1e-6


def test_the_production_configuration_always_avoids_collisions():
    assert TOOLS['rove-full'].collision == (True,)


@pytest.mark.parametrize(
    ('arguments', 'error', 'words'),
    [
        (['--tools', 'nobody'], UnknownName, 'mink.*placo.*rove'),
        (['--trajectories', 'nobody'], UnknownName, 'hard.*wave'),
        (['--seconds', '0'], ConfigError, '--seconds'),
        (['--rate', '5'], ConfigError, '--rate'),
        (['--rounds', '0'], ConfigError, '--rounds'),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_starts(
    arguments: list[str], error: type[Exception], words: str
):
    with pytest.raises(error, match=words):
        bench_ik.main(arguments)


def test_the_benchmark_writes_records_table_and_plots(tmp_path: Path, capsys):
    out = tmp_path / 'out'
    arguments = ['--tools', 'rove', '--trajectories', 'wave', '--seconds', '0.5', '--rounds', '1']
    assert bench_ik.main([*arguments, '--json', f'{out}/ik.json', '--plots', str(out)]) == 0
    records = json.loads((out / 'ik.json').read_text())
    assert [Lane(record['tool'], record['collision']) for record in records] == [
        Lane('rove', False),
        Lane('rove', True),
    ]
    promised = {
        'tool', 'trajectory', 'collision', 'p50_ms', 'p99_ms', 'error_mean_mm',
        'clearance_min_mm', 'acceleration_rms', 'acceleration_max', 'failed_ticks',
    }  # fmt: skip
    assert promised <= set(records[0])
    assert (out / 'wave.png').stat().st_size > 10_000
    assert 'rove' in capsys.readouterr().out
    with Console(record=True, width=250, file=(tmp_path / 'console').open('w')) as console:
        console.print(table(records))
    assert 'rove + collision' in console.export_text()


def test_the_extreme_reaches_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pictures, '_SECONDS', 0.1)
    assert pictures.draw(tmp_path / 'reaches.png').stat().st_size > 20_000

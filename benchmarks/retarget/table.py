"""The result as records for programs and as a table for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.retarget.hands import Hand
from benchmarks.retarget.race import Run
from benchmarks.retarget.scores import (
    delay,
    largest_step,
    matching_time_constant,
    own_filter,
    peer_filter,
)
from benchmarks.retarget.tools import REFERENCE
from rove_teleop.core.retargeting.follower import TIME_CONSTANT_S
from rove_teleop.core.types import Array

Record = Mapping[str, Any]

_COLUMNS: tuple[tuple[str, Callable[[Record], str]], ...] = (
    ('tool', lambda r: r['tool']),
    ('p50 / p99 / max ms', lambda r: f'{r["p50_ms"]:.3f} / {r["p99_ms"]:.2f} / {r["max_ms"]:.1f}'),
    ('p50 ratio', lambda r: f'{r["p50_ratio"]:.3f}'),
    ('objective', lambda r: f'{r["objective_mean"]:.5f}'),
    ('ratio', lambda r: f'{r["objective_ratio"]:.4f}'),
    ('step rad', lambda r: f'{r["step_max"]:.3f}'),
    ('filtered', lambda r: f'{r["step_max_filtered"]:.3f}'),
    ('ratio', lambda r: f'{r["step_ratio_filtered"]:.3f}'),
    ('delay ms', lambda r: f'{r["delay_ms"]:.1f}'),
    ('beyond limits rad', lambda r: f'{r["limit_violation_max"]:.1g}'),
)


def records(hand: Hand, runs: Mapping[str, Run], judged: str) -> list[dict[str, Any]]:
    """One record per tool of one hand and kind.

    Args:
        hand: The hand.
        runs: What the tools did, the reference among them.
        judged: Tool whose mean objective is 1.
    """
    reference = runs[REFERENCE]
    peer = peer_filter(reference.path)
    wanted = delay(reference.path, peer)
    found = []
    for name, run in runs.items():
        p50, p99 = np.percentile(run.times_ms, (50, 99))
        objective = float(run.objective.mean())
        smoothing = _smoothing(name, run.path, wanted)
        found.append(
            {
                'hand': hand.name,
                'kind': hand.kind,
                'side': hand.side,
                'tool': name,
                'frames': len(run.path),
                'p50_ms': float(p50),
                'p99_ms': float(p99),
                'max_ms': float(run.times_ms.max()),
                'p50_ratio': float(p50 / np.median(reference.times_ms)),
                'objective_mean': objective,
                'objective_ratio': objective / float(runs[judged].objective.mean()),
                'step_max': largest_step(run.path),
                **smoothing,
                'step_ratio_filtered': smoothing['step_max_filtered'] / largest_step(peer),
                'limit_violation_max': run.beyond,
            }
        )
    return found


def _smoothing(tool: str, path: Array, wanted: float) -> dict[str, float]:
    """Largest step after the tool's own filter, ours set to lag as much as the reference's."""
    if tool != 'rove':
        filtered = peer_filter(path)
        return {
            'step_max_filtered': largest_step(filtered),
            'delay_ms': 1e3 * delay(path, filtered),
        }
    time_constant = matching_time_constant(path, wanted)
    filtered, shipped = own_filter(path, time_constant), own_filter(path, TIME_CONSTANT_S)
    return {
        'step_max_filtered': largest_step(filtered),
        'delay_ms': 1e3 * delay(path, filtered),
        'time_constant_ms': 1e3 * time_constant,
        'step_max_shipped': largest_step(shipped),
        'delay_shipped_ms': 1e3 * delay(path, shipped),
    }


def table(found: Iterable[Record]) -> Table:
    """One row per tool, a section per hand and kind."""
    drawn = Table(title='hand retargeting, one call per frame at 60 Hz')
    drawn.add_column('hand')
    for title, _ in _COLUMNS:
        drawn.add_column(title, justify='left' if title == 'tool' else 'right')
    last = ''
    for record in found:
        group = f'{record["hand"]} {record["kind"]} {record["side"]}'
        if last not in ('', group):
            drawn.add_section()
        drawn.add_row(group if group != last else '', *(text(record) for _, text in _COLUMNS))
        last = group
    return drawn

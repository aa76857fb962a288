"""The result as a table for people and as records for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.table import Table

Record = Mapping[str, Any]

_YARDSTICK = 'mink'

_COLUMNS: tuple[tuple[str, Callable[[Record], str]], ...] = (
    ('tool', lambda r: r['tool'] + (' + collision' if r['collision'] else '')),
    ('p50 / p99 ms', lambda r: f'{r["p50_ms"]:.3f} / {r["p99_ms"]:.3f}'),
    ('error mean / p95 / max mm', lambda r: _three(r, 'error_{}_mm', '.2f', '.1f', '.1f')),
    ('orientation mean deg', lambda r: f'{r["orientation_mean_deg"]:.2f}'),
    ('acceleration rms / max', lambda r: _two(r, 'acceleration')),
    ('velocity max', lambda r: f'{r["velocity_max"]:.2f}'),
    ('jerk rms', lambda r: f'{r["jerk_rms"]:.0f}'),
    (
        'clearance mm (penetrating)',
        lambda r: f'{r["clearance_min_mm"]:.1f} ({100 * r["penetrating_share"]:.0f} %)',
    ),
    ('foot slip mm', lambda r: f'{r["foot_slip_max_mm"]:.2f}'),
    ('beyond limits rad', lambda r: f'{r["limit_violation_max"]:.1g}'),
    ('no solution', lambda r: str(r['failed_ticks'])),
)


def table(records: Sequence[Record]) -> Table:
    """One row per tool, collision mode and trajectory; a section per trajectory.

    Times are also given as multiples of mink's in the same collision mode, where it ran.
    """
    drawn = Table(title='whole-body inverse kinematics, one solve per tick', show_lines=False)
    drawn.add_column('trajectory')
    for title, _ in _COLUMNS:
        drawn.add_column(title, justify='left' if title == 'tool' else 'right')
    drawn.add_column(f'times {_YARDSTICK}', justify='right')
    last = None
    for record in records:
        if last not in (None, record['trajectory']):
            drawn.add_section()
        first = record['trajectory'] != last
        last = record['trajectory']
        cells = [text(record) for _, text in _COLUMNS]
        drawn.add_row(last if first else '', *cells, _ratio(record, records))
    return drawn


def _ratio(record: Record, records: Sequence[Record]) -> str:
    for other in records:
        if other['tool'] == _YARDSTICK and all(
            other[key] == record[key] for key in ('trajectory', 'collision')
        ):
            ratios = (record[key] / other[key] for key in ('p50_ms', 'p99_ms'))
            return ' / '.join(f'{ratio:.2f}' for ratio in ratios)
    return ''


def _two(record: Record, name: str) -> str:
    return f'{record[f"{name}_rms"]:.1f} / {record[f"{name}_max"]:.0f}'


def _three(record: Record, name: str, *formats: str) -> str:
    keys = (name.format(kind) for kind in ('mean', 'p95', 'max'))
    return ' / '.join(format(record[key], how) for key, how in zip(keys, formats, strict=True))

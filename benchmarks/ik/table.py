"""The result as a table for people and as records for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.table import Table

Record = Mapping[str, Any]

_YARDSTICK = 'mink'

_COLUMNS: tuple[tuple[str, Callable[[Record], str]], ...] = (
    ('p50 / p99\nms', lambda r: f'{r["p50_ms"]:.3f} / {r["p99_ms"]:.3f}'),
    ('error mean / p95 / max\nmm', lambda r: _three(r, 'error_{}_mm', '.2f', '.1f', '.1f')),
    ('turn\ndeg', lambda r: f'{r["orientation_mean_deg"]:.2f}'),
    (
        'acceleration rms / max\nrad/s²',
        lambda r: f'{r["acceleration_rms"]:.1f} / {r["acceleration_max"]:.0f}',
    ),
    (
        'clearance (penetrating)\nmm',
        lambda r: f'{r["clearance_min_mm"]:.1f} ({100 * r["penetrating_share"]:.0f} %)',
    ),
    ('foot slip\nmm', lambda r: f'{r["foot_slip_max_mm"]:.2f}'),
    ('beyond limits\nrad', lambda r: f'{r["limit_violation_max"]:.1g}'),
    ('no solution\nticks', lambda r: str(r['failed_ticks'])),
)


def table(records: Sequence[Record]) -> Table:
    """One row per tool, collision mode and trajectory; a section per trajectory.

    Times are also given as multiples of mink's in the same collision mode, where it ran.
    """
    drawn = Table('trajectory', 'tool', title='whole-body inverse kinematics, one solve per tick')
    drawn.add_column(f'times\n{_YARDSTICK}', justify='right')
    for title, _ in _COLUMNS:
        drawn.add_column(title, justify='right')
    last = None
    for record in records:
        if last not in (None, record['trajectory']):
            drawn.add_section()
        first = record['trajectory'] != last
        last = record['trajectory']
        cells = [text(record) for _, text in _COLUMNS]
        tool = record['tool'] + (' + collision' if record['collision'] else '')
        drawn.add_row(last if first else '', tool, _ratio(record, records), *cells)
    return drawn


def _ratio(record: Record, records: Sequence[Record]) -> str:
    for other in records:
        if other['tool'] == _YARDSTICK and all(
            other[key] == record[key] for key in ('trajectory', 'collision')
        ):
            ratios = (record[key] / other[key] for key in ('p50_ms', 'p99_ms'))
            return ' / '.join(f'{ratio:.2f}' for ratio in ratios)
    return ''


def _three(record: Record, name: str, *formats: str) -> str:
    keys = (name.format(kind) for kind in ('mean', 'p95', 'max'))
    return ' / '.join(format(record[key], how) for key, how in zip(keys, formats, strict=True))

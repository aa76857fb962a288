"""What a run prints and writes: one set of figures as a table and as ``summary.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import json
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from rove_bringup.report.stats import EpisodeStats, RunStats
from rove_bringup.report.timing import percentiles_ms

_LISTS = (
    'takeover_latency_ms',
    'takeover_effect_ms',
    'alignment_m',
    'alignment_deg',
    'human_s',
    'help_answer_s',
)
_LEFT_OUT = ('lateness', 'sample_age', 'switches')


def summarize(run: Mapping[str, Any], episodes: Sequence[EpisodeStats]) -> dict[str, Any]:
    """Return the summary of a run as plain values.

    Args:
        run: What was run: task, operator, policy, runner, seed and the like.
        episodes: The figures of its episodes, at least one.

    Returns:
        ``run``, ``total`` (of `RunStats`) and ``episodes`` (of `EpisodeStats`, with
        ``loop_ms``, ``sample_to_command_ms`` and ``switches``).
    """
    return {
        'run': dict(run),
        'total': vars(RunStats.of(episodes)),
        'episodes': [_plain(each) for each in episodes],
    }


def write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    """Write the summary as JSON; a reader sees the old file or the new one, never a half."""
    draft = path.with_suffix('.part')
    draft.write_text(json.dumps(summary, indent=2) + '\n', encoding='utf-8')
    draft.replace(path)


def print_summary(console: Console, summary: Mapping[str, Any]) -> None:
    """Print the figures of a summary: one row an episode, then the run as a whole."""
    console.print(_episode_table(summary['episodes']))
    console.print(_run_table(summary['run'], summary['total']))


def _plain(episode: EpisodeStats) -> dict[str, Any]:
    values = {name: value for name, value in vars(episode).items() if name not in _LEFT_OUT}
    return {
        **values,
        **{name: list(values[name]) for name in _LISTS},
        'loop_ms': percentiles_ms(episode.lateness),
        'sample_to_command_ms': percentiles_ms(episode.sample_age),
        'switches': [
            {**vars(switch), 'groups': list(switch.groups)} for switch in episode.switches
        ],
    }


def _episode_table(episodes: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column('episode', no_wrap=True)
    table.add_column('outcome', no_wrap=True)
    for heading in ('seed', 'time', 'takeovers', 'latency', 'step'):
        table.add_column(heading, justify='right')
    for each in episodes:
        style = 'green' if each['success'] else 'red'
        table.add_row(
            each['episode'],
            f'[{style}]{each["outcome"]}[/]: {each["reason"]}',
            _text(each['seed']),
            f'{each["duration"]:.1f} s',
            str(each['takeovers']),
            ' '.join(f'{value:.0f} ms' for value in each['takeover_latency_ms']) or '–',
            f'{each["velocity_step"]:.3f}',
        )
    return table


def _run_table(run: Mapping[str, Any], total: Mapping[str, Any]) -> Table:
    title = '  '.join(f'{name} {value}' for name, value in run.items() if value != '')
    table = Table(
        title=title, title_justify='left', title_style='dim', show_header=False, box=SIMPLE_HEAD
    )
    table.add_column(style='bold')
    table.add_column()
    rows = {
        'success': f'{total["successes"]} of {total["episodes"]}',
        'frames by phase': _counts(total['phase_frames']),
        'frames by stage': _counts(total['stage_frames']),
        'intervention frames': f'{total["intervention_frames"]} of {total["frames"]}',
        'takeovers, releases': f'{total["takeovers"]}, {total["releases"]}',
        'takeover latency': f'{_spread(total["takeover_latency_ms"])} ms',
        'takeover to first effect': f'{_spread(total["takeover_effect_ms"])} ms',
        'hand from palm at takeover': f'{_spread(total["alignment_m"], 2)} m, '
        f'{_spread(total["alignment_deg"], 0)} deg',
        'time with the operator': f'{_spread(total["human_s"])} s per takeover',
        'requests for help': f'{total["help_requests"]}, answered after '
        f'{_spread(total["help_answer_s"])} s',
        'largest velocity step': f'{total["velocity_step"]:.4f} rad/s per tick after a switch',
        'acceleration, jerk': f'{total["switch_acceleration"]:.1f} rad/s², '
        f'{total["switch_jerk"]:.0f} rad/s³ after a switch',
        'operator sample to command': f'{_spread(total["sample_to_command_ms"])} ms',
        'loop lateness': f'{_spread(total["loop_ms"], 2)} ms',
        'periods missed': str(total['missed_periods']),
        'falls': _verdict(total['falls']),
        'joint limit violations': _verdict(total['limit_violations']),
        'frames not finite': _verdict(total['not_finite']),
        'frames missing': _verdict(total['missing_frames']),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _counts(counts: Mapping[str, int]) -> str:
    return '  '.join(f'{word} {count}' for word, count in counts.items() if count)


def _spread(values: Mapping[str, float | None], digits: int = 1) -> str:
    return '  '.join(f'{name} {_text(value, digits)}' for name, value in values.items())


def _verdict(count: int | None) -> str:
    if count is None:
        return 'not checked'
    return f'[red]{count}[/]' if count else '0'


def _text(value: float | int | None, digits: int = 1) -> str:
    if value is None:
        return '–'
    return str(value) if isinstance(value, int) else f'{value:.{digits}f}'

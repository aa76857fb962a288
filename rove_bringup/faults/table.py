"""What the fault rig prints: one row per fault."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from rove_bringup.faults.judge import Judged


def table(judged: Sequence[Judged]) -> Table:
    """Faults, reactions and times; what is wrong stands below the verdict."""
    drawn = Table('fault', 'what goes wrong', 'expected', 'measured', title='faults')
    for title in ('ticks after\nthe limit', 'limits', 'tags', 'record\nlost s', 'verdict'):
        drawn.add_column(title, justify='right')
    for each in judged:
        drawn.add_row(
            each.fault,
            each.what,
            each.expected,
            each.measured,
            '–' if each.ticks is None else str(each.ticks),
            _kept(each.limits_kept),
            _kept(each.tags_ok),
            f'{each.record_lost:.2f}',
            '[green]pass[/]' if each.passed else '[red]FAIL[/]\n' + '\n'.join(each.problems),
        )
    passed = sum(each.passed for each in judged)
    drawn.caption = f'{passed} of {len(judged)} faults end as they must'
    return drawn


def markdown(judged: Sequence[Judged]) -> str:
    """The same as a table for a document."""
    lines = [
        '| fault | what goes wrong | what must happen | measured | ticks after the limit '
        '| record lost | |',
        '|---|---|---|---|---|---|---|',
    ]
    for each in judged:
        ticks = '' if each.ticks is None else str(each.ticks)
        lost = f'{each.record_lost:.2f} s' if each.record_lost else ''
        verdict = 'pass' if each.passed else '**FAIL**: ' + '; '.join(each.problems)
        row = (each.fault, each.what, each.expected, each.measured, ticks, lost, verdict)
        lines.append(f'| {" | ".join(row)} |')
    return '\n'.join(lines) + '\n'


def _kept(well: bool) -> str:
    return 'kept' if well else '[red]broken[/]'

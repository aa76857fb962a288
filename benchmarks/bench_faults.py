"""The fault rig: one fault at a time, and whether the system reacted as it must.

Messages are struck in lockstep, processes for real. Every reaction is read from the record of
its run. Run::

    ./rove bench faults [--layer lockstep|processes|both] [--only NAME] [--seed N]
        [--json FILE] [--markdown FILE]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
import json
from pathlib import Path
import sys
import tempfile

from rich.console import Console

from benchmarks.output import print_table
from rove_bringup.faults.fault import LAYERS, Fault
from rove_bringup.faults.judge import Judged, judge
from rove_bringup.faults.lockstep import FaultRunner
from rove_bringup.faults.messages import MESSAGE_FAULTS
from rove_bringup.faults.table import markdown, table
from rove_teleop.errors import UnknownName

_BOTH = 'both'


def main(argv: Sequence[str] = ()) -> int:
    """Strike, judge and print the table; 1 when a fault did not end as it must.

    Raises:
        UnknownName: There is no such layer or fault.
    """
    options = _parser().parse_args(argv)
    if options.layer not in (*LAYERS, _BOTH):
        raise UnknownName('layer', options.layer, (*LAYERS, _BOTH))
    layers = {name: faults for name, faults in _faults().items() if options.layer in (name, _BOTH)}
    known = [fault.name for faults in layers.values() for fault in faults]
    if options.only and not any(options.only in name for name in known):
        raise UnknownName('fault', options.only, known)
    progress = Console(stderr=True)
    judged: list[Judged] = []
    for layer, faults in layers.items():
        chosen = [fault for fault in faults if options.only in fault.name]
        for each in _RUNS[layer](chosen, options.seed):
            judged.append(each)
            _write(judged, options.json, options.markdown)
            verdict = 'pass' if each.passed else f'FAIL: {"; ".join(each.problems)}'
            progress.print(f'{each.fault}: {verdict}', highlight=False)
    print_table(table(judged))
    return 0 if all(each.passed for each in judged) else 1


def _write(judged: Sequence[Judged], records: Path | None, text: Path | None) -> None:
    """What is known so far; a long run that is cut short leaves what it found."""
    for path in filter(None, (records, text)):
        path.parent.mkdir(parents=True, exist_ok=True)
    if records is not None:
        records.write_text(json.dumps([each.record() for each in judged], indent=2) + '\n')
    if text is not None:
        text.write_text(markdown(judged))


def _faults() -> dict[str, tuple[Fault, ...]]:
    from rove_bringup.faults.processes import PROCESS_FAULTS

    return {'lockstep': MESSAGE_FAULTS, 'processes': PROCESS_FAULTS}


def _in_lockstep(faults: Sequence[Fault], seed: int) -> Iterator[Judged]:
    runner = FaultRunner()
    for fault in faults:
        strike, evidence = runner.strike(fault, seed)
        yield judge(fault, strike, evidence, runner.robot, layer='lockstep', seed=seed)


def _in_processes(faults: Sequence[Fault], seed: int) -> Iterator[Judged]:
    from rove_bringup.faults.nodes.live import strike_processes

    for fault in faults:
        with tempfile.TemporaryDirectory(prefix='rove-faults-') as out:
            yield strike_processes(fault, seed, Path(out))


_RUNS: dict[str, Callable[[Sequence[Fault], int], Iterator[Judged]]] = {
    'lockstep': _in_lockstep,
    'processes': _in_processes,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='rove bench faults',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--layer', default=_BOTH, help=f'one of {", ".join((*LAYERS, _BOTH))}')
    parser.add_argument('--only', default='', help='the faults whose name contains this')
    parser.add_argument('--seed', type=int, default=0, help='of everything random')
    parser.add_argument('--json', type=Path, help='write the records there')
    parser.add_argument('--markdown', type=Path, help='write the table there')
    return parser


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

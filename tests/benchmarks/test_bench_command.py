"""``rove bench`` finds the benchmarks of the source tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from rove_bringup.bench import benchmarks, main
from rove_teleop.errors import UnknownName

ROOT = Path(__file__).resolve().parents[2]


def test_the_benchmarks_are_the_files_of_that_prefix(tmp_path: Path):
    (tmp_path / 'benchmarks').mkdir()
    for name in ('bench_b.py', 'bench_a.py', 'other.py'):
        (tmp_path / 'benchmarks' / name).touch()
    assert benchmarks(tmp_path) == ('a', 'b')


def test_an_unknown_benchmark_is_refused_with_the_known_ones():
    with pytest.raises(UnknownName, match=', '.join(benchmarks(ROOT))):
        main(['nobody'])

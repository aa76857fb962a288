"""What the tests of nodes have in common."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.ros_bench import Bench, running_bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    with running_bench() as bench:
        yield bench

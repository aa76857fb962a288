"""What a benchmark prints."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

_WIDTH = 200  # characters of a file or a pipe, which have no width of their own


def print_table(table: Table) -> None:
    """Print a table, whole where the output is no terminal."""
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(table)

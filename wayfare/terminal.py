"""The terminal: one console, and tables that can be pasted into a paper."""

from __future__ import annotations

import sys

from rich import box
from rich.console import Console
from rich.table import Table

PIPED_WIDTH = 110


def console() -> Console:
    """A console on stdout; of a fixed width where stdout is no terminal."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, soft_wrap=False)


def plain_table(*columns: str, numbers_from: int | None = None) -> Table:
    """A table with a rule under its head; columns from `numbers_from` on stand at the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, name in enumerate(columns):
        numeric = numbers_from is not None and place >= numbers_from
        table.add_column(name, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    return table

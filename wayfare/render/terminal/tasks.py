"""The table of agent tasks: how many came to an end, how long they took, what a success costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.tasks import heads, task_cells, task_rows
from wayfare.render.terminal.layout import TableColumn, TableRow, print_figures

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from simulator import Report
    from simulator.report.blocks.agent_tasks import StreamTasks

RANKS = {"success": 0, "per success": 1, "tasks": 2, "p95": 3, "per task": 4, "failed": 5}
"""What stays longest where the terminal is narrow; the others leave before."""


def print_tasks(out: Console, report: Report) -> None:
    """Prints a row for each stream of agents, and all of them together where there are several."""
    rows = task_rows(report)
    if rows:
        out.print()
        print_task_table(out, rows)


def print_tasks_by_policy(out: Console, reports: Sequence[Report]) -> None:
    """Prints a row for each policy, all streams of agents together."""
    if any(report.tasks.by_stream for report in reports):
        out.print()
        print_task_table(out, [(report.policy, report.tasks) for report in reports])


def print_task_table(out: Console, rows: Iterable[tuple[str, StreamTasks]]) -> None:
    """Prints the figures, a row each."""
    columns = [TableColumn(head=head, rank=RANKS.get(head, len(RANKS))) for head in heads()]
    print_figures(
        out, "agent tasks", columns, [TableRow(name=name, cells=task_cells(block)) for name, block in rows]
    )

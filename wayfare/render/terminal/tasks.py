"""The table of agent tasks: how many came to an end, how long they took, what a success costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from wayfare.render.numbers import count, energy, seconds, share, usd
from wayfare.render.terminal.layout import Column, Row, print_figures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console

    from simulator import Report

    Figures = dict[str, object]

COLUMNS: tuple[tuple[str, str, Callable[[float | None], str]], ...] = (
    ("tasks", "arrived", count),
    ("done", "completed", count),
    ("failed", "failed", count),
    ("success", "success_ratio", share),
    ("median", "latency_s.p50", seconds),
    ("p95", "latency_s.p95", seconds),
    ("calls", "calls.mean", count),
    ("per task", "cost_usd.per_task", usd),
    ("per success", "cost_usd.per_success", usd),
    ("energy", "energy_wh.per_task", energy),
)
"""Head, path within a block of tasks, and how a figure is written; cost and energy are by task."""
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
    rows = [(report.policy, cast("Figures", report.fields["tasks"])) for report in reports]
    if any(block["by_stream"] for _policy, block in rows):
        out.print()
        print_task_table(out, rows)


def task_rows(report: Report) -> list[tuple[str, Figures]]:
    """A name and its figures for each stream of agents, and all together where there are several."""
    whole = cast("Figures", report.fields["tasks"])
    by_stream = cast("dict[str, Figures]", whole["by_stream"])
    together = [("all", whole)] if len(by_stream) > 1 else []
    return [*by_stream.items(), *together]


def print_task_table(out: Console, rows: Iterable[tuple[str, Figures]]) -> None:
    """Prints the figures, a row each."""
    columns = [Column(head=head, rank=RANKS.get(head, len(RANKS))) for head, _path, _write in COLUMNS]
    print_figures(
        out, "agent tasks", columns, [Row(name=name, cells=task_cells(block)) for name, block in rows]
    )


def task_cells(block: Figures) -> list[str]:
    """One block's figures as they are shown."""
    return [write(figure_in(block, path)) for _title, path, write in COLUMNS]


def figure_in(block: Figures, path: str) -> float | None:
    """The figure at a dotted path of a block of tasks."""
    value: object = block
    for key in path.split("."):
        value = cast("Figures", value)[key]
    return cast("float | None", value)

"""The table of agent tasks: how many came to an end, how long they took, what a success costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from wayfare.numbers import count, energy, seconds, share, usd
from wayfare.terminal import plain_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console
    from rich.table import Table

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
    ("cost", "cost_usd.per_task", usd),
    ("a success", "cost_usd.per_success", usd),
    ("energy", "energy_wh.per_task", energy),
)
"""Head, path within a block of tasks, and how a figure is written; cost and energy are by task."""


def print_tasks(out: Console, report: Report) -> None:
    """Prints a row for each stream of agents, and all of them together where there are several."""
    rows = task_rows(report)
    if rows:
        out.print()
        out.print(task_table("agent tasks", rows))


def print_tasks_by_policy(out: Console, reports: Sequence[Report]) -> None:
    """Prints a row for each policy, all streams of agents together."""
    rows = [(report.policy, cast("Figures", report.fields["tasks"])) for report in reports]
    if any(block["by_stream"] for _policy, block in rows):
        out.print()
        out.print(task_table("agent tasks", rows))


def task_rows(report: Report) -> list[tuple[str, Figures]]:
    """A name and its figures for each stream of agents, and all together where there are several."""
    whole = cast("Figures", report.fields["tasks"])
    by_stream = cast("dict[str, Figures]", whole["by_stream"])
    together = [("all", whole)] if len(by_stream) > 1 else []
    return [*by_stream.items(), *together]


def task_table(head: str, rows: Iterable[tuple[str, Figures]]) -> Table:
    """The figures, a row each."""
    table = plain_table(head, *(title for title, _path, _write in COLUMNS), numbers_from=1)
    for name, block in rows:
        table.add_row(name, *(write(figure_in(block, path)) for _title, path, write in COLUMNS))
    return table


def figure_in(block: Figures, path: str) -> float | None:
    """The figure at a dotted path of a block of tasks."""
    value: object = block
    for key in path.split("."):
        value = cast("Figures", value)[key]
    return cast("float | None", value)

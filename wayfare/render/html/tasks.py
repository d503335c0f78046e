"""The page's table of agent tasks: a row for each policy and stream of agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.html.markup import Cell, Line, section, table
from wayfare.render.tasks import heads, task_cells, task_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import Report

CAPTION = (
    "A task is a chain of dependent calls with tools between them; it takes from its first call to its "
    "last answer. Ratios are over the tasks that arrived; idle capacity is in no cost."
)


def task_section(reports: Sequence[Report]) -> str:
    """The section; nothing where no stream is of agents."""
    lines = [
        Line(name=report.policy, note=name, cells=list(map(Cell, task_cells(block))))
        for report in reports
        for name, block in task_rows(report)
    ]
    return section("Agent tasks", CAPTION, table("policy, stream", heads(), lines)) if lines else ""

"""Agent tasks as rows of figures, for the terminal and for pages."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from simulator.report.report import STATED
from wayfare.render.figures import written

if TYPE_CHECKING:
    from simulator import Report
    from simulator.report.blocks.agent_tasks import StreamTasks

COLUMNS = (
    "arrived",
    "completed",
    "failed",
    "success_ratio",
    "latency_s.p50",
    "latency_s.p95",
    "calls.mean",
    "cost_usd.per_task",
    "cost_usd.per_success",
    "energy_wh.per_task",
)
"""Paths of figures within `tasks`; cost and energy are by task."""


def heads() -> list[str]:
    """The headings of the columns."""
    return [STATED[f"tasks.{path}"].head for path in COLUMNS]


def task_rows(report: Report) -> list[tuple[str, StreamTasks]]:
    """A name and its figures for each stream of agents, and all together where there are several."""
    by_stream = report.tasks.by_stream
    together = [("all", report.tasks)] if len(by_stream) > 1 else []
    return [*by_stream.items(), *together]


def task_cells(block: StreamTasks) -> list[str]:
    """One block's figures as they are shown."""
    return [written(f"tasks.{path}", attrgetter(path)(block)) for path in COLUMNS]

"""Agent tasks: how many came to an end, how long they took and what a success costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.report.blocks.latency import LatencyFigures, latency_figures, timed
from simulator.report.figures import RATIO, Averaging, Better, Format, block, figure
from simulator.report.metrics import (
    AGENT_TASK_DURATION,
    AGENT_TASKS,
    AGENT_TASKS_STARTED,
    AGENT_TASKS_SUCCEEDED,
)
from simulator.report.totals import ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.agent_tasks import TaskColumns
    from simulator.world.plan import RunPlan

    Mask = NDArray[np.bool_]

COUNT, USD, WH = Format.COUNT, Format.USD, Format.WATT_HOURS
LESS, MORE = Better.LESS, Better.MORE
COMPLETE, MEASURED = Averaging.COMPLETE, Averaging.MEASURED
IN_REQUESTS = "agents' calls are requests: their dollars and joules are in those metrics, by task"
SEEN = {"interval": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFigures:
    """Calls that an agent made for a task."""

    mean: float | None = figure(
        "On average.", Format.MEAN_COUNT, head="calls", averaging=MEASURED, no_metric=RATIO
    )
    max: float = figure("At most.", COUNT, averaging=MEASURED, no_metric="known of the whole run only")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCost:
    """Dollars of agent tasks, idle capacity left out."""

    total: float | None = figure(
        "All of them.", USD, better=LESS, interval=True, averaging=COMPLETE, no_metric=IN_REQUESTS
    )
    per_task: float | None = figure(
        "Per task that arrived.",
        USD,
        head="per task",
        better=LESS,
        interval=True,
        averaging=MEASURED,
        of_total=True,
        no_metric=RATIO,
    )
    per_success: float | None = figure(
        "Per task that succeeded.",
        USD,
        head="per success",
        better=LESS,
        interval=True,
        compared=14,
        averaging=MEASURED,
        of_total=True,
        no_metric=RATIO,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnergy:
    """Watt-hours of agent tasks, idle capacity left out."""

    total: float | None = figure("All of them.", WH, better=LESS, averaging=COMPLETE, no_metric=IN_REQUESTS)
    per_task: float | None = figure(
        "Per task that arrived.",
        WH,
        head="energy",
        better=LESS,
        interval=True,
        averaging=MEASURED,
        of_total=True,
        no_metric=RATIO,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTasks:
    """Tasks of the agents of one stream; fractions are means over replications."""

    arrived: float = figure(
        "Tasks whose first call arrived.", COUNT, head="tasks", metric=AGENT_TASKS_STARTED
    )
    completed: float = figure(
        "Tasks all of whose calls completed.",
        COUNT,
        head="done",
        better=MORE,
        interval=True,
        metric=AGENT_TASKS,
        part="completed",
    )
    failed: float = figure(
        "Tasks that ended with a call that did not complete.",
        COUNT,
        head="failed",
        better=LESS,
        interval=True,
        metric=AGENT_TASKS,
        part="failed",
    )
    unfinished: float = figure(
        "Tasks cut off by the end of the run.", COUNT, no_metric="the others are over; these are the rest"
    )
    success_ratio: float | None = figure(
        "Share of arrived tasks that completed and were right.",
        Format.RATIO,
        head="success",
        better=MORE,
        interval=True,
        compared=12,
        averaging=MEASURED,
        metric=AGENT_TASKS_SUCCEEDED,
    )
    latency_s: LatencyFigures = timed(
        "Seconds from the first call to the last answer, of completed tasks.",
        AGENT_TASK_DURATION,
        mean=SEEN,
        p50={"interval": True, "head": "median"},
        p95={"interval": True, "compared": 13, "head": "p95"},
        p99=SEEN,
    )
    calls: CallFigures = block("Calls made.")
    cost_usd: TaskCost = block("Dollars.")
    energy_wh: TaskEnergy = block("Watt-hours.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTasks(StreamTasks):
    """Tasks of agents: chains of dependent calls; fractions are means over replications."""

    by_stream: dict[str, StreamTasks] = block("The same by stream.")


def task_block(plan: RunPlan, tasks: TaskColumns) -> AgentTasks:
    """The report's `tasks`: all of them, and by stream."""
    names = plan.workload.stream_names
    by_stream = {
        names[code]: StreamTasks(**figures(tasks, tasks.stream_code == code))
        for code, rule in enumerate(plan.task_rules)
        if rule is not None
    }
    return AgentTasks(**figures(tasks, np.ones(len(tasks), np.bool_)), by_stream=by_stream)


def figures(tasks: TaskColumns, mine: Mask) -> dict[str, Any]:
    """The figures of some tasks; arrived tasks stand below the line."""
    arrived, judged = int(mine.sum()), bool(tasks.judged[mine].all())
    succeeded = int(tasks.succeeded[mine].sum())
    completed, failed = int(tasks.completed[mine].sum()), int(tasks.failed[mine].sum())
    calls = tasks.call_count[mine]
    usd, wh = float(tasks.cost_usd[mine].sum()), float(tasks.energy_wh[mine].sum())
    per_success = ratio(usd, succeeded) if judged else None
    return {
        "arrived": arrived,
        "completed": completed,
        "failed": failed,
        "unfinished": arrived - completed - failed,
        "success_ratio": ratio(succeeded, arrived) if judged else None,
        "latency_s": latency_figures(tasks.latency_s[mine]),
        "calls": CallFigures(mean=ratio(calls.sum(), arrived), max=int(calls.max(initial=0))),
        "cost_usd": TaskCost(total=usd, per_task=ratio(usd, arrived), per_success=per_success),
        "energy_wh": TaskEnergy(total=wh, per_task=ratio(wh, arrived)),
    }

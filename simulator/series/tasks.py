"""Agent tasks over time: how many have begun, ended and succeeded, and how long they took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.series.columns import FigureSeries, Groups, counted, crossed, observed_so_far, stacked
from simulator.series.labels import coded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from simulator.accounting.settlement import Settlement
    from simulator.series.columns import Axis, HistogramSeries

OUTCOMES = ("completed", "failed")
STREAM = ("stream",)


def task_totals(settlement: Settlement, axis: Axis) -> Iterator[FigureSeries]:
    """Tasks begun, over by outcome, and succeeded, by stream of agents; nothing where there is none."""
    names = streams_of(settlement)
    if not names:
        return
    tasks, by_stream = settlement.tasks, groups_of(settlement)
    begun, over = axis.steps(tasks.arrival_s), axis.steps(tasks.end_s)
    ended, everybody = tasks.completed | tasks.failed, np.ones(len(tasks), np.bool_)
    outcomes = crossed(by_stream, coded(OUTCOMES, np.where(tasks.completed, 0, 1))).only(ended)
    zeros = [(*name, outcome) for name in names for outcome in OUTCOMES]
    for name, labels, groups, steps, keys in (
        ("agent_tasks_started", STREAM, by_stream.only(everybody), begun, names),
        ("agent_tasks", (*STREAM, "outcome"), outcomes, over[ended], zeros),
        ("agent_tasks_succeeded", STREAM, by_stream.only(tasks.succeeded), over[tasks.succeeded], names),
    ):
        nothing = FigureSeries(name=name, labels=labels, keys=keys, values=np.zeros((len(keys), len(axis))))
        yield stacked([counted(name, labels, groups, steps, axis), nothing])


def task_durations(settlement: Settlement, axis: Axis, edges: Sequence[float]) -> HistogramSeries:
    """How long completed tasks took, by stream, when they are over."""
    tasks = settlement.tasks
    groups, steps = groups_of(settlement).only(tasks.completed), axis.steps(tasks.end_s[tasks.completed])
    return observed_so_far(
        "agent_task_s", STREAM, groups, steps, axis, tasks.latency_s[tasks.completed], edges
    )


def streams_of(settlement: Settlement) -> list[tuple[str]]:
    """The streams of agents."""
    plan = settlement.plan
    names = plan.workload.stream_names
    return [(names[code],) for code, rule in enumerate(plan.task_rules) if rule is not None]


def groups_of(settlement: Settlement) -> Groups:
    """Tasks by stream."""
    codes: NDArray[np.intp] = settlement.tasks.stream_code.astype(np.intp)
    return Groups([(name,) for name in settlement.plan.workload.stream_names], codes)

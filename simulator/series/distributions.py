"""Times and sizes of completed requests by bucket, as they are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.series.columns import observed_so_far
from simulator.series.labels import PLACE_AND_TASK, places_of, requests_by_place
from simulator.series.tasks import task_durations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulator.accounting.settlement import Settlement
    from simulator.series.columns import Axis, Column, Groups, HistogramSeries

TASK_SECONDS = "agent_task_s"


def distributions(
    settlement: Settlement, axis: Axis, edges: Mapping[str, Sequence[float]]
) -> tuple[HistogramSeries, ...]:
    """The distribution of each named column of `observed`, by place and task; edges in its unit.

    `agent_task_s` is of agents' tasks, by stream.
    """
    groups, columns = requests_by_place(settlement, places_of(settlement)), observed(settlement)
    found = [
        distribution(settlement, axis, groups, name, columns[name], bounds)
        for name, bounds in edges.items()
        if name != TASK_SECONDS
    ]
    tasks = [task_durations(settlement, axis, edges[TASK_SECONDS])] if TASK_SECONDS in edges else []
    return (*found, *tasks)


def observed(settlement: Settlement) -> dict[str, Column]:
    """What can be observed of requests that arrived: delivered times, and the answering attempt's
    seconds in prefill and decode and its tokens. Undefined is nan.
    """
    outcomes, attempts = settlement.run.outcomes, settlement.run.attempts

    def of_winner(column: Column) -> Column:
        if not len(attempts):
            return np.full(len(outcomes), np.nan)
        return np.where(outcomes.winner >= 0, column[outcomes.winner], np.nan)

    return {
        "ttft_s": outcomes.ttft_s,
        "tpot_s": outcomes.tpot_s,
        "e2e_s": outcomes.e2e_s,
        "queue_s": outcomes.queue_s,
        "network_s": outcomes.network_s,
        "prefill_s": of_winner(attempts.first_s - attempts.admitted_s),
        "decode_s": of_winner(attempts.finish_s - attempts.first_s),
        "input_token_count": of_winner(attempts.prompt.astype(np.float64)),
        "output_token_count": of_winner(attempts.output.astype(np.float64)),
    }


def distribution(
    settlement: Settlement, axis: Axis, groups: Groups, name: str, values: Column, edges: Sequence[float]
) -> HistogramSeries:
    """One distribution; what is undefined is not observed."""
    outcomes = settlement.run.outcomes
    rows = settlement.cohort.requests & outcomes.completed & ~np.isnan(values)
    found = groups.only(rows)
    steps = axis.steps(outcomes.final_s[rows])
    return observed_so_far(name, PLACE_AND_TASK, found, steps, axis, values[rows], edges)

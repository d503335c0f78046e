"""Agent tasks as columns: what became of chains of dependent calls, how long they took, what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.paid import by_request
from simulator.world.journal import RequestState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.run import RunAccounts
    from simulator.world.plan import RunPlan

    Column = NDArray[np.float64]
    Rows = NDArray[np.int64]
    Mask = NDArray[np.bool_]

LOST = (RequestState.REJECTED, RequestState.TIMED_OUT, RequestState.FAILED)
"""States of a call with which its task has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskColumns:
    """Columns of the tasks whose first call is in the report, in order of their numbers (`task`).

    `arrival_s` is the first call's, `end_s` when the last one was over; `latency_s` lies between them, nan
    unless completed. `succeeded` holds for completed tasks whose calls are right by the stream's rule;
    `judged` says whether that is known of every call.
    Dollars and watt-hours are those of all attempts of all calls, as the report counts them: without
    the drain; users' own devices are not in them.
    """

    task: NDArray[np.int64]
    stream_code: NDArray[np.int16]
    completed: Mask
    failed: Mask
    succeeded: Mask
    judged: Mask
    call_count: NDArray[np.int64]
    arrival_s: Column
    end_s: Column
    latency_s: Column
    cost_usd: Column
    energy_wh: Column

    def __len__(self) -> int:
        """Number of tasks."""
        return len(self.task)


def agent_tasks(plan: RunPlan, run: RunAccounts, requests: Mask) -> TaskColumns:
    """The tasks whose first call is among `requests`, a mask of the requests that arrived."""
    rows, first = calls_in_order(plan, run)
    last = np.append(first, len(rows))[1:] - 1
    kept = requests[rows[first]]
    opening, ending = rows[first][kept], rows[last][kept]
    outcomes, workload = run.outcomes, plan.workload
    ours = ~run.books.counted.user_side * run.books.counted.drawn_wh
    paid_usd = by_request(run, run.books.counted.cost_usd) + run.routing_usd
    state = outcomes.state[ending]
    over = workload.next_request[outcomes.request[ending]] < 0
    completed = over & (state == RequestState.COMPLETED)
    arrival_s = outcomes.arrival_s[opening]
    return TaskColumns(
        task=workload.session[outcomes.request[opening]],
        stream_code=workload.stream_code[outcomes.request[opening]],
        completed=completed,
        failed=np.isin(state, LOST),
        succeeded=completed & right(plan, run, rows, first)[kept],
        judged=np.logical_and.reduceat(outcomes.judged[rows], first)[kept],
        call_count=(last - first + 1)[kept],
        arrival_s=arrival_s,
        end_s=outcomes.final_s[ending],
        latency_s=np.where(completed, outcomes.final_s[ending] - arrival_s, np.nan),
        cost_usd=np.add.reduceat(paid_usd[rows], first)[kept],
        energy_wh=np.add.reduceat(by_request(run, ours)[rows], first)[kept],
    )


def calls_in_order(plan: RunPlan, run: RunAccounts) -> tuple[Rows, Rows]:
    """Rows of the calls that arrived, task by task and call by call; where each task begins among them."""
    is_call = np.array([rule is not None for rule in plan.task_rules], np.bool_)
    workload, request = plan.workload, run.outcomes.request
    rows = np.flatnonzero(is_call[workload.stream_code[request]])
    task, call = workload.session[request[rows]], workload.turn[request[rows]]
    order = np.lexsort((call, task))
    first = np.flatnonzero(np.diff(task[order], prepend=-1))
    return rows[order], first


def right(plan: RunPlan, run: RunAccounts, rows: Rows, first: Rows) -> Mask:
    """Whether each task's calls are right by the rule of its stream: the last of them, or all."""
    strict = np.array([rule is not None and rule.every_call for rule in plan.task_rules], np.bool_)
    code = plan.workload.stream_code[run.outcomes.request[rows[first]]]
    correct = run.outcomes.correct[rows]
    last = np.append(first, len(rows))[1:] - 1
    return np.where(strict[code], np.logical_and.reduceat(correct, first), correct[last])

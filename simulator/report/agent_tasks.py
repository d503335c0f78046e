"""Agent tasks: what became of chains of dependent calls, how long they took and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.paid import by_request
from simulator.report.totals import distribution, ratio
from simulator.world.journal import RequestState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.run import Run
    from simulator.report.report import Json
    from simulator.world.plan import RunPlan

    Column = NDArray[np.float64]
    Rows = NDArray[np.int64]
    Mask = NDArray[np.bool_]

LOST = (RequestState.REJECTED, RequestState.TIMED_OUT, RequestState.FAILED)
"""States of a call with which its task has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTasks:
    """Columns of the tasks whose first call is in the report, in order of their numbers (`task`).

    `arrival_s` is the first call's; `latency_s` runs from there to the last answer delivered, nan
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
    latency_s: Column
    cost_usd: Column
    energy_wh: Column

    def __len__(self) -> int:
        """Number of tasks."""
        return len(self.task)


def task_block(plan: RunPlan, run: Run, requests: Mask) -> dict[str, Json]:
    """The report's `tasks`: all of them, and by stream."""
    tasks = agent_tasks(plan, run, requests)
    names = plan.workload.stream_names
    by_stream: dict[str, Json] = {
        names[code]: figures(tasks, tasks.stream_code == code)
        for code, rule in enumerate(plan.task_rules)
        if rule is not None
    }
    return {**figures(tasks, np.ones(len(tasks), np.bool_)), "by_stream": by_stream}


def figures(tasks: AgentTasks, mine: Mask) -> dict[str, Json]:
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
        "latency_s": distribution(tasks.latency_s[mine]),
        "calls": {"mean": ratio(calls.sum(), arrived), "max": int(calls.max(initial=0))},
        "cost_usd": {"total": usd, "per_task": ratio(usd, arrived), "per_success": per_success},
        "energy_wh": {"total": wh, "per_task": ratio(wh, arrived)},
    }


def agent_tasks(plan: RunPlan, run: Run, requests: Mask) -> AgentTasks:
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
    return AgentTasks(
        task=workload.session[outcomes.request[opening]],
        stream_code=workload.stream_code[outcomes.request[opening]],
        completed=completed,
        failed=np.isin(state, LOST),
        succeeded=completed & right(plan, run, rows, first)[kept],
        judged=np.logical_and.reduceat(outcomes.judged[rows], first)[kept],
        call_count=(last - first + 1)[kept],
        arrival_s=arrival_s,
        latency_s=np.where(completed, outcomes.final_s[ending] - arrival_s, np.nan),
        cost_usd=np.add.reduceat(paid_usd[rows], first)[kept],
        energy_wh=np.add.reduceat(by_request(run, ours)[rows], first)[kept],
    )


def calls_in_order(plan: RunPlan, run: Run) -> tuple[Rows, Rows]:
    """Rows of the calls that arrived, task by task and call by call; where each task begins among them."""
    is_call = np.array([rule is not None for rule in plan.task_rules], np.bool_)
    workload, request = plan.workload, run.outcomes.request
    rows = np.flatnonzero(is_call[workload.stream_code[request]])
    task, call = workload.session[request[rows]], workload.turn[request[rows]]
    order = np.lexsort((call, task))
    first = np.flatnonzero(np.diff(task[order], prepend=-1))
    return rows[order], first


def right(plan: RunPlan, run: Run, rows: Rows, first: Rows) -> Mask:
    """Whether each task's calls are right by the rule of its stream: the last of them, or all."""
    strict = np.array([rule is not None and rule.every_call for rule in plan.task_rules], np.bool_)
    code = plan.workload.stream_code[run.outcomes.request[rows[first]]]
    correct = run.outcomes.correct[rows]
    last = np.append(first, len(rows))[1:] - 1
    return np.where(strict[code], np.logical_and.reduceat(correct, first), correct[last])

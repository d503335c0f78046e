"""From the ledger to the report: one settlement of everything that happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.agent_tasks import TaskColumns, agent_tasks
from simulator.accounting.attempts import attempt_columns
from simulator.accounting.costs import capacity_costs, run_costs
from simulator.accounting.money import processed
from simulator.accounting.outcomes import request_outcomes
from simulator.accounting.provisioned import with_units_used
from simulator.accounting.run import RunAccounts, RunSelection
from simulator.accounting.spans import spans_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.month import Month
    from simulator.accounting.spans import WindowReadings
    from simulator.accounting.terms import BillingTerms
    from simulator.world.fleet.held_capacity import HeldCapacity
    from simulator.world.journal import Journal
    from simulator.world.plan import RunPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A run's columns and books, its agents' tasks, and the part that the report is about (`cohort`)."""

    plan: RunPlan
    journal: Journal
    run: RunAccounts
    cohort: RunSelection
    tasks: TaskColumns


def settle(
    plan: RunPlan,
    journal: Journal,
    ledger: NDArray[np.void],
    edges: WindowReadings,
    presence: HeldCapacity,
    terms: Sequence[BillingTerms],
    month: Month,
) -> Settlement:
    """Settles a finished run.

    `edges` are the billed window's, with what was read there; `presence` says which of the queues
    were there to be paid for; `month` what a month is beside the window.
    """
    attempts = attempt_columns(ledger, journal, plan)
    spans = spans_of(attempts, edges)
    attempts, spans, busy_s = with_units_used(attempts, spans, edges, terms)
    edges = replace(edges, busy_s=busy_s)
    outcomes = request_outcomes(plan, journal, attempts)
    arrived = journal.arrival_s[attempts.request] >= plan.warmup_s
    run = RunAccounts(
        attempts=attempts,
        outcomes=outcomes,
        processed=processed(attempts, terms),
        spans=spans,
        books=run_costs(attempts, terms, spans, arrived),
        capacity=capacity_costs(spans.window, attempts, terms, presence, edges),
        terms=terms,
        routing_usd=journal.routing_usd[outcomes.request],
        water_l_per_kwh=np.array([term.water_l_per_kwh for term in terms]),
        water_site_l_per_kwh=np.array([term.water_site_l_per_kwh for term in terms]),
        window_s=plan.duration_s - plan.warmup_s,
        month=month,
    )
    cohort = cohort_of(plan, arrived, run)
    tasks = agent_tasks(plan, run, cohort.requests)
    return Settlement(plan=plan, journal=journal, run=run, cohort=cohort, tasks=tasks)


def cohort_of(plan: RunPlan, arrived: NDArray[np.bool_], run: RunAccounts) -> RunSelection:
    """The requests that arrived after the warm-up, all attempts made for them (`arrived`), and all
    work in the window.
    """
    requests = run.outcomes.arrival_s >= plan.warmup_s
    return RunSelection(
        attempts=arrived,
        work=np.ones(len(run.attempts), np.bool_),
        requests=requests,
        targets=np.ones(len(run.terms), np.bool_),
        routing=requests,
    )

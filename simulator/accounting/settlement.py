"""From the ledger to the report: one settlement of everything that happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from router.steps import AttemptKind
from simulator.accounting import blocks
from simulator.accounting.agent_tasks import task_block
from simulator.accounting.attempts import attempt_columns
from simulator.accounting.blocks import Run, Selection
from simulator.accounting.books import capacity_books, run_books
from simulator.accounting.breakdown import breakdowns
from simulator.accounting.money import processed
from simulator.accounting.outcomes import request_outcomes
from simulator.accounting.provisioned import with_units_used
from simulator.accounting.spans import spans_of
from simulator.kernel.codes import REASON_NAMES, Ending

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulator.accounting.month import Month
    from simulator.accounting.spans import Edges
    from simulator.accounting.terms import Terms
    from simulator.report import Json
    from simulator.world.journal import Journal
    from simulator.world.plan import RunPlan
    from simulator.world.presence import Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A run's columns, books and the part of it that the report is about (`cohort`)."""

    plan: RunPlan
    journal: Journal
    run: Run
    cohort: Selection


def settle(
    plan: RunPlan,
    journal: Journal,
    ledger: NDArray[np.void],
    edges: Edges,
    presence: Presence,
    terms: Sequence[Terms],
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
    run = Run(
        attempts=attempts,
        outcomes=outcomes,
        processed=processed(attempts, terms),
        spans=spans,
        books=run_books(attempts, terms, spans, arrived),
        capacity=capacity_books(spans.window, attempts, terms, presence, edges),
        terms=terms,
        routing_usd=journal.routing_usd[outcomes.request],
        water_l_per_kwh=np.array([term.water_l_per_kwh for term in terms]),
        water_site_l_per_kwh=np.array([term.water_site_l_per_kwh for term in terms]),
        window_s=plan.duration_s - plan.warmup_s,
        month=month,
    )
    return Settlement(plan=plan, journal=journal, run=run, cohort=cohort_of(plan, arrived, run))


def cohort_of(plan: RunPlan, arrived: NDArray[np.bool_], run: Run) -> Selection:
    """The requests that arrived after the warm-up, all attempts made for them (`arrived`), and all
    work in the window.
    """
    requests = run.outcomes.arrival_s >= plan.warmup_s
    return Selection(
        attempts=arrived,
        work=np.ones(len(run.attempts), np.bool_),
        requests=requests,
        targets=np.ones(len(run.terms), np.bool_),
        routing=requests,
    )


def report_blocks(settlement: Settlement, pools: Mapping[str, float]) -> dict[str, Json]:
    """All figures of the report, without its head; `pools` adds utilisation by pool."""
    run, cohort = settlement.run, settlement.cohort
    cost = blocks.cost_block(run, cohort)
    total_usd = cost["total"] or 0.0
    return {
        "requests": blocks.request_block(run, cohort),
        "attempts": attempt_block(run, cohort, settlement.journal.hung_up_on),
        "tokens": blocks.token_block(run, cohort),
        "cost_usd": {**cost, **blocks.unit_costs(run, cohort, total_usd)},
        "energy_wh": blocks.energy_block(run, cohort),
        "emissions_gco2e": blocks.emissions_block(run, cohort),
        "water_l": blocks.water_block(run, cohort),
        "drain": cast("Json", blocks.drain_block(run, settlement.plan.duration_s)),
        "latency": blocks.latency_block(run, cohort),
        **blocks.level_blocks(run, cohort),
        "tasks": task_block(settlement.plan, run, cohort.requests),
        "utilization": {**utilizations(run), **pools},
        "by": cast("Json", breakdowns(run, cohort, settlement.plan.workload)),
        "decisions": decision_counts(settlement),
    }


def attempt_block(run: Run, cohort: Selection, hung_up_on: Sequence[int]) -> dict[str, Json]:
    """Attempts by why they were made, how many were given up, and why the others failed."""
    attempts = run.attempts
    kinds = np.bincount(attempts.kind[cohort.attempts], minlength=len(AttemptKind))
    given_up = attempts.ending[cohort.attempts] == Ending.CANCELLED
    return {
        "total": int(cohort.attempts.sum()),
        "retries": int(kinds[AttemptKind.RETRY]),
        "fallbacks": int(kinds[AttemptKind.FALLBACK]),
        "escalations": int(kinds[AttemptKind.ESCALATION]),
        "hedges": int(kinds[AttemptKind.HEDGE]),
        "cancelled": int(given_up.sum()),
        "failures": failure_counts(run, cohort, hung_up_on),
    }


def failure_counts(run: Run, cohort: Selection, hung_up_on: Sequence[int]) -> dict[str, Json]:
    """Failed attempts by reason, and as `timeout` those under way when their client hung up."""
    attempts = run.attempts
    failed = cohort.attempts & (attempts.ending == Ending.FAILED)
    counts = np.bincount(attempts.reason[failed], minlength=len(REASON_NAMES))
    late = np.zeros(len(attempts), np.bool_)
    late[hung_up_on] = True
    timeouts = int((late & cohort.attempts & (attempts.ending == Ending.CANCELLED)).sum())
    named = dict(zip(REASON_NAMES[1:], map(int, counts[1:].tolist()), strict=True))
    return {**named, "timeout": timeouts}


def utilizations(run: Run) -> dict[str, Json]:
    """Busy over held time by deployment, and of all together; None for what is not held."""
    names = np.array([term.deployment for term in run.terms])
    held = np.array([term.held for term in run.terms])
    found: dict[str, Json] = {"overall": blocks.utilization(run, held)}
    for name in dict.fromkeys(names.tolist()):
        found[name] = blocks.utilization(run, held & (names == name))
    return found


def decision_counts(settlement: Settlement) -> dict[str, Json]:
    """How often each reason was given, most often first."""
    outcomes, cohort = settlement.run.outcomes, settlement.cohort
    codes = settlement.journal.reason[outcomes.request[cohort.requests]]
    names = settlement.journal.reason_names()
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    return {names[code]: int(counts[code]) for code in order.tolist() if counts[code]}

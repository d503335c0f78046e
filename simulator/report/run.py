"""All figures of a settled run: the whole, its parts, and how often each reason was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from router.steps import AttemptKind
from simulator.kernel.codes import REASON_NAMES, Ending
from simulator.report import blocks
from simulator.report.agent_tasks import task_block
from simulator.report.breakdown import breakdowns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulator.accounting.run import Run, Selection
    from simulator.accounting.settlement import Settlement
    from simulator.report.report import Json


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

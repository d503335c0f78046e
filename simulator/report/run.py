"""All figures of a settled run: the whole, its parts, and how often each reason was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.report.blocks.agent_tasks import task_block
from simulator.report.blocks.cache_regret import cache_regret
from simulator.report.blocks.cost import cost_block
from simulator.report.blocks.counts import attempt_counts, request_counts, token_counts
from simulator.report.blocks.drain import drain_block
from simulator.report.blocks.energy import emissions_block, energy_block, water_block
from simulator.report.blocks.latency import latency_block
from simulator.report.blocks.quality import completion_ratio, quality_block, slo_block
from simulator.report.blocks.recorded import recorded_figures
from simulator.report.blocks.rows import breakdowns, utilization

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.accounting.run import RunAccounts
    from simulator.accounting.settlement import Settlement


def report_blocks(settlement: Settlement, pools: Mapping[str, float]) -> dict[str, Any]:
    """The blocks of the report that a settlement gives, by field; `pools` adds utilisation by pool."""
    run, cohort = settlement.run, settlement.cohort
    return {
        "requests": request_counts(run, cohort),
        "attempts": attempt_counts(run, cohort, settlement.journal.hung_up_on),
        "tokens": token_counts(run, cohort),
        "cost_usd": cost_block(run, cohort),
        "energy_wh": energy_block(run, cohort),
        "emissions_gco2e": emissions_block(run, cohort),
        "water_l": water_block(run, cohort),
        "drain": drain_block(run, settlement.plan.duration_s),
        "latency": latency_block(run, cohort),
        "completion_ratio": completion_ratio(run, cohort),
        "slo": slo_block(run, cohort),
        "quality": quality_block(run, cohort),
        "tasks": task_block(settlement.plan, settlement.tasks),
        "utilization": {**utilizations(run), **pools},
        "by": breakdowns(run, cohort, settlement.plan.workload),
        "decisions": decision_counts(settlement),
        "cache_regret": cache_regret(settlement),
        "recorded": recorded_figures(settlement),
    }


def utilizations(run: RunAccounts) -> dict[str, float | None]:
    """Busy over held time by deployment, and of all together; None for what is not held."""
    names = np.array([term.deployment for term in run.terms])
    held = np.array([term.held for term in run.terms])
    found = {"overall": utilization(run, held)}
    for name in dict.fromkeys(names.tolist()):
        found[name] = utilization(run, held & (names == name))
    return found


def decision_counts(settlement: Settlement) -> dict[str, float]:
    """How often each reason was given, most often first."""
    outcomes, cohort = settlement.run.outcomes, settlement.cohort
    codes = settlement.journal.reason[outcomes.request[cohort.requests]]
    names = settlement.journal.reason_names()
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    return {names[code]: int(counts[code]) for code in order.tolist() if counts[code]}

"""The routing measures of a comparison: what the router gains, apart from load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.accounting.outcomes import success_known
from simulator.experiment.routing_quality import (
    average_improvement,
    gap_recovered,
    threshold_measures,
)
from simulator.plan.resolution import weak_and_strong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.experiment.simulation import RunResult
    from simulator.report.figures import Json
    from simulator.report.report import Report

WEAK, STRONG = "always_cheapest", "always_strongest"


def routing_quality(reports: Sequence[Report], results: Sequence[RunResult]) -> dict[str, Json]:
    """PGR by policy, APGR and CPT of the router's score, AIQ over the policies anybody can have.

    None for what an unknown price or an unknown share of right answers is part of.
    """
    quality = {report.policy: report.figure("quality.success_ratio") for report in reports}
    recovered: dict[str, Json] = {
        name: gap_recovered(value, quality[WEAK], quality[STRONG]) for name, value in quality.items()
    }
    points = [
        (report.figure("cost_usd.per_request"), quality[report.policy])
        for report in reports
        if not report.oracle
    ]
    return {"pgr": recovered, **score_measures(results), "aiq": average_improvement(points)}


def score_measures(results: Sequence[RunResult]) -> dict[str, Json]:
    """APGR, CPT50 and CPT80 of the scenario's router score over one replication's requests."""
    plan = results[0].settlement.plan
    weak, strong = weak_and_strong(plan.targets, plan.workload)
    if not success_known(plan).all():
        return dict.fromkeys(("apgr", "cpt50", "cpt80"))
    rows = [plan.model_names.index(name) for name in (weak, strong)]
    correct = plan.answers.correct
    return threshold_measures(plan.requests.router_score, correct[rows[0]], correct[rows[1]])

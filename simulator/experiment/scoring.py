"""The routing measures of a comparison: what the router gains, apart from load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.accounting.outcomes import success_known
from simulator.plan.resolution import weak_and_strong
from simulator.routing_quality.choices import against_mixes, arena_scores, best_single
from simulator.routing_quality.hulls import (
    average_improvement,
    hull,
    known_points,
    routerbench_improvement,
)
from simulator.routing_quality.hypervolume import covered_ratio
from simulator.routing_quality.pair import pair_summary, score_measures, unmeasured
from simulator.routing_quality.system import routing_effects
from simulator.routing_quality.thresholds import gap_recovered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulator.experiment.simulation import RunResult
    from simulator.quality.outcomes import OutcomeTable
    from simulator.report.figures import Json
    from simulator.report.report import Report
    from simulator.routing_quality.hulls import Point

    Choice = tuple[float | None, float | None]

WEAK, STRONG, KNOWING = "always_cheapest", "always_strongest", "oracle"
SINGLE_CHOICES = (WEAK, STRONG, "static")
"""Policies that send everything to one model, by the name before their knobs."""
WEIGHED = {
    "cost_usd.per_request": 1.0,
    "quality.success_ratio": -1.0,
    "latency.e2e_s.p95": 1.0,
    "energy_wh.per_request": 1.0,
}
"""Objectives of the hypervolume by path in the report: 1 where less is better, -1 where more is."""


def routing_quality(
    reports: Sequence[Report],
    results: Sequence[RunResult],
    confidence: float = 0.95,
    table: OutcomeTable | None = None,
) -> dict[str, Json]:
    """How good each policy's choices are, and what the router's scores are worth.

    Scores are measured over all queries of a `table` of recorded answers, else over one replication's
    requests; `effects` are those of each policy's first replication. None stands for what an unknown
    price or an unknown share of right answers is part of.
    """
    points = {report.policy: choice_of(report) for report in reports}
    had = {report.policy: points[report.policy] for report in reports if not report.oracle}
    return {
        "pgr": recovered(points),
        **pair_and_scores(results, confidence, table),
        "aiq": average_improvement(list(had.values())),
        "aiq_routerbench": routerbench_improvement(known_points(had.values())),
        "zero_router": zero_router(had),
        "against_mixes": beside_mixes(had),
        "arena_score": arena_scores(points),
        "regret": regrets(points),
        "hypervolume_ratio": hypervolume_of(reports),
        "effects": {result.report.policy: routing_effects(result.settlement).to_dict() for result in results},
    }


def choice_of(report: Report) -> Choice:
    """A policy's dollars per request and its share of right answers."""
    return report.figure("cost_usd.per_request"), report.figure("quality.success_ratio")


def recovered(points: Mapping[str, Choice]) -> dict[str, Json]:
    """PGR by policy, between the cheapest and the strongest model."""
    weak, strong = points[WEAK][1], points[STRONG][1]
    return {name: gap_recovered(quality, weak, strong) for name, (_cost, quality) in points.items()}


def singles(points: Mapping[str, Choice]) -> list[Point]:
    """Cost and quality of the policies that send everything to one model."""
    return known_points(point for name, point in points.items() if name.partition(":")[0] in SINGLE_CHOICES)


def zero_router(points: Mapping[str, Choice]) -> dict[str, Json]:
    """The hull of single models: what random mixes of them reach without a router's insight."""
    found = singles(points)
    best = best_single(found)
    return {
        "hull": [list(point) for point in hull(found)],
        "aiq": average_improvement(found),
        "best_single": None if best is None else list(best),
    }


def beside_mixes(points: Mapping[str, Choice]) -> dict[str, Json]:
    """Every policy beside the zero router; None where its cost or quality is not known."""
    found = singles(points)
    return {
        name: against_mixes(known[0], found).to_dict() if (known := known_points([point])) else None
        for name, point in points.items()
    }


def regrets(points: Mapping[str, Choice]) -> dict[str, Json]:
    """What each policy lacks of the oracle's quality, and pays beyond the oracle's cost, per request."""
    best = known_points([points[KNOWING]]) if KNOWING in points else []
    if not best:
        return {}
    (cost, quality) = best[0]
    return {
        name: {"success_ratio": quality - known[0][1], "usd_per_request": known[0][0] - cost}
        if (known := known_points([point]))
        else None
        for name, point in points.items()
    }


def hypervolume_of(reports: Sequence[Report]) -> float | None:
    """Covered share of the space of cost, quality, p95 latency and energy; None where one is unknown."""
    had = [report for report in reports if not report.oracle]
    rows = [[report.figure(path) for path in WEIGHED] for report in had]
    signs = tuple(WEIGHED.values())
    known = [
        tuple(sign * value for sign, value in zip(signs, row, strict=True) if value is not None)
        for row in rows
    ]
    whole = all(len(row) == len(signs) for row in known)
    return covered_ratio(known) if whole and known else None


def pair_and_scores(
    results: Sequence[RunResult], confidence: float, table: OutcomeTable | None
) -> dict[str, Json]:
    """The weak and the strong model, and what router scores are worth between them."""
    plan = results[0].settlement.plan
    names = weak_and_strong(plan.targets, plan.workload)
    if not len(plan.workload) or not success_known(plan).all():
        return {**unmeasured().to_dict(), "pair": None, "scores": {}}
    if table is not None:
        return of_table(table, names, confidence)
    weak, strong = (plan.answers.correct[plan.model_names.index(name)] for name in names)
    found = score_measures(plan.requests.router_score, weak, strong, confidence, sampled=False)
    return {**found.to_dict(), "pair": pair_summary(names, weak, strong).to_dict(), "scores": {}}


def of_table(table: OutcomeTable, names: tuple[str, str], confidence: float) -> dict[str, Json]:
    """The same over the queries of a table that both models were asked; the score in use stands first.

    A table without a score has no measures: those of drawn scores would say nothing of it.
    """
    rows = [table.models.index(name) for name in names]
    both = table.asked[rows].all(axis=0)
    weak, strong = (table.correct[row][both] for row in rows)
    scores = {
        name: score_measures(score[both], weak, strong, confidence, sampled=True)
        for name, score in table.scores.items()
    }
    chosen = unmeasured() if table.score is None else scores[table.score]
    pair = None if not both.any() else pair_summary(names, weak, strong).to_dict()
    return {
        **chosen.to_dict(),
        "pair": pair,
        "scores": {name: found.to_dict() for name, found in scores.items()},
    }

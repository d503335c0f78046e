"""A weak and a strong model on one set of queries: who is right, and what scores make of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from simulator.routing_quality.resampling import query_intervals
from simulator.routing_quality.thresholds import (
    GapMeasures,
    RankedAnswers,
    best_order,
    exact_measures,
    finite_rows,
    pair_counts,
    routellm_measures,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from simulator.report.figures import Json
    from simulator.routing_quality.resampling import QueryInterval

    Column = NDArray[np.float64]
    Right = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreMeasures:
    """One score's measures: through all thresholds, with intervals over queries, and as RouteLLM takes them.

    `queries` have the score; `without_score` have none and are left out.
    """

    queries: int
    without_score: int
    exact: GapMeasures
    routellm: GapMeasures
    intervals: Mapping[str, QueryInterval]

    def to_dict(self) -> dict[str, Json]:
        """The measures as plain data: the exact ones first, on this level."""
        return {
            **asdict(self.exact),
            "routellm": asdict(self.routellm),
            "intervals": {name: asdict(found) for name, found in self.intervals.items()},
            "queries": self.queries,
            "without_score": self.without_score,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSummary:
    """Two models on the same queries, and the router that would know which of them is right."""

    weak: str
    strong: str
    queries: int
    weak_success_ratio: float
    strong_success_ratio: float
    either_success_ratio: float
    counts: Mapping[str, int]
    best: GapMeasures

    def to_dict(self) -> dict[str, Json]:
        """The summary as plain data."""
        return {
            "weak": self.weak,
            "strong": self.strong,
            "queries": self.queries,
            "weak_success_ratio": self.weak_success_ratio,
            "strong_success_ratio": self.strong_success_ratio,
            "either_success_ratio": self.either_success_ratio,
            **self.counts,
            "best": {**asdict(self.best)},
        }


def pair_summary(names: tuple[str, str], weak: Right, strong: Right) -> PairSummary:
    """The summary of `names` (weak, strong) on queries that both answered."""
    return PairSummary(
        weak=names[0],
        strong=names[1],
        queries=len(weak),
        weak_success_ratio=float(weak.mean()),
        strong_success_ratio=float(strong.mean()),
        either_success_ratio=float((weak | strong).mean()),
        counts=pair_counts(weak, strong),
        best=exact_measures(RankedAnswers(best_order(weak, strong), weak, strong).curve()),
    )


def score_measures(
    score: Column, weak: Right, strong: Right, confidence: float, *, sampled: bool
) -> ScoreMeasures:
    """A score's measures; intervals where the queries are a sample of what might be asked.

    Queries without a score (`nan`) are left out and counted.
    """
    known, (low, high) = finite_rows(score, (weak, strong))
    ranked = RankedAnswers(known, low, high)
    without = len(score) - len(known)
    if not len(known):
        return unmeasured(without)
    intervals = (
        query_intervals(lambda count: asdict(exact_measures(ranked.curve(count))), len(known), confidence)
        if sampled
        else {}
    )
    return ScoreMeasures(
        queries=len(known),
        without_score=without,
        exact=exact_measures(ranked.curve()),
        routellm=routellm_measures(known, low, high),
        intervals=intervals,
    )


def unmeasured(without_score: int = 0) -> ScoreMeasures:
    """The measures where no query has a score."""
    none = GapMeasures(apgr=None, cpt50=None, cpt80=None)
    return ScoreMeasures(queries=0, without_score=without_score, exact=none, routellm=none, intervals={})

"""Filters, scorers and pickers, and policies put together from them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from router import Decision, FleetView, Pipeline, RequestView, Send, Weighted
from router.pipeline.filters import InTiers, LoadCeiling, SuccessFloor
from router.pipeline.pickers import BestScore, LeastLoaded, RandomByScore
from router.pipeline.scorers import CostScore, KvRoomScore, LoadScore, SuccessScore, lower_is_better
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view

TARGETS = sample_targets()
ALL = (0, 1, 2, 3)


def request() -> RequestView:
    """Any request."""
    return sample_view(sample_requests(1), TARGETS)


def route(pipeline: Pipeline, fleet: FleetView | None = None) -> Decision:
    """One decision of the pipeline."""
    return pipeline.route(request(), fleet or sample_fleet(TARGETS), np.random.default_rng(1))


class Fixed:
    """Scores that are given."""

    def __init__(self, *scores: float) -> None:
        """Keeps the scores, by target index."""
        self._scores = scores

    def scores(self, request: RequestView, fleet: FleetView, candidates: tuple[int, ...]) -> list[float]:
        """The scores of the candidates."""
        return [self._scores[index] for index in candidates]


def test_filters_narrow_in_order() -> None:
    """A later filter sees only what the earlier ones left."""
    fleet = sample_fleet(TARGETS, [0, 5, 1, 2])
    rules = (InTiers(frozenset({"on_prem", "dedicated", "cloud"})), LoadCeiling(3))
    pipeline = Pipeline(filters=rules, picker=LeastLoaded(), reason="x")
    assert route(pipeline, fleet) == Send("x", "large")


def test_filter_that_leaves_nothing_is_skipped_or_rejects() -> None:
    """What happens without candidates is the pipeline's choice."""
    nobody = (LoadCeiling(-1),)
    assert route(Pipeline(filters=nobody, picker=LeastLoaded(), reason="x")) == Send("x", "small")
    strict = Pipeline(filters=nobody, picker=LeastLoaded(), reason="x", when_empty="reject")
    assert route(strict) == Decision.reject(reason="no target passes LoadCeiling")


def test_scores_are_summed_by_weight_and_nan_counts_as_nothing() -> None:
    """The picker sees the weighted sum; a score that is not a number neither helps nor harms."""
    scorers = (Weighted(Fixed(1, 0, 0, 0)), Weighted(Fixed(float("nan"), 0.9, 0, 0.2), 2.0))
    assert route(Pipeline(scorers=scorers, picker=BestScore(), reason="x")) == Send("x", "medium")


def test_best_score_breaks_ties_by_load_then_index() -> None:
    """Equal scores go to the less loaded target."""
    fleet, rng = sample_fleet(TARGETS, [3, 1, 1, 0]), np.random.default_rng(1)
    assert BestScore().pick(fleet, ALL, [1, 1, 1, 0], rng) == 1


def test_random_by_score_follows_the_scores() -> None:
    """Targets are drawn in proportion to positive scores, or evenly where none is."""
    fleet, rng = sample_fleet(TARGETS), np.random.default_rng(1)
    drawn = Counter(RandomByScore().pick(fleet, ALL, [3, 0, 1, -5], rng) for _ in range(2000))
    assert set(drawn) == {0, 2}
    assert drawn[0] / 2000 == pytest.approx(0.75, abs=0.04)
    even = Counter(RandomByScore().pick(fleet, ALL, [0, 0, 0, -1], rng) for _ in range(2000))
    assert min(even.values()) > 420


def test_built_in_scores_run_from_worst_to_best() -> None:
    """Each scorer gives 1 to the best and 0 to the worst under its aspect."""
    fleet = sample_fleet(TARGETS, [0, 2, 4, 8])
    assert LoadScore().scores(request(), fleet, ALL) == [1.0, 0.75, 0.5, 0.0]
    assert KvRoomScore().scores(request(), fleet, ALL) == [1.0, 0.75, 0.5, 0.0]
    cost = CostScore().scores(request(), fleet, ALL)
    assert (cost[0], cost[3]) == (1.0, 0.0)
    assert cost == sorted(cost, reverse=True)
    success = SuccessScore().scores(request(), fleet, ALL)
    assert success == [target.predicted_success(request()) for target in TARGETS]
    assert lower_is_better([2.0, 2.0]) == [1.0, 1.0]


def test_success_floor_keeps_the_likely() -> None:
    """Targets below the floor are filtered."""
    kept = SuccessFloor(0.5).keep(request(), sample_fleet(TARGETS), ALL)
    assert kept == [t.index for t in TARGETS if t.predicted_success(request()) >= 0.5]

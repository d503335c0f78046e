"""Pipelines of filters, scorers and pickers, against a plain reading of the same rules."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plain_pipeline import SCORES, decided
from router import Decision, FleetView, Pipeline, Send, SuccessCurve, Target, make_policy
from router.pipeline.columns import MANY, weighted_sum
from router.pipeline.filters import LoadCeiling, SuccessFloor
from router.pipeline.named_filters import InTiers
from router.pipeline.pickers import BestScore, LeastLoaded
from router.testing.samples import TASK, sample_fleet, sample_requests, sample_targets, sample_view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TARGETS = sample_targets()
GRID = (-2.0, -0.5, 0.0, 1.5, 3.0)


def route(pipeline: Pipeline, fleet: FleetView | None = None) -> Decision:
    """One decision of the pipeline."""
    request = sample_view(sample_requests(1), TARGETS)
    return pipeline.route(request, fleet or sample_fleet(TARGETS), np.random.default_rng(1))


class Fixed:
    """Scores that are given."""

    def __init__(self, *scores: float, weight: float = 1.0) -> None:
        """Keeps the scores, by target index."""
        self._scores, self.weight = scores, weight

    def scores(self, request: object, fleet: object, candidates: tuple[int, ...], rng: object) -> list[float]:
        """The scores of the candidates."""
        return [self._scores[index] for index in candidates]


def test_filters_narrow_in_order() -> None:
    """A later filter sees only what the earlier ones left."""
    fleet = sample_fleet(TARGETS, [0, 5, 1, 2])
    rules = (InTiers(tiers=("on_prem", "dedicated", "cloud")), LoadCeiling(outstanding=3))
    assert route(Pipeline(filters=rules, picker=LeastLoaded(), reason="x"), fleet) == Send("x", "large")


@pytest.mark.parametrize(
    ("of_filter", "of_pipeline", "rejects"),
    [(None, "skip", False), (None, "reject", True), ("skip", "reject", False), ("reject", "skip", True)],
)
def test_a_filter_that_leaves_none_is_passed_over_or_rejects(of_filter, of_pipeline, rejects) -> None:
    """What the filter says goes before what the pipeline says."""
    nobody = SuccessFloor(floor=1.0, when_empty=of_filter)
    pipeline = Pipeline(filters=[nobody], picker=LeastLoaded(), reason="x", when_empty=of_pipeline)
    refusal = Decision.reject(reason="no target passes success_floor")
    assert route(pipeline) == (refusal if rejects else Send("x", "small"))


@pytest.mark.parametrize("unknown", [nan, inf, -inf])
def test_a_score_that_is_not_finite_counts_as_nothing(unknown: float) -> None:
    """It neither helps nor harms, and the other scores of its candidate count."""
    scorers = [Fixed(1, 0, 0, 0), Fixed(unknown, 0.9, 0, 0.2, weight=2.0)]
    assert route(Pipeline(scorers=scorers, picker=BestScore(), reason="x")) == Send("x", "medium")


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("width", [3, MANY])
def test_any_number_of_scores_is_summed_by_weight(count: int, width: int) -> None:
    """Sums are those of the numbers, in lists and in arrays."""
    draw = np.random.default_rng(count)
    weights, columns = draw.normal(size=count), draw.random((count, width))
    summed = weighted_sum(weights.tolist(), [column.tolist() for column in columns], width)
    assert np.asarray(summed) == pytest.approx(weights @ columns)
    columns[-1, 1] = nan
    summed = weighted_sum(weights.tolist(), [column.tolist() for column in columns], width)
    assert summed[1] == pytest.approx(weights[:-1] @ columns[:-1, 1])


@pytest.mark.parametrize("width", [3, MANY])
def test_a_scorer_that_forgets_a_candidate_is_an_error(width: int) -> None:
    """Columns of different lengths are never added."""
    for count in (1, 2, 3):
        columns = [[0.5] * width] * (count - 1) + [[0.5] * (width - 1)]
        if count > 1 or width == MANY:
            with pytest.raises(ValueError, match=r"zip|reshape"):
                weighted_sum([1.0] * count, columns, width)


def test_a_lone_candidate_is_sent_to_without_a_draw() -> None:
    """Nothing is scored or drawn where there is no choice."""
    fleet, rng = sample_fleet(TARGETS), np.random.default_rng(1)
    fleet.candidates = (2,)
    policy = make_policy("pipeline", {"scorers": ["random"], "picker": "softmax"})
    before = rng.bit_generator.state
    assert policy.route(sample_view(sample_requests(1), TARGETS), fleet, rng) == Send("pipeline", "large")
    assert rng.bit_generator.state == before


unit = st.floats(0.0, 1.0, allow_subnormal=False)
price = st.sampled_from([0.0, 0.1, 0.5, 3.0])


@st.composite
def a_target(draw: st.DrawFn, index: int) -> Target:
    """Any target: some alike, some with a curve, some with an answer length of their stream."""
    curve = SuccessCurve(difficulties=GRID, success=tuple(sorted((draw(unit) for _ in GRID), reverse=True)))
    short = SuccessCurve(difficulties=(0.0,), success=(draw(unit),))
    return replace(
        TARGETS[index % 4],
        index=index,
        name=f"t{index}",
        ability=MappingProxyType({TASK: draw(st.sampled_from([-1.0, 0.5, 2.0]))}),
        input_price_usd_per_mtok=draw(price),
        output_price_usd_per_mtok=draw(price | st.just(inf)),
        replica_count=draw(st.integers(1, 3)),
        expected_output_tokens=MappingProxyType(draw(st.sampled_from([{}, {TASK: 150.0}]))),
        stream_output_tokens=MappingProxyType(draw(st.sampled_from([{}, {"": 90.0}]))),
        success_curves=MappingProxyType(draw(st.sampled_from([{}, {"": curve}, {"": curve}, {"": short}]))),
    )


@st.composite
def a_fleet(draw: st.DrawFn) -> FleetView:
    """Any fleet under any loads, with any candidates; sometimes more of them than lists are for."""
    size = draw(st.integers(1, 9))
    kinds = [draw(a_target(index)) for index in range(size)]
    copies = draw(st.sampled_from([1, 1, 1, 1 + MANY // size]))
    targets = [replace(kinds[i % size], index=i, name=f"t{i}") for i in range(size * copies)]
    loads = draw(st.lists(st.integers(0, 30), min_size=size, max_size=size)) * copies
    fleet = sample_fleet(targets, loads)
    chosen = draw(st.sets(st.sampled_from(range(size)), min_size=1))
    fleet.candidates = tuple(i for i in range(len(targets)) if i % size in chosen)
    return fleet


@settings(max_examples=80, deadline=None)
@given(
    fleet=a_fleet(),
    weights=st.dictionaries(
        st.sampled_from(sorted(SCORES)), st.sampled_from([-1.0, 0.25, 0.5, 1.0]), max_size=5
    ),
    floor=st.sampled_from([0.0, 0.5, 0.9]),
    ceiling=st.sampled_from([0.0, 5.0, 30.0]),
)
def test_decisions_are_those_of_the_plain_reading(
    fleet: FleetView, weights: Mapping[str, float], floor: float, ceiling: float
) -> None:
    """Whatever is kept between requests, in lists or arrays, the target is the same; requests take turns."""
    pipeline = make_policy(
        "pipeline",
        {
            "filters": [{"success_floor": {"floor": floor}}, {"load_ceiling": {"outstanding": ceiling}}],
            "scorers": [{name: {"weight": weight}} for name, weight in weights.items()],
        },
    )
    request, everyone = sample_view(sample_requests(6), fleet.targets), fleet.candidates
    for index in range(12):
        request.index = index % 6
        fleet.candidates = everyone if index % 3 else everyone[: 1 + len(everyone) // 2]
        expected = fleet.targets[decided(request, fleet, weights, floor=floor, ceiling=ceiling)].name
        assert pipeline.route(request, fleet, np.random.default_rng(1)) == Send("pipeline", expected)


@settings(max_examples=40, deadline=None)
@given(fleet=a_fleet(), floor=st.sampled_from([0.0, 0.7]), given_weights=st.tuples(unit, unit, unit))
def test_weighted_score_is_a_pipeline(fleet: FleetView, floor: float, given_weights: Sequence[float]) -> None:
    """Success, cost and load by their weights, over a floor."""
    weights = dict(zip(("success", "cost", "load"), given_weights, strict=True))
    named = {f"{name}_weight": weight for name, weight in weights.items()}
    policy = make_policy("weighted_score", {"floor": floor, **named})
    request = sample_view(sample_requests(5), fleet.targets)
    for request.index in range(5):
        expected = fleet.targets[decided(request, fleet, weights, floor=floor)].name
        assert policy.route(request, fleet, np.random.default_rng(1)) == Send("weighted score", expected)

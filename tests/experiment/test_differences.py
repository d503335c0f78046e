"""Paired differences of hand-made reports, the front by them, and the measures of a router's score."""

from __future__ import annotations

import math

import numpy as np
import pytest

from partial_reports import partial_report
from simulator import Report
from simulator.experiment.comparison import notes
from simulator.experiment.differences import Difference, differences
from simulator.experiment.pareto import BETTER, TIE, WORSE, verdict
from simulator.experiment.scoring import routing_quality
from simulator.experiment.simulation import simulate
from simulator.report.report import COMPARED
from simulator.routing_quality.pair import score_measures
from simulator.routing_quality.thresholds import (
    GapMeasures,
    ThresholdCurve,
    call_share,
    exact_measures,
    threshold_curve,
)
from world_cases import CHAT, scenario

T_2 = 4.30265
"""t(2, 0.975): three replications at 95 %."""


def report(policy: str, value: float, **fixed: float | None) -> Report:
    """A report in which every metric is the value, but those that are given."""
    fields: dict[str, object] = {}
    for path in COMPARED:
        *parents, last = path.split(".")
        tree = fields
        for parent in parents:
            tree = tree.setdefault(parent, {})
        tree[last] = fixed.get(path, value)
    return partial_report(policy, fields)


def reports(policy: str, *values: float) -> list[Report]:
    """A policy's replications."""
    return [report(policy, value) for value in values]


def test_every_pair_differs_in_every_metric_once() -> None:
    """Three policies are three pairs in order; b - a of (1, 2), (2, 5) and (6, 8) is 2 +- t / sqrt(3)."""
    runs = {"a": reports("a", 1, 2, 6), "b": reports("b", 2, 5, 8), "c": reports("c", 1, 2, 6)}
    found = list(differences(runs, 0.95))
    assert [(one.a, one.b, one.metric) for one in found] == [
        (a, b, metric) for a, b in (("a", "b"), ("a", "c"), ("b", "c")) for metric in COMPARED
    ]
    reach = T_2 / math.sqrt(3.0)
    for one in found:
        mean = {("a", "b"): 2.0, ("a", "c"): 0.0, ("b", "c"): -2.0}[one.a, one.b]
        beside = 0.0 if one.b == "c" and one.a == "a" else reach
        assert one.replications == 3
        assert (one.mean, one.low, one.high) == pytest.approx((mean, mean - beside, mean + beside), rel=1e-5)
        assert one.to_dict() == {
            "a": one.a,
            "b": one.b,
            "metric": one.metric,
            "mean": one.mean,
            "low": one.low,
            "high": one.high,
            "replications": 3,
        }


def test_what_one_replication_of_either_lacks_has_no_difference() -> None:
    """An undefined p95 in the first or in the second policy leaves out that metric and no other."""
    lacking = [report("b", 2.0, **{"latency.e2e_s.p95": None}), report("b", 3.0)]
    whole = reports("a", 1.0, 1.0)
    for runs in ({"a": whole, "b": lacking}, {"b": lacking, "a": whole}):
        found = [one.metric for one in differences(runs, 0.95)]
        assert found == [metric for metric in COMPARED if metric != "latency.e2e_s.p95"]


@pytest.mark.parametrize(
    ("low", "high", "significant"),
    [(0.1, 0.5, True), (-0.5, -0.1, True), (-0.1, 0.5, False), (0.0, 1.0, False), (-1.0, 0.0, False)],
)
def test_a_difference_counts_where_its_interval_leaves_out_zero(
    low: float, high: float, *, significant: bool
) -> None:
    """An interval that ends at 0 holds it."""
    middle = (low + high) / 2.0
    one = Difference(a="a", b="b", metric="m", mean=middle, low=low, high=high, replications=3)
    assert one.significant is significant


def test_without_an_interval_nothing_counts() -> None:
    """A single replication's difference is never significant."""
    (one, *_rest) = differences({"a": reports("a", 1.0), "b": reports("b", 9.0)}, 0.95)
    assert (one.mean, one.low, one.high, one.significant) == (8.0, None, None, False)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1.0], [2.0], BETTER),
        ([2.0], [1.0], WORSE),
        ([2.0], [2.0], TIE),
        ([1.0, 1.1, 1.2], [2.0, 2.1, 2.2], BETTER),
        ([2.0, 2.1, 2.2], [1.0, 1.1, 1.2], WORSE),
        ([1.0, 5.0, 1.0], [2.0, 1.0, 2.0], TIE),
        ([1.0, None], [2.0, 3.0], TIE),
        ([1.0, None, 1.1], [2.0, 3.0, 2.1], BETTER),
        ([None, None], [2.0, 3.0], WORSE),
        ([2.0, 3.0], [None, None], BETTER),
        ([None, None], [None, None], TIE),
        ([None, 3.0], [2.0, None], TIE),
    ],
)
def test_less_is_better_beyond_chance(a: list[float | None], b: list[float | None], expected: int) -> None:
    """A single value decides; else the interval of the pairs that are known, if it can be had."""
    assert verdict(a, b, 1.0, 0.95) == expected
    first, second = [[None if value is None else -value for value in values] for values in (a, b)]
    assert verdict(first, second, -1.0, 0.95) == expected


def test_a_routers_score_is_measured_by_its_curve() -> None:
    """Six queries, of which the weak model fails the second and third by score and the strong one none.

    Recovered with 0 to 6 strong calls: 0, 0, 1/2 and then all. Trapezoids: (1/4 + 3/4 + 1 + 1 + 1) / 6 = 2/3.
    """
    score = np.array([0.9, 0.8, 0.7, 0.3, 0.2, 0.1])
    weak = np.array([True, False, False, True, True, True])
    strong = np.ones(6, np.bool_)
    found = exact_measures(threshold_curve(score, weak, strong))
    assert found.apgr == pytest.approx(2.0 / 3.0)
    assert (found.cpt50, found.cpt80) == pytest.approx((2.0 / 6.0, 3.0 / 6.0))


@pytest.mark.parametrize(("count", "half", "most"), [(9, 5, 8), (35, 18, 28), (34, 17, 28)])
def test_a_gap_is_recovered_call_by_call(count: int, half: int, most: int) -> None:
    """Each strong call gains as much: 4/9 and 17/35 are less than a half, 7/9 and 27/34 less than 0.8."""
    score, none, all_right = -np.arange(count) / count, np.zeros(count, np.bool_), np.ones(count, np.bool_)
    found = exact_measures(threshold_curve(score, none, all_right))
    assert (found.cpt50, found.cpt80) == pytest.approx((half / count, most / count))


def test_there_is_nothing_to_measure_without_a_gap_or_a_query() -> None:
    """Models that are right equally often have no gap to recover."""
    nothing = GapMeasures(apgr=None, cpt50=None, cpt80=None)
    some = np.array([True, False])
    assert exact_measures(threshold_curve(np.array([0.1, 0.9]), some, ~some)) == nothing
    unknown = np.full(2, np.nan)
    assert score_measures(unknown, some, some, 0.95, sampled=True).exact == nothing
    share = np.array([0.0, 0.5, 1.0])
    low = ThresholdCurve(share=share, quality=np.array([0.0, 0.2, 0.4]), queries=2)
    assert call_share(low, 1.1) is None
    assert call_share(low, 0.5) == 0.5


def figures(policy: str, success: float, usd: float, *, oracle: bool = False) -> Report:
    """A report of what routing measures are made of."""
    fields = {
        "oracle": oracle,
        "quality": {"success_ratio": success},
        "cost_usd": {"per_request": usd},
    }
    return partial_report(policy, fields)


def test_the_gap_is_between_the_baselines_and_the_oracles_point_is_nobodys() -> None:
    """0.7 is half-way from 0.6 to 0.8; the hull goes from (1, 0.6) over (2, 0.7) to (5, 0.8).

    Its mean height is (1 x 0.65 + 3 x 0.75) / 4 = 0.725; the oracle, cheap and right, does not raise it.
    """
    result = simulate(scenario(duration="20s"))
    told = [
        figures("mine", 0.7, 2.0),
        figures("always_cheapest", 0.6, 1.0),
        figures("always_strongest", 0.8, 5.0),
        figures("oracle", 1.0, 1.0, oracle=True),
    ]
    found = routing_quality(told, [result])
    assert found["pgr"] == pytest.approx(
        {"mine": 0.5, "always_cheapest": 0.0, "always_strongest": 1.0, "oracle": 2.0}
    )
    assert found["aiq"] == pytest.approx(0.725)
    assert found["regret"]["mine"] == pytest.approx({"success_ratio": 0.3, "usd_per_request": 1.0})
    assert found["against_mixes"]["mine"]["usd_per_request_of_mix"] == pytest.approx(3.0)
    assert found["zero_router"]["best_single"] == [5.0, 0.8]
    plan = result.settlement.plan
    weak, strong = (plan.answers.correct[plan.model_names.index(name)] for name in (
        "llama-3.1-8b", "gpt-6.1-sol"
    ))  # fmt: skip
    score = plan.requests.router_score
    gains = [
        (strong[score >= least].sum() + weak[score < least].sum()) / len(score)
        for least in sorted({*score.tolist(), math.inf}, reverse=True)
    ]
    gap = (np.array(gains) - weak.mean()) / (strong.mean() - weak.mean())
    assert found["cpt50"] == pytest.approx(int(np.argmax(gap >= 0.5)) / len(score))


@pytest.mark.parametrize(
    ("count", "told"),
    [(1, "1 replication: no intervals"), (4, "4 replications: intervals are rough below 5"), (5, "")],
)
def test_few_replications_are_said_to_be_few(count: int, told: str) -> None:
    """One has no interval, up to four a rough one; from five on there is nothing to say."""
    found = notes(scenario(), count)
    assert [text for text in found if not told or told in text] == found
    assert len(found) == bool(told)


def test_intervals_over_a_trace_are_said_to_be_of_that_trace(tmp_path) -> None:
    """Only where every stream is recorded: one that is drawn makes replications differ."""
    path = tmp_path / "trace.csv"
    path.write_text("arrival_s,input_tokens,output_tokens\n0,10,3\n", encoding="utf-8")
    trace = {**CHAT, "name": "trace", "arrivals": {"pattern": "trace", "file": str(path)}}
    recorded = notes(scenario(workload={"streams": [trace]}), 5)
    assert recorded == ["all requests are recorded: intervals are conditional on this trace"]
    assert notes(scenario(workload={"streams": [trace, CHAT]}), 5) == []


def test_further_warnings_follow_those_that_are_there() -> None:
    """The report is the same otherwise."""
    report = partial_report("p", {"seed": 3, "warnings": ["first"]})
    assert report.warned(["second"]) == partial_report("p", {"seed": 3, "warnings": ["first", "second"]})

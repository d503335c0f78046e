"""Comparisons: baselines, pairs, intervals, the front, and who may run them."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from router import PolicyFailedError, UnknownPolicyError
from router.registry import BASELINES
from simulator import Report, compare, simulate
from simulator.experiment.pareto import pareto_front
from simulator.experiment.routing_quality import average_improvement, gap_recovered, threshold_measures
from simulator.experiment.statistics import paired_interval, student_interval
from world_cases import scenario

RAISES = '''
class Raises:
    """Fails at the third request."""

    def route(self, request, fleet, rng):
        if request.index == 2:
            raise ValueError("cannot decide")
        from router import Decision

        return Decision.send(fleet.candidate_targets()[0].name, reason="first")


class Nowhere:
    """Names a target that is not there."""

    def route(self, request, fleet, rng):
        from router import Decision

        return Decision.send("atlantis", reason="lost")
'''


@pytest.fixture(scope="module")
def comparison() -> object:
    """Two policies and the baselines over three replications."""
    return compare(scenario(), ["cascade", "score_threshold"], replications=3)


def test_baselines_are_always_included_and_named(comparison: object) -> None:
    """The four baselines follow the policies asked for."""
    assert comparison.policies == ("cascade", "score_threshold", *BASELINES)
    assert [report.policy for report in comparison.reports] == list(comparison.policies)


def test_comparison_is_json_with_the_fields_of_the_contract(comparison: object) -> None:
    """The schema's fields are there, without undefined numbers."""
    data = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert data["schema"] == "wayfare.comparison/1"
    assert {"reports", "differences", "pareto", "routing_quality"} <= set(data)
    assert {"pgr", "apgr", "cpt50", "cpt80", "aiq"} <= set(data["routing_quality"])
    assert set(data["differences"][0]) == {"a", "b", "metric", "mean", "low", "high", "replications"}


def test_report_has_every_field_of_the_contract(comparison: object) -> None:
    """Each block has at least the fields that tools rely on."""
    report = comparison.reports[0].to_dict()
    expected = {
        "requests": "arrived completed rejected timed_out failed unfinished",
        "attempts": "total retries fallbacks escalations hedges cancelled",
        "tokens": "input cached_input cache_write output reasoning_output",
        "cost_usd": "total api capacity_used capacity_idle energy egress routing wasted per_request "
        "per_correct per_mtok per_month",
        "energy_wh": "total active idle api_estimate user_side per_request",
        "emissions_gco2e": "total embodied user_side per_request",
        "water_l": "total site source",
        "latency": "ttft_s tpot_s e2e_s queue_s network_s",
        "slo": "attainment_ratio goodput_per_s",
        "quality": "success_ratio oracle_success_ratio",
        "by": "tier model deployment task tenant",
        "catalog": "edition date digest",
        "scenario": "name digest",
    }
    for block, names in expected.items():
        assert set(names.split()) <= set(report[block]), block
    top = (
        "schema policy seed version oracle replications simulated_s wall_s digest intervals completion_ratio"
    )
    assert set(top.split()) | {"utilization", "decisions", "warnings"} <= set(report)
    assert set(report["latency"]["ttft_s"]) == {"mean", "p50", "p90", "p95", "p99", "max"}
    assert set(report["intervals"]["cost_usd"]["total"]) == {"value", "low", "high"}


def test_means_and_intervals_are_those_of_the_replications(comparison: object) -> None:
    """A report's figure is the mean over replications, its interval Student's."""
    costs = [
        simulate(scenario(), "cascade", replication=number).report.figure("cost_usd.total")
        for number in range(3)
    ]
    report = comparison.reports[0]
    found = report.fields["intervals"]["cost_usd"]["total"]
    expected = student_interval(costs, 0.95)
    assert report.figure("cost_usd.total") == pytest.approx(sum(costs) / 3)
    assert (found["low"], found["high"]) == pytest.approx((expected.low, expected.high))


def test_pairing_makes_differences_sharper() -> None:
    """With common random numbers a difference varies less than independent runs would make it."""
    means = {
        name: [
            simulate(scenario(), name, replication=number).report.figure("latency.e2e_s.mean")
            for number in range(10)
        ]
        for name in ("score_threshold", "cheapest_capable")
    }
    paired = paired_interval(means["score_threshold"], means["cheapest_capable"], 0.95)
    alone = [student_interval(values, 0.95) for values in means.values()]
    independent = math.hypot(*((interval.high - interval.low) / 2.0 for interval in alone))
    assert (paired.high - paired.low) / 2.0 < 0.8 * independent


def test_any_executor_gives_the_same_comparison(comparison: object) -> None:
    """Threads instead of processes change nothing but the wall time."""
    with ThreadPoolExecutor(2) as pool:
        threaded = compare(scenario(), ["cascade", "score_threshold"], replications=3, executor=pool)
    assert [r.digest for r in threaded.reports] == [r.digest for r in comparison.reports]


def test_few_replications_are_noted(comparison: object) -> None:
    """Below five a warning stands in every report."""
    assert any("rough below 5" in text for text in comparison.reports[0].fields["warnings"])


def test_policies_that_fail_are_named_with_request_and_trace(tmp_path: Path) -> None:
    """A policy's exception or impossible target fails the comparison with what is needed to mend it."""
    path = tmp_path / "mine.py"
    path.write_text(RAISES, encoding="utf-8")
    for name, expected in (("Raises", "at request 2: ValueError: cannot decide"), ("Nowhere", "'atlantis'")):
        with pytest.raises(PolicyFailedError, match=expected) as caught:
            compare(scenario(), [f"{path}:{name}"], replications=1)
        assert "route" in caught.value.trace or name == "Nowhere"


def test_unknown_policies_are_refused_before_anything_runs() -> None:
    """A misspelt name lists the known ones."""
    with pytest.raises(UnknownPolicyError, match="did you mean 'cascade'"):
        compare(scenario(), ["cascad"])


def test_impossible_replications_are_refused() -> None:
    """At least one replication, a confidence between 0 and 1."""
    for options in ({"replications": 0}, {"confidence": 1.0}, {"confidence": math.nan}):
        with pytest.raises(ValueError, match="replications"):
            compare(scenario(), ["cascade"], **options)


def test_student_intervals_are_the_textbooks() -> None:
    """t(9, 0.975) = 2.262 on ten values; pairs are taken difference by difference."""
    values = [float(value) for value in range(10)]
    interval = student_interval(values, 0.95)
    spread = math.sqrt(sum((v - 4.5) ** 2 for v in values) / 9) / math.sqrt(10)
    assert interval.value == 4.5
    assert interval.high - 4.5 == pytest.approx(2.2622 * spread, rel=1e-4)
    shifted = paired_interval(values, [value + 1.0 for value in values], 0.95)
    assert (shifted.value, shifted.low, shifted.high) == pytest.approx((1.0, 1.0, 1.0))
    assert student_interval([3.0], 0.95).low is None


def report(name: str, cost: float, quality: float, p95: float, *, oracle: bool = False) -> Report:
    """A report of three figures."""
    fields = {
        "oracle": oracle,
        "cost_usd": {"total": cost},
        "quality": {"success_ratio": quality},
        "latency": {"e2e_s": {"p95": p95}},
    }
    return Report(policy=name, fields=fields)


def test_front_leaves_out_the_beaten_and_the_oracle() -> None:
    """Who is nowhere better than somebody else is beaten; an oracle beats nobody."""
    front = pareto_front(
        [
            report("cheap", 1, 0.6, 1),
            report("good", 5, 0.9, 2),
            report("beaten", 5, 0.8, 2),
            report("magic", 1, 1.0, 1, oracle=True),
        ]
    )
    assert front == ("cheap", "good")


def test_routing_measures_are_exact_on_a_hand_made_case() -> None:
    """A perfect score recovers the whole gap with the share of queries that need the strong model."""
    import numpy as np

    weak = np.array([True, True, False, False])
    strong = np.array([True, True, True, True])
    perfect = threshold_measures(np.array([0.1, 0.2, 0.8, 0.9]), weak, strong)
    assert perfect["cpt50"] == 0.25
    assert perfect["cpt80"] == 0.5
    assert perfect["apgr"] == pytest.approx(0.75)
    assert gap_recovered(0.75, 0.5, 1.0) == 0.5
    assert gap_recovered(0.75, 0.5, 0.5) is None
    assert average_improvement([(0.0, 0.5), (1.0, 1.0)]) == pytest.approx(0.75)

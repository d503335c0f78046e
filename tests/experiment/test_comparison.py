"""Comparisons: baselines, pairs, intervals, the front, and who may run them."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import world_cases
from partial_reports import partial_report
from router import PolicyFailedError, UnknownPolicyError
from router.registry import BASELINES
from simulator import Report, compare, simulate
from simulator.experiment.pareto import pareto_front
from simulator.report.mean_report import mean_report
from simulator.routing_quality.hulls import average_improvement
from simulator.routing_quality.thresholds import exact_measures, gap_recovered, threshold_curve
from simulator.statistics import paired_interval, student_interval
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
def comparison() -> Any:
    """Two policies and the baselines over three replications."""
    return compare(scenario(), ["cascade", "score_threshold"], replications=3)


def test_baselines_are_always_included_and_named(comparison: Any) -> None:
    """The four baselines follow the policies asked for."""
    assert comparison.policies == ("cascade", "score_threshold", *BASELINES)
    assert [report.policy for report in comparison.reports] == list(comparison.policies)


def test_comparison_is_json_with_the_fields_of_the_contract(comparison: Any) -> None:
    """The schema's fields are there, without undefined numbers."""
    data = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert data["schema"] == "wayfare.comparison/1"
    assert {"reports", "differences", "pareto", "routing_quality"} <= set(data)
    assert {"pgr", "apgr", "cpt50", "cpt80", "aiq"} <= set(data["routing_quality"])
    assert set(data["differences"][0]) == {"a", "b", "metric", "mean", "low", "high", "replications"}


def test_report_has_every_field_of_the_contract(comparison: Any) -> None:
    """Each block has at least the fields that tools rely on."""
    report = comparison.reports[0].to_dict()
    expected = {
        "requests": "arrived completed rejected timed_out failed unfinished",
        "attempts": "total retries fallbacks escalations hedges cancelled",
        "tokens": "input cached_input cache_write output reasoning_output",
        "cost_usd": "total api capacity_used capacity_idle energy egress routing wasted per_request "
        "per_correct per_mtok per_month per_month_basis",
        "drain": "cost_usd energy_wh emissions_gco2e water_l seconds",
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


def test_means_and_intervals_are_those_of_the_replications(comparison: Any) -> None:
    """A report's figure is the mean over replications, its interval Student's."""
    costs = [
        simulate(scenario(), "cascade", replication=number).report.figure("cost_usd.total")
        for number in range(3)
    ]
    report = comparison.reports[0]
    found = report.plain["intervals"]["cost_usd"]["total"]
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


def test_any_executor_gives_the_same_comparison(comparison: Any) -> None:
    """Threads instead of processes change nothing but the wall time."""
    with ThreadPoolExecutor(2) as pool:
        threaded = compare(scenario(), ["cascade", "score_threshold"], replications=3, executor=pool)
    assert [r.digest for r in threaded.reports] == [r.digest for r in comparison.reports]


def test_few_replications_are_noted(comparison: Any) -> None:
    """Below five a warning stands in every report."""
    assert any("rough below 5" in text for text in comparison.reports[0].plain["warnings"])


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


def report(name: str, cost: float, quality: float, p95: float | None, *, oracle: bool = False) -> Report:
    """A report of three figures."""
    fields = {
        "oracle": oracle,
        "cost_usd": {"total": cost},
        "quality": {"success_ratio": quality},
        "latency": {"e2e_s": {"p95": p95}},
    }
    return partial_report(name, fields)


def runs(name: str, *figures: tuple[float, float, float | None], oracle: bool = False) -> list[Report]:
    """A policy's reports by replication: cost, share of right answers, p95."""
    return [report(name, *values, oracle=oracle) for values in figures]


def test_front_leaves_out_the_beaten_and_the_oracle() -> None:
    """Who is nowhere better than somebody else is beaten; an oracle beats nobody."""
    reports = {
        "cheap": runs("cheap", (1, 0.6, 1)),
        "good": runs("good", (5, 0.9, 2)),
        "beaten": runs("beaten", (5, 0.8, 2)),
        "magic": runs("magic", (1, 1.0, 1), oracle=True),
    }
    assert pareto_front(reports, 0.95) == ("cheap", "good")


def test_ties_are_no_victories() -> None:
    """Policies that differ in nothing, or by rounding alone, both stand in the front."""
    twin = [(3.0, 0.9, 1.0), (3.1, 0.8, 1.2), (2.9, 0.9, 1.1)]
    rounded = [(cost * (1 + 1e-15), right, p95) for cost, right, p95 in twin]
    reports = {"a": runs("a", *twin), "b": runs("b", *rounded)}
    assert pareto_front(reports, 0.95) == ("a", "b")


def test_chance_beats_nobody() -> None:
    """A better mean whose paired interval holds 0 is no victory; one that leaves 0 out is."""
    base = [(3.0, 0.90, 1.0), (3.2, 0.80, 1.2), (2.9, 0.85, 1.1), (3.1, 0.88, 1.0)]
    noisy = [
        (cost - gain, right, p95)
        for (cost, right, p95), gain in zip(base, (0.9, -0.4, 0.5, -0.3), strict=True)
    ]
    sure = [
        (cost - gain, right, p95)
        for (cost, right, p95), gain in zip(base, (0.3, 0.2, 0.25, 0.3), strict=True)
    ]
    assert pareto_front({"base": runs("base", *base), "noisy": runs("noisy", *noisy)}, 0.95) == (
        "base",
        "noisy",
    )
    assert pareto_front({"base": runs("base", *base), "sure": runs("sure", *sure)}, 0.95) == ("sure",)


def test_a_loss_in_one_objective_saves_from_being_beaten() -> None:
    """Cheaper and slower beyond chance: both stand in the front."""
    base = [(3.0, 0.90, 1.0), (3.2, 0.80, 1.2), (2.9, 0.85, 1.1)]
    other = [(cost - 1.0, right, p95 + 0.5) for cost, right, p95 in base]
    assert pareto_front({"base": runs("base", *base), "other": runs("other", *other)}, 0.95) == (
        "base",
        "other",
    )


def test_who_never_answers_is_slower_than_who_does() -> None:
    """A policy without any latency loses to one that has it, all else alike."""
    mute = runs("mute", (1.0, 0.0, None), (1.0, 0.0, None))
    works = runs("works", (1.0, 0.0, 2.0), (1.0, 0.0, 2.1))
    assert pareto_front({"mute": mute, "works": works}, 0.95) == ("works",)


def test_a_single_replication_compares_what_it_has_and_says_so() -> None:
    """Without intervals means decide, ties stay ties, and a note warns of chance."""
    one = {"a": runs("a", (2.0, 0.9, 1.0)), "b": runs("b", (3.0, 0.9, 1.0)), "c": runs("c", (2.0, 0.9, 1.0))}
    assert pareto_front(one, 0.95) == ("a", "c")
    alone = compare(scenario(duration="30s"), ["cascade"], replications=1)
    assert any("1 replication: no intervals" in text for text in alone.reports[0].plain["warnings"])


RARE = {
    **world_cases.CHAT,
    "name": "rare",
    "task": "summarization",
    "tenants": {"vip": 1},
    "arrivals": {"pattern": "steady", "rate": "12/h"},
}


def test_rows_are_means_over_the_replications_that_have_them() -> None:
    """A rare task's ratios are those of the replications in which it came; its counts are 0 in others."""
    world = scenario(workload={"streams": [world_cases.CHAT, RARE]})
    single = [simulate(world, "always_cheapest", replication=number).report for number in range(6)]
    rows = [one.plain["by"]["task"].get("summarization") for one in single]
    known = [row for row in rows if row is not None]
    assert 0 < len(known) < len(rows)
    merged = mean_report(single, 0.95).plain["by"]
    for row in (merged["task"]["summarization"], merged["tenant"]["vip"]):
        assert row["replications"] == len(known)
        assert row["requests"]["arrived"] == pytest.approx(sum(r["requests"]["arrived"] for r in known) / 6)
        assert row["cost_usd"]["total"] == pytest.approx(sum(r["cost_usd"]["total"] for r in known) / 6)
        for block, name in (
            ("quality", "success_ratio"),
            ("cost_usd", "per_request"),
            ("cost_usd", "per_mtok"),
        ):
            assert row[block][name] == pytest.approx(sum(r[block][name] for r in known) / len(known))
        p95 = [r["latency"]["e2e_s"]["p95"] for r in known]
        assert row["latency"]["e2e_s"]["p95"] == pytest.approx(sum(p95) / len(known))
        assert row["completion_ratio"] == 1.0
    assert merged["task"]["support_chat"]["replications"] == 6


def test_routing_measures_are_exact_on_a_hand_made_case() -> None:
    """A perfect score recovers the whole gap with the share of queries that need the strong model."""
    import numpy as np

    weak = np.array([True, True, False, False])
    strong = np.array([True, True, True, True])
    perfect = exact_measures(threshold_curve(np.array([0.1, 0.2, 0.8, 0.9]), weak, strong))
    assert perfect.cpt50 == 0.25
    assert perfect.cpt80 == 0.5
    assert perfect.apgr == pytest.approx(0.75)
    assert gap_recovered(0.75, 0.5, 1.0) == 0.5
    assert gap_recovered(0.75, 0.5, 0.5) is None
    assert average_improvement([(0.0, 0.5), (1.0, 1.0)]) == pytest.approx(0.75)

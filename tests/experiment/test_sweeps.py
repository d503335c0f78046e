"""Variants and sweeps in comparisons: the runs they stand for, and the curves drawn of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.registry import BASELINES
from simulator import compare, simulate
from simulator.experiment.sweeps import InvalidSweepError, read_sweep, selected
from simulator.routing_quality.hulls import quality_at_cost
from world_cases import scenario

LABELS = tuple(f"score_threshold:threshold={value}" for value in (0.2, 0.5, 0.8))


@pytest.fixture(scope="module")
def world() -> Any:
    """A small scenario of a minute."""
    return scenario(duration="1min")


@pytest.fixture(scope="module")
def comparison(world: Any) -> Any:
    """A sweep of one policy beside another that lacks the knob."""
    return compare(
        world,
        ["score_threshold", "hedge:after_s=0.5"],
        replications=2,
        sweeps=["policy.threshold=0.2..0.8/3"],
    )


def figures(report: Any) -> dict[str, Any]:
    """All of a report but the name of its policy and what depends on it."""
    return {key: value for key, value in report.plain.items() if key not in ("policy", "wall_s")}


def test_default_knobs_change_nothing(world: Any) -> None:
    """A variant that sets knobs to their defaults gives the plain policy's figures, bit for bit."""
    plain, variant = (simulate(world, text) for text in ("score_threshold", "score_threshold:threshold=0.50"))
    assert variant.report.policy == LABELS[1]
    assert figures(variant.report) == figures(plain.report)


def test_knobs_are_the_parameters_they_name(world: Any) -> None:
    """A variant gives what the policy gives with the parameters stated apart."""
    apart = simulate(world, "score_threshold", parameters={"threshold": 0.2}).report
    assert figures(simulate(world, LABELS[0]).report) == figures(apart)
    assert figures(apart) != figures(simulate(world, LABELS[2]).report)


def test_variants_of_the_own_policy_keep_its_parameters() -> None:
    """A variant of the scenario's own policy has the scenario's parameters, its knobs on top."""
    own = {
        "policy": "score_threshold",
        "parameters": {"threshold": 0.9, "strong": "small", "weak": "frontier"},
    }
    world = scenario(duration="1min", router=own)
    wanted = {"threshold": 0.2, "strong": "small", "weak": "frontier"}
    apart = simulate(world, "score_threshold", parameters=wanted).report
    assert figures(simulate(world, LABELS[0]).report) == figures(apart)


def test_points_are_the_variants_runs(world: Any, comparison: Any) -> None:
    """Each point's figures and intervals are those of the variant compared alone."""
    (curve,) = comparison.sweeps
    assert [(point.value, point.policy) for point in curve.points] == [
        *zip((0.2, 0.5, 0.8), LABELS, strict=True)
    ]
    (alone, *_others) = compare(world, [LABELS[0]], replications=2).reports
    point = curve.to_dict()["points"][0]
    assert point["cost_usd_per_request"] == alone.figure("cost_usd.per_request")
    assert point["success_ratio"] == alone.figure("quality.success_ratio")
    assert point["p95_e2e_s"] == alone.figure("latency.e2e_s.p95")
    found = alone.plain["intervals"]["quality"]["success_ratio"]
    assert point["intervals"]["success_ratio"] == found
    assert figures(alone) == figures(comparison.reports[0])


def test_order_of_policies_does_not_matter_to_figures(world: Any) -> None:
    """Each policy's report is the same whichever comes first."""
    texts = [LABELS[2], "hedge:after_s=0.5", LABELS[0]]
    there, back = (compare(world, order, replications=1).reports for order in (texts, texts[::-1]))
    reports = {report.policy: figures(report) for report in back}
    assert {report.policy: figures(report) for report in there} == reports
    assert [report.policy for report in there] != [report.policy for report in back]


def test_everything_that_ran_is_named_once(world: Any, comparison: Any) -> None:
    """Sweep, other policies, one run a deployment and the baselines are there, each under its own label."""
    alone = ("static:target=small", "static:target=frontier")
    assert comparison.policies == (*LABELS, "hedge:after_s=0.5", *alone, *BASELINES)
    assert comparison.baselines == (*BASELINES, *alone)
    same = compare(world, [LABELS[0], "score_threshold: threshold=0.20"], replications=1)
    assert same.policies == (LABELS[0], *BASELINES)
    assert same.sweeps == ()


def test_zero_router_is_the_hull_of_single_deployments(world: Any, comparison: Any) -> None:
    """The line without a router joins what each deployment gives alone, and needs at least its cost."""
    (curve,) = comparison.sweeps
    places = {
        (report.figure("cost_usd.per_request"), report.figure("quality.success_ratio"))
        for report in comparison.reports
        if report.policy.startswith("static:")
    }
    assert set(curve.zero_router) == places
    (low, poor), (high, good) = curve.zero_router
    assert quality_at_cost(curve.zero_router, (low + high) / 2) == pytest.approx((poor + good) / 2)
    assert quality_at_cost(curve.zero_router, 2 * high) == good
    assert quality_at_cost(curve.zero_router, 0.99 * low) is None
    middle = curve.points[1]
    cost, right = middle.place
    without = poor + (good - poor) * (cost - low) / (high - low)
    assert curve.gain_ratio(middle) == pytest.approx(right - without)
    assert curve.is_above(middle) == (right > without)


def test_curves_are_in_the_json(comparison: Any) -> None:
    """A comparison's plain data has the curves, hulls as pairs, in JSON's own types."""
    data = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    (curve,) = data["sweeps"]
    assert set(curve) == {"path", "policy", "points", "hull_of_mixes", "zero_router"}
    assert (curve["path"], curve["policy"]) == ("policy.threshold", "score_threshold")
    places = [[point["cost_usd_per_request"], point["success_ratio"]] for point in curve["points"]]
    assert all(place in places for place in curve["hull_of_mixes"])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("policy.x=0.1..0.9/9", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)),
        ("policy.x=0.01..10/4log", (0.01, 0.1, 1, 10)),
        ("policy.x= 8..-2 / 3", (8, 3, -2)),
        ("policy.x=0.1,0.5,.25", (0.1, 0.5, 0.25)),
        ("policy.x=small,[1,2],true", ("small", [1, 2], True)),
    ],
)
def test_values_of_sweeps(text: str, values: tuple[object, ...]) -> None:
    """Ranges are even, or by equal factors; lists stand in their order."""
    assert read_sweep(text).values == values


def test_whole_numbers_stay_whole() -> None:
    """A range over a knob for whole numbers takes the nearest ones, each once; other knobs the exact ones."""
    sweep = read_sweep("policy.x=1..10/5")
    assert sweep.values_for("int") == (1, 3, 6, 8, 10)
    assert sweep.values_for("float") == (1, 3.25, 5.5, 7.75, 10)
    assert read_sweep("policy.x=1..2/5").values_for("int | None") == (1, 2)
    assert read_sweep("policy.x=1.5,2").values_for("int") == (1.5, 2)


def test_sweeps_multiply_and_make_a_series_each() -> None:
    """Two sweeps make every combination; along each, the other stays as it is."""
    found = selected(["score_threshold", "cascade"], ["policy.threshold=0,1", "policy.weak=a,b,c"])
    swept = [label for label in found.labels if label.startswith("score_threshold")]
    assert len(set(swept)) == 6
    assert "cascade" not in {one.policy for one in found.series}
    along = [(one.path, one.policy, len(one.points)) for one in found.series]
    assert along.count(("policy.threshold", "score_threshold:weak=b", 2)) == 1
    assert along.count(("policy.weak", "score_threshold:threshold=1", 3)) == 1
    assert len(along) == 5


@pytest.mark.parametrize(
    ("policies", "sweeps", "says"),
    [
        (
            ["score_threshold"],
            ["policy.thresh=0,1"],
            "did you mean 'threshold'? score_threshold has 'threshold'",
        ),
        (["oracle"], ["policy.x=0,1"], "no policy compared has a knob 'x'; oracle has none"),
        (["hedge"], ["fleet.small.replicas=1..3/3"], "allowed: policy.KNOB"),
        (["hedge"], ["after_s=1,2"], "allowed: policy.KNOB"),
        (["hedge"], ["policy.after_s=1..2/1"], "is one value; at least 2"),
        (["hedge"], ["policy.after_s=1"], "is one value; at least 2"),
        (["hedge"], ["policy.after_s=1,1.0"], "names a value twice"),
        (["hedge"], ["policy.after_s=0..1/3log"], "ends above 0"),
        (["hedge"], ["policy.after_s=a..b/3"], "'a' is no number"),
        (["hedge"], ["policy.after_s"], "no values; write PATH="),
        (["hedge"], ["policy.after_s=1,2", "policy.after_s=3,4"], "swept twice"),
        (["hedge:after_s=1"], ["policy.after_s=1,2"], "sets 'after_s' as well"),
        (["hedge"], ["policy.after_s=1..2/201"], "201 variants; at most 200"),
        (
            ["score_threshold"],
            ["policy.threshold=0..1/101", "policy.weak=a,b"],
            "202 variants; at most 200",
        ),
    ],
)
def test_sweeps_that_cannot_be_are_refused(policies: list[str], sweeps: list[str], says: str) -> None:
    """Each is refused with what is wrong and what is allowed."""
    with pytest.raises(InvalidSweepError) as refused:
        selected(policies, sweeps)
    assert says in str(refused.value)


def test_every_problem_of_sweeps_is_told_at_once() -> None:
    """Several wrong sweeps are refused together."""
    with pytest.raises(InvalidSweepError) as refused:
        selected(["hedge"], ["policy.x=1,2", "fleet.x=1,2", "policy.after_s=1"])
    assert len(refused.value.problems) == 3

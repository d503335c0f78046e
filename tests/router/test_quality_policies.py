"""Policies that weigh quality against money and time, against their rules computed apart."""

from __future__ import annotations

from collections import defaultdict
from math import exp, inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_choices import TARGETS
from policy_runs import PolicyRun, stated
from router import InvalidPolicyParameterError, Reject, make_policy
from router.testing.samples import LADDER

NAMES = [target.name for target in TARGETS]
DISCRIMINATION = 1.7
ANSWER_TOKENS = 200.0
SECONDS = st.integers(1, 400).map(lambda count: count / 8.0)


def success(rung: int, difficulty: float) -> float:
    """The item response of a rung of the specimen ladder, by hand."""
    return 1.0 / (1.0 + exp(-DISCRIMINATION * (LADDER[rung][3] - difficulty)))


def cost_usd(rung: int, prompt: int) -> float:
    """Prompt and the usual answer at a rung's prices."""
    return (prompt * LADDER[rung][4] + ANSWER_TOKENS * LADDER[rung][5]) / 1e6


@settings(deadline=None, max_examples=80)
@given(
    samples=st.lists(st.tuples(st.integers(0, 3), SECONDS, st.sampled_from(["", "timed_out", "refused"]))),
    worth=st.sampled_from([0.0, 1e-4, 1e-3, 1e-2, 1.0]),
    usd_per_s=st.sampled_from([0.0, 1e-6, 1e-4, 1e-2]),
    difficulty=st.floats(-3, 4),
    prompt=st.integers(1, 5000),
)
def test_utility_is_worth_less_cost_less_latency(samples, worth, usd_per_s, difficulty, prompt) -> None:
    """No candidate has a greater lambda P - C - mu L than the one chosen; L is the mean of the last 3."""
    knobs = {"willingness_to_pay_usd": worth, "usd_per_s": usd_per_s, "max_latency_list_size": 3}
    run = PolicyRun("utility", knobs)
    run.send()
    seen: dict[int, list[float]] = defaultdict(list)
    for rung, took_s, reason in samples:
        run.hear(NAMES[rung], took_s=took_s, waited_s=50.0, reason=reason)
        if reason != "refused":
            seen[rung].append(took_s)
    means = [sum(seen[rung][-3:]) / max(len(seen[rung][-3:]), 1) for rung in range(4)]
    by_hand = [
        worth * success(rung, difficulty) - cost_usd(rung, prompt) - usd_per_s * means[rung]
        for rung in range(4)
    ]
    chosen = NAMES.index(run.send(500.0, difficulty=difficulty, prompt=prompt))
    assert by_hand[chosen] == pytest.approx(max(by_hand), abs=1e-12)


def test_more_is_paid_for_a_right_answer_that_is_worth_more() -> None:
    """From nothing to a dollar an answer, the choice climbs the ladder and never down."""
    worths = (0.0, 1e-5, 1e-4, 1e-3, 1.0)
    chosen = [
        PolicyRun("utility", {"willingness_to_pay_usd": worth}).send(difficulty=2.0) for worth in worths
    ]
    rungs = [NAMES.index(name) for name in chosen]
    assert rungs == sorted(rungs)
    assert (rungs[0], rungs[-1]) == (0, 3)


def test_latency_of_a_target_is_forgotten_after_its_time() -> None:
    """A target that was slow is passed over until ttl_s after its latest attempt, then tried again."""
    run = PolicyRun("utility", {"usd_per_s": 1.0, "ttl_s": 60.0, "willingness_to_pay_usd": 0.0})
    assert run.send() == "small"
    run.hear("small", took_s=10.0)
    assert [run.send(now_s) for now_s in (10.0, 69.9)] == ["medium", "medium"]
    assert run.send(70.0) == "small"
    run.hear("small", started_s=70.0, took_s=2.0)
    run.hear("medium", started_s=70.0, took_s=3.0)
    run.hear("large", started_s=70.0, took_s=4.0)
    run.hear("frontier", started_s=70.0, took_s=5.0)
    assert run.send(75.0) == "small"


def test_utility_goes_by_what_is_known() -> None:
    """Unknown prices come last, or do not count where none is known; equals go to the least loaded."""
    dear = stated(
        input_price_usd_per_mtok=(inf, inf, 0.5, 3.0), output_price_usd_per_mtok=(inf, 1, 1.5, 15.0)
    )
    assert PolicyRun("utility", {"willingness_to_pay_usd": 0.0}, dear).send() == "large"
    unknown = stated(input_price_usd_per_mtok=(inf,) * 4, output_price_usd_per_mtok=(inf,) * 4)
    assert PolicyRun("utility", targets=unknown).send() == "frontier"
    run = PolicyRun("utility", targets=unknown)
    run.load(3, 2, 1, 2)
    assert run.send(difficulty=nan) == "large"


def test_impossible_worths_are_listed() -> None:
    """Every knob out of range is named at once."""
    knobs = {"willingness_to_pay_usd": -1, "usd_per_s": inf, "max_latency_list_size": 0, "ttl_s": -1}
    with pytest.raises(InvalidPolicyParameterError) as found:
        make_policy("utility", knobs)
    assert [name for name, _why in found.value.problems] == list(knobs)


def unit(values: list[float], *, best: float, worst: float) -> list[float]:
    """Where values lie between worst (0) and best (1); 0.5 where these are the same."""
    return [0.5 if best == worst else (value - worst) / (best - worst) for value in values]


def spans(levels: list[float]) -> list[float]:
    """Latencies from the slowest (0) to the fastest (1)."""
    return unit(levels, best=min(levels), worst=max(levels)) if levels else []


@settings(deadline=None, max_examples=80)
@given(
    latencies=st.lists(st.tuples(st.integers(0, 3), SECONDS, SECONDS), max_size=25),
    loads=st.tuples(*[st.integers(0, 9)] * 4),
    weights=st.tuples(*[st.sampled_from([0.0, 0.25, 1.0])] * 4).filter(any),
    metric=st.sampled_from(["tpot", "ttft"]),
    percent=st.sampled_from([50.0, 95.0]),
    difficulty=st.floats(-3, 4),
)
def test_factors_are_stretched_and_weighed(latencies, loads, weights, metric, percent, difficulty) -> None:
    """No candidate has a greater mean of its known factors, each from 0 to 1 over the candidates."""
    names = ("quality_weight", "latency_weight", "cost_weight", "load_weight")
    knobs = dict(zip(names, weights, strict=True)) | {"latency_metric": metric, "latency_percentile": percent}
    run = PolicyRun("multi_factor", knobs)
    run.send()
    run.load(*loads)
    seen: dict[int, list[float]] = defaultdict(list)
    for rung, first_s, later_s in latencies:
        run.hear(NAMES[rung], first_s=first_s, took_s=first_s + later_s, waited_s=3.0, output=11)
        seen[rung].append(first_s if metric == "ttft" else later_s / 10.0)
    levels = {
        rung: float(np.percentile(values, percent, method="inverted_cdf")) for rung, values in seen.items()
    }
    qualities = [success(rung, difficulty) for rung in range(4)]
    costs = [cost_usd(rung, 100) for rung in range(4)]
    factors = [
        dict(enumerate(unit(qualities, best=max(qualities), worst=min(qualities)))),
        dict(zip(levels, spans(list(levels.values())), strict=True)),
        dict(enumerate(unit(costs, best=min(costs), worst=max(costs)))),
        dict(enumerate(unit(list(loads), best=min(loads), worst=max(loads)))),
    ]
    means = []
    for rung in range(4):
        rows = [
            (weight, factor[rung]) for weight, factor in zip(weights, factors, strict=True) if rung in factor
        ]
        total = sum(weight for weight, _ in rows)
        means.append(sum(weight * one for weight, one in rows) / total if total else 0.0)
    chosen = NAMES.index(run.send(900.0, difficulty=difficulty))
    assert means[chosen] == pytest.approx(max(means), abs=1e-9)


@pytest.mark.parametrize(
    ("ceiling", "expected"),
    [
        ({"max_tpot_ms": 20.1}, {"large", "frontier"}),
        ({"max_tpot_ms": 19.9}, {"large"}),
        ({"max_ttft_ms": 500.0}, {"small", "medium", "large", "frontier"}),
        ({"max_ttft_ms": 499.0}, {"small"}),
        ({"max_inflight": 2}, {"small", "medium", "large"}),
        ({"max_inflight": 1}, {"small", "medium"}),
        ({"max_cost_per_1m": 1.2}, {"small", "medium", "large"}),
        ({"max_cost_per_1m": 1.1}, {"small", "medium"}),
        ({"max_cost_per_1m": 1.1, "max_tpot_ms": 20.1}, set()),
    ],
)
def test_ceilings_leave_out_whoever_exceeds_them(ceiling, expected) -> None:
    """TPOT of 40, 30, 10 and 20 ms, first tokens after 0.4 and 0.5 s, loads of 0 to 3, costs by price."""
    found = set()
    for favourite in range(4):
        loads = tuple(rung for rung in range(4))
        run = PolicyRun("multi_factor", ceiling | {"on_no_candidates": "fail"})
        run.send()
        run.load(*loads)
        for name, first_s, tpot_s in zip(NAMES, (0.4, 0.5, 0.5, 0.5), (0.04, 0.03, 0.01, 0.02), strict=True):
            run.hear(name, first_s=first_s, took_s=first_s + 10 * tpot_s, output=11)
        run.fleet.candidates = (favourite,)
        found.add(run.send(9.0))
    assert found - {""} == expected


@pytest.mark.parametrize(("rule", "expected"), [("cheapest", "medium"), ("first", "small"), ("fail", "")])
def test_without_candidates_the_rule_decides(rule: str, expected: str) -> None:
    """Where all are too busy: the cheapest of known price, the lowest index, or nobody."""
    prices = {
        "input_price_usd_per_mtok": (9.0, 0.1, 0.5, 3.0),
        "output_price_usd_per_mtok": (9.0, 0.2, 1.5, inf),
    }
    run = PolicyRun("multi_factor", {"max_inflight": 1, "on_no_candidates": rule}, stated(**prices))
    run.load(2, 9, 2, 2)
    decision = run.decide()
    assert getattr(decision, "target", "") == expected
    assert isinstance(decision, Reject) == (rule == "fail")


def test_a_target_above_a_ceiling_is_tried_again_later() -> None:
    """Its latencies count until ttl_s after its latest answer."""
    run = PolicyRun("multi_factor", {"max_ttft_ms": 100.0, "ttl_s": 60.0, "on_no_candidates": "fail"})
    run.fleet.candidates = (1,)
    assert run.send() == "medium"
    run.hear("medium", first_s=0.2, took_s=1.0)
    assert (run.send(60.9), run.send(61.0)) == ("", "medium")
    run.hear("medium", started_s=61.0, first_s=0.0625, took_s=1.0)
    assert run.send(62.0) == "medium"


def test_impossible_factors_are_listed() -> None:
    """Every knob out of range is named at once, and weights that are all 0."""
    knobs = {"quality_weight": -1, "latency_percentile": 0.0, "max_tpot_ms": 0, "max_inflight": -2}
    with pytest.raises(InvalidPolicyParameterError) as found:
        make_policy("multi_factor", knobs)
    assert {name for name, _why in found.value.problems} == set(knobs)
    nothing = dict.fromkeys(("quality_weight", "latency_weight", "cost_weight", "load_weight"), 0)
    with pytest.raises(InvalidPolicyParameterError, match="all weights are 0"):
        make_policy("multi_factor", nothing)

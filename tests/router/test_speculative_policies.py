"""Policies that ask several targets, predict latencies or go by rules, against their rules computed apart."""

from __future__ import annotations

from collections import Counter
from math import erfc, exp, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_choices import TARGETS, chosen, decide, fleet_of, request_of
from policy_runs import PolicyRun
from router import InvalidPolicyParameterError, Send, StatedRequest, make_policy
from router.decision import Cascade, Hedge, Race
from router.policies.confidence_cascade import error_ratios
from router.testing.samples import TASK

NAMES = [target.name for target in TARGETS]


@pytest.mark.parametrize("auc", [0.6, 0.75, 0.95])
@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.7])
def test_confidence_errs_as_often_as_drawn_scores_do(auc: float, threshold: float) -> None:
    """Drawn scores of right and wrong answers have the AUC, and pass the threshold at the two rates."""
    low, high = 0.0, 10.0
    for _ in range(60):  # bisects the distance at which one normal exceeds the other so often
        middle = (low + high) / 2.0
        low, high = (middle, high) if 1.0 - 0.5 * erfc(middle / 2.0) < auc else (low, middle)
    draw = np.random.default_rng(4)
    wrong, right = draw.normal(0.0, 1.0, 200_000), draw.normal(low, 1.0, 200_000)
    assert float(np.mean(right > wrong)) == pytest.approx(auc, abs=0.005)
    sure_wrong, sure_right = (1.0 / (1.0 + np.exp(-(low * z - low**2 / 2.0))) for z in (wrong, right))
    accepted, refused = error_ratios(auc, threshold)
    assert accepted == pytest.approx(float(np.mean(sure_wrong >= threshold)), abs=0.005)
    assert refused == pytest.approx(float(np.mean(sure_right < threshold)), abs=0.005)


def test_confidence_errs_alike_on_both_sides_at_one_half() -> None:
    """At a threshold of one half both errors are Phi(-d / 2)."""
    accepted, refused = error_ratios(0.75, 0.5)
    assert accepted == pytest.approx(refused)
    assert accepted == pytest.approx(0.5 * erfc(0.9538726 / 2.0 / sqrt(2.0)), abs=1e-6)


@pytest.mark.parametrize(
    ("auc", "threshold", "expected"),
    [
        (0.75, 0.0, (1.0, 0.0)),
        (0.75, 1.0, (0.0, 1.0)),
        (1.0, 0.5, (0.0, 0.0)),
        (0.5, 0.5, (1.0, 0.0)),
        (0.5, 0.51, (0.0, 1.0)),
    ],
)
def test_confidence_at_its_ends(auc: float, threshold: float, expected: tuple[float, float]) -> None:
    """All is taken at 0 and nothing at 1; a perfect signal never errs, none at all takes all or nothing."""
    assert error_ratios(auc, threshold) == expected


def test_stages_go_by_cost_or_strength() -> None:
    """By cost from the free one up; a deployment that is no stronger than a cheaper one is no stage."""
    decision = decide("confidence_cascade", request_of(), fleet_of(TARGETS), {"threshold": 0.6})
    assert isinstance(decision, Cascade)
    assert decision.targets == ("small", "medium", "large", "frontier")
    assert (decision.verifier.latency_s, decision.verifier.cost_usd) == (0.0, 0.0)
    accepted, refused = error_ratios(0.75, 0.6)
    assert (decision.verifier.false_accept_ratio, decision.verifier.false_reject_ratio) == (accepted, refused)
    run = PolicyRun("confidence_cascade", targets=dull_medium())
    assert run.decide().targets == ("small", "large", "frontier")  # type: ignore[attr-defined]  # a cascade
    run = PolicyRun("confidence_cascade", {"escalation_order": "strength"}, dull_medium())
    assert run.decide().targets == ("medium", "small", "large", "frontier")  # type: ignore[attr-defined]


def dull_medium():
    """The specimen fleet with a second model that costs more than the first and knows less."""
    from dataclasses import replace

    return tuple(replace(one, ability={TASK: -3.0}) if one.name == "medium" else one for one in TARGETS)


def test_named_stages_keep_their_order() -> None:
    """Those named are asked as named; excluded ones are left out, and one left alone is sent to."""
    run = PolicyRun("confidence_cascade", {"targets": ["large", "small"]})
    assert run.decide().targets == ("large", "small")  # type: ignore[attr-defined]
    run.fleet.candidates = (0, 3)
    assert run.send() == "small"
    run.fleet.candidates = (1, 3)
    assert run.decide().targets == ("medium", "frontier")  # type: ignore[attr-defined]


def test_the_cheapest_capable_race() -> None:
    """At a difficulty of 0 the floor of 0.7 leaves medium, large and frontier; the cheapest two run."""
    decision = decide("race", request_of(), fleet_of(TARGETS))
    assert isinstance(decision, Race)
    assert decision.targets == ("medium", "large")
    every = decide("race", request_of(), fleet_of(TARGETS), {"count": 9, "floor": 0.0})
    assert every.targets == tuple(NAMES)  # type: ignore[attr-defined]
    assert chosen("race", request_of(difficulty=9.0)) == ("frontier", "single runner")
    assert chosen("race", request_of(), count=1) == ("medium", "single runner")


def test_those_named_race() -> None:
    """Named runners run whatever their price; where none is a candidate the rule stands in."""
    run = PolicyRun("race", {"targets": ["frontier", "small"]})
    assert run.decide().targets == ("frontier", "small")  # type: ignore[attr-defined]
    run.fleet.candidates = (0, 1)
    assert run.send() == "small"
    run.fleet.candidates = (1, 2)
    assert run.decide().targets == ("medium", "large")  # type: ignore[attr-defined]
    with pytest.raises(InvalidPolicyParameterError, match="named twice"):
        make_policy("race", {"targets": ["small", "small"]})


@settings(deadline=None, max_examples=40)
@given(
    firsts=st.lists(st.integers(1, 200).map(lambda n: n / 16.0), max_size=120),
    percent=st.sampled_from([50.0, 90.0, 99.0, 100.0]),
)
def test_a_hedge_waits_for_a_percentile_of_the_target_s_own_first_tokens(firsts, percent) -> None:
    """The wait is the percentile of the last hundred as NumPy takes it, after_s before any."""
    run = PolicyRun("hedge", {"delay_percentile": percent, "after_s": 77.0})
    run.decide()
    for first_s in firsts:
        run.hear("small", first_s=first_s, took_s=first_s + 1.0, waited_s=9.0)
        run.hear("medium", first_s=99.0, took_s=100.0)
    expected = np.percentile(firsts[-100:], percent, method="inverted_cdf") if firsts else 77.0
    decision = run.decide()
    assert isinstance(decision, Hedge)
    assert (decision.target, decision.after_s) == ("small", pytest.approx(expected))


def limited(ttft_limit_s: float, e2e_limit_s: float = nan) -> StatedRequest:
    """A request with limits."""
    return StatedRequest(
        index=1,
        now_s=500.0,
        task=TASK,
        tenant="acme",
        region="home",
        prompt_token_count=100,
        max_output_token_count=1024,
        ttft_limit_s=ttft_limit_s,
        e2e_limit_s=e2e_limit_s,
    )


@pytest.mark.parametrize(("limit_s", "hedged"), [(1.0, True), (3.0, False), (2.0, False), (nan, False)])
def test_the_gate_opens_where_the_limit_would_be_missed(limit_s: float, hedged: bool) -> None:
    """First tokens after 1 and 3 s miss a limit of 1 s in the mean, not one of 2 s; no limit is no reason."""
    run = PolicyRun("hedge", {"slo_headroom_gate": True})
    assert isinstance(run.host.decide(limited(limit_s), run.fleet), Hedge)
    for first_s in (1.0, 3.0):
        run.hear("small", first_s=first_s, took_s=9.0)
    assert isinstance(run.host.decide(limited(limit_s), run.fleet), Hedge) is hedged


LEVELS = st.tuples(st.integers(1, 64), st.integers(1, 64), st.integers(0, 12), st.integers(0, 12))


@settings(deadline=None, max_examples=120)
@given(
    levels=st.lists(LEVELS, min_size=4, max_size=4),
    limits=st.tuples(st.sampled_from([nan, 1.0, 4.0, 20.0]), st.sampled_from([nan, 10.0, 60.0, 900.0])),
    most=st.booleans(),
)
def test_headroom_tiers(levels, limits, most) -> None:
    """The choice is the best of its tier: by predictions, limits, tiers and blends worked out apart."""
    run = PolicyRun("slo_headroom", {"headroom": "most" if most else "least", "epsilon_explore": 0.0})
    for index, (first, later, load, _now) in enumerate(levels):
        run.load(*(load,) * 4)
        run.fleet.candidates = (index,)
        assert run.send() == NAMES[index]
        run.hear(NAMES[index], first_s=first / 16.0, took_s=first / 16.0 + 10 * later / 256.0, output=11)
    run.fleet.candidates = (0, 1, 2, 3)
    run.load(*(now for *_rest, now in levels))
    rooms, ttft_limit_s, e2e_limit_s = {}, *limits
    for index, (first, later, load, now) in enumerate(levels):
        growth = (1.0 + now) / (1.0 + load)
        ttft_s, tpot_s = first / 16.0 * growth, later / 256.0 * growth
        if np.isnan(ttft_limit_s) and np.isnan(e2e_limit_s):
            rooms[index] = (-ttft_s, -tpot_s)
            continue
        spare_s = 0.0 if np.isnan(e2e_limit_s) else (e2e_limit_s - ttft_s) / 200.0 - tpot_s
        rooms[index] = (0.0 if np.isnan(ttft_limit_s) else ttft_limit_s - ttft_s, spare_s)
    within = {index: room for index, room in rooms.items() if min(room) >= 0.0}
    decision = run.host.decide(limited(*limits), run.fleet)
    assert isinstance(decision, Send)
    found = NAMES.index(decision.target)
    if within:
        assert decision.reason == "within the limits"
        sign = -1.0 if most else 1.0
        assert sign * blend(within)[found] == pytest.approx(min(sign * one for one in blend(within).values()))
        return
    idle = {index: room for index, room in rooms.items() if levels[index][3] == 0} or rooms
    rank = {index: (room[0] < 0) * 2 + (room[1] < 0) for index, room in idle.items()}
    left = {index: idle[index] for index in idle if rank[index] == min(rank.values())}
    misses = {index: (max(-ttft, 0.0), max(-tpot, 0.0)) for index, (ttft, tpot) in left.items()}
    assert decision.reason == "beyond the limits"
    assert blend(misses)[found] == pytest.approx(min(blend(misses).values()))


def blend(rooms: dict[int, tuple[float, float]]) -> dict[int, float]:
    """0.8 TTFT and 0.2 TPOT, each between the least and the greatest there."""
    columns = [[room[k] for room in rooms.values()] for k in (0, 1)]
    spans = [(min(column), (max(column) - min(column)) or 1.0) for column in columns]
    return {
        index: sum(w * (room[k] - spans[k][0]) / spans[k][1] for k, w in ((0, 0.8), (1, 0.2)))
        for index, room in rooms.items()
    }


def test_a_share_of_requests_goes_beyond_the_limits() -> None:
    """With a fast and a slow target the slow one gets about the share that is explored."""
    run = PolicyRun("slo_headroom", {"epsilon_explore": 0.2})
    run.fleet.candidates = (0, 1)
    for name, first_s in (("small", 0.5), ("medium", 5.0)):
        assert run.send() == name
        run.load(*(1, 0, 0, 0))
        run.hear(name, first_s=first_s, took_s=9.0)
    run.load(0, 0, 0, 0)
    sent = Counter(run.host.decide(limited(2.0), run.fleet).target for _ in range(3_000))  # type: ignore[attr-defined]
    assert sent["medium"] / 3_000 == pytest.approx(0.2, abs=0.03)


def test_tasks_go_where_their_rules_say() -> None:
    """The first name with a candidate; then the default's; then the least loaded of all."""
    rules = {"rules": {TASK: ["cloud", "large"]}, "default": ["on_prem"]}
    run = PolicyRun("domain_rule", rules)
    for candidates, expected in (
        ((0, 1, 2, 3), "frontier"),
        ((0, 1, 2), "large"),
        ((0, 1), "medium"),
        ((0,), "small"),
    ):
        run.fleet.candidates = candidates
        assert run.send() == expected
    other = PolicyRun("domain_rule", {"rules": {"reasoning": ["cloud"]}, "default": ["edge"]})
    assert other.decide().reason == "by default"
    idle = PolicyRun("domain_rule")
    idle.load(3, 2, 1, 2)
    assert idle.send() == "large"
    with pytest.raises(InvalidPolicyParameterError, match=r"rules\.x"):
        make_policy("domain_rule", {"rules": {"x": []}})


@pytest.mark.parametrize(
    ("name", "knobs"),
    [
        ("confidence_cascade", {"threshold": 1.5, "auc": 0.4}),
        ("race", {"count": 0, "floor": 2}),
        ("hedge", {"after_s": -1, "delay_percentile": 0.0}),
        ("slo_headroom", {"ttft_weight": -1, "epsilon_explore": 2, "max_latency_list_size": 0}),
    ],
)
def test_impossible_knobs_are_listed(name: str, knobs: dict[str, float]) -> None:
    """Every knob out of range is named at once."""
    with pytest.raises(InvalidPolicyParameterError) as found:
        make_policy(name, knobs)
    assert {knob for knob, _why in found.value.problems} == set(knobs)


def test_the_item_response_is_as_assumed() -> None:
    """The specimen's medium model meets 0.7 at a difficulty of 0: sigma(1.7 x 0.5)."""
    assert 1.0 / (1.0 + exp(-1.7 * 0.5)) > 0.7 > 1.0 / (1.0 + exp(1.7 * 0.5))

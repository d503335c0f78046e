"""Policies that go by prices and budgets, against their rules computed apart."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_choices import TARGETS
from policy_runs import PolicyRun, stated
from router import InvalidPolicyParameterError, Reject, make_policy
from router.testing.samples import sample_targets

PRICES = st.one_of(st.just(inf), st.integers(0, 20).map(float))
FOUR = st.tuples(PRICES, PRICES, PRICES, PRICES)


@settings(deadline=None, max_examples=60)
@given(inputs=FOUR, outputs=FOUR, candidates=st.sets(st.integers(0, 3), min_size=1))
def test_lowest_price_is_the_first_least_sum(inputs, outputs, candidates) -> None:
    """Prompt plus answer price, unweighted; the first of equals, unknown prices last, loads ignored."""
    run = PolicyRun(
        "lowest_price", targets=stated(input_price_usd_per_mtok=inputs, output_price_usd_per_mtok=outputs)
    )
    run.fleet.candidates = tuple(sorted(candidates))
    run.load(9, 5, 3, 0)
    best = min(sorted(candidates), key=lambda index: (inputs[index] + outputs[index], index))
    assert {run.send(prompt=prompt) for prompt in (1, 1000)} == {TARGETS[best].name}


@settings(deadline=None, max_examples=80)
@given(
    inputs=FOUR,
    outputs=FOUR,
    cached=st.tuples(*[st.one_of(st.none(), st.integers(0, 5).map(float))] * 4),
    share=st.sampled_from([0.0, 0.25, 1.0]),
    prompt=st.integers(1, 5000),
    most=st.integers(1, 3000),
    length=st.sampled_from(["usual", "max"]),
)
def test_expected_cost_is_tokens_times_prices_less_what_is_cached(
    inputs, outputs, cached, share, prompt, most, length
) -> None:
    """The share of the prompt that is cached costs the cached price; the rest and the answer theirs."""
    targets = stated(
        input_price_usd_per_mtok=inputs,
        output_price_usd_per_mtok=outputs,
        cached_input_price_usd_per_mtok=cached,
    )
    run = PolicyRun("expected_cost", {"length": length, "cached_ratio": share}, targets)
    answer = 200 if length == "usual" else most

    def usd(index: int) -> float:
        given_usd, answer_usd, warm_usd = inputs[index], outputs[index], cached[index]
        if inf in (given_usd, answer_usd):
            return inf
        warm = share if warm_usd is not None else 0.0
        return prompt * ((1 - warm) * given_usd + warm * (warm_usd or 0.0)) + answer * answer_usd

    costs = [usd(index) for index in range(4)]
    sent = [target.name for target in TARGETS].index(run.send(prompt=prompt, most=most))
    assert costs[sent] == min(costs) or costs[sent] == pytest.approx(min(costs))


def test_equal_expected_costs_go_to_the_least_outstanding() -> None:
    """Replicas of one price share the work; equal loads go to the lowest index."""
    run = PolicyRun("expected_cost", targets=sample_targets((0, 3, 0, 1)))
    run.load(2, 1, 1, 0)
    assert run.send() == "medium/1"


def test_a_session_s_next_turn_is_cheaper_where_the_turn_before_went() -> None:
    """With most of a long prompt cached there, a dearer target beats one that has not seen it."""
    targets = stated(
        input_price_usd_per_mtok=(5.0, 6.0, 9.0, 9.0),
        output_price_usd_per_mtok=(1.0, 1.0, 1.0, 1.0),
        cached_input_price_usd_per_mtok=(0.5, 0.6, 0.9, 0.9),
    )
    run = PolicyRun("expected_cost", {"session_cached_ratio": 0.5}, targets)
    run.fleet.candidates = (1, 2)
    assert run.send(session=7, prompt=1000) == "medium"
    run.fleet.candidates = (0, 1, 2, 3)
    assert run.send(session=7, turn=1, prompt=1000) == "medium"
    assert run.send(session=8, prompt=1000) == "small"
    assert run.send(session=-1, prompt=1000) == "small"
    cold = PolicyRun("expected_cost", {}, targets)
    cold.fleet.candidates = (1, 2)
    cold.send(session=7, prompt=1000)
    cold.fleet.candidates = (0, 1, 2, 3)
    assert cold.send(session=7, turn=1, prompt=1000) == "small"


def bought(**facts: object) -> tuple[object, ...]:
    """The specimen targets, the last two of one provider."""
    return tuple(replace(target, provider=("", "", "ai", "ai")[target.index]) for target in TARGETS)


def test_a_budget_ends_with_the_outcome_that_reaches_it() -> None:
    """A frontier answer costs 100 x 3 + 100 x 15 = 1,800 millionths: three reach 5,000, two do not."""
    run = PolicyRun("budget_cap", {"budget_usd": 0.005, "period_s": 60.0})
    for _ in range(2):
        assert run.send(1.0)
        run.hear("frontier", started_s=1.0, prompt=100, output=100)
    run.hear("frontier", started_s=1.0, prompt=10**6, reason="server_error")
    assert run.send(3.0)
    run.hear("frontier", started_s=3.0, prompt=100, output=100)
    refused = run.decide(4.0)
    assert isinstance(refused, Reject)
    assert refused.reason == "budget used up"
    assert not run.send(59.9)
    assert run.send(60.0)


def test_windows_are_aligned_by_their_offset() -> None:
    """With 45 s of a minute's window gone when the run begins the next ones begin at 15 s and 75 s."""
    run = PolicyRun("budget_cap", {"budget_usd": 1e-6, "period_s": 60.0, "offset_s": 45.0})
    run.send(0.0)
    run.hear("frontier", started_s=1.0)
    assert [bool(run.send(at_s)) for at_s in (2.0, 14.9, 15.0)] == [False, False, True]
    run.hear("frontier", started_s=15.0)
    assert [bool(run.send(at_s)) for at_s in (16.0, 74.9, 75.0)] == [False, False, True]


@pytest.mark.parametrize(
    ("per", "left"),
    [("target", {"small", "medium", "large"}), ("provider", {"small", "medium"}), ("all", {""})],
)
def test_who_has_a_budget_of_its_own(per, left) -> None:
    """A target's spend is its own, its provider's or everybody's; own capacity has no provider."""
    run = PolicyRun("budget_cap", {"budget_usd": 0.001, "per": per}, bought())
    run.send()
    run.hear("frontier")
    run.hear("small")
    found = set()
    for busy in ((0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 0, 1), (1, 1, 1, 0)):
        run.load(*busy)
        found.add(run.send())
    assert found == left


def test_a_spent_budget_may_leave_the_cheapest() -> None:
    """With when_spent: cheapest nothing is rejected: the cheapest candidate serves what is over."""
    run = PolicyRun("budget_cap", {"budget_usd": 0.0, "when_spent": "cheapest"})
    run.fleet.candidates = (1, 2, 3)
    assert run.send() == "medium"
    assert run.decide().reason == "budget used up: cheapest"


def test_the_cheapest_of_those_with_budget_left_is_picked() -> None:
    """pick: cheapest passes over the cheaper ones that have spent theirs."""
    run = PolicyRun("budget_cap", {"budget_usd": 0.00002, "per": "target", "pick": "cheapest"})
    run.fleet.candidates = (1, 2, 3)
    assert run.send() == "medium"
    run.hear("medium", prompt=100, output=100)
    assert run.send() == "large"


def test_unknown_prices_spend_nothing() -> None:
    """Nobody bills a target without a price, so its attempts use no budget up."""
    run = PolicyRun("budget_cap", {"budget_usd": 0.001}, stated(output_price_usd_per_mtok=(inf,) * 4))
    run.send()
    run.hear("frontier", prompt=0)
    assert run.send()


def test_every_router_has_the_budget_for_itself() -> None:
    """Four routers of 0.01 dollars each spend four times as much as one before all of them reject."""

    def spent_usd(instances: int) -> float:
        runs = [PolicyRun("budget_cap", {"budget_usd": 0.01}) for _ in range(instances)]
        spent = 0.0
        for number in range(400):
            run = runs[number % instances]
            run.fleet.candidates = (3,)
            if run.send():
                run.hear("frontier", prompt=100, output=100)
                spent += (100 * 3 + 100 * 15) / 1e6
        return spent

    assert spent_usd(1) == pytest.approx(6 * 0.0018)
    assert spent_usd(4) == pytest.approx(4 * spent_usd(1))


def paced(
    target_usd: float, mode: str, count: int = 12_000, delay: int = 0, lr: float = 0.05
) -> tuple[np.ndarray, PolicyRun]:
    """What each of many requests cost under pacing; outcomes come `delay` requests late."""
    run = PolicyRun("budget_pacing", {"target_usd_per_request": target_usd, "mode": mode, "lr": lr})
    prices = {target.name: target for target in TARGETS}
    draw, costs, late = np.random.default_rng(3), [], []
    for _ in range(count):
        prompt, output = int(draw.integers(50, 400)), int(draw.lognormal(5.2, 0.6)) + 1
        name = run.send(prompt=prompt, difficulty=float(draw.normal(0.5, 1.5)))
        late.append((name, prompt, output))
        found = prices[name]
        usd = prompt * found.input_price_usd_per_mtok + output * found.output_price_usd_per_mtok
        costs.append(usd / 1e6)
        if len(late) > delay:
            heard, prompt, output = late.pop(0)
            run.hear(heard, prompt=prompt, output=output)
    return np.array(costs), run


@pytest.mark.parametrize("target_usd", [0.0005, 0.001, 0.002])
@pytest.mark.parametrize(("mode", "delay", "lr"), [("soft", 0, 0.05), ("soft", 20, 0.003), ("hard", 0, 0.05)])
def test_mean_spend_comes_to_the_target(target_usd, mode, delay, lr) -> None:
    """Between all cheap and all dear the mean is within 5 % of the target; small steps bear late outcomes."""
    costs, _run = paced(target_usd, mode, delay=delay, lr=lr)
    assert costs[1_000:].mean() == pytest.approx(target_usd, rel=0.05)


@pytest.mark.parametrize("lr", [0.05, 0.003])
def test_a_ceiling_with_late_outcomes_spends_less(lr) -> None:
    """Any lambda above 0 shuts the dearest out, whatever the step: 70 to 95 % of the target is spent."""
    costs, _run = paced(0.002, "hard", delay=20, lr=lr)
    assert 0.7 * 0.002 < costs[1_000:].mean() < 0.95 * 0.002


def test_targets_out_of_reach_end_at_the_bounds() -> None:
    """A target below the cheapest answer ends with lambda's maximum, a lavish one with 0."""
    thrifty, run = paced(1e-9, "soft", 1_000)
    assert run.policy.cost_weight == 5.0
    lavish, run = paced(1.0, "soft", 500)
    assert run.policy.cost_weight == 0.0
    assert thrifty[-500:].mean() < 0.05 * lavish.mean()


def test_lambda_and_mean_follow_their_equations() -> None:
    """Every step of lambda and of the moving mean, computed apart; failures move neither."""
    given_usd = 0.0012
    run = PolicyRun("budget_pacing", {"target_usd_per_request": given_usd, "lr": 0.2, "ema_alpha": 0.1})
    run.send()
    draw, ema, weight = np.random.default_rng(5), given_usd, 0.0
    for _ in range(300):
        prompt, output = int(draw.integers(1, 900)), int(draw.integers(0, 200))
        run.hear("frontier", prompt=prompt, output=output)
        run.hear("frontier", prompt=prompt, reason="timed_out")
        ema = 0.9 * ema + 0.1 * (prompt * 3.0 + output * 15.0) / 1e6
        weight = float(np.clip(weight + 0.2 * (ema / given_usd - 1.0), 0.0, 5.0))
        assert run.policy.cost_weight == pytest.approx(weight, abs=1e-9)
    assert weight > 0.1


@settings(deadline=None, max_examples=60)
@given(st.floats(0.0, 5.0), st.floats(-4.0, 4.0), st.integers(1, 3000), st.sampled_from(["soft", "hard"]))
def test_the_choice_weighs_success_against_relative_cost(weight, difficulty, prompt, mode) -> None:
    """Success less lambda x relative cost, or the best success within the dearest / (1 + lambda)."""
    run = PolicyRun("budget_pacing", {"mode": mode})
    run.policy.cost_weight = weight
    name = run.send(prompt=prompt, difficulty=difficulty)
    success = [1 / (1 + np.exp(-1.7 * (ability - difficulty))) for ability in (-0.5, 0.5, 1.5, 3.0)]
    prices = ((0.0, 0.0), (0.1, 0.2), (0.5, 1.5), (3.0, 15.0))
    costs = np.array([prompt * given_usd + 200 * answer_usd for given_usd, answer_usd in prices])
    relative = costs / costs.max()
    worth = np.array(success) - weight * relative
    if mode == "hard":
        worth = np.where(relative <= 1 / (1 + weight) + 1e-12, success, -1.0)
    best = worth[[target.name for target in TARGETS].index(name)]
    assert best == pytest.approx(worth.max(), abs=1e-9)


@pytest.mark.parametrize(
    ("name", "parameters", "wrong"),
    [
        ("expected_cost", {"cached_ratio": 1.1}, "is not in"),
        ("expected_cost", {"session_cached_ratio": -0.1}, "is not in"),
        ("budget_cap", {"budget_usd": -1}, "not a finite number >= 0"),
        ("budget_cap", {"period_s": 0}, "not a finite number >= 1"),
        ("budget_cap", {"offset_s": inf}, "not a finite number >= 0"),
        ("budget_pacing", {"target_usd_per_request": 0}, "not a finite number > 0"),
        ("budget_pacing", {"lr": 0}, "not a finite number > 0"),
        ("budget_pacing", {"ema_alpha": 0}, "not a finite number > 0"),
        ("budget_pacing", {"ema_alpha": 1.5}, "is not in"),
        ("budget_pacing", {"lambda_max": -1}, "not a finite number >= 0"),
    ],
)
def test_impossible_parameters_are_refused(name, parameters, wrong) -> None:
    """What cannot be meant is named with what is allowed."""
    with pytest.raises(InvalidPolicyParameterError, match=wrong):
        make_policy(name, parameters)

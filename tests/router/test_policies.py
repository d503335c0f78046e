"""What each policy chooses, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import (
    Cascade,
    Decision,
    Defer,
    Hedge,
    Policy,
    Race,
    UnknownTargetError,
    make_policy,
    policy_names,
)
from router.policy import is_oracle
from router.testing.samples import TASK

if TYPE_CHECKING:
    from collections.abc import Mapping

from policy_choices import REPLICATED, TARGETS, chosen, decide, fleet_of, request_of


def test_static_sends_everything_to_its_target() -> None:
    """One target gets all, whatever its load."""
    assert chosen("static", fleet=fleet_of(TARGETS, [0, 0, 99, 0]), target="large") == (
        "large",
        "fixed target",
    )


def test_static_defaults_to_the_first_deployment() -> None:
    """Without a target the fleet's first deployment is the fixed one."""
    assert chosen("static")[0] == "small"


def test_static_balances_a_deployment_replicas() -> None:
    """A deployment's replicas share by load."""
    assert chosen("static", fleet=fleet_of(REPLICATED, [3, 1, 2, 1, 0, 0, 0]), target="small")[0] == "small/1"


def test_static_rejects_what_may_not_go_to_its_target() -> None:
    """A request that constraints keep from the target is turned away and counted."""
    fleet = fleet_of(TARGETS)
    fleet.candidates = (0, 1)
    decision = decide("static", request_of(), fleet, {"target": "large"})
    assert decision == Decision.reject(reason="fixed target not permitted")


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("static", {"target": "nowhere"}),
        ("random_mix", {"weights": {"nowhere": 1}}),
        ("round_robin", {"weights": {"nowhere": 1}}),
        ("score_threshold", {"weak": "nowhere", "threshold": 1.0}),
        ("cascade", {"targets": ["nowhere"]}),
    ],
)
def test_unknown_target_names_are_errors(name: str, parameters: Mapping[str, object]) -> None:
    """A parameter that names nothing in the fleet is told at the first decision."""
    with pytest.raises(UnknownTargetError, match=r"unknown target 'nowhere'; known: 'small'"):
        decide(name, request_of(), fleet_of(TARGETS), parameters)


@pytest.mark.parametrize(
    ("difficulty", "expected"),
    [
        (-3.0, ("small", "cheapest capable")),
        (-0.5, ("medium", "cheapest capable")),
        (0.5, ("large", "cheapest capable")),
        (2.0, ("frontier", "cheapest capable")),
        (5.0, ("frontier", "none capable: strongest")),
        (float("nan"), ("frontier", "none capable: strongest")),
    ],
)
def test_cheapest_capable_climbs_with_difficulty(difficulty: float, expected: tuple[str, str]) -> None:
    """The cheapest model whose predicted success meets the floor serves, else the strongest."""
    assert chosen("cheapest_capable", request_of(difficulty=difficulty), floor=0.7) == expected


@given(difficulty=st.floats(-6, 6), prompt=st.integers(1, 5000), floor=st.floats(0.05, 0.95))
def test_cheapest_capable_agrees_with_the_definition(difficulty: float, prompt: int, floor: float) -> None:
    """The table of options gives what predicted success and expected cost of each target give."""
    request = request_of(difficulty=difficulty, prompt=prompt)
    if any(abs(target.predicted_success(request) - floor) < 1e-9 for target in TARGETS):
        return
    able = [target for target in TARGETS if target.predicted_success(request) >= floor]
    best = min(able, key=lambda target: target.expected_cost_usd(request), default=TARGETS[-1])
    assert chosen("cheapest_capable", request, floor=floor)[0] == best.name


def test_cheapest_capable_at_floor_zero_takes_the_cheapest_even_of_unknown_ability() -> None:
    """A floor of 0 demands nothing."""
    fleet = fleet_of([replace(target, ability={}) for target in TARGETS])
    assert chosen("cheapest_capable", fleet=fleet, floor=0.0) == ("small", "cheapest capable")


def test_equal_targets_are_chosen_among_by_load() -> None:
    """Replicas that cost and can do the same do not pack the first of them."""
    fleet = fleet_of(REPLICATED, [2, 1, 0, 1, 1, 0, 9])
    assert chosen("always_cheapest", fleet=fleet) == ("small/2", "cheapest")
    assert chosen("cheapest_capable", request_of(difficulty=0.5), fleet)[0] == "large/1"


def test_cost_without_a_usual_answer_is_that_of_the_longest() -> None:
    """Where the task's answer length is unknown, the declared maximum counts."""
    dear_answers = replace(TARGETS[1], index=0, output_price_usd_per_mtok=10.0, expected_output_tokens={})
    dear_prompts = replace(TARGETS[2], index=1, input_price_usd_per_mtok=10.0, output_price_usd_per_mtok=0.0)
    fleet = fleet_of((dear_answers, dear_prompts))
    assert chosen("always_cheapest", request_of(prompt=1000), fleet)[0] == "large"
    assert chosen("always_cheapest", request_of(prompt=1500), fleet)[0] == "medium"


def test_baselines_stand_at_both_ends() -> None:
    """Always-cheapest and always-strongest ignore difficulty."""
    for difficulty in (-5.0, 5.0):
        assert chosen("always_cheapest", request_of(difficulty=difficulty))[0] == "small"
        assert chosen("always_strongest", request_of(difficulty=difficulty))[0] == "frontier"


def test_strongest_prefers_the_cheaper_of_equals() -> None:
    """The same model on own hardware beats its dearer API."""
    api = replace(TARGETS[3], index=0, name="api", deployment="api")
    own = replace(
        TARGETS[3], index=1, name="own", deployment="own", tier="dedicated", input_price_usd_per_mtok=1.0
    )
    assert chosen("always_strongest", fleet=fleet_of((api, own))) == ("own", "strongest")


@pytest.mark.parametrize(
    ("score", "expected"), [(0.59, "small"), (0.6, "frontier"), (1.0, "frontier"), (float("nan"), "small")]
)
def test_score_threshold_is_inclusive(score: float, expected: str) -> None:
    """The strong target is used from the threshold on."""
    assert chosen("score_threshold", request_of(score=score), threshold=0.6)[0] == expected


def test_named_ends_are_used_while_they_are_candidates() -> None:
    """A named weak or strong target gives way only where constraints exclude it."""
    fleet = fleet_of(REPLICATED, [1, 0, 1, 1, 1, 0, 0])
    parameters = {"weak": "small", "strong": "large", "threshold": 0.5}
    assert chosen("score_threshold", request_of(score=0.1), fleet, **parameters)[0] == "small/1"
    assert chosen("score_threshold", request_of(score=0.9), fleet, **parameters)[0] == "large/1"
    fleet.candidates = (0, 1, 6)
    assert chosen("score_threshold", request_of(score=0.9), fleet, **parameters)[0] == "frontier"


def test_prompt_length_splits_at_its_length() -> None:
    """Long prompts go to the strong target, from the threshold on."""
    for prompt, name in ((499, "small"), (500, "frontier")):
        assert chosen("prompt_length", request_of(prompt=prompt))[0] == name


@pytest.mark.parametrize(
    ("difficulty", "loads", "candidates", "expected"),
    [
        (-3.0, [2, 0, 0, 0], (0, 1, 2, 3), ("small", "local")),
        (-3.0, [3, 0, 0, 0], (0, 1, 2, 3), ("medium", "local overflow")),
        (0.4, [0, 0, 0, 0], (0, 1, 2, 3), ("large", "too hard for local")),
        (9.0, [0, 0, 0, 0], (0, 1, 2, 3), ("frontier", "too hard for local")),
        (-3.0, [0, 0, 0, 0], (2, 3), ("large", "no local permitted")),
        (9.0, [9, 0, 0, 0], (0,), ("small", "only local permitted")),
    ],
)
def test_edge_first_keeps_local_what_fits(
    difficulty: float, loads: list[int], candidates: tuple[int, ...], expected: tuple[str, str]
) -> None:
    """A request leaves the edge when that is overloaded, not up to it, or not permitted."""
    fleet = fleet_of(TARGETS, loads)
    fleet.candidates = candidates
    assert chosen("edge_first", request_of(difficulty=difficulty), fleet) == expected


def test_edge_first_measures_load_per_device() -> None:
    """A thousand devices behind one target overflow at a thousand times one device's load."""
    devices = (replace(TARGETS[0], replica_count=1000), *TARGETS[1:])
    easy = request_of(difficulty=-3.0)
    assert chosen("edge_first", easy, fleet_of(devices, [2000, 0, 0, 0]))[1] == "local"
    assert chosen("edge_first", easy, fleet_of(devices, [2001, 0, 0, 0]))[1] == "local overflow"


def test_edge_first_tries_a_dearer_local_option_before_it_overflows() -> None:
    """With several local models the next one with room is used."""
    second = replace(TARGETS[1], tier="edge")
    fleet = fleet_of((TARGETS[0], second, *TARGETS[2:]), [5, 0, 0, 0])
    assert chosen("edge_first", request_of(difficulty=-3.0), fleet) == ("medium", "local")


def test_cascade_goes_from_cheapest_to_strongest_by_default() -> None:
    """Two stages and the stated verifier make the decision."""
    decision = decide("cascade", request_of(), fleet_of(TARGETS), {"false_accept_ratio": 0.2})
    assert isinstance(decision, Cascade)
    assert decision.targets == ("small", "frontier")
    assert decision.verifier.false_accept_ratio == 0.2


def test_cascade_takes_its_stages_least_loaded_and_skips_excluded_ones() -> None:
    """A stage that is a deployment stands for a replica, and an excluded one is left out."""
    fleet = fleet_of(REPLICATED, [1, 1, 0, 1, 1, 0, 0])
    named = {"targets": ["small", "large", "frontier"]}
    decision = decide("cascade", request_of(), fleet, named)
    assert isinstance(decision, Cascade)
    assert decision.targets == ("small/2", "large/1", "frontier")
    fleet.candidates = (4, 5)
    assert chosen("cascade", request_of(), fleet, **named) == ("large/1", "single stage")


def test_hedge_backs_the_least_loaded_with_the_second_least() -> None:
    """Target and backup are the two least loaded candidates."""
    decision = decide("hedge", request_of(), fleet_of(TARGETS, [3, 1, 2, 9]), {"after_s": 0.25})
    assert decision == Hedge("hedged", "medium", "large", 0.25)


def test_hedge_may_be_kept_to_a_share() -> None:
    """Only the stated share of requests is hedged, and a lone candidate never."""
    policy, rng, fleet = (
        make_policy("hedge", {"share_ratio": 0.05}),
        np.random.default_rng(1),
        fleet_of(TARGETS),
    )
    assert isinstance(policy, Policy)
    decisions = [policy.route(request_of(), fleet, rng) for _ in range(4000)]
    hedged = sum(isinstance(decision, Hedge) for decision in decisions)
    assert hedged / 4000 == pytest.approx(0.05, abs=0.012)
    fleet.candidates = (2,)
    assert chosen("hedge", request_of(), fleet) == ("large", "not hedged")


@pytest.mark.parametrize(
    ("difficulty", "expected"),
    [
        (-1.0, ("small", "cheapest right")),
        (1.0, ("large", "cheapest right")),
        (2.9, ("frontier", "cheapest right")),
        (4.0, ("small", "none right: cheapest")),
    ],
)
def test_oracle_takes_the_cheapest_right_answer(difficulty: float, expected: tuple[str, str]) -> None:
    """Where somebody is right the cheapest of them serves, where nobody is, the cheapest of all."""
    assert chosen("oracle", request_of(difficulty=difficulty, oracle=True)) == expected


def test_oracle_without_answers_says_so() -> None:
    """An oracle that is given an ordinary request fails."""
    with pytest.raises(TypeError, match="OracleRequestView"):
        decide("oracle", request_of(), fleet_of(TARGETS))


def test_weighted_score_follows_its_weights() -> None:
    """Each aspect alone decides when the others weigh nothing."""
    fleet = fleet_of(TARGETS, [5, 0, 5, 5])
    nothing = {"success_weight": 0, "cost_weight": 0, "load_weight": 0}
    for aspect, name in (("success_weight", "frontier"), ("cost_weight", "small"), ("load_weight", "medium")):
        assert chosen("weighted_score", request_of(), fleet, **{**nothing, aspect: 1})[0] == name


def test_weighted_score_floor_is_passed_over_where_nobody_has_it() -> None:
    """The floor narrows the candidates as long as it leaves some."""
    cheap = {"success_weight": 0, "cost_weight": 1, "load_weight": 0, "floor": 0.7}
    assert chosen("weighted_score", request_of(difficulty=0.5), **cheap)[0] == "large"
    assert chosen("weighted_score", request_of(difficulty=9.0), **cheap)[0] == "small"


def test_policies_can_serve_another_fleet_afterwards() -> None:
    """Nothing that a policy remembers of one fleet leaks into the next."""
    others = tuple(
        replace(target, name=f"other-{target.name}", deployment=f"other-{target.name}") for target in TARGETS
    )
    for name in policy_names():
        policy = make_policy(name, {"otherwise": "cheapest"} if name == "recorded" else {})
        assert isinstance(policy, Policy)
        request = request_of(oracle=is_oracle(policy))
        for targets in (TARGETS, others, TARGETS):
            decision = policy.route(request, fleet_of(targets), np.random.default_rng(1))
            if isinstance(decision, Defer):
                continue
            names = decision.targets if isinstance(decision, Cascade | Race) else (decision.target,)  # type: ignore[attr-defined]  # else a send
            assert set(names) <= {target.name for target in targets}


def test_target_estimates_are_the_item_response_and_list_prices() -> None:
    """Predicted success is a logistic curve, expected cost prompt plus usual answer."""
    request = request_of(difficulty=1.5, prompt=1_000_000)
    assert TARGETS[2].predicted_success(request) == pytest.approx(0.5)
    assert TARGETS[2].expected_cost_usd(request) == pytest.approx(0.5 + 200 * 1.5e-6)
    assert replace(TARGETS[2], ability={}).predicted_success(request) == pytest.approx(0.0)
    assert np.isnan(TARGETS[2].success_at(TASK, float("nan")))
    assert TARGETS[2].success_at(TASK, 1e6) == pytest.approx(0.0)

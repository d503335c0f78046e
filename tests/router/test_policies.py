"""What each policy chooses, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import (
    Cascade,
    Decision,
    FleetView,
    Hedge,
    Policy,
    RequestView,
    Send,
    Target,
    UnknownTargetError,
    make_policy,
    policy_names,
)
from router.testing.specimens import TASK, specimen_fleet, specimen_requests, specimen_targets, specimen_view
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TARGETS = specimen_targets()
REPLICATED = specimen_targets((4, 0, 2, 1))
EDGE, CLOUD = 0, 3


def fleet_of(targets: Sequence[Target], loads: Sequence[int] | None = None) -> FleetView:
    """A view of these targets under these loads."""
    return specimen_fleet(targets, loads)


def request_of(
    *, difficulty: float = 0.0, prompt: int = 100, score: float = 0.5, oracle: bool = False
) -> RequestView:
    """A single request with these properties."""
    table = replace(
        specimen_requests(1),
        estimated_difficulty=np.array([difficulty]),
        prompt_token_count=np.array([prompt], dtype=np.int32),
        router_score=np.array([score]),
    )
    return specimen_view(table, TARGETS, oracle=oracle)


def decide(
    name: str,
    request: RequestView,
    fleet: FleetView,
    parameters: Mapping[str, object] | None = None,
) -> Decision:
    """One decision of a fresh policy."""
    policy = make_policy(name, parameters)
    assert isinstance(policy, Policy)
    return policy.route(request, fleet, np.random.default_rng(1))


def chosen(
    name: str,
    request: RequestView | None = None,
    fleet: FleetView | None = None,
    **parameters: object,
) -> tuple[str, str]:
    """Target and reason of one send."""
    decision = decide(name, request or request_of(), fleet or fleet_of(TARGETS), parameters)
    assert isinstance(decision, Send)
    return decision.target, decision.reason


def many(name: str, fleet: FleetView, count: int, **parameters: object) -> Counter[str]:
    """How often each target is chosen by one policy over many requests at constant load."""
    policy, rng, request = make_policy(name, parameters), np.random.default_rng(1), request_of()
    assert isinstance(policy, Policy)
    decisions = [policy.route(request, fleet, rng) for _ in range(count)]
    return Counter(decision.target for decision in decisions if isinstance(decision, Send))


@given(
    loads=st.lists(st.integers(0, 5), min_size=1, max_size=90),
    data=st.data(),
)
def test_least_outstanding_is_the_first_minimum(loads: list[int], data: st.DataObject) -> None:
    """In fleets of any size the member with the least load is found, the lowest index on ties."""
    members = sorted(data.draw(st.sets(st.integers(0, len(loads) - 1), min_size=1)))
    assert least_outstanding(np.array(loads), members) == min(members, key=lambda i: (loads[i], i))


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


def test_random_mix_follows_its_weights() -> None:
    """Shares come out as weighed, and what has no weight gets nothing."""
    counts = many("random_mix", fleet_of(TARGETS), 4000, weights={"small": 3, "frontier": 1})
    assert set(counts) == {"small", "frontier"}
    assert counts["small"] / 4000 == pytest.approx(0.75, abs=0.03)


def test_random_mix_gives_deployments_equal_shares_by_default() -> None:
    """A deployment with many replicas has no greater share than one with few."""
    fleet = fleet_of(REPLICATED)
    counts = many("random_mix", fleet, 3000)
    assert counts["small/0"] / 3000 == pytest.approx(1 / 3, abs=0.04)
    assert counts["frontier"] / 3000 == pytest.approx(1 / 3, abs=0.04)


def test_random_mix_renormalises_over_candidates() -> None:
    """Excluded targets leave their share to the others, or nothing to anybody."""
    fleet = fleet_of(TARGETS)
    fleet.candidates = (1, 3)
    assert set(many("random_mix", fleet, 50, weights={"small": 9, "frontier": 1})) == {"frontier"}
    fleet.candidates = (1, 2)
    decision = decide("random_mix", request_of(), fleet, {"weights": {"small": 9, "frontier": 1}})
    assert decision == Decision.reject(reason="no weighted target permitted")


def test_round_robin_takes_turns_whatever_the_load() -> None:
    """Every target comes once per round."""
    policy, fleet = make_policy("round_robin"), fleet_of(TARGETS, [9, 0, 0, 0])
    assert isinstance(policy, Policy)
    rng = np.random.default_rng(1)
    names = [policy.route(request_of(), fleet, rng) for _ in range(8)]
    assert [send.target for send in names if isinstance(send, Send)] == [t.name for t in TARGETS] * 2


def test_round_robin_passes_over_excluded_targets() -> None:
    """The turn goes to the next candidate, and returns to the others later."""
    policy, fleet = make_policy("round_robin"), fleet_of(TARGETS)
    assert isinstance(policy, Policy)
    names = []
    for candidates in ((0, 1, 2, 3), (0, 3), (0, 3), (0, 1, 2, 3)):
        fleet.candidates = candidates
        decision = policy.route(request_of(), fleet, np.random.default_rng(1))
        assert isinstance(decision, Send)
        names.append(decision.target)
    assert names == ["small", "frontier", "small", "medium"]


def test_weighted_round_robin_is_smooth() -> None:
    """Turns come in proportion to the weights, spread out rather than in runs."""
    policy, fleet = (
        make_policy("round_robin", {"weights": {"small": 5, "medium": 1, "large": 1}}),
        fleet_of(TARGETS),
    )
    assert isinstance(policy, Policy)
    rng = np.random.default_rng(1)
    turns = [policy.route(request_of(), fleet, rng) for _ in range(7)]
    assert [turn.target for turn in turns if isinstance(turn, Send)] == [
        "small", "small", "medium", "small", "large", "small", "small",
    ]  # fmt: skip


def test_weighted_round_robin_shares_a_deployment_weight_among_replicas() -> None:
    """A deployment's weight is the sum over its replicas."""
    counts = many("round_robin", fleet_of(REPLICATED), 80, weights={"small": 1, "frontier": 1})
    assert counts == {"small/0": 10, "small/1": 10, "small/2": 10, "small/3": 10, "frontier": 40}


def test_weighted_round_robin_without_entitled_candidates_rejects() -> None:
    """Targets without a weight are never served."""
    fleet = fleet_of(TARGETS)
    fleet.candidates = (1,)
    decision = decide("round_robin", request_of(), fleet, {"weights": {"small": 1}})
    assert decision == Decision.reject(reason="no weighted target permitted")


def test_least_outstanding_counts_running_as_well_as_waiting() -> None:
    """A busy target without a queue is not taken for an idle one."""
    fleet = fleet_of(TARGETS, [3, 2, 1, 4])
    assert fleet.waiting.tolist() == [0, 0, 0, 0]
    assert chosen("least_outstanding", fleet=fleet) == ("large", "least outstanding")


def test_least_outstanding_spreads_requests_that_stay() -> None:
    """Of requests that arrive faster than they are served, every target gets the same number."""
    targets = specimen_targets((4, 4, 4, 4))
    loads, policy = np.zeros(16, dtype=np.int64), make_policy("least_outstanding")
    fleet = fleet_of(targets)
    fleet.outstanding = loads
    assert isinstance(policy, Policy)
    for _ in range(160):
        decision = policy.route(request_of(), fleet, np.random.default_rng(1))
        assert isinstance(decision, Send)
        loads[fleet.target(decision.target).index] += 1
    assert loads.tolist() == [10] * 16


def test_least_outstanding_ties_go_to_the_lowest_index_or_at_random() -> None:
    """The rule for ties is the stated one."""
    fleet = fleet_of(TARGETS, [2, 1, 1, 1])
    assert set(many("least_outstanding", fleet, 20)) == {"medium"}
    counts = many("least_outstanding", fleet, 300, ties="random")
    assert set(counts) == {"medium", "large", "frontier"}
    assert min(counts.values()) > 70


def test_power_of_two_never_takes_the_busiest_and_reaches_all_others() -> None:
    """Two distinct choices always avoid the single most loaded target."""
    counts = many("power_of_two", fleet_of(TARGETS, [1, 2, 3, 9]), 600)
    assert set(counts) == {"small", "medium", "large"}
    assert counts["small"] / 600 == pytest.approx(1 / 2, abs=0.07)


def test_power_of_two_does_not_pack_ties() -> None:
    """On an idle fleet all targets are equally likely."""
    counts = many("power_of_two", fleet_of(TARGETS), 2000)
    assert min(counts.values()) > 420


def test_power_of_two_with_all_choices_is_least_outstanding() -> None:
    """Looking at everybody finds the least loaded."""
    assert set(many("power_of_two", fleet_of(TARGETS, [3, 2, 1, 2]), 50, choices=9)) == {"large"}


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


def test_always_busiest_packs_one_target() -> None:
    """The pathological policy is as bad as it should be."""
    assert chosen("always_busiest", fleet=fleet_of(TARGETS, [0, 0, 5, 0])) == ("large", "busiest")


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
        policy = make_policy(name)
        assert isinstance(policy, Policy)
        request = request_of(oracle=name == "oracle")
        for targets in (TARGETS, others, TARGETS):
            decision = policy.route(request, fleet_of(targets), np.random.default_rng(1))
            names = decision.targets if isinstance(decision, Cascade) else (decision.target,)  # type: ignore[attr-defined]
            assert set(names) <= {target.name for target in targets}


def test_target_estimates_are_the_item_response_and_list_prices() -> None:
    """Predicted success is a logistic curve, expected cost prompt plus usual answer."""
    request = request_of(difficulty=1.5, prompt=1_000_000)
    assert TARGETS[2].predicted_success(request) == pytest.approx(0.5)
    assert TARGETS[2].expected_cost_usd(request) == pytest.approx(0.5 + 200 * 1.5e-6)
    assert replace(TARGETS[2], ability={}).predicted_success(request) == pytest.approx(0.0)
    assert np.isnan(TARGETS[2].success_at(TASK, float("nan")))
    assert TARGETS[2].success_at(TASK, 1e6) == pytest.approx(0.0)

"""Policies that share requests out by turns, chance, weights and load."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_choices import REPLICATED, TARGETS, chosen, decide, fleet_of, request_of
from router import (
    Decision,
    FleetView,
    Policy,
    Send,
    make_policy,
)
from router.testing.samples import sample_targets
from router.views.loads import least_outstanding


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
    targets = sample_targets((4, 4, 4, 4))
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


def test_always_busiest_packs_one_target() -> None:
    """The pathological policy is as bad as it should be."""
    assert chosen("always_busiest", fleet=fleet_of(TARGETS, [0, 0, 5, 0])) == ("large", "busiest")

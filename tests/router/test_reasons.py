"""The reasons that policies give, word by word: reports count decisions by them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from router import FleetView, RequestView, make_policy
from router.testing.samples import sample_fleet, sample_requests, sample_targets, sample_view

TARGETS = sample_targets()
SMALL, MEDIUM, LARGE, FRONTIER = range(4)


def request_of(*, difficulty: float = 0.0, prompt: int = 100, score: float = 0.5) -> RequestView:
    """A request of these properties."""
    table = replace(
        sample_requests(1),
        estimated_difficulty=np.array([difficulty]),
        prompt_token_count=np.array([prompt], np.int32),
        router_score=np.array([score]),
    )
    return sample_view(table, TARGETS)


def fleet_of(*candidates: int, loads: tuple[int, ...] = (0, 0, 0, 0)) -> FleetView:
    """The specimen fleet under some loads; all are candidates unless some are named."""
    fleet = sample_fleet(TARGETS, loads)
    fleet.candidates = candidates or fleet.candidates
    return fleet


HARD, EASY = {"difficulty": 50.0}, {"difficulty": -50.0}
"""Nobody is likely to be right on the one, everybody is on the other."""
UNWEIGHTED = "no weighted target permitted"
FULL = (99, 0, 0, 0)
"""Loads with a line at the edge."""


@pytest.mark.parametrize(
    ("policy", "parameters", "request_is", "candidates", "loads", "expected"),
    [
        ("always_busiest", {}, {}, (), FULL, "busiest"),
        ("always_cheapest", {}, {}, (), (), "cheapest"),
        ("always_strongest", {}, {}, (), (), "strongest"),
        ("cascade", {}, {}, (), (), "cascade"),
        ("cascade", {}, {}, (MEDIUM,), (), "single stage"),
        ("cheapest_capable", {}, EASY, (), (), "cheapest capable"),
        ("cheapest_capable", {}, HARD, (), (), "none capable: strongest"),
        ("edge_first", {}, EASY, (), (), "local"),
        ("edge_first", {}, HARD, (SMALL,), (), "only local permitted"),
        ("edge_first", {}, HARD, (), (), "too hard for local"),
        ("edge_first", {}, EASY, (), FULL, "local overflow"),
        ("edge_first", {}, EASY, (MEDIUM, LARGE), (), "no local permitted"),
        ("hedge", {}, {}, (SMALL,), (), "not hedged"),
        ("least_outstanding", {}, {}, (), (), "least outstanding"),
        ("power_of_two", {}, {}, (), (), "power of two choices"),
        ("prompt_length", {}, {"prompt": 1}, (), (), "short prompt: weak"),
        ("prompt_length", {}, {"prompt": 100_000}, (), (), "long prompt: strong"),
        ("random_mix", {}, {}, (), (), "random mix"),
        ("random_mix", {"weights": {"small": 0, "large": 1}}, {}, (SMALL,), (), UNWEIGHTED),
        ("random_mix", {"weights": {"large": 1.0}}, {}, (SMALL,), (), UNWEIGHTED),
        ("round_robin", {}, {}, (), (), "round robin"),
        ("round_robin", {"weights": {"large": 1}}, {}, (SMALL,), (), UNWEIGHTED),
        ("score_threshold", {}, {"score": 0.0}, (), (), "score below threshold: weak"),
        ("score_threshold", {}, {"score": 1.0}, (), (), "score from threshold on: strong"),
        ("static", {"target": "large"}, {}, (), (), "fixed target"),
        ("static", {"target": "large"}, {}, (SMALL,), (), "fixed target not permitted"),
        ("weighted_score", {}, {}, (), (), "weighted score"),
    ],
)  # fmt: skip
def test_a_decision_says_why_in_these_words(
    policy: str,
    parameters: dict[str, object],
    request_is: dict[str, float],
    candidates: tuple[int, ...],
    loads: tuple[int, ...],
    expected: str,
) -> None:
    """One phrase for each way in which a policy comes to its choice."""
    made = make_policy(policy, parameters)
    fleet = fleet_of(*candidates, loads=loads or (0, 0, 0, 0))
    decision = made.route(request_of(**request_is), fleet, np.random.default_rng(1))
    assert decision.reason == expected

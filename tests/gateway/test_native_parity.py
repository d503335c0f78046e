"""Native policies beside the hosted router's strategies, on the same deployments and arrivals; no LiteLLM."""

from __future__ import annotations

from math import sqrt

import pytest

from gateway_worlds import BASE_S, HOSTED_ALONE, NATIVE, NativeWorld
from router import make_policy
from wayfare.litellm.native_settings import STRATEGY_POLICIES

REQUESTS = 2000
SEEDS = range(1, 6)
BOUND = 4.0
"""Standard errors that a difference may have: two of fifteen shares beyond it would be no chance."""
WITHOUT_CHANCE = ("least-busy", "cost-based-routing")


def played(strategy: str, seed: int) -> NativeWorld:
    """The world after all requests through a strategy's policy."""
    return NativeWorld(make_policy(NATIVE[strategy], {}), seed).play(REQUESTS, 5.0, 1)


@pytest.mark.parametrize("strategy", WITHOUT_CHANCE)
def test_strategies_without_chance_agree_request_by_request(strategy: str) -> None:
    """Shares, mean and 99th percentile are the hosted router's to the digit."""
    world = played(strategy, 1)
    served, mean_s, p99_s = HOSTED_ALONE[strategy]
    taken_s = sorted(world.latencies_s)
    assert tuple(world.served[name] for name in BASE_S) == served
    assert sum(taken_s) / REQUESTS == pytest.approx(mean_s, abs=5e-5)
    assert taken_s[int(REQUESTS * 0.99)] == pytest.approx(p99_s, abs=5e-4)


@pytest.mark.parametrize("strategy", sorted(set(NATIVE) - set(WITHOUT_CHANCE)))
def test_strategies_with_chance_agree_in_their_shares(strategy: str) -> None:
    """Each deployment's share, over five seeds, differs from the hosted router's by no more than draws do."""
    served, mean_s, _p99_s = HOSTED_ALONE[strategy]
    worlds = [played(strategy, seed) for seed in SEEDS]
    for name, hosted in zip(BASE_S, served, strict=True):
        ours = sum(world.served[name] for world in worlds) / len(worlds)
        share = hosted / REQUESTS
        error = sqrt(REQUESTS * share * (1 - share) * (1 + 1 / len(worlds)))
        assert abs(ours - hosted) < BOUND * error, (name, ours, hosted)
    mean = sum(sum(world.latencies_s) for world in worlds) / (REQUESTS * len(worlds))
    assert mean == pytest.approx(mean_s, rel=0.06)


def test_the_import_names_the_policies_that_are_compared() -> None:
    """What `wayfare import litellm` makes of a strategy is what these tests hold against it."""
    assert {strategy: STRATEGY_POLICIES[strategy] for strategy in NATIVE} == NATIVE

"""What a router knows of a target by its limits, weight, provider and cached price."""

from __future__ import annotations

import pytest

from router import Target
from simulator.plan.resolution import fleet_of
from world_cases import FRONTIER, SMALL, scenario

OFFER = "openai/gpt-6.1-sol"


def target(deployment: dict[str, object]) -> Target:
    """The first target of a fleet that is this deployment alone."""
    return fleet_of(scenario(fleet=[deployment])).targets[0]


def api(**changes: object) -> dict[str, object]:
    """The frontier deployment with its API changed."""
    return {**FRONTIER, "api": {"offer": OFFER, **changes}}


def test_stated_limits_are_requests_and_all_tokens_a_minute() -> None:
    """Prompt and answer limits add up; a limit of requests stays as it is stated."""
    found = target(api(requests_per_min=500, input_tokens_per_min=30_000, output_tokens_per_min=6_000))
    assert found.requests_per_minute == pytest.approx(500)
    assert found.tokens_per_minute == pytest.approx(36_000)


def test_limits_that_nobody_states_are_those_of_the_offer_or_none() -> None:
    """What the scenario leaves out comes from the offer; own hardware has no limits and no provider."""
    limited = {"offers": {OFFER: {"requests_per_min": 90.0, "output_tokens_per_min": 7_000.0}}}
    world = scenario(fleet=[api()], catalog={"edition": "measured", "overrides": limited})
    found = fleet_of(world).targets[0]
    assert found.requests_per_minute == pytest.approx(90)
    assert found.tokens_per_minute == pytest.approx(7_000)
    assert (target(api()).requests_per_minute, target(api()).tokens_per_minute) == (None, None)
    assert (found.provider, target(SMALL).provider) == ("openai", "")
    assert (target(SMALL).requests_per_minute, target(SMALL).tokens_per_minute) == (None, None)


def test_cached_prompts_have_the_offers_price() -> None:
    """The price of cached prompt tokens is the one that holds when the run begins; else there is none."""
    world = scenario()
    price = world.catalog.offer(OFFER).price_at(world.start)
    assert price.cached_input_usd_per_mtok is not None
    assert target(api()).cached_input_price_usd_per_mtok == float(price.cached_input_usd_per_mtok)
    assert target(SMALL).cached_input_price_usd_per_mtok is None


def test_a_deployments_weight_is_shared_by_replicas_that_are_targets() -> None:
    """Of 3 over four replicas that the router balances each has 0.75; one door has it all."""
    assert target({**SMALL, "weight": 3}).weight == 3.0
    four = fleet_of(scenario(fleet=[{**SMALL, "weight": 3, "replicas": 4, "balancing": "router"}])).targets
    assert [replica.weight for replica in four] == [0.75] * 4
    assert target(SMALL).weight is None


def test_only_a_given_weight_counts_in_the_digest() -> None:
    """Scenarios without weights keep the digests that they had before there were any."""
    plain = scenario(fleet=[SMALL, FRONTIER]).digest
    assert scenario(fleet=[{**SMALL, "weight": None}, FRONTIER]).digest == plain
    assert scenario(fleet=[{**SMALL, "weight": 1}, FRONTIER]).digest != plain
    assert scenario(fleet=[{**SMALL, "weight": 0}, FRONTIER]).digest != plain

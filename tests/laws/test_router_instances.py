"""Several router instances share nothing: neither budgets, nor cooldowns, nor what they see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulator import InvalidScenarioError, load_scenario, simulate
from simulator.plan.policies import host_of, policy_of
from simulator.plan.resolution import resolve
from world_cases import CHAT, FRONTIER, SMALL, plain, scenario

if TYPE_CHECKING:
    from simulator import Scenario

DEAR = {
    "offers": {
        "openai/gpt-6.1-sol": {"prices": {"input_usd_per_mtok": 100, "output_usd_per_mtok": 1000}},
    }
}
FIXED = {"input_tokens": {"fixed": 1000}, "output_tokens": {"fixed": 900}}
PRICE_USD = 0.1 + 0.9
TALK = {**CHAT, "name": "talk", "session": {"turns": {"fixed": 4}, "think_time": "2s"}}


def capped(instances: int, **router: object) -> Scenario:
    """Requests of a dollar each, about 1500 of them, before routers that may each spend a hundred."""
    return scenario(
        duration="30min",
        catalog={"overrides": DEAR},
        workload={"streams": [{**CHAT, **FIXED, "arrivals": {"pattern": "steady", "rate": 0.8}}]},
        fleet=[FRONTIER],
        router={
            "policy": "budget_cap",
            "parameters": {"budget_usd": 100.0},
            "instances": instances,
            **router,
        },
    )


@pytest.mark.parametrize("instances", [1, 4])
def test_every_instance_spends_a_budget_of_its_own(instances: int) -> None:
    """Four routers that may each spend 100 dollars spend 400, and what was under way when each ran out."""
    attempts = simulate(capped(instances)).attempts
    spent_usd = PRICE_USD * len(attempts["request"])
    assert 100.0 * instances <= spent_usd <= 100.0 * instances + 30.0 * instances


def test_a_random_balancer_reaches_all_alike() -> None:
    """Of requests without sessions each instance has its share, within four standard errors."""
    plan = resolve(capped(4)).plan
    counts = np.bincount(plan.instance_code, minlength=4)
    assert counts.sum() == len(plan.workload)
    error = np.sqrt(len(plan.workload) * 0.25 * 0.75)
    assert np.abs(counts - len(plan.workload) / 4).max() < 4.0 * error


@pytest.mark.parametrize(("assignment", "sticks"), [("session", True), ("random", False)])
def test_sessions_stay_with_an_instance_where_they_stick(assignment: str, *, sticks: bool) -> None:
    """All turns of a conversation reach one router, or each of them any; requests without one any."""
    router = {"policy": "random_mix", "instances": 3, "assignment": assignment}
    plan = resolve(scenario(workload={"streams": [TALK, CHAT]}, router=router)).plan
    sessions, code = plan.workload.session, plan.instance_code
    reached = [len(set(code[sessions == number].tolist())) for number in np.unique(sessions) if number >= 0]
    assert (max(reached) == 1) is sticks
    assert len(set(code[sessions < 0].tolist())) == 3


def test_a_request_s_instance_depends_on_its_key_only() -> None:
    """The order of streams moves no request to another router."""
    router = {"policy": "random_mix", "instances": 3}
    found = []
    for streams in ([TALK, {**CHAT, "name": "z"}], [{**CHAT, "name": "z"}, TALK]):
        plan = resolve(scenario(workload={"streams": streams}, router=router)).plan
        found.append(dict(zip(plan.workload.key.tolist(), plan.instance_code.tolist(), strict=True)))
    assert found[0] == found[1]


def test_one_instance_is_the_router_there_was() -> None:
    """Stated or not, one instance is the same run to the last bit, however requests are assigned."""
    stated = {"policy": "random_mix", "instances": 1, "staleness": 2}
    one = simulate(scenario(router=stated)).report
    other = simulate(scenario(router={"policy": "random_mix", "staleness": 2})).report
    assert one.digest == other.digest


def test_instances_draw_apart() -> None:
    """Each has a generator of its own: two of them do not decide in step."""
    stated = scenario(router={"policy": "random_mix", "instances": 2})
    targets = resolve(stated).plan.targets
    hosts = [
        host_of(stated, targets, policy_of(stated, None, None), "x", 0, None, number) for number in (0, 1)
    ]
    assert not np.array_equal(*(host._rng.random(8) for host in hosts))


def test_an_outage_is_found_by_every_instance_for_itself() -> None:
    """Each needs failures of its own before it leaves a target alone: four lose four times as many."""
    lost = []
    for instances in (1, 4):
        world = scenario(
            duration="10min",
            fleet=[SMALL, {**SMALL, "name": "twin"}],
            faults=[{"kind": "outage", "target": "small", "at": "2min", "duration": "6min"}],
            router={
                "policy": "round_robin",
                "instances": instances,
                "resilience": {"retries": 1, "allowed_fails": 4, "cooldown": "10min"},
            },
        )
        attempts = simulate(world).attempts
        lost.append(int((attempts["failure_reason"] == "outage").sum()))
    assert lost[0] == 5
    assert lost[1] == 20


@pytest.mark.parametrize("setting", [{"cooldown": 5}, {"allowed_fails": 3}, {"disable_cooldowns": True}])
def test_a_breaker_and_a_cooldown_exclude_each_other(setting: dict[str, object]) -> None:
    """Both at once are refused, with what is in the way."""
    router = {"policy": "static", "resilience": {"breaker": {}, **setting}}
    with pytest.raises(InvalidScenarioError, match=f"a breaker takes the place of {next(iter(setting))}"):
        load_scenario(plain(router=router))


def test_wrong_resilience_settings_are_all_named() -> None:
    """Unknown classes, wrong counts and unknown fallbacks each with their place."""
    resilience = {
        "retries_by_class": {"odd": 1},
        "allowed_fails_by_class": {"timeout": -1},
        "breaker": {"probes": 0},
    }
    with pytest.raises(InvalidScenarioError) as caught:
        load_scenario(plain(router={"policy": "static", "resilience": resilience}))
    text = str(caught.value)
    assert "router.resilience.retries_by_class: unknown class of errors 'odd'; known: rate_limit" in text
    assert "router.resilience.allowed_fails_by_class.timeout" in text
    assert "router.resilience.breaker.probes" in text
    for key in ("context_window_fallbacks", "content_policy_fallbacks"):
        with pytest.raises(InvalidScenarioError, match=f"router.resilience.{key}: .*nowhere"):
            load_scenario(plain(router={"policy": "static", "resilience": {key: {"small": ["nowhere"]}}}))

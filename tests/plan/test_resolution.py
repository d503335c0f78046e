"""A scenario resolved: each part of the plan beside the scenario's own words and hand-made cases."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from router.views.fleet import Target
from simulator import load_scenario, simulate
from simulator.fleet.site import OWN_DEVICE_REGION
from simulator.kernel.codes import LEAST_OUTSTANDING, RANDOM, ROUND_ROBIN, SESSION_AFFINITY
from simulator.plan.resolution import (
    Resolution,
    difficulties,
    fleet_of,
    needs_strong,
    repeats_prefix,
    resolve,
    run_seed,
    stream_limits,
    weak_and_strong,
)
from simulator.plan.router_knowledge import answerer, by_task, learned_statistics
from simulator.plan.targets import egress_usd_per_token, slots_of, terms_of
from simulator.scenario import Scenario
from world_cases import AGENT, CHAT, FRONTIER, PHONE, SMALL, plain, scenario

STRICT = {
    **CHAT,
    "name": "strict",
    "slo": {"ttft": "400ms", "tpot": "20ms", "e2e": "8s"},
    "client": {"timeout": "4s", "retries": 2, "backoff": "250ms"},
    "agent": {**AGENT, "success": "all"},
}
LOOSE = {**CHAT, "name": "loose", "slo": {"e2e": "30s"}, "agent": AGENT, "region": "us-texas"}
WORLD = {
    "workload": {"streams": [STRICT, LOOSE, CHAT]},
    "fleet": [
        {**SMALL, "replicas": 2, "balancing": "router"},
        FRONTIER,
        {**SMALL, "name": "more", "replicas": 3},
        PHONE,
    ],
    "warmup": "30s",
    "drain": "45s",
    "router": {
        "policy": "cascade",
        "staleness": "3s",
        "instances": 2,
        "decision_latency": "20ms",
        "decision_usd": 1e-4,
    },
    "telemetry": {"step": "5s"},
}


@pytest.fixture(scope="module")
def world() -> Scenario:
    """Three streams before five targets."""
    return scenario(**WORLD)


@pytest.fixture(scope="module")
def resolved(world: Scenario) -> Resolution:
    """Its first replication."""
    return resolve(world)


def test_times_are_the_scenarios(resolved: Resolution) -> None:
    """A run of 180 s after 30 s of warm-up, and 45 s of drain; what the router sees is 3 s old."""
    plan = resolved.plan
    assert (plan.warmup_s, plan.duration_s, plan.end_s, plan.telemetry_step_s) == (30.0, 180.0, 225.0, 5.0)
    assert (plan.staleness_s, plan.router_instances) == (3.0, 2)
    assert (plan.decision_latency_s, plan.decision_usd) == (0.02, 1e-4)


def test_the_first_replication_is_number_0(world: Scenario, resolved: Resolution) -> None:
    """Nobody asked for another: the same requests as replication 0's, and others than 1's."""
    zero, one = resolve(world, 0).plan, resolve(world, 1).plan
    assert resolved.plan.seed == zero.seed != one.seed
    np.testing.assert_array_equal(resolved.plan.workload.arrival_s, zero.workload.arrival_s)
    assert one.workload.arrival_s[0] != zero.workload.arrival_s[0]
    assert simulate(world).report.digest == simulate(world, replication=0).report.digest


@pytest.mark.parametrize("replication", range(20))
def test_seeds_of_draws_are_whole_numbers_of_63_bits(world: Scenario, replication: int) -> None:
    """As the kernel's signed integers hold them; each replication has its own."""
    seeds = [run_seed(world, number) for number in range(replication + 1)]
    assert 0 <= seeds[-1] < 2**63
    assert len(set(seeds)) == len(seeds)


def test_clients_and_tasks_are_those_of_their_stream(resolved: Resolution) -> None:
    """4 s, two retries after 250 ms; nobody else loses patience; only agents have tasks, by their rule."""
    strict, loose, chat = resolved.plan.patience
    assert (strict.timeout_s, strict.retries, strict.backoff_s) == (4.0, 2, 0.25)
    assert loose.timeout_s == chat.timeout_s == math.inf
    assert loose.retries == chat.retries == 0
    rules = resolved.plan.task_rules
    assert (rules[0].every_call, rules[1].every_call, rules[2]) == (True, False, None)


def test_objectives_are_those_of_the_requests_stream(resolved: Resolution) -> None:
    """Stated by the first, one by the second, by the task for the third; each request has its stream's."""
    plan = resolved.plan
    code = plan.workload.stream_code
    for name, strict, loose in (("ttft_s", 0.4, math.nan), ("tpot_s", 0.02, math.nan), ("e2e_s", 8.0, 30.0)):
        np.testing.assert_array_equal(plan.limits_s[name][code == 0], np.full((code == 0).sum(), strict))
        np.testing.assert_array_equal(plan.limits_s[name][code == 1], np.full((code == 1).sum(), loose))
    task = load_scenario(plain()).catalog.task("support_chat").slo
    assert set(plan.limits_s["ttft_s"][code == 2]) == {task.ttft_s}
    np.testing.assert_array_equal(plan.requests.ttft_limit_s, plan.limits_s["ttft_s"])
    np.testing.assert_array_equal(plan.requests.e2e_limit_s, plan.limits_s["e2e_s"])


def test_targets_stand_in_the_fleets_order_with_their_queues_after_each_other(resolved: Resolution) -> None:
    """Replicas that the router balances are targets of their own, each with its queues after the last."""
    plan = resolved.plan
    assert [target.name for target in plan.targets] == ["small/0", "small/1", "frontier", "more", "phone"]
    assert [target.deployment for target in plan.targets] == ["small", "small", "frontier", "more", "phone"]
    assert [target.index for target in plan.targets] == [0, 1, 2, 3, 4]
    assert [target.replica_count for target in plan.targets] == [1, 1, 1, 3, 150]
    assert [entry.first_queue for entry in plan.target_plans] == [0, 1, 2, 3, 6]
    assert [entry.queue_count for entry in plan.target_plans] == [1, 1, 1, 3, 150]
    assert [group.count for group in plan.groups] == [1, 1, 1, 3, 150]
    models = [plan.model_names[entry.model] for entry in plan.target_plans]
    assert models == ["llama-3.1-8b", "llama-3.1-8b", "gpt-6.1-sol", "llama-3.1-8b", "llama-3.2-3b"]
    assert [entry.own_device for entry in plan.target_plans] == [False] * 4 + [True]
    assert [target.region for target in plan.targets] == ["us-virginia"] * 4 + [OWN_DEVICE_REGION]


def test_capacity_is_settled_on_its_own_terms(world: Scenario, resolved: Resolution) -> None:
    """Who is held, who is a user's own, where each stands, and litres on site within all litres."""
    terms = resolved.terms
    assert [term.queue_count for term in terms] == [1, 1, 1, 3, 150]
    assert [term.held for term in terms] == [True, True, False, True, False]
    assert [term.user_side for term in terms] == [False] * 4 + [True]
    assert [term.target for term in terms] == [target.name for target in resolved.plan.targets]
    region = world.catalog.region("us-virginia")
    for term in terms:
        source = term.water_l_per_kwh - term.water_site_l_per_kwh
        assert source == pytest.approx(region.wue_source_l_per_kwh)


@pytest.mark.parametrize(
    ("balancing", "code"),
    [
        ("least_outstanding", LEAST_OUTSTANDING),
        ("round_robin", ROUND_ROBIN),
        ("random", RANDOM),
        ("session_affinity", SESSION_AFFINITY),
        ("router", LEAST_OUTSTANDING),
    ],
)
def test_a_deployment_balances_as_it_says(balancing: str, code: int) -> None:
    """The kernel's rule by its name."""
    plan = resolve(scenario(fleet=[{**SMALL, "replicas": 2, "balancing": balancing}])).plan
    assert {group.balancing for group in plan.groups} == {code}


def test_own_capacity_beyond_the_edge_pays_for_what_it_sends() -> None:
    """50 bytes a token at 0.08 USD per GB are 4e-9 USD; an API and the users' devices send for nothing."""
    made = scenario(
        fleet=[SMALL, FRONTIER, PHONE],
        network={"egress_usd_per_gb": 0.08, "bytes_per_output_token": 50},
    )
    services = fleet_of(made).services
    found = [egress_usd_per_token(made, slot) for slot in slots_of(made, services)]
    assert found == pytest.approx([4e-9, 0.0, 0.0], rel=1e-12)
    assert [terms_of(made, slot).egress_usd_per_token for slot in slots_of(made, services)] == found


def limits(*, batch: frozenset[int] = frozenset(), **stream: Any) -> Any:
    """What a stream demands before a small and a frontier model."""
    texan = {**SMALL, "name": "texan", "region": "us-texas"}
    made = scenario(fleet=[SMALL, FRONTIER, texan], workload={"streams": [{**CHAT, **stream}]})
    return stream_limits(made, made.streams[0], fleet_of(made).targets, batch)


def test_a_streams_limits_are_what_it_states() -> None:
    """Floor, bans and places; users' own machines stand where the users are, if that is allowed."""
    found = limits(capability_floor=0.6, banned_tiers=["edge"], residency=["us-texas", "us-virginia"])
    assert (found.capability_floor, found.banned_tiers) == (0.6, frozenset({"edge"}))
    assert found.residency == {"us-texas", "us-virginia", OWN_DEVICE_REGION}
    assert limits(residency=["us-texas"]).residency == {"us-texas"}
    assert limits().residency is None
    models = [scenario().catalog.model(name) for name in ("llama-3.1-8b", "gpt-6.1-sol", "llama-3.1-8b")]
    assert found.average_success == tuple(model.success["support_chat"] for model in models)


def test_late_answers_are_barred_to_whoever_does_not_wait() -> None:
    """A deferrable stream may be answered by a batch; its task's objectives are not demanded of it."""
    assert limits(batch=frozenset({1})).barred == {1}
    assert limits(batch=frozenset({1}), deferrable=True).barred == frozenset()


def target(index: int, model: str, usd: float, **ability: float) -> Target:
    """A target of a model at a price per million answer tokens."""
    return Target(
        index=index, name=f"t{index}", deployment=f"t{index}", tier="cloud", model=model, region="r",
        context_window_tokens=1_000, ability=ability, discrimination=1.0,
        input_price_usd_per_mtok=9.0 - usd, output_price_usd_per_mtok=usd,
    )  # fmt: skip


def traffic(*tasks: str) -> SimpleNamespace:
    """Requests of these tasks."""
    names = tuple(dict.fromkeys(tasks))
    return SimpleNamespace(task_names=names, task_code=np.array([names.index(task) for task in tasks]))


def test_the_weak_model_is_the_cheapest_and_the_strong_one_the_ablest_over_the_traffic() -> None:
    """Three chats and two codes make 5 of a and 4 of b; at a task that nobody knows c of, it is hopeless."""
    fleet = [
        target(0, "cheap", 1.0, chat=0.0, code=0.0),
        target(1, "a", 3.0, chat=1.0, code=1.0),
        target(2, "b", 4.0, chat=0.0, code=2.0),
        target(3, "c", 5.0, chat=9.0),
    ]
    assert weak_and_strong(fleet, traffic("chat", "chat", "chat", "code", "code")) == ("cheap", "a")
    assert weak_and_strong(fleet[:3], traffic("chat", "code", "code")) == ("cheap", "b")
    assert weak_and_strong(fleet, traffic("chat")) == ("cheap", "c")


def test_ties_go_to_the_first_target() -> None:
    """Of equal prices, and of equal abilities."""
    fleet = [target(0, "a", 2.0, chat=1.0), target(1, "b", 2.0, chat=1.0)]
    assert weak_and_strong(fleet, traffic("chat")) == ("a", "a")


def test_a_request_needs_the_strong_model_where_the_weak_one_is_wrong_and_it_is_right() -> None:
    """Of the four cases one."""
    fleet = [target(0, "weak", 1.0, chat=0.0), target(1, "strong", 2.0, chat=1.0)]
    correct = np.array([[True, False, True, False], [True, True, False, False]])
    found = needs_strong(fleet, ("weak", "strong"), traffic("chat"), SimpleNamespace(correct=correct))
    assert found.tolist() == [False, True, False, False]


def test_tasks_are_as_difficult_as_the_catalog_says() -> None:
    """Mean and spread of each."""
    tasks = {
        "easy": SimpleNamespace(difficulty_mean=-1.5, difficulty_sd=0.5),
        "hard": SimpleNamespace(difficulty_mean=2.5, difficulty_sd=3.0),
    }
    found = difficulties(SimpleNamespace(catalog=SimpleNamespace(tasks=tasks)))
    assert {name: (one.mean, one.sd) for name, one in found.items()} == {
        "easy": (-1.5, 0.5),
        "hard": (2.5, 3.0),
    }


def test_prompts_repeat_where_they_carry_history_or_recorded_blocks() -> None:
    """A first turn of a session carries none of it, yet it begins one; -1 is no session."""
    workload = SimpleNamespace(
        history_token_count=np.array([-1, 0, 7, -1, -1]), prefix_offset=np.array([0, 0, 0, 0, 2, 2])
    )
    assert repeats_prefix(workload).tolist() == [False, True, True, True, False]


def test_a_model_answers_as_its_catalog_entry_says() -> None:
    """Success, length and hidden reasoning; of the reasoning model 0.7 of each answer is hidden."""
    made = scenario()
    names = ("llama-3.1-8b", "gpt-6.1-sol", "deepseek-r1")
    for name in names:
        model, entry = answerer(made, name), made.catalog.model(name)
        assert (model.name, model.success, model.verbosity) == (name, entry.success, entry.verbosity)
        assert model.wrong_length_ratio == entry.wrong_length_ratio
        assert model.reasoning_ratio == entry.reasoning_ratio
    assert answerer(made, "deepseek-r1").reasoning_ratio == 0.7
    plan = resolve(made).plan
    expected = [made.catalog.model(name).reasoning_ratio for name in plan.model_names]
    assert plan.reasoning_ratio.tolist() == expected


def test_a_tasks_usual_answer_is_the_mean_over_its_streams_requests() -> None:
    """Three requests of 10 tokens and one of 50 are 20 in the mean; without requests both count alike."""
    streams = [{**CHAT, "name": name} for name in ("a", "b")]
    made = scenario(workload={"streams": [*streams, {**CHAT, "name": "c", "task": "summarization"}]})
    usual = {"a": 10.0, "b": 50.0, "c": 70.0}
    plan = resolve(made).plan
    some = replace(
        plan.workload, stream_code=np.array([0, 0, 0, 1] + [2] * (len(plan.workload) - 4), np.int16)
    )
    assert by_task(made, usual, some) == pytest.approx({"support_chat": 20.0, "summarization": 70.0})
    assert by_task(made, usual, None) == pytest.approx({"support_chat": 30.0, "summarization": 70.0})
    none = replace(plan.workload, stream_code=np.full(len(plan.workload), 2, np.int16))
    assert by_task(made, usual, none)["support_chat"] == pytest.approx(30.0)


def test_fixed_answers_are_usual_as_right_and_wrong_ones_are_given() -> None:
    """Answers of 100 tokens times the model's length when right and when wrong, each as often as it is."""
    made = scenario(workload={"streams": [{**CHAT, "output_tokens": 100, "max_output_tokens": 10_000}]})
    plan = resolve(made).plan
    for name in ("llama-3.1-8b", "gpt-6.1-sol"):
        model = plan.model_names.index(name)
        lengths, right = plan.answers.output_token_count[model], plan.answers.correct[model]
        longer, shorter = lengths[~right].mean(), lengths[right].mean()
        success = made.catalog.model(name).success["support_chat"]
        expected = success * shorter + (1.0 - success) * longer
        assert learned_statistics(made, name, None).stream_output_tokens["chat"] == pytest.approx(
            expected, rel=1e-3
        )
    cut = scenario(workload={"streams": [{**CHAT, "output_tokens": 100, "max_output_tokens": 40}]})
    assert learned_statistics(cut, "llama-3.1-8b", None).stream_output_tokens["chat"] == pytest.approx(40.0)

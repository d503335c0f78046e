"""Layouts of a replica: widths, attention ranks, experts over all chips, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from catalogs import load_catalog
from simulator import InvalidScenarioError, simulate
from simulator.calibration.measured.points import Point, point_of
from simulator.calibration.predicted.times import spec_of
from simulator.fleet.backends.hardware import batching_spec, shape_of
from simulator.fleet.layouts import layout_of
from simulator.serving.kv_room import weight_bytes
from simulator.settings.engine import Hardware
from world_cases import CHAT, SMALL, plain, scenario

CATALOG = load_catalog()
RANKS = {"accelerator": "h200", "precision": "fp8", "attention_data_parallel": 8}
DEEPSEEK = {**SMALL, "model": "deepseek-v3", "hardware": RANKS, "engine": {"profile": "vllm-0.19"}}
QWEN = {**SMALL, "model": "qwen3-235b-a22b", "hardware": {**RANKS, "attention_data_parallel": 4}}


def faults_of(**change: object) -> str:
    """Why a deployment of that hardware is refused."""
    entry = {**DEEPSEEK, **change}
    with pytest.raises(InvalidScenarioError) as caught:
        scenario(fleet=[entry])
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"hardware": {**RANKS, "tensor_parallel": 2}},
            "attention_data_parallel: 2 x 8 chips; a host has 8 of 'h200'",
        ),
        ({"hardware": {**RANKS, "tensor_parallel": 16}}, "a host has 8 chips of 'h200'"),
        ({"hardware": {**RANKS, "attention_data_parallel": 3}}, "attention_data_parallel"),
        (
            {"hardware": {**RANKS, "expert_parallel": 16}},
            "16 divides not both 8 chips and 256 experts; allowed: 1, 2, 4, 8",
        ),
        ({"model": "llama-3.1-8b"}, "has no experts that ranks could share; give replicas instead"),
        (
            {"model": "llama-3.1-8b", "hardware": {"accelerator": "h200", "expert_parallel": 2}},
            "'llama-3.1-8b' has no experts; allowed: 1",
        ),
        (
            {"model": "llama-3.2-3b", "hardware": {"accelerator": "gb200", "tensor_parallel": 16}},
            "the 24 heads of 'llama-3.2-3b' cannot be divided among 16; allowed: 1, 2, 4, 8",
        ),
        (
            {"hardware": {**RANKS, "attention_data_parallel": 2}},
            "GB too large for 2 x 'h200' at fp8; it fits on tensor_parallel: 1, attention_data_parallel: 8",
        ),
        ({"hardware": {**RANKS, "precision": "int8"}}, "'h200' lacks 'int8'; allowed: 'bf16', 'fp8'"),
    ],
)
def test_a_layout_that_cannot_be_names_what_can(change: dict[str, object], expected: str) -> None:
    """Each impossible layout is refused with its value and what is allowed."""
    assert expected in faults_of(**change)


def test_ranks_do_not_scale() -> None:
    """The ranks of a replica start together, which autoscaling does not simulate."""
    assert "attention_data_parallel: 1" in faults_of(autoscaling={"max": 4, "target": 8})


@pytest.mark.parametrize(("width", "ranks"), [(1, 8), (2, 4), (8, 1)])
def test_a_rank_costs_what_predictions_take_it_to_cost(width: int, ranks: int) -> None:
    """A scenario's replica and a measured point of the same layout have the same steps and room."""
    row = {
        "model": "deepseek-ai/DeepSeek-V3",
        "accelerator": "h200_sxm",
        "engine": "vllm",
        "precision": "fp8",
        "input_tokens": "1024",
        "output_tokens": "1024",
        "batch_size": "8",
        "tp": str(width),
        "attention_dp": str(ranks),
        "moe_tp_size": "1",
        "moe_ep_size": "8",
    }
    point = point_of(row, CATALOG)
    assert isinstance(point, Point)
    hardware = {**RANKS, "tensor_parallel": width, "attention_data_parallel": ranks, "kv_precision": "bf16"}
    asked = scenario(fleet=[{**DEEPSEEK, "hardware": hardware}])
    made = batching_spec(asked, asked.fleet[0])
    profile = CATALOG.serving_profile("vllm-0.19")
    expected = spec_of(replace(point, version="none"), CATALOG, profile)
    assert made.seconds == expected.seconds
    assert made.expert_miss == expected.expert_miss
    assert made.kv_room_tokens == expected.kv_room_tokens


def test_ranks_keep_the_dense_weights_each_and_the_experts_together() -> None:
    """All chips of a replica hold the experts once and the other weights once a rank."""
    shape = shape_of(CATALOG.model("qwen3-235b-a22b").architecture)
    layout = layout_of(Hardware(accelerator="h200", attention_data_parallel=4))
    dense = shape.total_params - shape.expert_params
    assert weight_bytes(shape, layout) == pytest.approx(2.0 * (dense + shape.expert_params / 4))
    whole = layout_of(Hardware(accelerator="h200", tensor_parallel=4))
    assert weight_bytes(shape, whole) == 2.0 * shape.total_params


def test_every_rank_has_a_queue_and_the_replica_one_bill() -> None:
    """Two replicas of four ranks are eight queues, two replicas to the router, and eight chips of rent."""
    stream = {**CHAT, "arrivals": {"pattern": "steady", "rate": 6.0}}
    world = {"workload": {"streams": [stream]}, "router": {"policy": "round_robin"}}
    result = simulate(scenario(**world, fleet=[{**QWEN, "replicas": 2}]))
    plan = result.settlement.plan
    assert (plan.target_plans[0].queue_count, plan.targets[0].replica_count) == (8, 2)
    assert len(np.unique(result.settlement.run.attempts.queue)) == 8
    wide = {**QWEN, "hardware": {**RANKS, "attention_data_parallel": 1, "tensor_parallel": 4}}
    alike = simulate(scenario(**world, fleet=[{**wide, "replicas": 2}]))
    bills = [entry.settlement.run.terms[0] for entry in (result, alike)]
    rents = [term.capacity_usd_per_s * term.queue_count for term in bills]
    assert rents[0] == pytest.approx(rents[1])


def test_a_replica_fails_with_all_its_ranks() -> None:
    """An outage of one of two replicas takes its four queues; the other one serves on."""
    stream = {**CHAT, "arrivals": {"pattern": "steady", "rate": 6.0}}
    fault = {"kind": "outage", "target": "small/1", "at": "30s", "duration": "1min"}
    parts = {"workload": {"streams": [stream]}, "router": {"policy": "round_robin"}, "faults": [fault]}
    attempts = simulate(scenario(**parts, fleet=[{**QWEN, "replicas": 2}])).settlement.run.attempts
    during = (attempts.ready_s > 31.0) & (attempts.ready_s < 89.0)
    assert set(attempts.queue[during].tolist()) == {0, 1, 2, 3}


def test_a_replica_of_ranks_is_one_target_where_the_router_balances() -> None:
    """`balancing: router` makes a target of every replica, with all its ranks behind it."""
    asked = scenario(**plain(fleet=[{**QWEN, "replicas": 2, "balancing": "router"}]))
    plan = simulate(asked).settlement.plan
    assert [target.name for target in plan.targets] == ["small/0", "small/1"]
    assert [entry.queue_count for entry in plan.target_plans] == [4, 4]


def test_what_step_times_do_not_tell_apart_is_warned_of() -> None:
    """A run that says how experts lie, or uses ranks of a fitted profile, says what that is worth."""
    entry = {**DEEPSEEK, "hardware": {**RANKS, "expert_parallel": 8}}
    warnings = simulate(scenario(fleet=[entry])).report.plain["warnings"]
    assert any("expert_parallel is checked, but step times" in told for told in warnings)
    assert any("8 attention ranks, fitted were layouts of one" in told for told in warnings)

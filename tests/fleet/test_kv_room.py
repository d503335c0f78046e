"""KV room of a deployment: the engine's own names, and weights that are wider than the chip computes in."""

from __future__ import annotations

import pytest

from catalogs import load_catalog
from simulator import simulate
from simulator.fleet.backends.hardware import chip_of
from simulator.fleet.engines import default_limits, memory_of
from simulator.plan.resolution import resolve
from simulator.scenario.errors import InvalidScenarioError
from simulator.settings.engine import Hardware
from world_cases import SMALL, scenario, with_stream

CATALOG = load_catalog()
GIB = 1024.0**3
TOKEN_BYTES = 131_072
"""Llama 3.1 8B: 32 layers x 8 KV heads x 128 x 2 x 2 bytes."""
KIMI = {
    "layers": 61,
    "hidden": 7168,
    "heads": 64,
    "kv_heads": 64,
    "head_dim": 112,
    "mla_rank": 512,
    "mla_rope": 64,
    "experts": 384,
    "experts_per_token": 8,
    "vocabulary": 163_840,
    "ffn_hidden": 18_432,
    "expert_hidden": 2_048,
    "total_params_b": 1026.41,
    "active_params_b": 31.69,
    "expert_params_b": 1014.69,
}
TRILLION = {
    **SMALL,
    "model": "deepseek-v3",
    "hardware": {"accelerator": "h200", "tensor_parallel": 8, "precision": "int4"},
}


def room_tokens(hardware: dict[str, object] | None = None, **engine: object) -> int:
    """Room of one replica of Llama 3.1 8B."""
    part = {**SMALL, "hardware": {"accelerator": "a100", **(hardware or {})}, "engine": engine}
    (group,) = resolve(scenario(fleet=[part])).plan.groups
    return group.queues.kv_room_tokens


def test_an_a100_has_the_room_of_its_start_up() -> None:
    """0.9 (80.0 - 0.5) GiB less 14.96 of weights, 16 B x 256 x 128,256 + 2 x 2,048 x 4,096 B, and 0.09."""
    memory = CATALOG.accelerator("a100").memory_gb * 1e9 / GIB
    taken = (16 * 256 * 128_256 + 2 * 2_048 * 4_096) / GIB + 0.09 + 2 * 8.03e9 / GIB
    expected = (0.9 * (memory - 0.5) - taken) * GIB / TOKEN_BYTES
    assert room_tokens(max_num_batched_tokens=2_048) == int(expected) // 16 * 16


def test_more_sequences_leave_less_room() -> None:
    """768 more sequences: 768 x 128,256 x 16 bytes of logits and their copies."""
    few, many = (room_tokens(max_num_seqs=count, max_num_batched_tokens=2_048) for count in (256, 1_024))
    assert few - many == pytest.approx(768 * 128_256 * 16 / TOKEN_BYTES, abs=16)


def test_the_engine_takes_the_share_of_memory_it_is_given() -> None:
    """Five percent of what the driver leaves of 85.9 GB."""
    more = room_tokens(gpu_memory_utilization=0.95) - room_tokens(gpu_memory_utilization=0.9)
    memory = CATALOG.accelerator("a100").memory_gb * 1e9 - 0.5 * GIB
    assert more == pytest.approx(0.05 * memory / TOKEN_BYTES, abs=16)


@pytest.mark.parametrize(
    ("key", "value", "freed_gib"),
    [
        ("graph_gib_per_layer", 0.02, -32 * 0.02),
        ("context_gib", 0.59, -0.5),
        ("non_torch_gib", 0.05, 0.04),
        ("activation_gib", 2.0, (16 * 256 * 128_256 + 2 * 2_048 * 4_096) / GIB - 2.0),
        ("sampler_bytes", 38.0, (16 - 38) * 256 * 128_256 / GIB),
    ],
)
def test_a_profile_says_what_its_engine_takes(key: str, value: float, freed_gib: float) -> None:
    """A catalog's own profile; the sampler (0.51 GiB) outweighs the pass of 2,048 tokens at 16 bytes."""
    overrides = {"serving_profiles": {"generic-vllm": {key: value}}}
    own = scenario(catalog={"overrides": overrides}, fleet=[SMALL])
    (group,) = resolve(own).plan.groups
    freed = (group.queues.kv_room_tokens - room_tokens()) * TOKEN_BYTES / GIB
    assert freed == pytest.approx(freed_gib, abs=16 * TOKEN_BYTES / GIB)


def test_a_profile_may_tell_what_mixtures_of_experts_take() -> None:
    """In place of activation_gib, where there are experts."""
    keys = {"activation_gib": 2.0, "moe_activation_gib": 5.0}
    profile = CATALOG.serving_profile("generic-vllm").model_copy(update=keys)
    memory = memory_of(profile, CATALOG.accelerator("a100"))
    assert (memory.activation_bytes, memory.moe_activation_bytes) == (2.0 * GIB, 5.0 * GIB)


def test_tensorrt_takes_a_share_of_what_is_free_and_sglang_of_the_whole() -> None:
    """0.9 of what weights, the pass and the runtime leave; 0.88 of all, less weights and runtime."""
    memory = CATALOG.accelerator("a100").memory_gb * 1e9 - 0.5 * GIB
    weights, forward = 2 * 8.03e9, 2 * 8_192 * (3 * 14_336 + 4 * 4_096)
    free = 0.9 * (memory - forward - 0.09 * GIB - weights)
    assert room_tokens(profile="trtllm-1.2") == pytest.approx(free / TOKEN_BYTES, abs=16)
    static = 0.88 * memory - 0.09 * GIB - weights
    assert room_tokens(profile="sglang-0.5") == pytest.approx(static / TOKEN_BYTES, abs=16)


@pytest.mark.parametrize(
    ("chip", "engine", "limits"),
    [
        ("h100", "vllm", (8_192, 1_024)),
        ("mi300x", "vllm", (8_192, 1_024)),
        ("a100", "vllm", (2_048, 256)),
        ("a100-80gb-pcie", "vllm", (2_048, 256)),
        ("l40s", "vllm", (2_048, 256)),
        ("h100", "trtllm", (8_192, 256)),
    ],
)
def test_engines_have_limits_of_their_own(chip: str, engine: str, limits: tuple[int, int]) -> None:
    """Those of vLLM go by the chip: large ones from 70 GiB on, A100s left out."""
    assert default_limits(engine, CATALOG.accelerator(chip)) == limits


def test_a_deployment_without_limits_has_its_engines() -> None:
    """An H100's replica takes 1,024 sequences, an A100's 256; what the scenario gives stands."""
    found = {}
    for chip in ("h100", "a100"):
        part = {**SMALL, "hardware": {"accelerator": chip}}
        (group,) = resolve(scenario(fleet=[part])).plan.groups
        found[chip] = (group.queues.token_budget, group.queues.max_sequences)
    assert found == {"h100": (8_192, 1_024), "a100": (2_048, 256)}


@pytest.mark.parametrize(("written", "half"), [("auto", 1), ("bfloat16", 1), ("fp8", 2), ("fp8_e5m2", 2)])
def test_caches_of_8_bits_hold_twice_the_tokens(written: str, half: int) -> None:
    """`kv_cache_dtype` as vLLM writes it."""
    assert room_tokens(kv_cache_dtype=written) == pytest.approx(half * room_tokens(), abs=16)


def test_room_is_whole_blocks_of_the_size_given() -> None:
    """Down to a block of 1,000 tokens."""
    fine, coarse = room_tokens(block_size=1), room_tokens(block_size=1_000)
    assert coarse == fine // 1_000 * 1_000 != fine


@pytest.mark.parametrize(
    ("name", "older", "value"),
    [("max_num_seqs", "max_sequences", 700), ("max_num_batched_tokens", "token_budget", 16_384)],
)
def test_older_names_mean_the_same(name: str, older: str, value: int) -> None:
    """Limits, step costs and room are alike; both at once are refused."""
    made = [
        resolve(scenario(fleet=[{**SMALL, "engine": {key: value}}])).plan.groups[0].queues
        for key in (name, older)
    ]
    assert made[0] == made[1]
    assert value in (made[0].max_sequences, made[0].token_budget)
    with pytest.raises(InvalidScenarioError, match=f"{name} and {older} are the same limit; give one"):
        scenario(fleet=[{**SMALL, "engine": {name: value, older: value}}])


def test_a_cache_format_is_given_once() -> None:
    """To the engine or to the hardware."""
    hardware = {"accelerator": "a100", "kv_precision": "fp8"}
    with pytest.raises(InvalidScenarioError, match="are the same format; give one of them"):
        scenario(fleet=[{**SMALL, "hardware": hardware, "engine": {"kv_cache_dtype": "fp8"}}])
    assert room_tokens({"kv_precision": "fp8"}) == room_tokens(kv_cache_dtype="fp8")


def test_a_trillion_parameters_at_4_bits_serve_eight_at_once_on_eight_h200() -> None:
    """571 GB of experts and 23 of the rest leave room for 0.8 million tokens; waits end at the next step."""
    world = scenario(
        catalog={"overrides": {"models": {"deepseek-v3": {"architecture": KIMI}}}},
        fleet=[TRILLION],
        **with_stream(arrivals={"pattern": "steady", "rate": 8.0}),
    )
    (group,) = resolve(world).plan.groups
    usable = 8 * (0.9 * (CATALOG.accelerator("h200").memory_gb * 1e9 - 0.5 * GIB) - 1.39 * GIB)
    weights = 1014.69e9 * 0.5625 + (1026.41 - 1014.69) * 1e9 * 2
    sampler = 8 * (16 * 1_024 * 163_840 + 2 * 8_192 * 7_168)
    token_bytes = 61 * 576 * 2 * 8
    assert group.queues.kv_room_tokens == pytest.approx((usable - weights - sampler) / token_bytes, abs=17)
    report = simulate(world).report
    assert report.figure("requests.completed") == report.figure("requests.arrived")
    assert 8.0 * report.figure("latency.e2e_s.mean") > 8.0, "sequences at once, by Little's law"
    assert report.figure("latency.queue_s.p99") < 0.25


@pytest.mark.parametrize(
    ("accelerator", "precision", "computed"),
    [("a100", "fp8", "bf16"), ("a100", "int8", "int8"), ("h100", "fp4", "bf16"), ("h100", "fp8", "fp8")],
)
def test_weights_narrower_than_the_chip_computes_in_are_unpacked(
    accelerator: str, precision: str, computed: str
) -> None:
    """FP8 on an A100 and FP4 on an H100 compute at 16 bits; the weights stay as narrow."""
    chip = CATALOG.accelerator(accelerator)
    hardware = Hardware.model_validate({"accelerator": accelerator, "precision": precision})
    assert chip_of(chip, hardware).flops == chip.tflops[computed] * 1e12
    assert room_tokens({"accelerator": accelerator, "precision": precision}) > room_tokens(
        {"accelerator": accelerator}
    )

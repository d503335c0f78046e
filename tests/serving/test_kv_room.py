"""Room for the KV cache, part by part, against sums made by hand and start-ups as logged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.kv_room import NEAR_BYTES_PER_S, chip_of, shapes_by_name
from simulator.serving.hardware import GIB, Chip, Engine, Layout, Memory
from simulator.serving.kv_room import (
    activation_bytes,
    forward_bytes,
    kv_room_tokens,
    non_torch_bytes,
    room_bytes,
    sampler_bytes,
    shortfall_bytes,
    weight_bytes,
)

SHAPES = shapes_by_name()
LLAMA = SHAPES["meta-llama/Meta-Llama-3.1-8B"]
GPT_OSS = SHAPES["openai/gpt-oss-120b"]
QWEN = SHAPES["Qwen/Qwen3-235B-A22B-FP8"]
CHIP = chip_of({"total_gib": "80", "near_link": "1"})
ENGINE = Engine(
    weight_read=1.0,
    kv_read=1.0,
    prefill_flops=1.0,
    decode_flops=1.0,
    layer_s=0.0,
    layer_tp_s=0.0,
    sequence_s=0.0,
    step_s=0.0,
    all_reduce=1.0,
)
TOLD = Memory(activation_bytes=2.0 * GIB, non_torch_bytes=0.25 * GIB)


def engine(**changes: object) -> Engine:
    """An engine with other memory settings."""
    return replace(ENGINE, memory=replace(Memory(), **changes))


def room_gib(width: int = 1, chip: Chip = CHIP, **changes: object) -> float:
    """GiB of room of Llama 3.1 8B."""
    return room_bytes(LLAMA, chip, engine(**changes), Layout(tensor_parallel=width)) / GIB


@pytest.mark.parametrize(
    ("model", "tokens", "logged_gib"),
    [("Qwen2.5-1.5B", 32_768, 2.02), ("Qwen2.5-7B", 32_768, 4.35), ("Qwen3-4B", 10_000, 0.74)],
)
def test_a_forward_pass_takes_what_engines_logged(model: str, tokens: int, logged_gib: float) -> None:
    """Activation peaks of passes that outweigh the sampler (vLLM 0.7.3, 0.8.5; facts file)."""
    assert forward_bytes(SHAPES[model], tokens, 1) / GIB == pytest.approx(logged_gib, abs=0.01)


def test_tensor_parallelism_shares_the_inner_width_alone() -> None:
    """2 T (3 I / n + 4 d): hidden states are whole on every chip."""
    expected = 2 * 1_000 * (3 * 14_336 / 4 + 4 * 4_096)
    assert forward_bytes(LLAMA, 1_000, 4) == expected


def test_a_token_is_held_once_for_each_of_its_experts() -> None:
    """2 T (k (3 I_e / n + d) + 4 d), k = 8, I_e = 1,536, d = 4,096."""
    assert forward_bytes(QWEN, 100, 2) == 2 * 100 * (8 * (3 * 1_536 / 2 + 4_096) + 4 * 4_096)


def test_the_sampler_holds_logits_of_every_sequence() -> None:
    """C S V + 2 T d, and no more sequences than tokens in a step."""
    memory = Memory(sampler_bytes=38.0, max_sequences=256, token_budget=2_048)
    assert sampler_bytes(LLAMA, memory) == 38 * 256 * 128_256 + 2 * 2_048 * 4_096
    few = replace(memory, token_budget=64)
    assert sampler_bytes(LLAMA, few) == 38 * 64 * 128_256 + 2 * 64 * 4_096


def test_the_larger_of_pass_and_sampler_counts() -> None:
    """They follow each other, so their peaks do not add up."""
    memory = Memory(sampler_bytes=16.0, max_sequences=8, token_budget=8_192)
    assert activation_bytes(LLAMA, memory, 1) == forward_bytes(LLAMA, 8_192, 1)
    many = replace(memory, max_sequences=1_024)
    assert activation_bytes(LLAMA, many, 1) == sampler_bytes(LLAMA, many)


def test_activations_that_are_told_replace_the_formula() -> None:
    """Over all chips; those of mixtures of experts only where there are experts."""
    assert activation_bytes(LLAMA, TOLD, 4) == 0.5 * GIB
    both = replace(TOLD, moe_activation_bytes=3.0 * GIB)
    assert activation_bytes(LLAMA, both, 1) == 2.0 * GIB
    assert activation_bytes(QWEN, both, 1) == 3.0 * GIB
    assert activation_bytes(QWEN, TOLD, 1) == 2.0 * GIB


def test_collectives_take_memory_of_chips_that_work_together() -> None:
    """0.09 GiB of one chip, 1.39 over NVLink, 0.24 over PCIe; what is told as it was before: 4 x."""
    far = chip_of({"total_gib": "80", "near_link": "0"})
    memory = Memory()
    assert non_torch_bytes(CHIP, memory, 1) == pytest.approx(0.09 * GIB)
    assert non_torch_bytes(CHIP, memory, 2) == pytest.approx(1.39 * GIB)
    assert non_torch_bytes(far, memory, 8) == pytest.approx(0.24 * GIB)
    assert non_torch_bytes(CHIP, TOLD, 1) == 0.25 * GIB
    assert non_torch_bytes(CHIP, TOLD, 2) == 1.0 * GIB
    assert CHIP.link_bytes_per_s == NEAR_BYTES_PER_S


def test_what_every_chip_takes_is_taken_from_every_chip() -> None:
    """N (u M - activations - non-torch) - weights; 14.96 GiB of weights once."""
    sampler = (16 * 256 * 128_256 + 2 * 8_192 * 4_096) / GIB
    forward = 2 * 8_192 * (3 * 14_336 + 4 * 4_096) / GIB
    weights = 2 * 8.03e9 / GIB
    assert room_gib() == pytest.approx(0.9 * 80 - max(sampler, forward) - 0.09 - weights)
    forward = 2 * 8_192 * (3 * 14_336 / 4 + 4 * 4_096) / GIB
    assert room_gib(4) == pytest.approx(4 * (0.9 * 80 - max(sampler, forward) - 1.39) - weights)


def test_drivers_keep_half_a_gib_of_what_is_listed() -> None:
    """Before the ratio: a chip that lists one GiB more gives 0.9 of it."""
    more = replace(CHIP, memory_bytes=CHIP.memory_bytes + GIB)
    assert room_gib(chip=more) - room_gib() == pytest.approx(0.9)
    assert CHIP.memory_bytes == 80.5 * GIB


def test_graphs_count_by_layer_and_chip_where_an_engine_counts_them() -> None:
    """32 layers x 0.02 GiB on each of two chips."""
    without, counted = (room_gib(2, graph_bytes=share * GIB) for share in (0.0, 0.02))
    assert without - counted == pytest.approx(2 * 32 * 0.02)


def test_a_ratio_of_what_is_free_comes_after_weights_and_activations() -> None:
    """TensorRT-LLM: u (n (M - activations - non-torch) - weights)."""
    told: dict[str, object] = {"activation_bytes": 2.0 * GIB, "non_torch_bytes": 0.25 * GIB}
    weights = 2 * 8.03e9 / GIB
    assert room_gib(of_free=True, **told) == pytest.approx(0.9 * (80 - 2 - 0.25 - weights))
    assert room_gib(of_free=False, **told) == pytest.approx(0.9 * 80 - 2 - 0.25 - weights)


def test_narrow_weights_keep_tables_in_16_bits() -> None:
    """(P - 2 V d) b + 2 V d 2 bytes; one table where they are tied; all at 16 bits as they are."""
    tables = 2 * 128_256 * 4_096
    for width in (1.0, 0.5625):
        expected = (8.03e9 - tables) * width + tables * 2
        assert weight_bytes(LLAMA, Layout(weight_bytes=width)) == pytest.approx(expected)
    tied = replace(LLAMA, tied_embeddings=True)
    expected = (8.03e9 - tables / 2) * 0.5625 + tables / 2 * 2
    assert weight_bytes(tied, Layout(weight_bytes=0.5625)) == pytest.approx(expected)
    assert weight_bytes(LLAMA, Layout()) == pytest.approx(2 * 8.03e9)


def test_four_bit_mixtures_keep_all_but_experts_in_16_bits() -> None:
    """gpt-oss 120B: 114.66 of 116.79 billion in experts; at 8 bits only the tables are wider."""
    expected = 114.66e9 * 0.5625 + 2.13e9 * 2
    assert weight_bytes(GPT_OSS, Layout(weight_bytes=0.5625)) == pytest.approx(expected)
    tables = 2 * 201_088 * 2_880
    assert weight_bytes(GPT_OSS, Layout(weight_bytes=1.0)) == pytest.approx(116.79e9 + tables)


def test_attention_ranks_hold_their_share_of_the_experts() -> None:
    """Eight L40S, four to a rank: 27.72 GiB of a chip as logged, 3 % less than computed."""
    layout = Layout(tensor_parallel=4, expert_chips=8, weight_bytes=1.0)
    assert weight_bytes(QWEN, layout) / 4 / GIB == pytest.approx(27.72, rel=0.035)


@pytest.mark.parametrize("block", [1, 16, 544])
def test_room_is_whole_blocks(block: int) -> None:
    """Less than a block is lost, and nothing with blocks of one token."""
    tokens = kv_room_tokens(LLAMA, CHIP, engine(block_tokens=block), Layout())
    exact = room_gib() * GIB / 131_072
    assert tokens % block == 0
    assert tokens == int(exact) // block * block


def test_a_shortfall_is_what_room_lacks() -> None:
    """So many tokens' bytes less the room; copies of KV heads count."""
    layout = Layout(tensor_parallel=16)
    needed = 1_000 * 131_072 * 2
    room = room_bytes(LLAMA, CHIP, ENGINE, layout)
    assert shortfall_bytes(LLAMA, CHIP, ENGINE, layout, 1_000) == pytest.approx(needed - room)

"""Attention by hand: bytes and operations of grouped-query, latent and sparse attention."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalogs import load_catalog
from catalogs.model_import.architectures import architectures
from simulator.fleet.backends.hardware import chip_of, shape_of
from simulator.serving import attention
from simulator.serving.hardware import Engine, Layout, Shape
from simulator.serving.kv_room import resident_bytes_per_token
from simulator.serving.step_cost import read_params, step_joules, step_seconds
from simulator.settings.engine import Hardware

CATALOG = load_catalog()
GROUPED = Shape(
    layers=32, kv_layers=32, hidden=4096, heads=32, kv_heads=8, head_dim=128, total_params=8e9,
    active_params=7.5e9, vocabulary=128_000, ffn_hidden=14_336,
)  # fmt: skip
LATENT = replace(GROUPED, heads=128, kv_heads=128, mla_width=576, mla_rope=64)
SPARSE = replace(LATENT, index_topk=2_048, index_heads=64, index_head_dim=128, index_layers=32)
HALF = Layout(tensor_parallel=4, weight_bytes=1.0, kv_bytes=1.0)
NOTHING = Engine(
    weight_read=0.0, kv_read=0.0, prefill_flops=0.0, decode_flops=0.0, layer_s=0.0,
    layer_tp_s=0.0, sequence_s=0.0, step_s=0.0, all_reduce=0.0,
)  # fmt: skip
CHIP = chip_of(CATALOG.accelerator("h100"), Hardware(accelerator="h100", precision="fp8"))


def test_bytes_of_a_token_of_context() -> None:
    """2 x 8 x 128 by 32 layers; 576 by 32; the latter with 132 of the indexer's by 32."""
    assert attention.kv_bytes_per_token(GROUPED, HALF) == 32 * 2 * 8 * 128
    assert attention.kv_bytes_per_token(LATENT, HALF) == 32 * 576
    assert attention.kv_bytes_per_token(SPARSE, HALF) == 32 * (576 + 132)
    assert resident_bytes_per_token(SPARSE, HALF) == 4 * 32 * (576 + 132)


def test_an_indexer_reads_its_keys_and_what_it_selects() -> None:
    """Per token of context 132 bytes a layer; per sequence 2,048 latents a layer whatever the context."""
    assert attention.context_bytes(SPARSE, HALF) == 32 * 132
    assert attention.window_bytes(SPARSE, HALF) == 32 * 2_048 * 576
    assert attention.context_bytes(LATENT, HALF) == 32 * 576
    assert attention.window_bytes(LATENT, HALF) == 0.0


def test_operations_of_a_pair() -> None:
    """4 L H d; 2 L H (128 + 64 + 128) with latents; 2 L 64 x 128 where an indexer scores."""
    assert attention.pair_flops(GROUPED) == 4 * 32 * 32 * 128
    assert attention.pair_flops(LATENT) == 2 * 32 * 128 * (192 + 128)
    assert attention.pair_flops(SPARSE) == 2 * 32 * 64 * 128
    assert attention.latent_flops(LATENT) == 2 * 32 * 128 * (576 + 512)
    assert attention.context_flops(GROUPED) == 0.0
    assert attention.context_flops(SPARSE) == attention.pair_flops(SPARSE)
    assert attention.selected_flops(SPARSE) == 2_048 * attention.latent_flops(LATENT)
    assert attention.selected_flops(LATENT) == 0.0


def test_steps_pay_for_latents_and_indexers() -> None:
    """Reading and arithmetic of a token of context, of a sequence and of a prompt token, in seconds."""
    only_decode = replace(NOTHING, decode_flops=2.0)
    pair_s = 2.0 / (4 * CHIP.flops_16bit)
    assert step_seconds(LATENT, CHIP, only_decode, HALF).context == pytest.approx(
        attention.latent_flops(LATENT) * pair_s
    )
    extra = (
        step_seconds(SPARSE, CHIP, only_decode, HALF).sequence
        - step_seconds(LATENT, CHIP, only_decode, HALF).sequence
    )
    assert extra == pytest.approx(attention.selected_flops(SPARSE) * pair_s)
    only_prompt = replace(NOTHING, prefill_flops=2.0)
    prompts = [step_seconds(shape, CHIP, only_prompt, HALF).prompt for shape in (SPARSE, LATENT)]
    assert prompts[0] - prompts[1] == pytest.approx(attention.selected_flops(SPARSE) * pair_s)
    reading = step_seconds(SPARSE, CHIP, replace(NOTHING, kv_read=1.0), HALF)
    assert reading.sequence == pytest.approx(
        attention.window_bytes(SPARSE, HALF) / CHIP.bandwidth_bytes_per_s
    )
    assert reading.context == pytest.approx(
        attention.context_bytes(SPARSE, HALF) / CHIP.bandwidth_bytes_per_s
    )


def test_states_are_shared_out_over_chips() -> None:
    """Read and written each step, an n-th of it by each of n chips; all of it is energy."""
    mixed = replace(GROUPED, state_bytes=1e8)
    reading = replace(NOTHING, kv_read=1.5)
    seconds = step_seconds(mixed, CHIP, reading, HALF)
    assert seconds.sequence == pytest.approx(1.5 * 2e8 / (4 * CHIP.bandwidth_bytes_per_s))
    idle = replace(CHIP, floor_w=0.0)
    joules = [step_joules(shape, idle, HALF, seconds, 0.0).sequence for shape in (mixed, GROUPED)]
    assert joules[0] - joules[1] == pytest.approx(2e8 * CHIP.memory_w / CHIP.bandwidth_bytes_per_s)


def test_tables_that_are_looked_up_are_not_read() -> None:
    """Of two tables of the vocabulary one; where one serves both ways, it is read."""
    assert read_params(GROUPED) == 8e9 - 128_000 * 4_096
    assert read_params(replace(GROUPED, tied_embeddings=True)) == 8e9
    base = step_seconds(GROUPED, CHIP, replace(NOTHING, weight_read=1.0), HALF).base
    assert base == pytest.approx(read_params(GROUPED) / (4 * CHIP.bandwidth_bytes_per_s))


def test_experts_take_time_by_token_and_choice() -> None:
    """Seconds by decoding sequence, layer and chosen expert."""
    mixture = replace(GROUPED, experts=64, experts_per_token=8, expert_params=5e9)
    assert step_seconds(mixture, CHIP, replace(NOTHING, expert_token_s=1e-7), HALF).sequence == pytest.approx(
        1e-7 * 32 * 8
    )


def test_published_sparse_models_have_their_indexers() -> None:
    """DeepSeek-V3.2's and GLM-5's configurations: 64 and 32 heads of 128, 2,048 tokens, every layer."""
    found = architectures()
    v32, glm = shape_of(found["deepseek-ai/DeepSeek-V3.2"]), shape_of(found["zai-org/GLM-5"])
    assert (v32.index_topk, v32.index_heads, v32.index_layers, v32.mla_rope) == (2_048, 64, 61, 64)
    assert (glm.index_topk, glm.index_heads, glm.index_layers, glm.head_dim) == (2_048, 32, 78, 224)


def test_ranks_send_tokens_to_their_experts() -> None:
    """3 bytes of 8 choices of 4,096 values in 32 layers, three quarters of them to other ranks' chips."""
    mixture = replace(GROUPED, experts=64, experts_per_token=8, expert_params=5e9)
    spread = replace(HALF, tensor_parallel=1, expert_chips=4)
    engine = replace(NOTHING, all_reduce=2.0)
    sent_s = 2.0 * 3 * 8 * 4_096 * 32 * 0.75 / CHIP.link_bytes_per_s
    cost = step_seconds(mixture, CHIP, engine, spread)
    assert cost.sequence == pytest.approx(sent_s)
    assert cost.prompt == pytest.approx(sent_s)
    alone = step_seconds(mixture, CHIP, engine, replace(spread, expert_chips=0))
    assert (alone.sequence, alone.prompt) == (0.0, 0.0)

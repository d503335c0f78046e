"""Step cost of a model on chips: the additive roofline, in seconds and in joules.

Formula and sources: docs/methodology/serving.md. `n` is the tensor-parallel width throughout.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from simulator.kernel.spec import StepCost
from simulator.serving.attention import (
    context_bytes,
    context_flops,
    kv_sharding,
    pair_flops,
    selected_flops,
    state_bytes,
    window_bytes,
)

if TYPE_CHECKING:
    from simulator.serving.hardware import Chip, Engine, Layout, Shape

BYTES_16BIT = 2.0
BYTES_8BIT = 1.0
EXCHANGED_BYTES = BYTES_8BIT + BYTES_16BIT
"""Bytes of a hidden value on its way to an expert and back (DeepEP: FP8 dispatch, BF16 combine)."""


def expert_miss(shape: Shape) -> float:
    """Probability that one token leaves a given expert untouched: 1 - k/E; 0 for dense models."""
    return 1.0 - shape.experts_per_token / shape.experts if shape.experts else 0.0


def all_reduce_s(shape: Shape, chip: Chip, engine: Engine, layout: Layout) -> float:
    """Seconds per token of the ring all-reduces: 4 L d 2 bytes (n-1)/n over the link."""
    n = layout.tensor_parallel
    volume = 4.0 * shape.layers * shape.hidden * BYTES_16BIT * (n - 1) / n
    return engine.all_reduce * volume / chip.link_bytes_per_s if n > 1 else 0.0


def exchange_s(shape: Shape, chip: Chip, engine: Engine, layout: Layout) -> float:
    """Seconds per token of sending it to its experts' chips and back, where attention ranks share them.

    3 k d L bytes (8 bits there, 16 back) for k experts, of which (r-1)/r go to other ranks, over the link.
    """
    ranks = layout.expert_width / layout.tensor_parallel
    volume = EXCHANGED_BYTES * shape.experts_per_token * shape.hidden * shape.layers
    return engine.all_reduce * volume * (ranks - 1.0) / ranks / chip.link_bytes_per_s if ranks > 1.0 else 0.0


def step_seconds(shape: Shape, chip: Chip, engine: Engine, layout: Layout) -> StepCost:
    """The step cost's coefficients in seconds."""
    n = layout.tensor_parallel
    byte_s = weight_read(engine, layout) * layout.weight_bytes / chip.bandwidth_bytes_per_s
    expert_s = expert_read(engine, layout) * layout.weight_bytes / chip.bandwidth_bytes_per_s
    token_flops_s = 2.0 * shape.active_params / (n * chip.flops)
    reduce_s = all_reduce_s(shape, chip, engine, layout) + exchange_s(shape, chip, engine, layout)
    prompt_flops = prompt_arithmetic(engine, shape)
    kv_s = engine.kv_read / (kv_sharding(shape, layout) * chip.bandwidth_bytes_per_s)
    pair_s = 1.0 / (n * chip.flops_16bit)
    cost = StepCost(
        base=byte_s * read_params(shape) / n + layers_s(shape, engine, layout) + engine.step_s,
        expert=expert_s * shape.expert_params / layout.expert_width,
        sequence=engine.decode_flops * (token_flops_s + selected_flops(shape) * pair_s)
        + engine.sequence_s
        + engine.expert_token_s * shape.layers * shape.experts_per_token
        + reduce_s
        + kv_s * window_bytes(shape, layout)
        + engine.kv_read * state_bytes(shape) / (n * chip.bandwidth_bytes_per_s),
        context=kv_s * context_bytes(shape, layout) + engine.decode_flops * context_flops(shape) * pair_s,
        prompt=prompt_flops * (token_flops_s + selected_flops(shape) * pair_s) + reduce_s,
        attention=prompt_flops * pair_flops(shape) * pair_s,
    )
    return scaled(cost, engine.scale)


def weight_read(engine: Engine, layout: Layout) -> float:
    """How much longer than at full bandwidth reading dense weights takes at the layout's precision."""
    narrow = engine.weight_read_4bit if layout.weight_bytes < BYTES_8BIT else 0.0
    return narrow or engine.weight_read


def expert_read(engine: Engine, layout: Layout) -> float:
    """How much longer than at full bandwidth reading experts takes at the layout's precision."""
    narrow = engine.expert_read_4bit if layout.weight_bytes < BYTES_8BIT else engine.expert_read_8bit
    usual = engine.expert_read or engine.weight_read
    return (narrow or usual) if layout.weight_bytes <= BYTES_8BIT else usual


def prompt_arithmetic(engine: Engine, shape: Shape) -> float:
    """How much longer than at peak the operations of prompts take: experts come in small pieces."""
    return (engine.moe_prefill_flops or engine.prefill_flops) if shape.experts else engine.prefill_flops


def dense_params(shape: Shape) -> float:
    """Parameters outside the experts."""
    return shape.total_params - shape.expert_params


def read_params(shape: Shape) -> float:
    """Dense parameters that a step reads: not the table of token embeddings, of which it looks rows up."""
    looked_up = 0.0 if shape.tied_embeddings else float(shape.vocabulary * shape.hidden)
    return max(dense_params(shape) - looked_up, 0.0)


def layers_s(shape: Shape, engine: Engine, layout: Layout) -> float:
    """Seconds of launching all layers, with what tensor parallelism and experts add."""
    parallel_s = engine.layer_tp_s if layout.tensor_parallel > 1 else 0.0
    return shape.layers * (engine.layer_s + parallel_s + (engine.moe_layer_s if shape.experts else 0.0))


def scaled(cost: StepCost, factor: float) -> StepCost:
    """Every coefficient times a factor."""
    return StepCost(**{name: value * factor for name, value in asdict(cost).items()})


def step_joules(shape: Shape, chip: Chip, layout: Layout, seconds: StepCost, host_w: float) -> StepCost:
    """The step cost's coefficients in joules: p0 T + a bytes/BW + b flops/peak, over all chips.

    `host_w` is the host's active power per chip; it runs as long as the step does.
    """
    n = layout.tensor_parallel
    floor_w = n * (chip.floor_w + host_w)
    byte_j = chip.memory_w / chip.bandwidth_bytes_per_s
    token_j = chip.compute_w * 2.0 * shape.active_params / chip.flops
    pair_j = chip.compute_w / chip.flops_16bit
    copies = n / kv_sharding(shape, layout)
    own_experts = shape.expert_params * layout.weight_bytes * n / layout.expert_width
    work = StepCost(
        base=byte_j * read_params(shape) * layout.weight_bytes,
        expert=byte_j * own_experts,
        sequence=token_j
        + pair_j * selected_flops(shape)
        + byte_j * (copies * window_bytes(shape, layout) + state_bytes(shape)),
        context=byte_j * copies * context_bytes(shape, layout) + pair_j * context_flops(shape),
        prompt=token_j + pair_j * selected_flops(shape),
        attention=pair_j * pair_flops(shape),
    )
    floor = asdict(scaled(seconds, floor_w))
    return StepCost(**{name: floor[name] + value for name, value in asdict(work).items()})

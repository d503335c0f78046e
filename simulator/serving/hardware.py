"""The plain numbers that the physics needs of a model, a chip, an engine and a layout."""

from __future__ import annotations

from dataclasses import dataclass

GIB = 1024.0**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A transformer's shape; parameters as counts, not billions.

    `mla_width` is rank + rope of multi-head latent attention, `mla_rope` the rotary part of it, both 0 where
    the model has none; `head_dim` is then that of a head's values.
    `kv_layers` keep the whole context, the others at most `window_tokens` or a state of `state_bytes`
    in all of them together. `ffn_hidden` is the inner width of a dense layer, `expert_hidden` that of one
    expert; `tied_embeddings`: one table of `vocabulary` x `hidden` reads and writes tokens, else two.
    `index_*` are those of sparse attention's indexer (`catalogs.records.Architecture`), 0 without one.
    """

    layers: int
    kv_layers: int
    window_tokens: int = 0
    state_bytes: float = 0.0
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    mla_width: int = 0
    mla_rope: int = 0
    experts: int = 0
    experts_per_token: int = 0
    total_params: float
    active_params: float
    expert_params: float = 0.0
    vocabulary: int = 0
    ffn_hidden: int = 0
    expert_hidden: int = 0
    tied_embeddings: bool = False
    index_topk: int = 0
    index_heads: int = 0
    index_head_dim: int = 0
    index_layers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One accelerator: peak operations per second at the weights' precision and at 16 bits.

    Power of a running engine is `floor_w + memory_w * memory utilisation + compute_w * compute
    utilisation` (fitted on ML.ENERGY runs); `wait_w` is drawn instead while the host keeps the chip
    waiting, `idle_w` with no work.
    """

    flops: float
    flops_16bit: float
    memory_bytes: float
    bandwidth_bytes_per_s: float
    link_bytes_per_s: float
    floor_w: float
    memory_w: float
    compute_w: float
    idle_w: float
    wait_w: float
    tdp_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """How an engine shares a chip's memory out at its start (simulator/serving/kv_room.py).

    `of_free`: the ratio is of what weights and activations leave (TensorRT-LLM's
    free_gpu_memory_fraction), not of the whole memory. `sampler_bytes` per token of the vocabulary and
    sequence; `graph_bytes` per layer, where the engine counts CUDA graphs. `activation_bytes` and
    `non_torch_bytes` of a user replace what the formula says.
    """

    utilization_ratio: float = 0.9
    of_free: bool = False
    sampler_bytes: float = 16.0
    graph_bytes: float = 0.0
    context_bytes: float = 0.09 * GIB
    collective_bytes: float = 1.3 * GIB
    activation_bytes: float | None = None
    moe_activation_bytes: float | None = None
    non_torch_bytes: float | None = None
    token_budget: int = 8192
    max_sequences: int = 256
    block_tokens: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A serving engine's coefficients of the additive roofline, dimensionless or seconds."""

    weight_read: float
    kv_read: float
    prefill_flops: float
    decode_flops: float
    layer_s: float
    layer_tp_s: float
    sequence_s: float
    step_s: float
    all_reduce: float
    moe_layer_s: float = 0.0
    expert_token_s: float = 0.0
    expert_read: float = 0.0  # 0: as dense weights
    expert_read_8bit: float = 0.0  # 0: as other experts
    expert_read_4bit: float = 0.0  # 0: as other experts
    weight_read_4bit: float = 0.0  # 0: as other weights
    moe_prefill_flops: float = 0.0  # 0: as dense models
    scale: float = 1.0
    memory: Memory = Memory()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a model stands on chips: tensor-parallel width and bytes per weight and KV element.

    `expert_chips` are those the experts are spread over, when they are not the tensor-parallel ones.
    """

    tensor_parallel: int = 1
    expert_chips: int = 0
    weight_bytes: float = 2.0
    kv_bytes: float = 2.0

    @property
    def expert_width(self) -> int:
        """Chips that share the experts' weights."""
        return self.expert_chips or self.tensor_parallel


WEIGHT_BYTES = {"bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5625, "int4": 0.5625}
"""Bytes per weight by precision, scales included."""

"""Room for the KV cache: what an engine leaves of its chips' memory after its start-up profile.

Formulas, sources and errors: docs/methodology/serving.md, docs/kv-room.md. All of a chip unless said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.serving.attention import kv_bytes_per_token, kv_sharding
from simulator.serving.hardware import GIB
from simulator.serving.step_cost import BYTES_8BIT, BYTES_16BIT, dense_params

if TYPE_CHECKING:
    from simulator.serving.hardware import Chip, Engine, Layout, Memory, Shape

DRIVER_BYTES = 0.5 * GIB
"""What a driver keeps of the memory that nvidia-smi lists: H100 79.65 - 79.19 GiB, H200 140.4 - 139.8,
A100 80.0 - 79.2, RTX 4090 23.99 - 23.53, L4 22.49 - 22.06 (start-up logs, docs/kv-room.md)."""
FFN_TENSORS = 3.0
"""Gate, up and their product live at once in a layer (measured: 2.02 and 4.35 GiB for 32,768 tokens)."""
HIDDEN_TENSORS = 4.0
"""Hidden states that live beside them: residual, norm, attention's and the layer's output."""
NEAR_LINK_BYTES_PER_S = 100e9
"""Chips on slower links (PCIe) hold no large buffers for collectives: 0.2 GiB instead of more than 1."""
FAR_COLLECTIVE_BYTES = 0.15 * GIB


def kv_room_tokens(shape: Shape, chip: Chip, engine: Engine, layout: Layout) -> int:
    """Tokens of KV cache a replica has room for, in whole blocks; negative when the weights do not fit."""
    tokens = room_bytes(shape, chip, engine, layout) // resident_bytes_per_token(shape, layout)
    block = engine.memory.block_tokens
    return int(tokens // block) * block


def room_bytes(shape: Shape, chip: Chip, engine: Engine, layout: Layout) -> float:
    """Bytes left to the KV cache over all chips of a replica.

    n (usable u - activations - non-torch - graphs) - weights, or with a ratio of what is free
    n u (usable - activations - non-torch - graphs - weights / n).
    """
    memory, n = engine.memory, layout.tensor_parallel
    usable = chip.memory_bytes - DRIVER_BYTES
    taken = activation_bytes(shape, memory, n) + non_torch_bytes(chip, memory, n)
    taken += memory.graph_bytes * shape.layers
    weights = weight_bytes(shape, layout)
    if memory.of_free:
        return memory.utilization_ratio * (n * (usable - taken) - weights)
    return n * (usable * memory.utilization_ratio - taken) - weights


def activation_bytes(shape: Shape, memory: Memory, n: int) -> float:
    """Peak of a forward pass of `token_budget` tokens with the sampler's warm-up after it."""
    told = memory.moe_activation_bytes if shape.experts else None
    told = memory.activation_bytes if told is None else told
    if told is not None:
        return told / n
    return max(forward_bytes(shape, memory.token_budget, n), sampler_bytes(shape, memory))


def forward_bytes(shape: Shape, tokens: int, n: int) -> float:
    """2 T (3 I / n + 4 d) bytes of a layer; with k experts a token 2 T (k (3 I_e / n + d) + 4 d)."""
    inner = FFN_TENSORS * shape.ffn_hidden / n
    if shape.experts:
        inner = shape.experts_per_token * (FFN_TENSORS * shape.expert_hidden / n + shape.hidden)
    return BYTES_16BIT * tokens * (inner + HIDDEN_TENSORS * shape.hidden)


def sampler_bytes(shape: Shape, memory: Memory) -> float:
    """C S V + 2 T d: logits of S sequences and their copies, beside the pass's last hidden states.

    Every chip holds them whole: logits are gathered before tokens are drawn.
    """
    rows = min(memory.max_sequences, memory.token_budget)
    states = BYTES_16BIT * memory.token_budget * shape.hidden
    return memory.sampler_bytes * rows * shape.vocabulary + states


def non_torch_bytes(chip: Chip, memory: Memory, n: int) -> float:
    """What the runtime takes beside tensors: its context, and buffers for collectives where n > 1."""
    if memory.non_torch_bytes is not None:
        return memory.non_torch_bytes if n == 1 else 4.0 * memory.non_torch_bytes
    if n == 1:
        return memory.context_bytes
    near = chip.link_bytes_per_s >= NEAR_LINK_BYTES_PER_S
    collective = memory.collective_bytes if near else min(memory.collective_bytes, FAR_COLLECTIVE_BYTES)
    return memory.context_bytes + collective


def weight_bytes(shape: Shape, layout: Layout) -> float:
    """Bytes of the weights on a replica's chips: with attention ranks, its share of the experts.

    Narrow checkpoints keep the tables of the vocabulary in 16 bits; of mixtures of experts at 4 bits
    all but the experts (gpt-oss, Kimi K2 Thinking, NVIDIA's NVFP4).
    """
    experts = shape.expert_params * layout.tensor_parallel / layout.expert_width * layout.weight_bytes
    if shape.experts and layout.weight_bytes < BYTES_8BIT:
        return experts + dense_params(shape) * BYTES_16BIT
    wider = max(BYTES_16BIT - layout.weight_bytes, 0.0)
    return experts + dense_params(shape) * layout.weight_bytes + table_params(shape) * wider


def table_params(shape: Shape) -> float:
    """Parameters of the tables between tokens and hidden states: V d, twice unless they are tied."""
    tables = 1.0 if shape.tied_embeddings else 2.0
    return min(tables * shape.vocabulary * shape.hidden, dense_params(shape))


def resident_bytes_per_token(shape: Shape, layout: Layout) -> float:
    """Bytes of memory one token's KV takes, copies on several chips included."""
    copies = layout.tensor_parallel / kv_sharding(shape, layout)
    return kv_bytes_per_token(shape, layout) * copies


def shortfall_bytes(shape: Shape, chip: Chip, engine: Engine, layout: Layout, room_tokens: int) -> float:
    """Bytes that are missing for so many tokens of KV cache; 0 or less where they fit."""
    needed = room_tokens * resident_bytes_per_token(shape, layout)
    return needed - room_bytes(shape, chip, engine, layout)

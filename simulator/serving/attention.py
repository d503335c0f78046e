"""What attention stores, reads and computes: bytes and operations of a model's layers.

Grouped-query attention, multi-head latent attention (MLA, DeepSeek-V2, arXiv 2405.04434, section 2.1),
and sparse attention that an indexer selects for (DeepSeek-V3.2, arXiv 2512.02556, section 2.1). Formulas:
docs/methodology/serving.md. Decoding with MLA works on latents ("absorbed" projections), prompts on the
heads' own keys and values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.serving.hardware import Layout, Shape

INDEX_SCALE_BYTES = 4.0
"""An indexer's key is kept at 8 bits with one 32-bit scale (128 + 4 bytes in DeepSeek-V3.2)."""


def layer_kv_bytes(shape: Shape, layout: Layout) -> float:
    """Bytes of keys and values one token leaves in one layer, over all chips' shares together.

    2 kv_heads head_dim bytes (grouped-query attention); rank + rope bytes with MLA.
    """
    if shape.mla_width:
        return shape.mla_width * layout.kv_bytes
    return 2.0 * shape.kv_heads * shape.head_dim * layout.kv_bytes


def index_bytes(shape: Shape) -> float:
    """Bytes of the indexer's keys one token leaves over all layers; 0 without an indexer."""
    return shape.index_layers * (shape.index_head_dim + INDEX_SCALE_BYTES) if shape.index_topk else 0.0


def kv_bytes_per_token(shape: Shape, layout: Layout) -> float:
    """Bytes one token of context leaves for good: in the layers that keep the whole context."""
    return shape.kv_layers * layer_kv_bytes(shape, layout) + index_bytes(shape)


def context_bytes(shape: Shape, layout: Layout) -> float:
    """Bytes a decode step reads per token of context: with an indexer, its keys alone."""
    return index_bytes(shape) if shape.index_topk else kv_bytes_per_token(shape, layout)


def window_bytes(shape: Shape, layout: Layout) -> float:
    """Bytes of the cache a sequence reads per step whatever its context: its windows, taken to be full.

    With an indexer, the `index_topk` tokens it selects in each layer: contexts are taken to be longer.
    """
    windows = (shape.layers - shape.kv_layers) * shape.window_tokens + shape.kv_layers * shape.index_topk
    return windows * layer_kv_bytes(shape, layout)


def state_bytes(shape: Shape) -> float:
    """Bytes of recurrent states a sequence reads and writes per step, over all chips: each has its heads."""
    return 2.0 * shape.state_bytes


def kv_sharding(shape: Shape, layout: Layout) -> int:
    """Among how many chips one token's KV is divided: min(n, kv_heads); 1 with MLA."""
    return 1 if shape.mla_width else min(layout.tensor_parallel, shape.kv_heads)


def pair_flops(shape: Shape) -> float:
    """Operations of one query-key pair of a prompt over the layers that attend to the whole context.

    4 L H d; with MLA 2 L H (2 d + rope), the keys being wider than the values by the rotary part. With
    an indexer, the indexer's own: each pair is scored, few are attended to.
    """
    if shape.index_topk:
        return index_flops(shape)
    return 2.0 * shape.kv_layers * shape.heads * (2.0 * shape.head_dim + shape.mla_rope)


def latent_flops(shape: Shape) -> float:
    """Operations of a query on one latent over all layers: 2 L H (2 rank + rope); 0 without MLA."""
    if not shape.mla_width:
        return 0.0
    return 2.0 * shape.kv_layers * shape.heads * (2.0 * shape.mla_width - shape.mla_rope)


def index_flops(shape: Shape) -> float:
    """Operations of scoring one token of context: 2 heads times width in each layer with an indexer."""
    return 2.0 * shape.index_layers * shape.index_heads * shape.index_head_dim


def context_flops(shape: Shape) -> float:
    """Operations of a decoded token per token of its context, beside what reading it takes.

    Grouped-query attention waits for memory alone and counts none.
    """
    return index_flops(shape) if shape.index_topk else latent_flops(shape)


def selected_flops(shape: Shape) -> float:
    """Operations of a token on the tokens that an indexer selects for it; 0 without one."""
    each = latent_flops(shape) or pair_flops(shape)
    return shape.index_topk * each if shape.index_topk else 0.0

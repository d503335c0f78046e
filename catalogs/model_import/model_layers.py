"""The layers of a model and their parameters, counted from the shapes that its configuration gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalogs.model_import.config_reading import ModelConfig
    from catalogs.model_import.model_families import ModelFamily

FULL, WINDOW, LINEAR, MAMBA, NO_MIXER = "full", "window", "linear", "mamba", "none"
DENSE, EXPERTS, NO_FEED_FORWARD = "dense", "experts", "none"
LAYER_TYPES = {
    "full_attention": FULL,
    "sliding_attention": WINDOW,
    "linear_attention": LINEAR,
    "attention": FULL,
}
HYBRID_LETTERS = {
    "M": (MAMBA, NO_FEED_FORWARD),
    "*": (FULL, NO_FEED_FORWARD),
    "-": (NO_MIXER, DENSE),
    "E": (NO_MIXER, EXPERTS),
}
"""Nemotron-H's `hybrid_override_pattern`: one part a layer."""
STATE_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
CONVOLUTION_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Widths:
    """The widths that parameters are counted from."""

    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn_hidden: int
    expert_hidden: int
    experts: int
    experts_per_token: int
    shared_hidden: int


def layer_kinds(config: ModelConfig, family: ModelFamily, layers: int) -> list[tuple[str, str]]:
    """Mixer and feed-forward of every layer."""
    pattern = config.given("hybrid_override_pattern")
    if isinstance(pattern, str):
        return hybrid_kinds(config, pattern, layers)
    mixers = mixer_kinds(config, family, layers)
    feeds = feed_kinds(config, layers)
    return list(zip(mixers, feeds, strict=True))


def hybrid_kinds(config: ModelConfig, pattern: str, layers: int) -> list[tuple[str, str]]:
    """The layers that a pattern of letters names."""
    odd = sorted(set(pattern) - set(HYBRID_LETTERS))
    if odd or len(pattern) != layers:
        config.problem(
            "hybrid_override_pattern", f"{layers} letters of {', '.join(HYBRID_LETTERS)} are understood"
        )
        return [(FULL, DENSE)] * layers
    return [HYBRID_LETTERS[letter] for letter in pattern]


def mixer_kinds(config: ModelConfig, family: ModelFamily, layers: int) -> list[str]:
    """How each layer looks back: at everything, in a window, or by a state."""
    window = has_window(config)
    named, interval = config.names("layer_types"), config.count("full_attention_interval", absent=0)
    every = config.count("sliding_window_pattern", absent=0)
    if named:
        return [LAYER_TYPES.get(name, "") for name in known_types(config, named, layers)]
    if interval:
        return [FULL if (layer + 1) % interval == 0 else LINEAR for layer in range(layers)]
    if window and every:
        return [FULL if (layer + 1) % every == 0 else WINDOW for layer in range(layers)]
    if window and family.every_other_window:
        return [WINDOW if layer % 2 == 0 else FULL for layer in range(layers)]
    above = config.count("max_window_layers", absent=0)
    return [WINDOW if window and layer >= above else FULL for layer in range(layers)]


def known_types(config: ModelConfig, named: tuple[str, ...], layers: int) -> tuple[str, ...]:
    """The layers' types, all of them known and as many as there are layers."""
    unknown = sorted(set(named) - set(LAYER_TYPES))
    if unknown or len(named) != layers:
        told = f"{len(named)} types for {layers} layers"
        what = f"unknown: {', '.join(unknown)}; known: {', '.join(LAYER_TYPES)}" if unknown else told
        config.problem("layer_types", what)
        return ("full_attention",) * layers
    return named


def has_window(config: ModelConfig) -> bool:
    """Whether some layers see a window only."""
    return config.flag("use_sliding_window", absent=True) and bool(config.given("sliding_window"))


def feed_kinds(config: ModelConfig, layers: int) -> list[str]:
    """Which layers have experts: from a first one on, every so many, or those that are not named."""
    experts = bool(config.given("n_routed_experts", "num_local_experts", "num_experts"))
    first = config.count("first_k_dense_replace", absent=0)
    every = max(config.count("moe_layer_freq", "decoder_sparse_step", absent=1), 1)
    dense = config.given("mlp_only_layers")
    named = {each for each in dense if isinstance(each, int)} if isinstance(dense, list) else set()
    step = config.given("decoder_sparse_step") is not None
    return [
        EXPERTS
        if experts and layer >= first and layer not in named and (layer + step) % every == 0
        else DENSE
        for layer in range(layers)
    ]


def attention_params(config: ModelConfig, family: ModelFamily, widths: Widths) -> int:
    """Parameters of one attention block, its norms of queries and keys included."""
    if config.given("kv_lora_rank"):
        return latent_params(config, widths)
    h, d, heads, kv_heads = widths.hidden, widths.head_dim, widths.heads, widths.kv_heads
    queries = heads * d * (2 if family.gated_output else 1)
    biased = config.flag("attention_bias", absent=family.attention_bias)
    count = h * (queries + 2 * kv_heads * d) + heads * d * h
    count += (queries + 2 * kv_heads * d) * biased + h * (family.output_bias and biased)
    normed = {"none": 0, "head": 2 * d, "whole": (heads + kv_heads) * d}[qk_norm(config, family)]
    return count + normed + heads * family.sinks


def qk_norm(config: ModelConfig, family: ModelFamily) -> str:
    """How queries and keys are normed; some configurations say whether."""
    usual = "head" if family.qk_norm == "none" else family.qk_norm
    told = config.given("use_qk_norm")
    if told is None:
        return family.qk_norm
    return usual if told else "none"


def latent_params(config: ModelConfig, widths: Widths) -> int:
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434), with or without a low-rank query."""
    h, heads = widths.hidden, widths.heads
    rank, rope = config.count("kv_lora_rank"), config.count("qk_rope_head_dim")
    nope, value = config.count("qk_nope_head_dim"), config.count("v_head_dim")
    query = config.count("q_lora_rank", absent=0)
    asked = h * query + query + query * heads * (nope + rope) if query else h * heads * (nope + rope)
    return asked + h * (rank + rope) + rank + rank * heads * (nope + value) + heads * value * h


def indexer_params(config: ModelConfig, widths: Widths) -> int:
    """Sparse attention's indexer (DeepSeek-V3.2): queries from the low rank, one key, head weights, norm."""
    heads, d = config.count("index_n_heads", absent=0), config.count("index_head_dim", absent=0)
    query = config.count("q_lora_rank", absent=0)
    return query * heads * d + widths.hidden * (d + heads) + 2 * d if heads else 0


def indexed_layers(config: ModelConfig, layers: int) -> int:
    """How many layers have an indexer of their own: those that do not share another's."""
    if not config.given("index_topk"):
        return 0
    types = config.names("indexer_types")
    if types:
        config.given("index_topk_freq", "index_skip_topk_offset")
    return sum(kind == "full" for kind in types) if types else layers


def delta_params(config: ModelConfig, hidden: int) -> int:
    """A gated delta net (Qwen3-Next): q, k, v, z and two gates, a convolution, decay, norm, output."""
    keys, values = delta_widths(config)
    value_heads = config.count("linear_num_value_heads")
    kernel = config.count("linear_conv_kernel_dim")
    count = hidden * (2 * keys + 2 * values + 2 * value_heads) + (2 * keys + values) * kernel
    return count + 2 * value_heads + config.count("linear_value_head_dim") + values * hidden


def delta_widths(config: ModelConfig) -> tuple[int, int]:
    """Width of all keys and of all values of a gated delta net."""
    keys = config.count("linear_num_key_heads") * config.count("linear_key_head_dim")
    return keys, config.count("linear_num_value_heads") * config.count("linear_value_head_dim")


def delta_state_bytes(config: ModelConfig) -> int:
    """State of one sequence in one layer: a matrix per value head, and the convolution's last inputs."""
    keys, values = delta_widths(config)
    matrix = values * config.count("linear_key_head_dim")
    kept = (config.count("linear_conv_kernel_dim") - 1) * (2 * keys + values)
    return matrix * state_width(config) + kept * CONVOLUTION_BYTES


def mamba_params(config: ModelConfig, hidden: int) -> int:
    """A Mamba-2 block (arXiv 2405.21060): in, convolution with bias, A, D, dt, norm, out."""
    inner, convolved = mamba_widths(config)
    heads, kernel = config.count("mamba_num_heads"), config.count("conv_kernel")
    bias = convolved * config.flag("use_conv_bias", absent=True)
    return (
        hidden * (inner + convolved + heads) + convolved * kernel + bias + 3 * heads + inner + inner * hidden
    )


def mamba_widths(config: ModelConfig) -> tuple[int, int]:
    """Inner width of a Mamba-2 block, and the width that its convolution runs over."""
    inner = config.count("mamba_num_heads") * config.count("mamba_head_dim")
    return inner, inner + 2 * config.count("n_groups") * config.count("ssm_state_size")


def mamba_state_bytes(config: ModelConfig) -> int:
    """State of one sequence in one layer: heads x head size x state size, and the convolution's inputs."""
    inner, convolved = mamba_widths(config)
    kept = (config.count("conv_kernel") - 1) * convolved
    return inner * config.count("ssm_state_size") * state_width(config) + kept * CONVOLUTION_BYTES


def state_width(config: ModelConfig) -> int:
    """Bytes of a number of a recurrent state: 4 where nothing is said."""
    return STATE_BYTES.get(str(config.given("mamba_ssm_dtype")), 4)


def expert_params(family: ModelFamily, widths: Widths) -> int:
    """One expert."""
    inner, h = widths.expert_hidden, widths.hidden
    biases = (family.matrices - 1) * inner + h
    return family.matrices * h * inner + biases * family.expert_bias


def dense_params(config: ModelConfig, family: ModelFamily, widths: Widths) -> int:
    """A dense feed-forward block."""
    inner, h = widths.ffn_hidden, widths.hidden
    biases = (family.matrices - 1) * inner + h
    return family.matrices * h * inner + biases * config.flag("mlp_bias", absent=False)


def router_params(family: ModelFamily, widths: Widths) -> int:
    """What chooses the experts of a layer, and the experts that all tokens share."""
    shared = family.matrices * widths.hidden * widths.shared_hidden
    gate = widths.hidden * (family.shared_gate and widths.shared_hidden > 0)
    return widths.experts * (widths.hidden + family.router_bias) + shared + gate

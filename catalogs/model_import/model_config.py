"""A model's architecture from its Hugging Face configuration: shape, parameters, precision, notes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from catalogs.errors import InputProblem
from catalogs.model_import import model_layers as layers_of
from catalogs.model_import.config_reading import ModelConfig, UnreadableModelConfigError
from catalogs.model_import.model_families import FAMILIES
from catalogs.near_names import unknown_name
from catalogs.records import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalogs.model_import.model_families import ModelFamily
    from catalogs.model_import.model_layers import Widths
    from catalogs.records import Precision

    Kinds = list[tuple[str, str]]

BILLION: Final = 1e9
MEGA: Final = 1e6
MOST_LAYERS: Final = 10_000
FLOAT_PRECISIONS: Final[dict[str, Precision]] = {
    "bfloat16": "bf16", "float16": "fp16", "float8_e4m3fn": "fp8",
}  # fmt: skip
QUANTISED: Final[dict[str, Precision]] = {
    "fp8": "fp8", "fbgemm_fp8": "fp8", "mxfp4": "fp4", "nvfp4": "fp4", "fp4": "fp4",
}  # fmt: skip
INTEGERS: Final[dict[int, Precision]] = {4: "int4", 8: "int8"}
FLOATS: Final[dict[int, Precision]] = {4: "fp4", 8: "fp8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedModel:
    """What a configuration says of a model.

    `precision` is that of the published weights, None where nothing is said; `notes` what the figures
    leave out or take for granted, unknown keys included.
    """

    kind: str
    architecture: Architecture
    context_window_tokens: int
    precision: Precision | None
    notes: tuple[str, ...]


def imported_model(data: Mapping[str, object], file: str = "config.json") -> ImportedModel:
    """The model behind a configuration; that of its text part where it has several.

    Raises:
        UnreadableModelConfigError: the architecture is unknown, or keys that it needs are missing.
    """
    text = data.get("text_config")
    inner = {str(key): value for key, value in text.items()} if isinstance(text, dict) else {}
    outer = {key: data[key] for key in ("quantization_config", "tie_word_embeddings") if key in data}
    config = ModelConfig({**outer, **inner} if inner else data, file)
    family = family_of(config, file)
    widths, count = widths_of(config), layer_count(config)
    kinds = layers_of.layer_kinds(config, family, count)
    config.check()
    architecture = architecture_of(config, family, widths, kinds)
    precision = precision_of(config)
    context = config.count("max_position_embeddings", "seq_length", "max_seq_len")
    config.check()
    return ImportedModel(
        kind=str(config.given("model_type")),
        architecture=architecture,
        context_window_tokens=context,
        precision=precision,
        notes=tuple(notes_of(data, config, kinds)),
    )


def family_of(config: ModelConfig, file: str) -> ModelFamily:
    """What is known of the model's kind."""
    kind = config.given("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        quantization = unknown_name("model_type", str(kind), FAMILIES)
        raise UnreadableModelConfigError((InputProblem(file, "model_type", quantization),))
    return FAMILIES[kind]


def layer_count(config: ModelConfig) -> int:
    """How many layers there are."""
    count = config.count("num_hidden_layers")
    if not 0 < count <= MOST_LAYERS:
        config.problem("num_hidden_layers", f"is {count}; 1 to {MOST_LAYERS:,} layers are understood")
        return 1
    return count


def widths_of(config: ModelConfig) -> Widths:
    """The widths of the model's layers."""
    hidden, heads = config.count("hidden_size"), config.count("num_attention_heads")
    experts = config.count("n_routed_experts", "num_local_experts", "num_experts", absent=0)
    inner = config.count("intermediate_size", absent=0)
    expert = config.count("moe_intermediate_size", absent=inner) if experts else 0
    return layers_of.Widths(
        hidden=hidden,
        heads=heads,
        kv_heads=config.count("num_key_value_heads", absent=heads),
        head_dim=config.count("head_dim", absent=hidden // max(heads, 1)),
        ffn_hidden=inner,
        expert_hidden=expert,
        experts=experts,
        experts_per_token=config.count(
            "num_experts_per_tok", "experts_per_token", absent=0 if not experts else None
        ),
        shared_hidden=shared_width(config, expert),
    )


def shared_width(config: ModelConfig, expert: int) -> int:
    """Inner width of what all tokens share beside the experts they choose."""
    quantization = config.given("shared_expert_intermediate_size", "moe_shared_expert_intermediate_size")
    shared = config.count("n_shared_experts", absent=0)
    return quantization if isinstance(quantization, int) else shared * expert


def attended_dim(config: ModelConfig, widths: Widths) -> int:
    """A head's width; with latent attention the mean of its keys' unrotated part and its values."""
    if not config.given("kv_lora_rank"):
        return widths.head_dim
    return (config.count("qk_nope_head_dim") + config.count("v_head_dim")) // 2


def architecture_of(config: ModelConfig, family: ModelFamily, widths: Widths, kinds: Kinds) -> Architecture:
    """The shape as the catalog keeps it.

    Active parameters leave out experts that a token does not choose and the table that reads tokens in
    (unless it writes them out too), as in the catalog's other entries.
    """
    mixers, feeds = (Counter(names) for names in zip(*kinds, strict=True))
    vocabulary = config.count("vocab_size")
    table = vocabulary * widths.hidden
    tied = config.flag("tie_word_embeddings", absent=family.tied)
    everywhere = family.layer_norms * widths.hidden * len(kinds) + widths.hidden + table
    steady = everywhere + mixer_params(config, family, widths, mixers)
    steady += feeds[layers_of.DENSE] * layers_of.dense_params(config, family, widths)
    steady += feeds[layers_of.EXPERTS] * layers_of.router_params(family, widths)
    expert = feeds[layers_of.EXPERTS] * layers_of.expert_params(family, widths)
    active = steady + expert * widths.experts_per_token
    windows = mixers[layers_of.WINDOW]
    full = len(kinds) if windows == len(kinds) else mixers[layers_of.FULL]
    return Architecture(
        layers=len(kinds),
        hidden=widths.hidden,
        heads=widths.heads,
        kv_heads=widths.kv_heads,
        head_dim=attended_dim(config, widths),
        mla_rank=config.count("kv_lora_rank", absent=0),
        mla_rope=config.count("qk_rope_head_dim", absent=0) if config.given("kv_lora_rank") else 0,
        experts=widths.experts,
        experts_per_token=widths.experts_per_token,
        sliding_window=config.count("sliding_window") if 0 < windows < len(kinds) else 0,
        kv_layers=full if 0 < full < len(kinds) else None,
        state_mb=round(state_bytes(config, mixers) / MEGA, 4),
        vocabulary=vocabulary,
        ffn_hidden=widths.ffn_hidden if feeds[layers_of.DENSE] else None,
        expert_hidden=widths.expert_hidden if feeds[layers_of.EXPERTS] else None,
        tied_embeddings=tied,
        index_topk=config.count("index_topk", absent=0),
        index_heads=config.count("index_n_heads", absent=0),
        index_head_dim=config.count("index_head_dim", absent=0),
        index_layers=layers_of.indexed_layers(config, len(kinds)),
        total_params_b=billions(steady + expert * widths.experts + (0 if tied else table)),
        active_params_b=billions(active),
        expert_params_b=billions(expert * widths.experts),
    )


def billions(count: int) -> float:
    """Parameters in billions, to the hundred thousand."""
    return round(count / BILLION, 4)


def mixer_params(config: ModelConfig, family: ModelFamily, widths: Widths, mixers: Counter[str]) -> int:
    """Parameters of what looks back, over all layers."""
    attending = mixers[layers_of.FULL] + mixers[layers_of.WINDOW]
    count = attending * layers_of.attention_params(config, family, widths) if attending else 0
    count += layers_of.indexed_layers(config, attending) * layers_of.indexer_params(config, widths)
    if linear := mixers[layers_of.LINEAR]:
        count += linear * layers_of.delta_params(config, widths.hidden)
    if mamba := mixers[layers_of.MAMBA]:
        count += mamba * layers_of.mamba_params(config, widths.hidden)
    return count


def state_bytes(config: ModelConfig, mixers: Counter[str]) -> int:
    """Recurrent state of a sequence, over all layers."""
    linear, mamba = mixers[layers_of.LINEAR], mixers[layers_of.MAMBA]
    found = linear * layers_of.delta_state_bytes(config) if linear else 0
    return found + (mamba * layers_of.mamba_state_bytes(config) if mamba else 0)


def precision_of(config: ModelConfig) -> Precision | None:
    """Precision of the published weights: the quantised ones', else the number format's."""
    quantization = config.given("quantization_config")
    if not isinstance(quantization, dict):
        return FLOAT_PRECISIONS.get(str(config.given("dtype", "torch_dtype")))
    plain = cast("dict[str, object]", quantization)
    method = str(plain.get("quant_method", "")).lower()
    algorithm = str(plain.get("quant_algo", plain.get("format", ""))).lower()
    found = [QUANTISED[name] for name in (method, algorithm) if name in QUANTISED]
    return found[0] if found else precision_by_bits(plain)


def precision_by_bits(quantization: Mapping[str, object]) -> Precision | None:
    """Precision by width and kind of number, in the first group of weights where there are groups."""
    groups = quantization.get("config_groups")
    first: object = next(iter(groups.values()), {}) if isinstance(groups, dict) else {}
    weights = first.get("weights") if isinstance(first, dict) else None
    where = weights if isinstance(weights, dict) else quantization
    bits = where.get("num_bits", where.get("bits"))
    kinds = FLOATS if where.get("type") == "float" else INTEGERS
    return kinds.get(bits) if isinstance(bits, int) else None


def notes_of(data: Mapping[str, object], config: ModelConfig, kinds: Kinds) -> Iterator[str]:
    """What the figures leave out, and what was not understood."""
    extra = config.count("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules", absent=0)
    if extra:
        yield f"{extra} layer(s) that draft tokens are not counted: engine.speculative.draft_layers"
    config.given("max_window_layers", "use_routing_bias")
    if all(mixer == layers_of.WINDOW for mixer, _feed in kinds):
        yield "every layer has a sliding window: counted as seeing everything, too much beyond the window"
    parts = [str(key) for key in data if str(key).endswith("_config") and isinstance(data[key], dict)]
    for part in sorted(set(parts) - {"text_config", "quantization_config"}):
        yield f"{part}: its parameters are not counted"
    if config.given("quantization_config") and precision_of(config) is None:
        yield "quantization_config: its precision was not understood"
    for text in config.not_understood():
        yield f"not understood: {text}"


def model_entry(name: str, model: ImportedModel, source: str) -> dict[str, object]:
    """The model as an entry under `models`, as a scenario's own figures or a catalog file take it."""
    shape = model.architecture.model_dump(mode="json", exclude_defaults=True)
    weights = "" if model.precision is None else f"; published weights: {model.precision}"
    taken = "; ".join(("", *model.notes))
    entry: dict[str, object] = {
        "open_weights": True,
        "context_window_tokens": model.context_window_tokens,
        "architecture": shape,
        "source": f"{source} ({model.kind}); parameters counted from the shape",
        "note": f"{model.kind}{weights}{taken}",
    }
    return {"models": {name: entry}}

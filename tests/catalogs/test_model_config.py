"""Models from their configurations: shapes, parameter counts as published, and what is not understood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from catalogs import load_catalog
from catalogs.model_import.architectures import architectures
from catalogs.model_import.config_reading import UnreadableModelConfigError
from catalogs.model_import.model_config import imported_model, model_entry
from wayfare.cli import cli

LLAMA_8B = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
    "attention_bias": False,
    "mlp_bias": False,
    "rope_scaling": {"factor": 8.0, "rope_type": "llama3"},
    "torch_dtype": "bfloat16",
}
LLAMA_70B = LLAMA_8B | {
    "hidden_size": 8192,
    "intermediate_size": 28672,
    "num_hidden_layers": 80,
    "num_attention_heads": 64,
}
LLAMA_405B = LLAMA_8B | {
    "hidden_size": 16384,
    "intermediate_size": 53248,
    "num_hidden_layers": 126,
    "num_attention_heads": 128,
}
QWEN3_235B = {
    "model_type": "qwen3_moe",
    "hidden_size": 4096,
    "head_dim": 128,
    "intermediate_size": 12288,
    "moe_intermediate_size": 1536,
    "num_experts": 128,
    "num_experts_per_tok": 8,
    "num_hidden_layers": 94,
    "num_attention_heads": 64,
    "num_key_value_heads": 4,
    "vocab_size": 151936,
    "max_position_embeddings": 40960,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
    "sliding_window": None,
    "use_sliding_window": False,
    "max_window_layers": 94,
}
DEEPSEEK_V3 = {
    "model_type": "deepseek_v3",
    "hidden_size": 7168,
    "intermediate_size": 18432,
    "moe_intermediate_size": 2048,
    "n_routed_experts": 256,
    "n_shared_experts": 1,
    "num_experts_per_tok": 8,
    "first_k_dense_replace": 3,
    "moe_layer_freq": 1,
    "num_hidden_layers": 61,
    "num_attention_heads": 128,
    "num_key_value_heads": 128,
    "kv_lora_rank": 512,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
    "vocab_size": 129280,
    "max_position_embeddings": 163840,
    "num_nextn_predict_layers": 1,
    "quantization_config": {"quant_method": "fp8", "fmt": "e4m3"},
}
DEEPSEEK_V32 = DEEPSEEK_V3 | {
    "model_type": "deepseek_v32",
    "index_topk": 2048,
    "index_n_heads": 64,
    "index_head_dim": 128,
}
GPT_OSS_120B = {
    "model_type": "gpt_oss",
    "hidden_size": 2880,
    "intermediate_size": 2880,
    "head_dim": 64,
    "num_local_experts": 128,
    "num_experts_per_tok": 4,
    "experts_per_token": 4,
    "num_hidden_layers": 36,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "vocab_size": 201088,
    "max_position_embeddings": 131072,
    "attention_bias": True,
    "sliding_window": 128,
    "layer_types": ["sliding_attention", "full_attention"] * 18,
    "quantization_config": {"quant_method": "mxfp4"},
}
MIXTRAL = LLAMA_8B | {
    "model_type": "mixtral",
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "vocab_size": 32000,
    "max_position_embeddings": 32768,
}
QWEN3_NEXT = {
    "model_type": "qwen3_next",
    "hidden_size": 2048,
    "head_dim": 256,
    "intermediate_size": 5120,
    "moe_intermediate_size": 512,
    "shared_expert_intermediate_size": 512,
    "num_experts": 512,
    "num_experts_per_tok": 10,
    "num_hidden_layers": 48,
    "num_attention_heads": 16,
    "num_key_value_heads": 2,
    "vocab_size": 151936,
    "max_position_embeddings": 262144,
    "decoder_sparse_step": 1,
    "full_attention_interval": 4,
    "linear_conv_kernel_dim": 4,
    "linear_key_head_dim": 128,
    "linear_value_head_dim": 128,
    "linear_num_key_heads": 16,
    "linear_num_value_heads": 32,
    "mlp_only_layers": [],
}
NEMOTRON_NANO = {
    "model_type": "nemotron_h",
    "hidden_size": 2688,
    "head_dim": 128,
    "intermediate_size": 1856,
    "moe_intermediate_size": 1856,
    "moe_shared_expert_intermediate_size": 3712,
    "n_routed_experts": 128,
    "n_shared_experts": 1,
    "num_experts_per_tok": 6,
    "num_hidden_layers": 52,
    "num_attention_heads": 32,
    "num_key_value_heads": 2,
    "vocab_size": 131072,
    "max_position_embeddings": 262144,
    "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME",
    "mamba_num_heads": 64,
    "mamba_head_dim": 64,
    "n_groups": 8,
    "ssm_state_size": 128,
    "conv_kernel": 4,
    "use_conv_bias": True,
}

QWEN3_600M = {
    "model_type": "qwen3",
    "hidden_size": 1024,
    "head_dim": 128,
    "intermediate_size": 3072,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "vocab_size": 151936,
    "max_position_embeddings": 40960,
    "tie_word_embeddings": True,
}

PUBLISHED = [
    (QWEN3_600M, 0.596, 0.596, 0.0),
    (LLAMA_8B, 8.03, 7.50, 0.0),
    (LLAMA_70B, 70.55, 69.50, 0.0),
    (LLAMA_405B, 405.85, 403.75, 0.0),
    (QWEN3_235B, 235.09, 21.57, 227.10),
    (DEEPSEEK_V3, 671.03, 36.62, 653.91),
    (GPT_OSS_120B, 116.83, 5.13, 114.70),
    (MIXTRAL, 46.70, 12.75, 45.10),
    (QWEN3_NEXT, 79.67, 3.56, 77.31),
    (NEMOTRON_NANO, 31.58, 3.23, 29.37),
]
"""Billions in all, active, in experts: model cards and catalogs/architectures.csv; gpt-oss with biases."""


@pytest.mark.parametrize(("config", "total", "active", "experts"), PUBLISHED)
def test_parameters_are_those_published(
    config: dict[str, object], total: float, active: float, experts: float
) -> None:
    """Counted from the shape: to the hundredth of a billion."""
    shape = imported_model(config).architecture
    assert shape.total_params_b == pytest.approx(total, abs=0.006)
    assert shape.active_params_b == pytest.approx(active, abs=0.006)
    assert shape.expert_params_b == pytest.approx(experts, abs=0.006)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (LLAMA_8B, "meta-llama/Meta-Llama-3.1-8B"),
        (QWEN3_235B, "Qwen/Qwen3-235B-A22B"),
        (DEEPSEEK_V3, "deepseek-ai/DeepSeek-V3"),
        (GPT_OSS_120B, "openai/gpt-oss-120b"),
        (MIXTRAL, "mistralai/Mixtral-8x7B-v0.1"),
    ],
)
def test_shapes_are_those_that_ship(config: dict[str, object], name: str) -> None:
    """An imported model is the one that the list of architectures has, in every field that it fills."""
    shipped = architectures()[name]
    made = imported_model(config).architecture
    names = ("layers", "hidden", "heads", "kv_heads", "head_dim", "mla_rank", "mla_rope", "experts")
    names += ("experts_per_token", "sliding_window", "vocabulary", "expert_hidden")
    assert [getattr(made, each) for each in names] == [getattr(shipped, each) for each in names]
    assert (made.kv_layers or made.layers) == (shipped.kv_layers or shipped.layers)


def test_sparse_attention_keeps_its_indexer() -> None:
    """V3.2 is V3 with an indexer of 1,536 x 64 x 128 + 7,168 x (128 + 64) + 256 parameters in every layer."""
    dense, sparse = (imported_model(config).architecture for config in (DEEPSEEK_V3, DEEPSEEK_V32))
    assert (sparse.index_topk, sparse.index_heads, sparse.index_head_dim, sparse.index_layers) == (
        2048, 64, 128, 61,
    )  # fmt: skip
    assert (dense.index_topk, dense.index_layers) == (0, 0)
    more = 61 * (1536 * 64 * 128 + 7168 * (128 + 64) + 2 * 128) / 1e9
    assert sparse.total_params_b - dense.total_params_b == pytest.approx(more, abs=1e-3)
    shared = DEEPSEEK_V32 | {"indexer_types": (["full"] + ["shared"] * 3) * 15 + ["full"]}
    assert imported_model(shared).architecture.index_layers == 16


def test_states_of_linear_layers_are_counted() -> None:
    """A delta net keeps 32 x 128 x 128 numbers of 4 bytes and 3 inputs of 8,192 of 2 bytes in 36 layers."""
    shape = imported_model(QWEN3_NEXT).architecture
    assert shape.kv_layers == 12
    assert shape.state_mb == pytest.approx(36 * (32 * 128 * 128 * 4 + 3 * 8192 * 2) / 1e6, abs=1e-3)
    half = imported_model(QWEN3_NEXT | {"mamba_ssm_dtype": "bfloat16"}).architecture
    assert half.state_mb == pytest.approx(36 * (32 * 128 * 128 * 2 + 3 * 8192 * 2) / 1e6, abs=1e-3)
    mamba = imported_model(NEMOTRON_NANO).architecture
    assert mamba.kv_layers == 6
    assert mamba.state_mb == pytest.approx(23 * (64 * 64 * 128 * 4 + 3 * (4096 + 2048) * 2) / 1e6, abs=1e-3)


@pytest.mark.parametrize(
    ("told", "precision"),
    [
        ({"torch_dtype": "bfloat16"}, "bf16"),
        ({"quantization_config": {"quant_method": "fp8"}}, "fp8"),
        ({"quantization_config": {"quant_method": "modelopt", "quant_algo": "NVFP4"}}, "fp4"),
        ({"quantization_config": {"quant_method": "awq", "bits": 4}}, "int4"),
        ({"quantization_config": {"quant_method": "gptq", "bits": 8}}, "int8"),
        (
            {
                "quantization_config": {
                    "quant_method": "compressed-tensors",
                    "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float"}}},
                }
            },
            "fp8",
        ),
        ({"quantization_config": {"quant_method": "abacus"}}, None),
    ],
)
def test_precision_is_that_of_the_published_weights(told: dict[str, object], precision: str | None) -> None:
    """By the quantisation's method, algorithm or bits; None and a note where nobody knows it."""
    model = imported_model(LLAMA_8B | told)
    assert model.precision == precision
    assert any("precision was not understood" in note for note in model.notes) == (precision is None)


def test_windows_are_told_from_full_layers() -> None:
    """Every other layer of gpt-oss, five of six of Gemma 3; a window in every layer is said, not counted."""
    oss = imported_model(GPT_OSS_120B).architecture
    assert (oss.kv_layers, oss.sliding_window) == (18, 128)
    gemma = LLAMA_8B | {"model_type": "gemma3_text", "sliding_window": 1024, "sliding_window_pattern": 6}
    shape = imported_model(gemma | {"num_hidden_layers": 62}).architecture
    assert (shape.kv_layers, shape.sliding_window, shape.tied_embeddings) == (10, 1024, False)
    mistral = imported_model(LLAMA_8B | {"model_type": "mistral", "sliding_window": 4096})
    assert (mistral.architecture.kv_layers, mistral.architecture.sliding_window) == (None, 0)
    assert any("every layer has a sliding window" in note for note in mistral.notes)
    later = LLAMA_8B | {"sliding_window": 4096, "use_sliding_window": True, "max_window_layers": 28}
    assert imported_model(later).architecture.kv_layers == 28


def test_what_is_not_understood_is_named() -> None:
    """Keys that nobody reads, layers that draft, and parts that are no text."""
    notes = imported_model(DEEPSEEK_V3 | {"memory_slots": 64}).notes
    assert "not understood: memory_slots = 64" in notes
    assert any("1 layer(s) that draft tokens are not counted" in note for note in notes)
    seeing = {"model_type": "qwen3_vl", "text_config": LLAMA_8B, "vision_config": {"depth": 27}}
    model = imported_model(seeing)
    assert model.architecture == imported_model(LLAMA_8B).architecture
    assert model.notes == ("vision_config: its parameters are not counted",)
    assert imported_model(LLAMA_8B).notes == ()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model_type": "rwkv7"}, "unknown model_type 'rwkv7'"),
        ({"model_type": "llama2"}, "did you mean 'llama'"),
        ({}, "unknown model_type"),
        ({"model_type": "llama", "hidden_size": "wide"}, "hidden_size: is 'wide'"),
        (LLAMA_8B | {"num_hidden_layers": 10**9}, "1 to 10,000 layers"),
        (LLAMA_8B | {"layer_types": ["full_attention"]}, "1 types for 32 layers"),
        (LLAMA_8B | {"layer_types": ["memory"] * 32}, "layer_types: unknown: memory"),
        (NEMOTRON_NANO | {"hybrid_override_pattern": "MX"}, "hybrid_override_pattern"),
        (QWEN3_NEXT | {"linear_num_value_heads": None}, "linear_num_value_heads: missing"),
        (DEEPSEEK_V3 | {"num_experts_per_tok": None}, "num_experts_per_tok: missing"),
    ],
)
def test_architectures_that_nobody_knows_are_refused(config: dict[str, object], said: str) -> None:
    """With the key and what was not understood of it."""
    with pytest.raises(UnreadableModelConfigError, match=said):
        imported_model(config)


def test_an_entry_serves_as_ones_own_figures() -> None:
    """What is written loads as a catalog's override, with nothing added."""
    model = imported_model(DEEPSEEK_V32)
    written = yaml.safe_load(yaml.safe_dump(model_entry("mine", model, "config.json")))
    loaded = load_catalog(overrides=written).model("mine")
    assert loaded.architecture == model.architecture
    assert loaded.context_window_tokens == 163840
    assert loaded.success == {}
    assert "published weights: fp8" in loaded.note


def test_the_command_writes_whole_files_and_says_its_notes(tmp_path: Path) -> None:
    """YAML on stdout or in a file, notes on stderr; the name is the configuration's own unless given."""
    source, target = tmp_path / "config.json", tmp_path / "own.yaml"
    source.write_text(
        json.dumps(QWEN3_NEXT | {"_name_or_path": "Qwen/Qwen3-Next", "odd": 1}), encoding="utf-8"
    )
    printed = CliRunner().invoke(cli, ["catalog", "import-model", str(source)])
    assert list(yaml.safe_load(printed.stdout)["models"]) == ["qwen3-next"]
    assert printed.stderr == "note: not understood: odd = 1\n"
    asked = ["catalog", "import-model", str(source), "--name", "mine", "-o", str(target)]
    assert CliRunner().invoke(cli, asked).exit_code == 0
    assert list(yaml.safe_load(target.read_text(encoding="utf-8"))["models"]) == ["mine"]
    for text, said in (
        ("[]", "must be a map"),
        ("{", "no JSON"),
        ('{"model_type": "x"}', "unknown model_type"),
    ):
        source.write_text(text, encoding="utf-8")
        refused = CliRunner().invoke(cli, ["catalog", "import-model", str(source)])
        assert refused.exit_code != 0
        assert said in str(refused.exception)

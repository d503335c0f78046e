"""What a kind of model does that its configuration does not say: norms, biases, gates, by `model_type`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

QkNorm = Literal["none", "head", "whole"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFamily:
    """Parts of a layer as the model's published code has them.

    `qk_norm`: a norm of queries and keys of one head's width, or of all heads'. `layer_norms` of width
    `hidden` in a layer. `matrices` of a feed-forward block: 3 with a gate, 2 without. `gated_output`
    doubles the query projection. `router_bias` is one number per expert, `expert_bias` those of every
    expert's matrices, `shared_gate` a row of `hidden` for the shared expert. `sinks` is one number per
    head. `every_other_window`: windows in every second layer where no `layer_types` say so.
    """

    attention_bias: bool = False
    output_bias: bool = False
    qk_norm: QkNorm = "none"
    layer_norms: int = 2
    matrices: int = 3
    gated_output: bool = False
    router_bias: bool = False
    expert_bias: bool = False
    shared_gate: bool = False
    sinks: bool = False
    tied: bool = False
    every_other_window: bool = False


PLAIN: Final = ModelFamily()
QWEN3: Final = ModelFamily(qk_norm="head")
QWEN3_NEXT: Final = ModelFamily(qk_norm="head", gated_output=True, shared_gate=True)
DEEPSEEK: Final = ModelFamily(router_bias=True)
GEMMA: Final = ModelFamily(layer_norms=4, tied=True)

FAMILIES: Final[dict[str, ModelFamily]] = {
    "llama": PLAIN,
    "mistral": PLAIN,
    "mixtral": PLAIN,
    "phi3": PLAIN,
    "qwen2": ModelFamily(attention_bias=True),
    "qwen2_moe": ModelFamily(attention_bias=True, shared_gate=True),
    "qwen3": QWEN3,
    "qwen3_moe": QWEN3,
    "qwen3_next": QWEN3_NEXT,
    "qwen3_5_text": replace(QWEN3_NEXT, shared_gate=False),
    "qwen3_5_moe_text": QWEN3_NEXT,
    "gemma2": replace(GEMMA, every_other_window=True),
    "gemma3_text": replace(GEMMA, qk_norm="head"),
    "deepseek_v3": DEEPSEEK,
    "kimi_k2": DEEPSEEK,
    "deepseek_v32": DEEPSEEK,
    "glm_moe_dsa": DEEPSEEK,
    "glm4_moe": DEEPSEEK,
    "minimax_m2": ModelFamily(qk_norm="whole", router_bias=True),
    "gpt_oss": ModelFamily(
        attention_bias=True, output_bias=True, router_bias=True, expert_bias=True, sinks=True
    ),
    "nemotron_h": ModelFamily(layer_norms=1, matrices=2, router_bias=True),
}
"""By `model_type`, after the models' code in transformers (huggingface/transformers, Apache-2.0)."""

NAMES_WITHOUT_EFFECT: Final = """
    architectures model_type _name_or_path name_or_path transformers_version auto_map torch_dtype
    dtype use_cache hidden_act hidden_activation mlp_hidden_act mamba_hidden_act initializer_range
    attention_dropout embd_pdrop resid_pdrop hidden_dropout hidden_dropout_prob rms_norm_eps
    norm_eps layer_norm_epsilon layer_norm_eps classifier_dropout output_router_logits
    router_aux_loss_coef router_jitter_noise aux_loss_alpha seq_aux norm_topk_prob scoring_func
    topk_method topk_group n_group routed_scaling_factor ep_size pretraining_tp return_dict
    output_attentions output_hidden_states is_encoder_decoder is_decoder tie_encoder_decoder
    use_bfloat16 partial_rotary_factor original_max_position_embeddings initial_context_length
    swiglu_limit attn_logit_softcapping final_logit_softcapping query_pre_attn_scalar
    cache_implementation use_qk_norm qk_layernorm scale_fmt num_logits_to_keep
    rescale_prenorm_residual residual_in_fp32 time_step_floor time_step_limit time_step_max
    time_step_min time_step_rank mamba_dt_rank use_mamba_kernels mamba_ssm_dtype mamba_proj_bias
    chunk_size expand attn_output_gate output_gate_type qk_head_dim language id2label label2id
    problem_type indexer_rope_interleave index_share_for_mtp_iteration bos eos quantization_config
    max_position_embeddings vocab_size use_sliding_window use_mla mtp_use_dedicated_embeddings
"""
WITHOUT_EFFECT: Final = frozenset(NAMES_WITHOUT_EFFECT.split())
"""Keys that change neither bytes nor operations, or that are read elsewhere."""
WITHOUT_EFFECT_PARTS: Final = ("rope", "token_id", "token_index", "dropout", "_loss")
"""Parts of such keys' names."""

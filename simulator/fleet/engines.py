"""A serving engine as the physics needs it: a profile's coefficients on a chip, and how it shares memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.kernel.spec import HostSpec
from simulator.serving.hardware import GIB, Engine, Memory

if TYPE_CHECKING:
    from catalogs.records import Accelerator
    from catalogs.serving_profile import ServingProfile
    from simulator.serving.hardware import Shape
    from simulator.settings.engine import EngineSettings

GIGA = 1e9
LARGE_MEMORY_BYTES = 70.0 * GIB
WEIGHT_READS = ("weight_read", "expert_read", "expert_read_8bit", "expert_read_4bit", "weight_read_4bit")
"""What a chip's share of its bandwidth in reading weights changes: all kinds of weights."""


def engine_coefficients(
    profile: ServingProfile, accelerator: Accelerator, settings: EngineSettings | None = None
) -> Engine:
    """The plain numbers of a serving profile on a chip, with the limits that a scenario gives."""
    engine = Engine(
        weight_read=profile.weight_read,
        kv_read=profile.kv_read,
        prefill_flops=profile.prefill_flops,
        decode_flops=profile.decode_flops,
        layer_s=profile.layer_s,
        layer_tp_s=profile.layer_tp_s,
        sequence_s=profile.sequence_s,
        step_s=profile.step_s,
        all_reduce=profile.all_reduce,
        moe_layer_s=profile.moe_layer_s,
        expert_token_s=profile.expert_token_s,
        expert_read=profile.expert_read or profile.weight_read,
        expert_read_8bit=profile.expert_read_8bit or 0.0,
        expert_read_4bit=profile.expert_read_4bit or 0.0,
        weight_read_4bit=profile.weight_read_4bit or 0.0,
        moe_prefill_flops=profile.moe_prefill_flops or 0.0,
        scale=profile.scale,
        memory=memory_of(profile, accelerator, settings),
    )
    return on_chip(engine, accelerator)


def on_chip(engine: Engine, accelerator: Accelerator) -> Engine:
    """The coefficients on a chip that achieves other shares than those the profile was fitted on."""
    factors = {str(name): factor for name, factor in accelerator.factors.items()}
    factors |= dict.fromkeys(WEIGHT_READS, factors.get("weight_read", 1.0))
    changed = {name: getattr(engine, name) * factor for name, factor in factors.items()}
    return replace(engine, **changed)


def host_of(profile: ServingProfile, version: str, accelerator: str) -> HostSpec:
    """What the engine's host adds, with the steps that answers are kept back when it is started so."""
    return HostSpec(
        request_s=profile.request_s,
        token_s=profile.input_token_s,
        answer_token_s=profile.answer_token_s,
        output_s=profile.output_s,
        output_steps=profile.first_steps_of.get(start_name(version, accelerator), profile.first_steps),
    )


def start_name(version: str, accelerator: str) -> str:
    """What names the settings an engine was started with: its version and the accelerator."""
    return f"{version} {accelerator}"


def recipe_name(version: str, accelerator: str, shape: Shape) -> str:
    """What a profile's `recipes` are named by: version, accelerator, and layers x hidden (x experts)."""
    return f"{version} {accelerator} {size_name(shape)}"


def size_name(shape: Shape) -> str:
    """A model's size as recipes name it: layers x hidden (x experts), whatever the model is called."""
    return "x".join(str(size) for size in (shape.layers, shape.hidden, shape.experts) if size)


def memory_of(
    profile: ServingProfile, accelerator: Accelerator, settings: EngineSettings | None = None
) -> Memory:
    """How the profile's engine shares a chip's memory out, with the limits that a scenario gives."""
    token_budget, max_sequences = limits_of(profile, accelerator, settings)
    told = settings.gpu_memory_utilization if settings else None
    return Memory(
        utilization_ratio=told or profile.memory_utilization_ratio,
        of_free=profile.memory_ratio_of == "free",
        sampler_bytes=profile.sampler_bytes,
        graph_bytes=profile.graph_gib_per_layer * GIB,
        context_bytes=profile.context_gib * GIB,
        collective_bytes=profile.collective_gib * GIB,
        activation_bytes=bytes_of(profile.activation_gib),
        moe_activation_bytes=bytes_of(profile.moe_activation_gib),
        non_torch_bytes=bytes_of(profile.non_torch_gib),
        token_budget=token_budget,
        max_sequences=max_sequences,
        block_tokens=settings.block_size if settings else 16,
    )


def bytes_of(gib: float | None) -> float | None:
    """GiB in bytes, where there are any."""
    return None if gib is None else gib * GIB


def limits_of(
    profile: ServingProfile, accelerator: Accelerator, settings: EngineSettings | None
) -> tuple[int, int]:
    """Tokens of a step and sequences at once: the scenario's, else the profile's, else the engine's own."""
    usual_tokens, usual_sequences = default_limits(profile.engine, accelerator)
    tokens = settings.step_tokens if settings else None
    sequences = settings.sequences if settings else None
    return (
        tokens or profile.token_budget or usual_tokens,
        sequences or profile.max_sequences or usual_sequences,
    )


def default_limits(engine: str, accelerator: Accelerator) -> tuple[int, int]:
    """Tokens of a step and sequences at once where they are not stated: vLLM's API server goes by the chip.

    8,192 and 1,024 from 70 GiB of memory on, but not on A100s; 2,048 and 256 on others (vLLM 0.19,
    `EngineArgs.get_batch_defaults`). Other engines: 8,192 and 256.
    """
    if engine != "vllm":
        return 8_192, 256
    large = accelerator.memory_gb * GIGA >= LARGE_MEMORY_BYTES and not accelerator.name.startswith("a100")
    return (8_192, 1_024) if large else (2_048, 256)

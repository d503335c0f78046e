"""Back-end `hardware`: replicas on accelerators that batch continuously."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isnan, prod
from typing import TYPE_CHECKING

from catalogs.errors import UnknownEntryError
from simulator.fleet.backend import Service
from simulator.fleet.capacity import (
    chip_usd_per_s,
    embodied_gco2e_per_s,
    is_owned,
    pricing_problems,
    unknown_notes,
)
from simulator.fleet.engines import engine_coefficients, host_of, recipe_name
from simulator.fleet.layouts import (
    layout_of,
    layout_problems,
    layout_warnings,
    other_widths,
    widths_of,
    words_of,
)
from simulator.fleet.marginal import marginal_energy_j, marginal_usd_per_mtok
from simulator.kernel.spec import BatchingSpec, DecodePool
from simulator.serving.attention import kv_bytes_per_token
from simulator.serving.hardware import WEIGHT_BYTES, Chip, Shape
from simulator.serving.kv_room import kv_room_tokens, shortfall_bytes
from simulator.serving.speculation import (
    tokens_per_step,
    wider_joules,
    wider_seconds,
    with_draft_layers,
)
from simulator.serving.step_cost import expert_miss, step_joules, step_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalogs.records import Accelerator, Architecture, Precision
    from simulator.fleet.backend import Work
    from simulator.fleet.layouts import Widths
    from simulator.serving.hardware import Engine, Layout
    from simulator.settings.engine import EngineSettings, Hardware
    from simulator.settings.fleet import Deployment
    from simulator.settings.scenario import Scenario
    from simulator.streams import RandomStreams
    from simulator.world.plan import Timings

MEGA = 1e6
GIGA = 1e9
TERA = 1e12
USUAL_VOCABULARY = 128_000
"""Taken where a shape does not tell its vocabulary."""
KV_BYTES = {
    **dict.fromkeys(("auto", "bfloat16", "float16"), WEIGHT_BYTES["bf16"]),
    **dict.fromkeys(("fp8", "fp8_e4m3", "fp8_e5m2"), WEIGHT_BYTES["fp8"]),
}
"""Bytes of a KV element by vLLM's `--kv-cache-dtype`; `auto` is the activations' format, 16 bits."""
LEAST_ROOM_TOKENS = 2_048
"""A replica with room for fewer tokens of KV cache is taken as too small for its model."""


class BatchingBackend:
    """Continuous batching on accelerators; step times from the additive roofline."""

    def problems(self, scenario: Scenario, deployment: Deployment) -> Iterator[tuple[str, str]]:
        """Unknown names first; then what the chip lacks, and what does not fit."""
        hardware, catalog = hardware_of(deployment), scenario.catalog
        found = [
            *unknown("hardware.accelerator", catalog.accelerator, hardware.accelerator),
            *unknown("engine.profile", catalog.serving_profile, deployment.engine.profile),
        ]
        if catalog.model(deployment.model).architecture is None:
            what = f"{deployment.model!r} has no published architecture; serve it by `api`"
            found.append(("model", what))
        yield from found or self._misfits(scenario, deployment)

    def _misfits(self, scenario: Scenario, deployment: Deployment) -> Iterator[tuple[str, str]]:
        """What is wrong with a deployment whose names are all known."""
        accelerator = scenario.catalog.accelerator(hardware_of(deployment).accelerator)
        yield from place_problems(deployment, accelerator)
        yield from pricing_problems(deployment, accelerator)
        hardware, shape = hardware_of(deployment), shape_in(scenario, deployment)
        lacking = [
            *layout_problems(deployment.model, shape, hardware, accelerator),
            *precision_problems(hardware, accelerator),
        ]
        yield from lacking or memory_problems(scenario, deployment)

    def service(self, scenario: Scenario, deployment: Deployment) -> Service:
        """The replicas, with step costs in seconds and joules."""
        hardware = hardware_of(deployment)
        accelerator = scenario.catalog.accelerator(hardware.accelerator)
        chips = hardware.tensor_parallel
        queues = batching_spec(scenario, deployment)
        usd_per_s = chips * chip_usd_per_s(scenario, deployment, accelerator)
        model = scenario.catalog.model(deployment.model)
        utilization = deployment.pricing.utilization_ratio if deployment.pricing else 0.6
        router_usd_per_s = inf if isnan(usd_per_s) else usd_per_s
        input_usd, output_usd = marginal_usd_per_mtok(queues, router_usd_per_s, utilization)
        decode = decode_pool(scenario, deployment, queues)
        input_j, output_j = marginal_energy_j(queues, decode)
        window = deployment.context_window_tokens or model.context_window_tokens
        return Service(
            queues=queues,
            queue_count=deployment.most_replicas * hardware.attention_data_parallel,
            decode=decode,
            rank_count=hardware.attention_data_parallel,
            context_window_tokens=min(window, queues.kv_room_tokens - queues.width + 1),
            input_usd_per_mtok=input_usd,
            output_usd_per_mtok=output_usd,
            energy_j_per_input_token=input_j,
            energy_j_per_output_token=output_j,
            capacity_usd_per_s=usd_per_s,
            pays_meter=is_owned(deployment),
            idle_w=chips * (accelerator.idle_w + accelerator.host_w),
            embodied_gco2e_per_s=chips * embodied_gco2e_per_s(deployment, accelerator),
            warnings=(
                *layout_warnings(deployment.name, hardware),
                *unknown_notes(deployment.name, deployment, accelerator),
            ),
        )

    def timings(
        self, scenario: Scenario, deployment: Deployment, work: Work, streams: RandomStreams
    ) -> Timings | None:
        """None: the kernel's batching makes the times."""
        del scenario, deployment, work, streams
        return None


def hardware_of(deployment: Deployment) -> Hardware:
    """The deployment's hardware; only called where there is some."""
    if deployment.hardware is None:
        message = f"deployment {deployment.name!r} has no hardware"
        raise TypeError(message)
    return deployment.hardware


def decode_pool(scenario: Scenario, deployment: Deployment, queues: BatchingSpec) -> DecodePool | None:
    """The replicas that only decode, where prefill stands apart; they keep no prefixes, refuse nobody.

    A token of context takes kappa bytes over the link.
    """
    split, hardware = deployment.engine.split, hardware_of(deployment)
    if split is None:
        return None
    bytes_per_token = kv_bytes_per_token(shape_in(scenario, deployment), layout_in(deployment))
    return DecodePool(
        queues=replace(queues, prefix_cache=False, queue_limit=-1),
        count=(deployment.most_replicas - split.prefill_replicas) * hardware.attention_data_parallel,
        transfer_s=bytes_per_token / (split.link_gb_per_s * GIGA),
    )


def batching_spec(scenario: Scenario, deployment: Deployment) -> BatchingSpec:
    """What the kernel needs of a replica; with several attention ranks, of one of them.

    All ranks are taken to be equally busy: together they touch an expert unless none of them does.
    """
    hardware, settings = hardware_of(deployment), deployment.engine
    profile = scenario.catalog.serving_profile(settings.profile)
    accelerator = scenario.catalog.accelerator(hardware.accelerator)
    shape, chip = shape_in(scenario, deployment), chip_of(accelerator, hardware)
    engine, layout = engine_in(scenario, deployment), layout_in(deployment)
    width, progress = drafting(settings)
    seconds = step_seconds(shape, chip, engine, layout)
    seconds = wider_seconds(seconds, shape, chip, engine, layout, width)
    joules = step_joules(shape, chip, layout, seconds, accelerator.host_w)
    room = settings.kv_room_tokens or kv_room_tokens(shape, chip, engine, layout)
    return BatchingSpec(
        seconds=seconds,
        joules=wider_joules(joules, shape, chip, width),
        expert_miss=expert_miss(shape) ** hardware.attention_data_parallel,
        max_sequences=engine.memory.max_sequences,
        token_budget=engine.memory.token_budget,
        kv_room_tokens=room,
        queue_limit=-1 if settings.queue_limit is None else settings.queue_limit,
        prefix_cache=settings.prefix_cache,
        stall_w=hardware.tensor_parallel * (accelerator.idle_w + accelerator.host_w),
        power_limit_w=hardware.tensor_parallel * (accelerator.tdp_w + accelerator.host_w),
        width=width,
        progress=progress,
        host=host_of(profile, profile.version, accelerator.name),
    )


def engine_in(scenario: Scenario, deployment: Deployment) -> Engine:
    """The coefficients of the deployment's engine, at the limits that the scenario gives it."""
    profile = scenario.catalog.serving_profile(deployment.engine.profile)
    accelerator = scenario.catalog.accelerator(hardware_of(deployment).accelerator)
    recipe = recipe_name(profile.version, accelerator.name, shape_in(scenario, deployment))
    engine = engine_coefficients(profile, accelerator, deployment.engine)
    return replace(engine, scale=profile.scale * profile.recipes.get(recipe, 1.0))


def layout_in(deployment: Deployment, widths: Widths | None = None) -> Layout:
    """The deployment's layout, with the KV cache in the format that its engine or hardware is given."""
    layout = layout_of(hardware_of(deployment), widths)
    told = deployment.engine.kv_cache_dtype
    return layout if told is None else replace(layout, kv_bytes=KV_BYTES[told])


def drafting(settings: EngineSettings) -> tuple[int, float]:
    """Tokens of a sequence in a decode step, and how many of them are kept; 1 and 1 without drafts."""
    drafts = settings.speculative
    if drafts is None:
        return 1, 1.0
    return drafts.draft_tokens + 1, tokens_per_step(drafts.draft_tokens, drafts.acceptance_ratio)


def shape_in(scenario: Scenario, deployment: Deployment) -> Shape:
    """The shape of the deployment's model, draft layers included; only called where it is published."""
    architecture = scenario.catalog.model(deployment.model).architecture
    if architecture is None:
        message = f"model {deployment.model!r} has no published architecture"
        raise TypeError(message)
    drafts = deployment.engine.speculative
    return with_draft_layers(shape_of(architecture), drafts.draft_layers if drafts else 0)


def shape_of(architecture: Architecture) -> Shape:
    """The plain numbers of an architecture."""
    return Shape(
        layers=architecture.layers,
        kv_layers=architecture.kv_layers or architecture.layers,
        window_tokens=architecture.sliding_window,
        state_bytes=architecture.state_mb * MEGA,
        hidden=architecture.hidden,
        heads=architecture.heads,
        kv_heads=architecture.kv_heads,
        head_dim=architecture.head_dim,
        mla_width=architecture.mla_rank + architecture.mla_rope,
        mla_rope=architecture.mla_rope if architecture.mla_rank else 0,
        experts=architecture.experts,
        experts_per_token=architecture.experts_per_token,
        total_params=architecture.total_params_b * GIGA,
        active_params=architecture.active_params_b * GIGA,
        expert_params=architecture.expert_params_b * GIGA,
        vocabulary=architecture.vocabulary or USUAL_VOCABULARY,
        ffn_hidden=architecture.ffn_hidden or 4 * architecture.hidden,
        expert_hidden=architecture.expert_hidden or architecture.hidden // 2,
        tied_embeddings=architecture.tied_embeddings,
        index_topk=architecture.index_topk,
        index_heads=architecture.index_heads,
        index_head_dim=architecture.index_head_dim,
        index_layers=architecture.index_layers,
    )


def compute_precision(precision: Precision, accelerator: Accelerator) -> Precision:
    """The precision that weights are multiplied at: int4 weights are unpacked to bf16.

    So are FP8 and FP4 weights on NVIDIA's chips that lack the format (vLLM's Marlin kernels, SM 8.0 on).
    """
    if precision in ("int4", "fp16"):
        return "bf16"
    weight_only = accelerator.vendor == "NVIDIA" and precision in ("fp8", "fp4")
    return "bf16" if weight_only and precision not in accelerator.tflops else precision


def chip_of(accelerator: Accelerator, hardware: Hardware) -> Chip:
    """The plain numbers of an accelerator at the weights' precision."""
    return Chip(
        flops=accelerator.tflops[compute_precision(hardware.precision, accelerator)] * TERA,
        flops_16bit=accelerator.tflops["bf16"] * TERA,
        memory_bytes=accelerator.memory_gb * GIGA,
        bandwidth_bytes_per_s=accelerator.bandwidth_gb_per_s * GIGA,
        link_bytes_per_s=accelerator.link_gb_per_s * GIGA,
        floor_w=accelerator.floor_w,
        memory_w=accelerator.memory_w,
        compute_w=accelerator.compute_w,
        idle_w=accelerator.idle_w,
        wait_w=accelerator.idle_w if accelerator.wait_w is None else accelerator.wait_w,
        tdp_w=accelerator.tdp_w,
    )


def unknown(key: str, lookup: Callable[[str], object], name: str) -> Iterator[tuple[str, str]]:
    """The complaint that a name is not in the catalog, if it is not."""
    try:
        lookup(name)
    except UnknownEntryError as error:
        yield key, str(error.args[0])


def place_problems(deployment: Deployment, accelerator: Accelerator) -> Iterator[tuple[str, str]]:
    """Chips that are not available in the region, or not in such numbers on one host."""
    region = deployment.region
    allowed = accelerator.regions
    if region in accelerator.banned_regions or (allowed is not None and region not in allowed):
        places = f"; available in: {', '.join(map(repr, allowed))}" if allowed else ""
        what = f"{accelerator.name!r} is not available in {region!r}{places}"
        yield "hardware.accelerator", what


def precision_problems(hardware: Hardware, accelerator: Accelerator) -> Iterator[tuple[str, str]]:
    """A precision that the chip does not compute in."""
    if compute_precision(hardware.precision, accelerator) not in accelerator.tflops:
        known = ", ".join(map(repr, [*accelerator.tflops, "int4"]))
        what = f"{accelerator.name!r} lacks {hardware.precision!r}; allowed: {known}"
        yield "hardware.precision", what


def memory_problems(scenario: Scenario, deployment: Deployment) -> Iterator[tuple[str, str]]:
    """A model that does not fit: by how much, and the smallest layout that fits."""
    if deployment.engine.kv_room_tokens is not None:
        return
    hardware = hardware_of(deployment)
    missing = missing_bytes(scenario, deployment, widths_of(hardware))
    if missing <= 0.0:
        return
    tried = other_widths(hardware, scenario.catalog.accelerator(hardware.accelerator).chips_per_host)
    fitting = [widths for widths in tried if missing_bytes(scenario, deployment, widths) <= 0.0]
    hint = f"it fits on {words_of(fitting[0])}" if fitting else "it fits on no host of these"
    chips = f"{prod(widths_of(hardware))} x {hardware.accelerator!r} at {hardware.precision}"
    yield "hardware", f"{deployment.model!r} is {missing / GIGA:.1f} GB too large for {chips}; {hint}"


def missing_bytes(scenario: Scenario, deployment: Deployment, widths: Widths) -> float:
    """Bytes that the chips of an attention rank lack for their weights and the least KV cache."""
    hardware = hardware_of(deployment)
    chip = chip_of(scenario.catalog.accelerator(hardware.accelerator), hardware)
    engine = engine_in(scenario, deployment)
    shape, layout = shape_in(scenario, deployment), layout_in(deployment, widths)
    return shortfall_bytes(shape, chip, engine, layout, LEAST_ROOM_TOKENS)

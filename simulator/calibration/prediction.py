"""What the simulator says of measured points: TTFT and TPOT of the same closed loop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.calibration.closed_loop import loop_rows, steady_times
from simulator.fleet.batching import chip_of, engine_coefficients
from simulator.kernel.spec import BatchingSpec
from simulator.scenario.fleet import Hardware
from simulator.serving.step_cost import expert_miss, kv_room_tokens, step_seconds

if TYPE_CHECKING:
    from catalogs import Catalog
    from catalogs.records import Accelerator, Precision, ServingProfile
    from simulator.calibration.points import Point
    from simulator.kernel.spec import StepCost
    from simulator.serving.hardware import Chip, Engine

FALLBACK = "generic-vllm"
LEAST_ROOM_TOKENS = 4_096


def profile_of(catalog: Catalog, engine: str) -> ServingProfile:
    """The profile of an engine: the newest fitted one, else the generic one."""
    fitted = [entry for entry in catalog.serving_profiles.values() if entry.engine == engine and entry.scales]
    return fitted[-1] if fitted else catalog.serving_profile(FALLBACK)


def engine_of(profile: ServingProfile, point: Point) -> Engine:
    """The profile's coefficients, at the scale of the point's version."""
    scale = profile.scales.get(point.version, profile.scale)
    return replace(engine_coefficients(profile), scale=scale)


def chip(point: Point, catalog: Catalog) -> Chip:
    """The point's chip at its precision; fp4 weights are multiplied at 8 or 16 bits where it lacks 4."""
    accelerator = catalog.accelerator(point.accelerator)
    precision = computed_precision(point, accelerator)
    return chip_of(accelerator, Hardware(accelerator=point.accelerator, precision=precision))


def computed_precision(point: Point, accelerator: Accelerator) -> Precision:
    """What the point's weights are multiplied at on a chip: their own precision, or the next wider it has."""
    wider: tuple[Precision, ...] = (point.precision, "fp8", "bf16")
    return next(name for name in wider if name in accelerator.tflops)


def spec_of(point: Point, catalog: Catalog, profile: ServingProfile) -> BatchingSpec:
    """The replica behind a point; with several attention ranks, one rank of it."""
    engine, chosen = engine_of(profile, point), chip(point, catalog)
    room = kv_room_tokens(point.shape, chosen, engine, point.layout)
    return BatchingSpec(
        seconds=step_seconds(point.shape, chosen, engine, point.layout),
        expert_miss=expert_miss(point.shape) ** point.ranks,
        max_sequences=profile.max_sequences,
        token_budget=profile.token_budget,
        kv_room_tokens=max(room, LEAST_ROOM_TOKENS, point.input_tokens + point.output_tokens),
    )


def predicted_s(point: Point, catalog: Catalog, profile: ServingProfile) -> tuple[float, float]:
    """TTFT and TPOT of a point in seconds: the simulator's own loop, and what a client's clock adds."""
    spec = spec_of(point, catalog, profile)
    rows = loop_rows(spec, point.batch, point.input_tokens, point.output_tokens)
    ttft_s, tpot_s = steady_times(rows, point.batch, point.output_tokens)
    ratios = (profile.request_s, profile.input_token_s, profile.first_steps, profile.bunching_ratio)
    added = client_columns(point, spec.seconds, tpot_s)
    return ttft_s + sum(ratio * column for ratio, column in zip(ratios, added, strict=True)), tpot_s


def client_columns(point: Point, cost: StepCost, tpot_s: float) -> tuple[float, float, float, float]:
    """What each client-side coefficient multiplies: a request, its tokens, a step, and the prompts
    that stand before one in the mean when all sequences begin at once.
    """
    tokens = point.input_tokens
    prompt_s = cost.prompt * tokens + cost.attention * tokens * tokens / 2.0
    return 1.0, float(tokens), tpot_s, prompt_s * (point.batch - 1) / 2.0

"""What the simulator says of measured points: TTFT and TPOT of the same closed loop."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from catalogs.near_names import unknown_name
from simulator.calibration.fitting.recipes import recipe_of
from simulator.calibration.predicted.closed_loop import harness_rows, mean_times, widened
from simulator.fleet.backends.hardware import chip_of
from simulator.fleet.engines import engine_coefficients, host_of
from simulator.kernel.spec import BatchingSpec
from simulator.serving.kv_room import kv_room_tokens
from simulator.serving.speculation import wider_seconds
from simulator.serving.step_cost import expert_miss, step_seconds
from simulator.settings.engine import Hardware

if TYPE_CHECKING:
    from catalogs import Catalog
    from catalogs.records import Accelerator, Precision
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.measured.points import Point
    from simulator.kernel.spec import StepCost
    from simulator.serving.hardware import Chip, Engine

FALLBACK = "generic-vllm"
LEAST_ROOM_TOKENS = 4_096
WIDER: dict[Precision, tuple[Precision, ...]] = {
    "fp4": ("fp4", "fp8", "bf16"),
    "fp8": ("fp8", "bf16"),
    "int8": ("int8", "bf16"),
    "int4": ("bf16",),
    "fp16": ("bf16",),
    "bf16": ("bf16",),
}
"""At what weights of a precision are multiplied, by preference: the first that the chip has."""
CLOSE_MEMORY_RATIO = 0.95
"""Share of the memory an engine is given where the usual one leaves its KV cache no room."""


def profile_of(catalog: Catalog, engine: str) -> ServingProfile:
    """The profile of an engine: the first that has factors of recipes, else the generic one."""
    fitted = [
        entry for entry in catalog.serving_profiles.values() if entry.engine == engine and entry.recipes
    ]
    return fitted[0] if fitted else catalog.serving_profile(FALLBACK)


def engine_problem(catalog: Catalog, engine: str) -> str:
    """That no profile is of an engine, with the near ones; empty where one is."""
    known = list(dict.fromkeys(entry.engine for entry in catalog.serving_profiles.values()))
    return "" if engine in known else unknown_name("engine", engine, known)


def version_doubt(profile: ServingProfile, point: Point) -> str:
    """That a point's version was not fitted, and the nearest that were; empty where it was, or is untold."""
    known = list(dict.fromkeys(recipe.split()[0] for recipe in profile.recipes))
    if not known or not point.version or point.version in (*known, profile.version):
        return ""
    near = ", ".join(map(repr, get_close_matches(point.version, known, n=2, cutoff=0.0)))
    usual = f"predicted as {profile.name!r} usually is (x {profile.scale:g})"
    return f"version {point.version!r} of {point.engine!r} was not fitted; {usual}; nearest fitted: {near}"


def engine_of(profile: ServingProfile, point: Point, catalog: Catalog) -> Engine:
    """The profile's coefficients, with the point's limits and its recipe's factor where one was fitted."""
    engine = engine_coefficients(profile, catalog.accelerator(point.accelerator))
    memory = replace(
        engine.memory,
        token_budget=point.max_num_batched_tokens or engine.memory.token_budget,
        max_sequences=point.max_num_seqs or engine.memory.max_sequences,
    )
    return replace(engine, scale=profile.scale * profile.recipes.get(recipe_of(point), 1.0), memory=memory)


def chip(point: Point, catalog: Catalog) -> Chip:
    """The point's chip at its precision; fp4 weights are multiplied at 8 or 16 bits where it lacks 4."""
    accelerator = catalog.accelerator(point.accelerator)
    precision = computed_precision(point, accelerator)
    return chip_of(accelerator, Hardware(accelerator=point.accelerator, precision=precision))


def computed_precision(point: Point, accelerator: Accelerator) -> Precision:
    """What the point's weights are multiplied at on a chip: their own precision, or the next wider it has."""
    return next(name for name in WIDER[point.precision] if name in accelerator.tflops)


def spec_of(point: Point, catalog: Catalog, profile: ServingProfile) -> BatchingSpec:
    """The replica behind a point; with several attention ranks, one rank of it."""
    engine, chosen = engine_of(profile, point, catalog), chip(point, catalog)
    seconds = drafted(point, step_seconds(point.shape, chosen, engine, point.layout), engine, catalog)
    fixed = engine.scale * profile.prompt_s / point.input_tokens
    return BatchingSpec(
        seconds=replace(seconds, prompt=seconds.prompt + fixed),
        expert_miss=expert_miss(point.shape) ** point.ranks,
        max_sequences=engine.memory.max_sequences,
        token_budget=engine.memory.token_budget,
        kv_room_tokens=room_tokens(point, chosen, engine),
        width=point.width,
        progress=point.kept,
        host=host_of(profile, point.version, point.accelerator),
    )


def drafted(point: Point, seconds: StepCost, engine: Engine, catalog: Catalog) -> StepCost:
    """The step cost where each decode step computes the point's draft tokens as well."""
    return wider_seconds(seconds, point.shape, chip(point, catalog), engine, point.layout, point.width)


def room_tokens(point: Point, chosen: Chip, engine: Engine) -> int:
    """Tokens of KV room as logged, else by the formula; a measured engine had room for a few sequences."""
    if point.kv_room_tokens is not None:
        return point.kv_room_tokens
    least = LEAST_ROOM_TOKENS + point.input_tokens + point.output_tokens
    room = kv_room_tokens(point.shape, chosen, engine, point.layout)
    if room < least:
        close = replace(engine, memory=replace(engine.memory, utilization_ratio=CLOSE_MEMORY_RATIO))
        room = kv_room_tokens(point.shape, chosen, close, point.layout)
    return max(room, least)


def formula_room_tokens(point: Point, catalog: Catalog, profile: ServingProfile) -> int:
    """Tokens of KV room by the formula, whatever the engine logged; 0 where the weights do not fit."""
    engine = engine_of(profile, point, catalog)
    return max(kv_room_tokens(point.shape, chip(point, catalog), engine, point.layout), 0)


def predicted_s(point: Point, catalog: Catalog, profile: ServingProfile) -> tuple[float, float]:
    """TTFT and TPOT of a point in seconds, as the simulator's own loop has them.

    All of the loop runs at once unless the point says how many sequences may.
    """
    spec = spec_of(point, catalog, profile)
    spec = widened(spec, point.batch) if point.max_num_seqs is None else spec
    return mean_times(harness_rows(spec, point.batch, point.input_tokens, point.output_tokens))

"""Coefficients of serving engines from measured points: bounded least squares on relative error.

The step cost is linear in the coefficients, so the TPOT of a steady closed loop is, too, while the
schedule is given: per decode step the other sequences bring (B - 1) / (out - 1) prompts along; B are
those that have KV room. The engines share all coefficients but `OWN`: each alone has seen too few models
and chips to tell its own from theirs (docs/decisions/0123). What a recipe (engine, version, model,
accelerator) deviates by is its own (`recipes.py`) and bends no coefficient.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.calibration.predicted.times import chip, drafted, room_tokens
from simulator.fleet.engines import on_chip
from simulator.kernel.spec import StepCost
from simulator.serving.hardware import Engine
from simulator.serving.step_cost import BYTES_8BIT, expert_miss, step_seconds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from catalogs import Catalog
    from simulator.calibration.measured.points import Point

    Column = NDArray[np.float64]

BOUNDS = {
    "weight_read": (1.0, 2.0),
    "weight_read_4bit": (1.0, 2.5),
    "expert_read": (0.8, 3.0),
    "expert_read_4bit": (0.8, 3.0),
    "kv_read": (0.8, 4.0),
    "prefill_flops": (1.0, 6.0),
    "moe_prefill_flops": (1.0, 10.0),
    "decode_flops": (0.2, 6.0),
    "layer_s": (0.0, 1e-4),
    "layer_tp_s": (0.0, 1e-4),
    "moe_layer_s": (0.0, 1e-4),
    "expert_token_s": (0.0, 2e-6),
    "sequence_s": (0.0, 2e-4),
    "step_s": (0.0, 5e-2),
    "all_reduce": (0.5, 8.0),
}
"""What each coefficient may be: near what the hardware can do, never better than half of it."""
STAND_INS = {
    "weight_read_4bit": "weight_read",
    "expert_read_4bit": "expert_read",
    "expert_read_8bit": "expert_read",
    "moe_prefill_flops": "prefill_flops",
}
"""Coefficients that hold instead of the usual one: for weights of a width, or for mixtures of experts."""
NOTHING = Engine(
    weight_read=0.0, kv_read=0.0, prefill_flops=0.0, decode_flops=0.0, layer_s=0.0,
    layer_tp_s=0.0, sequence_s=0.0, step_s=0.0, all_reduce=0.0,
)  # fmt: skip
"""An engine that takes no time: unit costs are one coefficient on top of it."""
NO_COST = StepCost(base=0.0)
OWN = ("moe_layer_s",)
"""Coefficients that each engine has of its own: how it launches experts differs most between them."""
ROUNDS = 12
TIGHT_ERROR = 0.03
"""Errors below this count alike: the fit minimises absolute relative error beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Fitted coefficients by engine and name, and relative errors of the points fitted."""

    coefficients: dict[str, dict[str, float]]
    error: Column


def fit_engines(
    points: Sequence[Point], catalog: Catalog, bounds: Mapping[str, tuple[float, float]] = BOUNDS
) -> Fit:
    """Fits the engines' coefficients to points that have a measured TPOT.

    Coefficients that stand in no point end at their lower bound.
    """
    engines = np.array([point.engine for point in points])
    names = named_columns(sorted(set(engines.tolist())), bounds)
    unit = np.array([bounds[name][1] for name, _engine in names])
    low = np.array([bounds[name][0] for name, _engine in names]) / unit
    shared = np.array([tpot_columns(point, catalog, bounds) for point in points])
    place = {name: number for number, name in enumerate(bounds)}
    masks = [np.ones(len(points)) if engine is None else engines == engine for _name, engine in names]
    columns = [shared[:, place[name]] * mask for (name, _engine), mask in zip(names, masks, strict=True)]
    measured = np.array([point.tpot_s for point in points], np.float64)
    relative = np.stack(columns, axis=1) * unit / measured[:, np.newaxis]
    found = least_relative(relative, low, np.array([point.weight for point in points]))
    values = dict(zip(names, (found * unit).tolist(), strict=True))
    return Fit(
        coefficients={engine: of_engine(values, engine) for engine in set(engines.tolist())},
        error=relative @ found - 1.0,
    )


def named_columns(engines: Sequence[str], names: Iterable[str]) -> list[tuple[str, str | None]]:
    """What is fitted: each coefficient for all engines (None), those of `OWN` for each engine."""
    return [(name, engine) for name in names for engine in (engines if name in OWN else (None,))]


def of_engine(values: Mapping[tuple[str, str | None], float], engine: str) -> dict[str, float]:
    """An engine's coefficients: the shared ones and its own."""
    return {name: value for (name, owner), value in values.items() if owner in (None, engine)}


def least_relative(relative: Column, low: Column, counts: Column) -> Column:
    """Factors from `low` to 1 whose combinations are nearest to 1, in absolute error beyond a tight one.

    `counts` says how much each row counts.
    """
    from scipy.optimize import lsq_linear

    weight, found = np.sqrt(counts), low
    for _ in range(ROUNDS):
        found = lsq_linear(relative * weight[:, np.newaxis], weight, (low, 1.0)).x
        weight = np.sqrt(counts / np.maximum(np.abs(relative @ found - 1.0), TIGHT_ERROR))
    return found


def least_absolute(columns: Column, target: Column, tight: float = TIGHT_ERROR) -> list[float]:
    """Non-negative factors of the columns with the least absolute error beyond `tight`."""
    from scipy.optimize import nnls

    weight, found = np.ones(len(target)), np.zeros(columns.shape[1])
    for _ in range(ROUNDS):
        found = nnls(columns * weight[:, np.newaxis], target * weight)[0]
        weight = 1.0 / np.sqrt(np.maximum(np.abs(columns @ found - target), tight))
    return [float(value) for value in found]


def tpot_columns(point: Point, catalog: Catalog, names: Collection[str] = BOUNDS) -> list[float]:
    """Seconds per output token that each coefficient brings when it is 1 and all others are 0."""
    held = held_loop(point, catalog)
    return [
        steady_tpot_s(held, unit_cost(point, catalog, name)) if in_force(point, name, names) else 0.0
        for name in names
    ]


def held_loop(point: Point, catalog: Catalog) -> Point:
    """The point with the sequences that run at once: all, or as many as have KV room in the mean."""
    held = room_tokens(point, chip(point, catalog), NOTHING) / (
        point.input_tokens + point.output_tokens / 2.0
    )
    return replace(point, batch=max(min(point.batch, int(held)), 1))


def unit_cost(point: Point, catalog: Catalog, name: str) -> StepCost:
    """The step cost of one coefficient alone; reading experts is told apart from dense weights."""
    if name == "prompt_s":
        return replace(NO_COST, prompt=1.0 / point.input_tokens)
    usual = STAND_INS.get(name, name)
    told = {"weight_read" if usual == "expert_read" else usual: 1.0}
    bare = replace(NOTHING, **told)  # type: ignore[arg-type]  # coefficients alone, not its memory
    engine = on_chip(bare, catalog.accelerator(point.accelerator))
    cost = drafted(
        point, step_seconds(point.shape, chip(point, catalog), engine, point.layout), engine, catalog
    )
    if usual == "weight_read":
        return replace(cost, expert=0.0)
    return replace(cost, base=0.0) if usual == "expert_read" else cost


def in_force(point: Point, name: str, known: Collection[str]) -> bool:
    """Whether a point's times come from a coefficient, rather than from one that stands in for it."""
    others = [other for other, usual in STAND_INS.items() if usual == name and other in known]
    return stands_in(point, name) if name in STAND_INS else not any(stands_in(point, one) for one in others)


def stands_in(point: Point, name: str) -> bool:
    """Whether a point is of the kind that one of `STAND_INS` is for."""
    if name == "moe_prefill_flops":
        return point.shape.experts > 0
    narrow = point.layout.weight_bytes < BYTES_8BIT
    return narrow if name.endswith("_4bit") else point.layout.weight_bytes == BYTES_8BIT


def steady_tpot_s(point: Point, cost: StepCost) -> float:
    """TPOT of the loop in the mean: a decode step of the whole batch and its share of prompts."""
    prompts = (point.batch - 1) * point.kept / (point.output_tokens - 1)
    context = point.batch * (point.input_tokens + point.output_tokens / 2.0)
    tokens = point.input_tokens
    prompt_s = cost.prompt * tokens + cost.attention * tokens * tokens / 2.0
    step_s = (
        cost.base
        + cost.expert * touched(point, prompts)
        + cost.sequence * point.batch
        + cost.context * context
        + prompts * prompt_s
    )
    return step_s / point.kept


def touched(point: Point, prompts: float) -> float:
    """Share of the experts' weights read per step: by the batch, and more where a prompt joins it."""
    miss = expert_miss(point.shape) ** point.ranks
    if not point.shape.experts:
        return 0.0
    tokens = point.batch * point.width
    decode = 1.0 - miss**tokens
    joined = 1.0 - miss ** (tokens + point.input_tokens)
    return decode + min(prompts, 1.0) * (joined - decode)

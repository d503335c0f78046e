"""Coefficients of a serving engine from measured points: bounded least squares on relative error.

The step cost is linear in the coefficients, so the TPOT of a steady closed loop is, too, while the
schedule is given: per decode step the other sequences bring (B - 1) / (out - 1) prompts along; B are
those that have KV room. Versions differ by a factor each (the median of measured over fitted).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.calibration.prediction import chip, room_tokens
from simulator.kernel.spec import StepCost
from simulator.serving.hardware import Engine
from simulator.serving.step_cost import BYTES_8BIT, expert_miss, step_seconds

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from catalogs import Catalog
    from simulator.calibration.points import Point

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
ROUNDS = 12
SCALE_LIMITS = (0.4, 3.0)
LEAST_OF_A_VERSION = 4
TIGHT_ERROR = 0.03
"""Errors below this count alike: the fit minimises absolute relative error beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Fitted coefficients by name, factors by version, and relative errors of the points fitted."""

    coefficients: dict[str, float]
    scales: dict[str, float]
    error: Column


def fit_engine(
    points: Sequence[Point], catalog: Catalog, bounds: Mapping[str, tuple[float, float]] = BOUNDS
) -> Fit:
    """Fits one engine's coefficients to points that have a measured TPOT.

    A single version's factor stays 1. Coefficients that stand in no point end at their lower bound.
    """
    from scipy.optimize import lsq_linear

    unit = np.array([high for _low, high in bounds.values()])
    low = np.array([low for low, _high in bounds.values()]) / unit
    design = np.array([tpot_columns(point, catalog, bounds) for point in points]) * unit
    measured = np.array([point.tpot_s for point in points], np.float64)
    keys = np.array([point.version for point in points])
    scales = dict.fromkeys(sorted(set(keys)), 1.0)
    weight = np.ones(len(points))
    for _ in range(ROUNDS):
        factor = np.array([scales[key] for key in keys])
        relative = design * (factor / measured)[:, np.newaxis]
        found = lsq_linear(relative * weight[:, np.newaxis], weight, (low, 1.0)).x
        weight = 1.0 / np.sqrt(np.maximum(np.abs(relative @ found - 1.0), TIGHT_ERROR))
        if len(scales) > 1:
            scales = version_scales(keys, measured / (design @ found))
    error = design @ found * np.array([scales[key] for key in keys]) / measured - 1.0
    return Fit(
        coefficients=dict(zip(bounds, (found * unit).tolist(), strict=True)), scales=scales, error=error
    )


def least_absolute(columns: Column, target: Column, tight: float = TIGHT_ERROR) -> list[float]:
    """Non-negative factors of the columns with the least absolute error beyond `tight`."""
    from scipy.optimize import nnls

    weight, found = np.ones(len(target)), np.zeros(columns.shape[1])
    for _ in range(ROUNDS):
        found = nnls(columns * weight[:, np.newaxis], target * weight)[0]
        weight = 1.0 / np.sqrt(np.maximum(np.abs(columns @ found - target), tight))
    return [float(value) for value in found]


def version_scales(keys: NDArray[np.str_], ratio: Column) -> dict[str, float]:
    """The median of measured over fitted by version, of all points where a version has too few."""
    usual = float(np.clip(np.median(ratio), *SCALE_LIMITS))
    found = {}
    for key in sorted(set(keys.tolist())):
        mine = ratio[keys == key]
        enough = len(mine) >= LEAST_OF_A_VERSION
        found[key] = float(np.clip(np.median(mine), *SCALE_LIMITS)) if enough else usual
    return found


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
    engine = replace(NOTHING, **told)  # type: ignore[arg-type]  # coefficients alone, not its memory
    cost = step_seconds(point.shape, chip(point, catalog), engine, point.layout)
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
    prompts = (point.batch - 1) / (point.output_tokens - 1)
    context = point.batch * (point.input_tokens + point.output_tokens / 2.0)
    tokens = point.input_tokens
    prompt_s = cost.prompt * tokens + cost.attention * tokens * tokens / 2.0
    return (
        cost.base
        + cost.expert * touched(point, prompts)
        + cost.sequence * point.batch
        + cost.context * context
        + prompts * prompt_s
    )


def touched(point: Point, prompts: float) -> float:
    """Share of the experts' weights read per step: by the batch, and more where a prompt joins it."""
    miss = expert_miss(point.shape) ** point.ranks
    if not point.shape.experts:
        return 0.0
    decode = 1.0 - miss**point.batch
    joined = 1.0 - miss ** (point.batch + point.input_tokens)
    return decode + min(prompts, 1.0) * (joined - decode)

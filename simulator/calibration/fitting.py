"""Coefficients of a serving engine from measured points: bounded least squares on relative error.

The step cost is linear in the coefficients, so the TPOT of a steady closed loop is, too, while the
schedule is given: per decode step the other sequences bring (B - 1) / (out - 1) prompts along.
Versions differ by a factor each (the median of measured over fitted).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.calibration.prediction import chip, client_columns, predicted_s, spec_of
from simulator.serving.hardware import Engine
from simulator.serving.step_cost import BYTES_8BIT, expert_miss, step_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from catalogs import Catalog
    from catalogs.records import ServingProfile
    from simulator.calibration.points import Point
    from simulator.kernel.spec import StepCost

    Column = NDArray[np.float64]

BOUNDS = {
    "weight_read": (1.0, 2.0),
    "expert_read": (0.8, 3.0),
    "kv_read": (0.8, 4.0),
    "prefill_flops": (1.0, 6.0),
    "decode_flops": (0.5, 6.0),
    "layer_s": (0.0, 1e-4),
    "layer_tp_s": (0.0, 1e-4),
    "moe_layer_s": (0.0, 1e-4),
    "sequence_s": (0.0, 2e-4),
    "step_s": (0.0, 5e-2),
    "all_reduce": (0.5, 8.0),
}
"""What each coefficient may be: near what the hardware can do, never better than half of it."""
EIGHT_BIT = "expert_read_8bit"
EXPERT_READS = ("expert_read", EIGHT_BIT)
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


def version_scales(keys: NDArray[np.str_], ratio: Column) -> dict[str, float]:
    """The median of measured over fitted by version; 1 where there are too few points to say."""
    found = {}
    for key in sorted(set(keys.tolist())):
        mine = ratio[keys == key]
        enough = len(mine) >= LEAST_OF_A_VERSION
        found[key] = float(np.clip(np.median(mine), *SCALE_LIMITS)) if enough else 1.0
    return found


def tpot_columns(point: Point, catalog: Catalog, names: Iterable[str] = BOUNDS) -> list[float]:
    """Seconds per output token that each coefficient brings when it is 1 and all others are 0."""
    told_apart = EIGHT_BIT in names
    found = {name: steady_tpot_s(point, unit_cost(point, catalog, name)) for name in names}
    if told_apart:
        other = "expert_read" if point.layout.weight_bytes == BYTES_8BIT else EIGHT_BIT
        found[other] = 0.0
    return list(found.values())


def unit_cost(point: Point, catalog: Catalog, name: str) -> StepCost:
    """The step cost of one coefficient alone; reading experts is told apart from dense weights."""
    zero = {field: 0.0 for field in BOUNDS if field not in EXPERT_READS}
    field = "weight_read" if name in EXPERT_READS else name
    engine = Engine(**{**zero, field: 1.0})
    cost = step_seconds(point.shape, chip(point, catalog), engine, point.layout)
    if name == "weight_read":
        return replace(cost, expert=0.0)
    return replace(cost, base=0.0) if name in EXPERT_READS else cost


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


MOST_TTFT_S = 3.0
"""Beyond this a measured TTFT is mostly queueing before the engine: not fitted."""
CLIENT_SIDE = ("request_s", "input_token_s", "first_steps", "bunching_ratio")


def fit_client_side(points: Sequence[Point], catalog: Catalog, made: ServingProfile) -> dict[str, float]:
    """What a client's clock adds to the simulated first token, by non-negative least squares."""
    from scipy.optimize import nnls

    known = [point for point in points if point.ttft_s is not None and point.ttft_s < MOST_TTFT_S]
    bare = made.model_copy(update=dict.fromkeys(CLIENT_SIDE, 0.0))
    measured = np.array([point.ttft_s for point in known], np.float64)
    simulated = np.array([predicted_s(point, catalog, bare) for point in known])
    design = np.array(
        [
            client_columns(point, spec_of(point, catalog, bare).seconds, tpot_s)
            for point, tpot_s in zip(known, simulated[:, 1].tolist(), strict=True)
        ]
    )
    relative, rest = design / measured[:, np.newaxis], 1.0 - simulated[:, 0] / measured
    weight = np.ones(len(known))
    found = np.zeros(len(CLIENT_SIDE))
    for _ in range(ROUNDS):
        found = nnls(relative * weight[:, np.newaxis], rest * weight)[0]
        weight = 1.0 / np.sqrt(np.maximum(np.abs(relative @ found - rest), TIGHT_ERROR))
    return dict(zip(CLIENT_SIDE, found.tolist(), strict=True))

"""Watts of an accelerator's power model from measured runs: P = p0 + a mem + b comp, less while it waits.

The loop's energy is linear in the four, so four loops a point, each with one of them at 1 W, give
the columns of a non-negative least squares on relative error (iteratively reweighted, as in
`calibration.fitting`, so that single outliers do not rule).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.calibration.fitting.engines import BOUNDS, TIGHT_ERROR, least_absolute, tpot_columns
from simulator.calibration.predicted.energy import loop_power, median_prompts, powered_spec
from simulator.calibration.predicted.times import chip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from catalogs import Catalog
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.measured.energy_points import EnergyPoint
    from simulator.calibration.measured.points import Point

    Columns = NDArray[np.float64]

POWERS = ("floor_w", "wait_w", "memory_w", "compute_w")
POWER_BOUNDS = {
    **BOUNDS,
    "expert_read": (0.8, 4.0),
    "expert_read_8bit": (0.8, 8.0),
    "layer_s": (0.0, 4e-4),
    "moe_layer_s": (0.0, 4e-4),
    "prompt_s": (0.0, 5e-2),
}
"""What coefficients may be in an engine of 2025: its experts' kernels for one byte a weight took
several times what bandwidth allows, its host launched layers more slowly, and a step that carries a
prompt was not replayed from a graph."""


PROMPT_PARTS = ("prefill_flops", "moe_prefill_flops", "prompt_s")


def fit_prompts(points: Sequence[EnergyPoint], catalog: Catalog) -> dict[str, float]:
    """What prompts take, from what a mean step takes longer than the median one, with its own prompts."""
    known = [point for point in points if point.itl_s and point.point.tpot_s]
    columns = np.array([tpot_columns(point.point, catalog, PROMPT_PARTS) for point in known])
    columns *= np.array([beyond_median(point.point) for point in known])[:, np.newaxis]
    step_s = np.array([point.point.tpot_s for point in known], np.float64)
    itl_s = np.array([point.itl_s for point in known], np.float64)
    found = least_absolute(columns / step_s[:, np.newaxis], 1.0 - itl_s / step_s)
    return dict(zip(PROMPT_PARTS, found, strict=True))


def beyond_median(point: Point) -> float:
    """Share of the loop's prompts that a mean step carries beyond a median one; 0 without prompts."""
    mean = (point.batch - 1) / (point.output_tokens - 1)
    return 1.0 - median_prompts(point) / mean if mean > 0.0 else 0.0


def power_columns(point: EnergyPoint, catalog: Catalog, profile: ServingProfile) -> list[float]:
    """Watts of the point's loop that each of `POWERS` brings when it is 1 W and the others 0."""
    bare = replace(chip(point.point, catalog), **dict.fromkeys(POWERS, 0.0))
    units = [replace(bare, **{name: 1.0}) for name in POWERS]
    return [loop_power(point, powered_spec(point, catalog, profile, unit))[0] for unit in units]


def fit_powers(columns: Columns, measured_w: Columns) -> Columns:
    """The watts of `POWERS` that fit best, of their columns (points x 4) and measured watts (points)."""
    relative = columns / measured_w[:, np.newaxis]
    return np.array(least_absolute(relative, np.ones(len(measured_w)), TIGHT_ERROR))


def columns_of(points: Sequence[EnergyPoint], catalog: Catalog, profile: ServingProfile) -> Columns:
    """The columns of all points at their measured step: the chip waits where the loop was faster."""
    columns = np.array([power_columns(point, catalog, profile) for point in points])
    loop_s = np.array([loop_step_s(point, catalog, profile) for point in points])
    measured_s = np.array([point.point.tpot_s for point in points], np.float64)
    chips = np.array([point.chip_count for point in points], np.float64)
    at_measured = columns * np.minimum(loop_s / measured_s, 1.0)[:, np.newaxis]
    at_measured[:, POWERS.index("wait_w")] += chips * np.maximum(1.0 - loop_s / measured_s, 0.0)
    return at_measured


def loop_step_s(point: EnergyPoint, catalog: Catalog, profile: ServingProfile) -> float:
    """Seconds per token of the point's loop at its own time between tokens: joules where a chip draws 1 W."""
    bare = replace(chip(point.point, catalog), **dict.fromkeys(POWERS, 0.0))
    spec = powered_spec(point, catalog, profile, replace(bare, floor_w=1.0, wait_w=1.0))
    return loop_power(point, spec)[1] * point.point.batch / point.point.layout.tensor_parallel

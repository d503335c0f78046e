"""Watts of an accelerator's power model from measured runs: P = p0 + a mem + b comp.

The loop's energy is linear in the three, so three loops a point, each with one of them at 1 W, give
the columns of a non-negative least squares on relative error (iteratively reweighted, as in
`calibration.fitting`, so that single outliers do not rule).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.calibration.energy_prediction import loop_power, powered_spec
from simulator.calibration.fitting import BOUNDS, ROUNDS, TIGHT_ERROR
from simulator.calibration.prediction import chip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from catalogs import Catalog
    from catalogs.records import ServingProfile
    from simulator.calibration.energy_points import EnergyPoint

    Columns = NDArray[np.float64]

POWERS = ("floor_w", "memory_w", "compute_w")
POWER_BOUNDS = {
    **BOUNDS,
    "expert_read": (0.8, 4.0),
    "expert_read_8bit": (0.8, 8.0),
    "layer_s": (0.0, 4e-4),
    "moe_layer_s": (0.0, 4e-4),
}
"""What coefficients may be in an engine of 2025: its experts' kernels for one byte a weight took
several times what bandwidth allows, and its host launched layers more slowly."""


def power_columns(point: EnergyPoint, catalog: Catalog, profile: ServingProfile) -> list[float]:
    """Watts of the point's loop that each of `POWERS` brings when it is 1 W and the others 0."""
    bare = replace(chip(point.point, catalog), floor_w=0.0, memory_w=0.0, compute_w=0.0)
    units = [replace(bare, **{name: 1.0}) for name in POWERS]
    return [loop_power(point, powered_spec(point, catalog, profile, unit))[0] for unit in units]


def fit_powers(columns: Columns, measured_w: Columns) -> Columns:
    """The three watts that fit best, of columns (points x 3) and measured watts (points)."""
    from scipy.optimize import nnls

    relative = columns / measured_w[:, np.newaxis]
    weight = np.ones(len(measured_w))
    found = np.zeros(len(POWERS))
    for _ in range(ROUNDS):
        found = nnls(relative * weight[:, np.newaxis], weight)[0]
        weight = 1.0 / np.sqrt(np.maximum(np.abs(relative @ found - 1.0), TIGHT_ERROR))
    return np.asarray(found, np.float64)


def columns_of(points: Sequence[EnergyPoint], catalog: Catalog, profile: ServingProfile) -> Columns:
    """The columns of all points."""
    return np.array([power_columns(point, catalog, profile) for point in points])

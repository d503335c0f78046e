"""Sums over a cohort: the blocks of the report that are the same for the whole and its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]

QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


def ratio(part: float, whole: float) -> float | None:
    """Part / whole, or None when there is nothing to divide by."""
    return float(part) / float(whole) if whole else None


def distribution(values: Column) -> dict[str, float | None]:
    """Mean, quantiles (linear interpolation) and maximum of the values that are not nan."""
    known = values[~np.isnan(values)]
    if not len(known):
        return dict.fromkeys(("mean", *QUANTILES, "max"))
    quantiles = np.quantile(known, list(QUANTILES.values()))
    found = dict(zip(QUANTILES, map(float, quantiles), strict=True))
    return {"mean": float(known.mean()), **found, "max": float(known.max())}

"""Held-out error: every group of points predicted by coefficients fitted without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from simulator.calibration.errors import Judged
from simulator.calibration.fitting import fit_engine
from simulator.calibration.prediction import predicted_s

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs import Catalog
    from catalogs.records import ServingProfile
    from simulator.calibration.fitting import Fit
    from simulator.calibration.points import Point

Group = TypeVar("Group", bound="tuple[str | int, ...]")

FOLDS = 8
SEED = 0


def refitted(made: ServingProfile, fit: Fit) -> ServingProfile:
    """A profile with other coefficients and factors; a version not met takes the median factor."""
    usual = float(np.median(list(fit.scales.values())))
    return made.model_copy(update={**fit.coefficients, "scales": fit.scales, "scale": usual})


def folds(points: Sequence[Point]) -> list[set[tuple[str, str, str, str, int]]]:
    """The groups of the points in so many parts."""
    return in_parts([point.group for point in points])


def in_parts(groups: Sequence[Group]) -> list[set[Group]]:
    """The distinct groups in `FOLDS` parts, drawn once and for all."""
    distinct = sorted(set(groups))
    order = np.random.default_rng(SEED).permutation(len(distinct))
    parts = np.array_split(order, min(FOLDS, len(distinct)))
    return [{distinct[number] for number in part.tolist()} for part in parts]


def cross_validated(points: Sequence[Point], catalog: Catalog, made: ServingProfile) -> list[Judged]:
    """Every point of one engine as predicted, by the simulator, from the other groups alone."""
    found: list[Judged] = []
    for held_out in folds(points):
        rest = [point for point in points if point.group not in held_out]
        profile = refitted(made, fit_engine(rest, catalog))
        for point in points:
            if point.group in held_out:
                ttft_s, tpot_s = predicted_s(point, catalog, profile)
                found.append(Judged(point=point, ttft_s=ttft_s, tpot_s=tpot_s))
    return found

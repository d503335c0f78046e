"""Held-out error: every group of points predicted by coefficients fitted without it.

Also of calibration: a group never seen, five of its points given, the others judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from simulator.calibration.adaptation import TooFewPointsError, adapted, judge
from simulator.calibration.client_side import with_client_side
from simulator.calibration.fitting import fit_engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalogs import Catalog
    from catalogs.records import ServingProfile
    from simulator.calibration.errors import Judged
    from simulator.calibration.fitting import Fit
    from simulator.calibration.points import Point

Group = TypeVar("Group", bound="tuple[str | int, ...]")

FOLDS = 8
SEED = 0
DRAWS = 20
GIVEN = 5
LEAST_JUDGED, MOST_JUDGED = 3, 6
"""Points judged in a draw: a group needs so many more than are given; beyond that, some are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One calibration on a few points of a group never seen: absolute TPOT errors of others of it."""

    engine: str
    errors: tuple[float, ...]


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
        profile = with_client_side(rest, catalog, refitted(made, fit_engine(rest, catalog)))
        found += [judge(point, catalog, profile) for point in points if point.group in held_out]
    return found


def calibrations(points: Sequence[Point], catalog: Catalog, made: ServingProfile) -> list[Draw]:
    """`DRAWS` calibrations of each group of one engine, from a profile fitted without it."""
    rng, found = np.random.default_rng(SEED), []
    for held_out in folds(points):
        rest = [point for point in points if point.group not in held_out]
        profile = refitted(made, fit_engine(rest, catalog))
        for group in sorted(held_out):
            mine = [point for point in points if point.group == group]
            if len(mine) >= GIVEN + LEAST_JUDGED:
                found += list(drawn(mine, catalog, profile, rng))
    return found


def drawn(
    mine: Sequence[Point], catalog: Catalog, made: ServingProfile, rng: np.random.Generator
) -> Iterator[Draw]:
    """A group's calibrations; points that say all the same are no calibration and are left out."""
    for _ in range(DRAWS):
        order = [mine[place] for place in rng.permutation(len(mine)).tolist()]
        try:
            profile = adapted(made, order[:GIVEN], catalog).profile
        except TooFewPointsError:
            continue
        judged = [judge(point, catalog, profile) for point in order[GIVEN : GIVEN + MOST_JUDGED]]
        yield Draw(engine=made.engine, errors=tuple(abs(one.tpot_error) for one in judged))

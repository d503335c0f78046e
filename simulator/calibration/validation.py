"""Held-out error: every group of points, model or chip predicted by coefficients fitted without it.

Also of calibration: a group never seen, five of its points given, the others judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from simulator.calibration.fitting.adaptation import TooFewPointsError, adapted, judge
from simulator.calibration.fitting.engines import fit_engines
from simulator.calibration.fitting.first_token_lag import with_client_side
from simulator.calibration.fitting.recipes import recipe_factors
from simulator.calibration.predicted.times import predicted_s

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from catalogs import Catalog
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.errors import Judged
    from simulator.calibration.fitting.engines import Fit
    from simulator.calibration.measured.points import Point

    Profiles = Mapping[str, ServingProfile]
    Key = Callable[[Point], tuple[str | int, ...]]

Group = TypeVar("Group", bound="tuple[str | int, ...]")

FOLDS = 8
SEED = 0
DRAWS = 20
GIVEN = 5
LEAST_JUDGED, MOST_JUDGED = 3, 6
"""Points judged in a draw: a group needs so many more than are given; beyond that, some are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One calibration on a few points of a group never seen, and how others of it are then predicted."""

    engine: str
    judged: tuple[Judged, ...]

    @property
    def errors(self) -> tuple[float, ...]:
        """Absolute TPOT errors of the points judged."""
        return tuple(abs(one.tpot_error) for one in self.judged)


def fitted(points: Sequence[Point], catalog: Catalog, made: Profiles) -> Profiles:
    """The engines' profiles with coefficients, recipes' factors and client side of these points alone."""
    fit = fit_engines(points, catalog)
    return {
        engine: with_own_points(profile, fit, [point for point in points if point.engine == engine], catalog)
        for engine, profile in made.items()
    }


def with_own_points(
    made: ServingProfile, fit: Fit, points: Sequence[Point], catalog: Catalog
) -> ServingProfile:
    """One engine's profile: fitted coefficients, then factors of its recipes, then its client side."""
    own = fit.coefficients.get(made.engine) or next(iter(fit.coefficients.values()))
    bare = made.model_copy(update={**own, "scale": 1.0, "recipes": {}, "first_steps_of": {}})
    if not points:
        return bare
    first = with_client_side(points, catalog, with_recipes(bare, points, catalog))
    return with_recipes(first.model_copy(update={"recipes": {}}), points, catalog)


def with_recipes(bare: ServingProfile, points: Sequence[Point], catalog: Catalog) -> ServingProfile:
    """The profile with factors such that the simulator meets the points of each recipe in the median."""
    found = [predicted_s(point, catalog, bare)[1] for point in points]
    ratio = np.array([point.tpot_s for point in points], np.float64) / np.array(found)
    return bare.model_copy(update={"recipes": recipe_factors(points, ratio)})


def group_of(point: Point) -> tuple[str | int, ...]:
    """Model, accelerator, engine, precision and width."""
    return point.group


def model_of(point: Point) -> tuple[str | int, ...]:
    """The model, whatever its name: layers, hidden size, experts."""
    return (point.shape.layers, point.shape.hidden, point.shape.experts)


def accelerator_of(point: Point) -> tuple[str | int, ...]:
    """The accelerator."""
    return (point.accelerator,)


def folds(points: Sequence[Point], key: Key = group_of) -> list[set[tuple[str | int, ...]]]:
    """What is held out together: groups in eight parts, whole models or accelerators one by one."""
    if key is group_of:
        return in_parts([key(point) for point in points])
    return [{name} for name in sorted({key(point) for point in points})]


def in_parts(groups: Sequence[Group]) -> list[set[Group]]:
    """The distinct groups in `FOLDS` parts, drawn once and for all."""
    distinct = sorted(set(groups))
    order = np.random.default_rng(SEED).permutation(len(distinct))
    parts = np.array_split(order, min(FOLDS, len(distinct)))
    return [{distinct[number] for number in part.tolist()} for part in parts]


def cross_validated(
    points: Sequence[Point], catalog: Catalog, made: Profiles, key: Key = group_of
) -> list[Judged]:
    """Every point as the simulator predicts it from the points held in when its part is held out."""
    found: list[Judged] = []
    for held_out in folds(points, key):
        profiles = fitted([point for point in points if key(point) not in held_out], catalog, made)
        found += [judge(point, catalog, profiles[point.engine]) for point in points if key(point) in held_out]
    return found


def calibrations(points: Sequence[Point], catalog: Catalog, made: Profiles) -> list[Draw]:
    """`DRAWS` calibrations of each group, from profiles fitted without it."""
    rng, found = np.random.default_rng(SEED), []
    for held_out in folds(points):
        profiles = fitted([point for point in points if point.group not in held_out], catalog, made)
        for group in sorted(held_out):
            mine = [point for point in points if point.group == group]
            if len(mine) >= GIVEN + LEAST_JUDGED:
                found += list(drawn(mine, catalog, profiles[mine[0].engine], rng))
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
        yield Draw(engine=made.engine, judged=tuple(judged))

"""A profile adapted to a few measured points of one's own: five factors, drawn towards a common one.

What weights, KV cache, prompts, sequences and steps take is each multiplied by a factor; ridge regression
on relative error keeps a factor near the common one that the points say little about. How versions differ
stays as the profile has it. The simulator itself sets the last common factor.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.calibration.errors import Judged, summary
from simulator.calibration.fitting.engines import tpot_columns
from simulator.calibration.fitting.recipes import recipe_of
from simulator.calibration.measured.points import MOST_BATCH, MOST_WIDTH
from simulator.calibration.predicted.times import engine_of, predicted_s

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from catalogs import Catalog
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.errors import ErrorSummary
    from simulator.calibration.measured.points import Point

PARTS = {
    "weights": ("weight_read", "weight_read_4bit", "expert_read", "expert_read_4bit", "expert_read_8bit"),
    "cache": ("kv_read",),
    "prompts": ("prefill_flops", "moe_prefill_flops"),
    "sequences": ("decode_flops", "sequence_s", "expert_token_s", "all_reduce"),
    "steps": ("layer_s", "layer_tp_s", "moe_layer_s", "step_s"),
}
LEAST_POINTS = 3
RIDGE = 0.01
"""Weight of a factor's distance from 1, beside the mean squared relative error of the points."""
FACTOR_LIMITS = (0.2, 5.0)
LEAST_CONTRAST = 0.005
"""Least difference in some part's share of the time between two points of a calibration."""
LEAST_SPREAD = 0.02
"""Least relative spread of the measured times below which points say the same thing over again."""


class TooFewPointsError(ValueError):
    """Points that cannot carry a calibration; says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptation:
    """The adapted profile, its factors, and its error on the points it was adapted to."""

    profile: ServingProfile
    factors: dict[str, float]
    error: ErrorSummary


def adapted(made: ServingProfile, points: Sequence[Point], catalog: Catalog) -> Adaptation:
    """The profile adapted to the points.

    Raises:
        TooFewPointsError: too few points, or all of them say the same.
    """
    demand_enough(points)
    demand_contrast(part_seconds(made, points, catalog))
    factors = part_factors(made, points, catalog)
    changed = {
        name: value * factors[part]
        for part, names in PARTS.items()
        for name in names
        if (value := getattr(made, name)) is not None
    }
    bare = made.model_copy(update=changed)
    profile = rescaled(bare, points, common_factor(bare, points, catalog))
    profile = profile.model_copy(update=common_limits(points))
    return Adaptation(profile=profile, factors=factors, error=error_of(profile, points, catalog))


def error_of(profile: ServingProfile, points: Sequence[Point], catalog: Catalog) -> ErrorSummary:
    """The errors of a profile on points."""
    return summary("points", [judge(point, catalog, profile) for point in points])


def common_limits(points: Sequence[Point]) -> dict[str, int]:
    """The limits that all points were measured with, by the profile's names: what its owner runs with."""
    told = {
        "token_budget": {point.max_num_batched_tokens for point in points},
        "max_sequences": {point.max_num_seqs for point in points},
    }
    return {name: limit for name, limits in told.items() if len(limits) == 1 for limit in limits if limit}


def rescaled(made: ServingProfile, points: Sequence[Point], factor: float) -> ServingProfile:
    """The profile as its owner runs it: at the recipe most points are of, all times a factor longer.

    Other recipes stay as much longer or shorter than that one as they are.
    """
    ((version, recipe), _count) = Counter((p.version, recipe_of(p)) for p in points).most_common(1)[0]
    own = made.recipes.get(recipe, 1.0)
    recipes = {name: value / own for name, value in made.recipes.items()}
    told = {"scale": made.scale * own * factor, "recipes": recipes, "version": version or made.version}
    return made.model_copy(update=told)


def demand_enough(points: Sequence[Point]) -> None:
    """Raises `TooFewPointsError` unless the points carry a calibration."""
    measured = [point.tpot_s for point in points if point.tpot_s is not None]
    if len(measured) < LEAST_POINTS:
        message = f"{len(measured)} points with a measured tpot_ms; needed: at least {LEAST_POINTS}"
        raise TooFewPointsError(message)
    if max(measured) / min(measured) - 1.0 < LEAST_SPREAD:
        message = "all points have the same tpot_ms; needed: other batch sizes or lengths"
        raise TooFewPointsError(message)


def demand_contrast(parts: NDArray[np.float64]) -> None:
    """Raises `TooFewPointsError` where all points are the same mixture of parts (collinear)."""
    shares = parts / parts.sum(axis=1, keepdims=True)
    if np.ptp(shares, axis=0).max() < LEAST_CONTRAST:
        mixture = ", ".join(f"{part} {share:.0%}" for part, share in zip(PARTS, shares[0], strict=True))
        message = (
            f"all {len(parts)} points are the same mixture ({mixture}): their factors cannot be told"
            " apart; needed: other batch sizes or lengths"
        )
        raise TooFewPointsError(message)


def part_factors(made: ServingProfile, points: Sequence[Point], catalog: Catalog) -> dict[str, float]:
    """The factor of each part: ridge regression on relative error, drawn towards a common factor."""
    parts = part_seconds(made, points, catalog)
    measured = np.array([point.tpot_s for point in points], np.float64)
    relative = parts / measured[:, np.newaxis]
    common = float(np.median(1.0 / relative.sum(axis=1)))
    relative, size = relative * common, len(PARTS)
    left = relative.T @ relative / len(measured) + RIDGE * np.eye(size)
    right = relative.sum(axis=0) / len(measured) + RIDGE * np.ones(size)
    found = np.clip(np.linalg.solve(left, right), *FACTOR_LIMITS) * common
    return dict(zip(PARTS, found.tolist(), strict=True))


def part_seconds(made: ServingProfile, points: Sequence[Point], catalog: Catalog) -> NDArray[np.float64]:
    """Seconds per token that each part brings to each point; shape points x parts."""
    held = [name for names in PARTS.values() for name in names if getattr(made, name) is not None]
    scales = np.array([engine_of(made, point, catalog).scale for point in points])
    columns = np.array([tpot_columns(point, catalog, held) for point in points]) * scales[:, np.newaxis]
    seconds = {name: getattr(made, name) * columns[:, place] for place, name in enumerate(held)}
    sums = [sum(seconds.get(name, 0.0 * scales) for name in names) for names in PARTS.values()]
    return np.stack(sums, axis=1)


def common_factor(made: ServingProfile, points: Sequence[Point], catalog: Catalog) -> float:
    """The median of measured over simulated TPOT."""
    judged = [judge(point, catalog, made) for point in points]
    return float(np.median([1.0 / (1.0 + one.tpot_error) for one in judged if one.point.tpot_s]))


def judge(point: Point, catalog: Catalog, made: ServingProfile) -> Judged:
    """A point as the profile predicts it."""
    ttft_s, tpot_s = predicted_s(point, catalog, made)
    return Judged(point=point, ttft_s=ttft_s, tpot_s=tpot_s)


def domain_of(points: Sequence[Point]) -> str:
    """The box the points span, in words."""
    batches = [point.batch for point in points]
    tokens = [point.input_tokens for point in points]
    chips = sorted({f"{point.layout.tensor_parallel} x {point.accelerator}" for point in points})
    limits = f"(profiles are fitted up to {MOST_WIDTH} chips and {MOST_BATCH} sequences)"
    return (
        f"{min(batches)} to {max(batches)} sequences, {min(tokens)} to {max(tokens)} prompt tokens, "
        f"{', '.join(chips)} {limits}"
    )

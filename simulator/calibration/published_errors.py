"""What to expect of a fit's times, as it ships with the fit: errors by how near a configuration is.

Only closed-loop points are judged (`Point.weight` 1): open-loop runs are fitted as the closed loops they
are as good as. Dense models and mixtures of experts stand apart; where an engine has fewer than
`LEAST_POINTS` of a kind, all engines' points of it are taken.

What is left out together counts alike, however many points it has: a median is that of the medians of
groups, models or accelerators. A hundred points of one chip say no more of the next chip than ten do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from catalogs.measured_groups import MeasuredGroup
from catalogs.serving_profile import ErrorsByNearness, ProfileErrors, TimeError
from simulator.calibration.errors import known, summaries
from simulator.calibration.fitting.adaptation import judge
from simulator.calibration.validation import (
    accelerator_of,
    calibrations,
    cross_validated,
    group_of,
    model_of,
)
from simulator.fleet.engines import size_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from catalogs import Catalog
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.errors import Judged
    from simulator.calibration.measured.points import Point
    from simulator.calibration.validation import Key

    ByNearness = Mapping[str, Sequence[Judged]]

LEAST_POINTS = 30
"""Fewer points of an engine say little of its own error."""
LEAST_OF_GROUP = 3
"""A group's median error stands from so many points on: of fewer it would tell what was measured."""
LEFT_OUT: dict[str, Key] = {"group": group_of, "model": model_of, "accelerator": accelerator_of}
GIGA = 1e9


def judged_by_nearness(
    points: Sequence[Point], catalog: Catalog, fit: Mapping[str, ServingProfile], pool: Executor
) -> dict[str, list[Judged]]:
    """Every point as predicted in the fit, and from fits without its group, its model, its accelerator;
    and some again after calibrations on others of their group. Each kind is worked out in the pool.
    """
    drawn = pool.submit(calibrations, points, catalog, fit)
    found = {name: pool.submit(cross_validated, points, catalog, fit, key) for name, key in LEFT_OUT.items()}
    return {
        "recipe": [judge(point, catalog, fit[point.engine]) for point in points],
        **{name: task.result() for name, task in found.items()},
        "calibrated": [one for draw in drawn.result() for one in draw.judged],
    }


def profile_errors(judged: ByNearness, engine: str) -> ProfileErrors:
    """The errors of an engine's times."""
    return ProfileErrors(
        dense=errors_by_nearness(judged, engine, mixture=False),
        mixture=errors_by_nearness(judged, engine, mixture=True),
    )


def errors_by_nearness(judged: ByNearness, engine: str, *, mixture: bool) -> ErrorsByNearness:
    """The errors of an engine with one kind of model."""
    found = {}
    for name, ones in judged.items():
        alike = [one for one in ones if one.point.weight == 1.0 and bool(one.point.shape.experts) == mixture]
        own = [one for one in alike if one.point.engine == engine]
        found[name] = time_error(own if len(own) >= LEAST_POINTS else alike, LEFT_OUT.get(name, group_of))
    return ErrorsByNearness(**found)


def time_error(judged: Sequence[Judged], key: Key) -> TimeError | None:
    """The errors of these points, those that share a key counting as one; None where there are none."""
    if not judged:
        return None
    parts = list(summaries(judged, lambda point: repr(key(point))))
    ttft = known([part.ttft_median for part in parts])
    return TimeError(
        tpot_median=digits(float(np.median([part.tpot_median for part in parts]))),
        tpot_mean=digits(float(np.mean([part.tpot_mean for part in parts]))),
        ttft_median=digits(float(np.median(ttft))) if len(ttft) else None,
        points=len(judged),
    )


def digits(error: float) -> float:
    """An error as it is written."""
    return float(f"{error:.3g}")


def groups_of(points: Iterable[Point], held_out: Iterable[Judged] = ()) -> tuple[MeasuredGroup, ...]:
    """The configurations that points are of, with the median error of those that `held_out` judges."""
    errors: dict[tuple[str, ...], list[float]] = {}
    for one in held_out:
        errors.setdefault(names_of(one.point), []).append(abs(one.tpot_error))
    grouped: dict[tuple[str, ...], list[Point]] = {}
    for point in points:
        grouped.setdefault(names_of(point), []).append(point)
    return tuple(group_record(grouped[names], errors.get(names, ())) for names in sorted(grouped))


def names_of(point: Point) -> tuple[str, ...]:
    """What points of one group share: engine, version, accelerator, model size, precision, chips."""
    chips = str(point.layout.tensor_parallel)
    return (point.engine, point.version, point.accelerator, size_name(point.shape), point.precision, chips)


def group_record(points: Sequence[Point], errors: Sequence[float]) -> MeasuredGroup:
    """The record of one group's points."""
    first = points[0]
    names = sorted(point.model.rpartition("/")[2] for point in points)
    lengths, outputs, batches = (
        sorted(getattr(point, name) for point in points)
        for name in ("input_tokens", "output_tokens", "batch")
    )
    return MeasuredGroup(
        engine=first.engine, version=first.version, accelerator=first.accelerator,
        model=names[0], size=size_name(first.shape), params_b=digits4(first.shape.total_params / GIGA),
        precision=first.precision, chips=first.layout.tensor_parallel,
        input_least=lengths[0], input_most=lengths[-1],
        output_least=outputs[0], output_most=outputs[-1],
        batch_least=batches[0], batch_most=batches[-1],
        points=len(points),
        tpot_median=digits(float(np.median(errors))) if len(errors) >= LEAST_OF_GROUP else None,
    )  # fmt: skip


def digits4(value: float) -> float:
    """Billions of parameters as they are written."""
    return float(f"{value:.4g}")

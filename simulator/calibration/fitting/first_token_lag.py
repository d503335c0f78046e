"""Steps that a recipe keeps first tokens back, fitted to measured ones.

How often the scheduler looks for requests and how many tokens a chunk of the stream holds are settings
that no file of measurements tells, alike in all runs of one version on one accelerator. The rest of what a
host adds is the profile's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.calibration.errors import MOST_TTFT_S
from simulator.calibration.fitting.engines import ROUNDS, least_absolute
from simulator.calibration.predicted.times import predicted_s
from simulator.fleet.engines import start_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from catalogs import Catalog
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.measured.points import Point

    Column = NDArray[np.float64]

TIGHT_ERROR = 0.05
"""Errors below this count alike, as in `calibration.fitting`."""
LEAST_OF_A_START = 4
STEPS_OF_THE_ENGINE = 2.0
"""Points that an engine's usual steps weigh against a recipe's own."""


def with_client_side(points: Sequence[Point], catalog: Catalog, made: ServingProfile) -> ServingProfile:
    """The profile with the steps of each version on each accelerator, drawn towards its usual ones."""
    known = [point for point in points if point.ttft_s is not None and point.ttft_s < MOST_TTFT_S]
    bare = made.model_copy(update={"first_steps": 0.0, "first_steps_of": {}})
    simulated = np.array([predicted_s(point, catalog, bare) for point in known]).reshape(-1, 2)
    measured = np.array([point.ttft_s for point in known], np.float64)
    column, left = simulated[:, 1] / measured, 1.0 - simulated[:, 0] / measured
    starts = np.array([start_name(point.version, point.accelerator) for point in known])
    steps = {
        name: own_steps(column[starts == name], left[starts == name], made.first_steps)
        for name in sorted(set(starts.tolist()))
        if (starts == name).sum() >= LEAST_OF_A_START
    }
    return made.model_copy(update={"first_steps_of": {name: written(value) for name, value in steps.items()}})


def host_terms(simulated: Column, measured: Column) -> tuple[float, float]:
    """Seconds and decode steps by which first tokens come later than simulated without a host.

    `simulated` holds seconds to the first token and seconds of a step by run, `measured` the first token's.
    """
    columns = np.stack([np.ones(len(measured)), simulated[:, 1]], axis=1) / measured[:, np.newaxis]
    seconds, steps = least_absolute(columns, 1.0 - simulated[:, 0] / measured, TIGHT_ERROR)
    return written(seconds), written(steps)


def written(value: float) -> float:
    """A number in the digits that a profile keeps."""
    return float(f"{value:.3g}")


def own_steps(column: Column, left: Column, usual: float) -> float:
    """The steps of one recipe, drawn towards the engine's usual ones."""
    pull = STEPS_OF_THE_ENGINE * float(np.median(column)) ** 2
    weight, found = np.ones(len(left)), usual
    for _ in range(ROUNDS):
        work = weight * column
        found = max(float((work @ left + pull * usual) / (work @ column + pull)), 0.0)
        weight = 1.0 / np.maximum(np.abs(column * found - left), TIGHT_ERROR)
        weight /= weight.max()
    return found

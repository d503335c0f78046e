"""What a client's clock adds to the simulated first token, fitted to measured ones.

Time outside steps, per request and per token of the prompt, and some steps of the loop: how often the
scheduler looks for requests and how many tokens a chunk of the stream holds are settings that no file
of measurements tells, alike in all runs of one version on one accelerator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.calibration.errors import MOST_TTFT_S
from simulator.calibration.fitting import ROUNDS, least_absolute
from simulator.calibration.prediction import predicted_s, recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from catalogs import Catalog
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.points import Point

    Column = NDArray[np.float64]

CLIENT_SIDE = ("request_s", "input_token_s", "first_steps")
TIGHT_ERROR = 0.05
"""Errors below this count alike, as in `calibration.fitting`."""
LEAST_OF_A_RECIPE = 4
TURNS = 3
STEPS_OF_THE_ENGINE = 2.0
"""Points that an engine's usual steps weigh against a recipe's own."""


def with_client_side(points: Sequence[Point], catalog: Catalog, made: ServingProfile) -> ServingProfile:
    """The profile with what a client's clock adds, for the engine and for each recipe."""
    known = [point for point in points if point.ttft_s is not None and point.ttft_s < MOST_TTFT_S]
    bare = made.model_copy(update={**dict.fromkeys(CLIENT_SIDE, 0.0), "first_steps_of": {}})
    simulated = np.array([predicted_s(point, catalog, bare) for point in known])
    measured = np.array([point.ttft_s for point in known], np.float64)
    tokens = np.array([point.input_tokens for point in known], np.float64)
    columns = np.stack([np.ones(len(known)), tokens, simulated[:, 1]], axis=1) / measured[:, np.newaxis]
    recipes = np.array([recipe(point) for point in known])
    usual, steps = turn_by_turn(columns, 1.0 - simulated[:, 0] / measured, recipes)
    return bare.model_copy(update={**dict(zip(CLIENT_SIDE, usual, strict=True)), "first_steps_of": steps})


def turn_by_turn(
    columns: Column, rest: Column, recipes: NDArray[np.str_]
) -> tuple[tuple[float, float, float], dict[str, float]]:
    """The engine's request_s, input_token_s and usual steps, and the steps of each recipe."""
    request, token, usual = least_absolute(columns, rest, TIGHT_ERROR)
    steps: dict[str, float] = {}
    for _ in range(TURNS):
        left = rest - columns[:, 0] * request - columns[:, 1] * token
        steps = {
            name: own_steps(columns[recipes == name, 2], left[recipes == name], usual)
            for name in sorted(set(recipes.tolist()))
            if (recipes == name).sum() >= LEAST_OF_A_RECIPE
        }
        usual = float(np.median(list(steps.values()) or [usual]))
        of_point = np.array([steps.get(name, usual) for name in recipes.tolist()])
        request, token = least_absolute(columns[:, :2], rest - columns[:, 2] * of_point, TIGHT_ERROR)
    return (written(request), written(token), written(usual)), {
        name: written(value) for name, value in steps.items()
    }


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

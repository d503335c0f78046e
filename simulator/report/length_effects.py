"""What models do to answer lengths: by which factors, from which of the catalog's figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.plan.router_knowledge import answerer
from simulator.quality.answers import length_factors

if TYPE_CHECKING:
    from simulator.report.report import Json
    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import Stream
    from simulator.workload.columns import Workload

NEUTRAL = {"verbosity": 1.0, "wrong_length_ratio": 1.0, "reasoning_ratio": 0.0}
"""What changes no length."""


def length_effects(scenario: Scenario, workload: Workload) -> dict[str, Json]:
    """By stream, under `models`, every model's effects; none where all lengths hold exactly.

    They hold exactly where they are stated or recorded, where the stream wants no effects, and where
    the answers themselves are recorded.
    """
    models = dict.fromkeys(entry.model for entry in scenario.fleet)
    changed = changed_streams(scenario, workload)
    found: dict[str, Json] = {stream.name: {"models": {}} for stream in scenario.streams}
    for stream in scenario.streams:
        if stream.name in changed:
            found[stream.name] = {"models": {name: model_effects(scenario, stream, name) for name in models}}
    return found


def changed_streams(scenario: Scenario, workload: Workload) -> frozenset[str]:
    """Streams some of whose answers have no exact length."""
    if scenario.settings.quality.outcomes is not None:
        return frozenset()
    codes = np.unique(workload.stream_code[~workload.output_exact]).tolist()
    return frozenset(workload.stream_names[code] for code in codes)


def model_effects(scenario: Scenario, stream: Stream, name: str) -> dict[str, Json]:
    """Tokens of the model's right and wrong answers over nominal ones, and the multipliers behind."""
    right, wrong = length_factors(answerer(scenario, name), stream.task)
    model = scenario.catalog.model(name)
    figures = {key: float(getattr(model, key)) for key in NEUTRAL}
    behind = {key: value for key, value in figures.items() if value != NEUTRAL[key]}
    return {
        "right_factor": right,
        "wrong_factor": wrong,
        "multipliers": {key: multiplier(scenario, name, key, value) for key, value in behind.items()},
    }


def multiplier(scenario: Scenario, name: str, key: str, value: float) -> dict[str, Json]:
    """One of the catalog's multipliers, with where it comes from and whether that is a guess."""
    origin = scenario.catalog.model(name).origin_of(key)
    return {"value": value, "estimate": origin.estimate, "source": origin.source}

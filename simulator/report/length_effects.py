"""What models do to answer lengths: by which factors, from which of the catalog's figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.plan.router_knowledge import answerer
from simulator.quality.answers import length_factors
from simulator.report.figures import Format, block, figure
from simulator.scenario.recorded_answers import lengths_recorded
from simulator.workload.demand import draws_task_lengths

if TYPE_CHECKING:
    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import Stream
    from simulator.workload.columns import Workload

NEUTRAL = {"verbosity": 1.0, "wrong_length_ratio": 1.0, "reasoning_ratio": 0.0}
"""What changes no length."""


NO_SERIES = "factors that hold for the whole run"


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthMultiplier:
    """A multiplier of answer lengths."""

    value: float = figure("The multiplier.", Format.FACTOR, no_metric=NO_SERIES)
    estimate: bool = figure("Whether it is a guess.")
    source: str = figure("Where it comes from.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthEffects:
    """What a model does to answer lengths."""

    right_factor: float = figure(
        "Tokens of right answers over nominal ones.", Format.FACTOR, no_metric=NO_SERIES
    )
    wrong_factor: float = figure(
        "Tokens of wrong answers over nominal ones.", Format.FACTOR, no_metric=NO_SERIES
    )
    multipliers: dict[str, LengthMultiplier] = block("The catalog's multipliers behind, by name.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLengthEffects:
    """What models do to the answer lengths of a stream."""

    models: dict[str, LengthEffects] = block("By model; none where lengths hold exactly or are measured.")


def length_effects(scenario: Scenario, workload: Workload) -> dict[str, StreamLengthEffects]:
    """By stream, every model's effects; none where all lengths hold exactly.

    They hold exactly where they are stated or recorded, where the stream wants no effects, and where
    the answers themselves are recorded.
    """
    changed = changed_streams(scenario, workload)
    return {
        stream.name: StreamLengthEffects(
            models=effects_by_model(scenario, stream) if stream.name in changed else {}
        )
        for stream in scenario.streams
    }


def effects_by_model(scenario: Scenario, stream: Stream) -> dict[str, LengthEffects]:
    """What each model of the fleet does to a stream's lengths, but those whose lengths are measured."""
    models = dict.fromkeys(entry.model for entry in scenario.fleet)
    measured = {name for name in models if stream.task in scenario.catalog.model(name).answer_lengths}
    left_out = measured if draws_task_lengths(stream) else frozenset()
    return {name: model_effects(scenario, stream, name) for name in models if name not in left_out}


def changed_streams(scenario: Scenario, workload: Workload) -> frozenset[str]:
    """Streams some of whose answers have no exact length."""
    if lengths_recorded(scenario.settings):
        return frozenset()
    codes = np.unique(workload.stream_code[~workload.output_exact]).tolist()
    return frozenset(workload.stream_names[code] for code in codes)


def model_effects(scenario: Scenario, stream: Stream, name: str) -> LengthEffects:
    """Tokens of the model's right and wrong answers over nominal ones, and the multipliers behind."""
    right, wrong = length_factors(answerer(scenario, name), stream.task)
    model = scenario.catalog.model(name)
    known = {key: float(getattr(model, key)) for key in NEUTRAL}
    behind = {key: value for key, value in known.items() if value != NEUTRAL[key]}
    return LengthEffects(
        right_factor=right,
        wrong_factor=wrong,
        multipliers={key: multiplier(scenario, name, key, value) for key, value in behind.items()},
    )


def multiplier(scenario: Scenario, name: str, key: str, value: float) -> LengthMultiplier:
    """One of the catalog's multipliers, with where it comes from and whether that is a guess."""
    origin = scenario.catalog.model(name).origin_of(key)
    return LengthMultiplier(value=value, estimate=origin.estimate, source=origin.source)

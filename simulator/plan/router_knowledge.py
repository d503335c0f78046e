"""What a router has learnt of a scenario's traffic before the run: usual answers, and who is right on what.

By stream: a gateway tells streams apart by route, tenant or API key.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from simulator.distributions import whole_draws
from simulator.quality.answers import AnsweringModel, length_factors
from simulator.quality.measured_lengths import measured_lengths
from simulator.quality.response_curve import ability_for, mean_success
from simulator.quality.router_estimates import NormalPrior, RecordedPrior
from simulator.scenario.recorded_answers import recorded_answers
from simulator.streams import RandomStreams
from simulator.workload.demand import demand_of, draws_task_lengths
from simulator.workload.requests import token_counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from router.views.success_curve import SuccessCurve
    from simulator.quality.outcomes import OutcomeTable
    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import Stream
    from simulator.workload.columns import Workload
    from simulator.workload.demand import StreamDemand

    Tokens = NDArray[np.int32]

SEEN_ANSWERS = 16_384
"""Nominal answers that a stream's mean is taken over."""

LEAST_WEIGHT = 1e-9
"""What a stream without a request counts for: something, where its task has no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedStatistics:
    """Of one model: usual answers by stream and by task, tokens, and the share of right ones by stream."""

    stream_output_tokens: Mapping[str, float]
    task_output_tokens: Mapping[str, float]
    success_curves: Mapping[str, SuccessCurve]


def answerer(scenario: Scenario, name: str) -> AnsweringModel:
    """A model as the quality of its answers goes."""
    model = scenario.catalog.model(name)
    return AnsweringModel(
        name=name,
        success=model.success,
        verbosity=model.verbosity,
        wrong_length_ratio=model.wrong_length_ratio,
        reasoning_ratio=model.reasoning_ratio,
        lengths=measured_lengths(model),
    )


def learned_statistics(scenario: Scenario, name: str, workload: Workload | None) -> LearnedStatistics:
    """What is known of a model; a recorded trace's answers are known where its `workload` is."""
    table, model = recorded_answers(scenario.settings), answerer(scenario, name)
    usual, curves = {}, {}
    for stream in scenario.streams:
        demand = demand_of(scenario, stream)
        usual[stream.name] = usual_answer_tokens(scenario, stream, demand, model, workload)
        curve = curve_of(scenario, stream, demand, model)
        if curve is not None:
            curves[stream.name] = curve
    mean = None if table is None else table.mean_output_tokens(name)
    if mean is not None:
        usual = dict.fromkeys(usual, mean)
    return LearnedStatistics(
        stream_output_tokens=usual,
        task_output_tokens=by_task(scenario, usual, workload),
        success_curves=curves,
    )


def by_task(scenario: Scenario, usual: Mapping[str, float], workload: Workload | None) -> dict[str, float]:
    """Usual answers by task: the mean over its streams by their requests, or plainly without a workload."""
    weight = {stream.name: 1.0 for stream in scenario.streams}
    if workload is not None and len(workload):
        counts = np.bincount(workload.stream_code, minlength=len(weight)).tolist()
        weight = dict(zip(workload.stream_names, (count + LEAST_WEIGHT for count in counts), strict=True))
    found = {}
    for task in dict.fromkeys(stream.task for stream in scenario.streams):
        names = [stream.name for stream in scenario.streams if stream.task == task]
        tokens = fsum(weight[name] * usual[name] for name in names)
        found[task] = tokens / fsum(weight[name] for name in names)
    return found


def usual_answer_tokens(
    scenario: Scenario, stream: Stream, demand: StreamDemand, model: AnsweringModel, workload: Workload | None
) -> float:
    """The model's mean answer to the stream's requests, hidden reasoning included, tokens.

    Over right and wrong answers as often as they are given, each cut to the longest allowed. Exact
    lengths, such as a trace's, hold for every model.
    """
    played = None if workload is None else recorded_lengths(workload, stream.name)
    nominal, longest = drawn_lengths(demand) if played is None else played
    if demand.exact(recorded=played is not None):
        return float(np.minimum(nominal, longest).mean())
    success = stream_success(scenario, stream, demand, model)
    if played is None and stream.task in model.lengths and draws_task_lengths(stream):
        drawn = measured_answers(model, stream.task)
    else:
        drawn = tuple(np.asarray(nominal * factor) for factor in length_factors(model, stream.task))
    means = [np.clip(np.rint(tokens), 1, longest).mean() for tokens in drawn]
    return float(success * means[0] + (1.0 - success) * means[1])


def measured_answers(model: AnsweringModel, task: str) -> tuple[NDArray[np.float64], ...]:
    """Right and wrong answers as measured, at evenly spaced ranks; hidden reasoning on top, tokens."""
    rank = (np.arange(SEEN_ANSWERS) + 0.5) / SEEN_ANSWERS
    table = model.lengths[task]
    return tuple(part.at(rank) / (1.0 - model.reasoning_ratio) for part in (table.right, table.wrong))


def recorded_lengths(workload: Workload, stream: str) -> tuple[Tokens, Tokens] | None:
    """A stream's recorded answers and the longest allowed, tokens; None where none is recorded."""
    rows = workload.output_recorded & (workload.stream_code == workload.stream_names.index(stream))
    if not rows.any():
        return None
    return workload.output_token_count[rows], workload.max_output_token_count[rows]


def drawn_lengths(demand: StreamDemand) -> tuple[Tokens, Tokens]:
    """Nominal answers such as a stream's past ones, the same in every run, and the longest allowed."""
    nominal = token_counts(whole_draws(demand.output_tokens, RandomStreams(0)["past answers"], SEEN_ANSWERS))
    return nominal, demand.output_limits(nominal)


def stream_ability(scenario: Scenario, stream: Stream, model: AnsweringModel) -> float | None:
    """The model's ability at the stream's task, logits; None where no success ratio is known."""
    success, task = model.success.get(stream.task), scenario.catalog.task(stream.task)
    if success is None:
        return None
    sharpness = scenario.settings.quality.discrimination
    return ability_for(success, task.difficulty_mean, task.difficulty_sd, sharpness)


def stream_success(scenario: Scenario, stream: Stream, demand: StreamDemand, model: AnsweringModel) -> float:
    """The model's share of right answers to the stream's requests, by their own difficulties."""
    ability = stream_ability(scenario, stream, model)
    if ability is None:
        return 0.0
    sharpness = scenario.settings.quality.discrimination
    return mean_success(ability, demand.difficulty_mean, demand.difficulty_sd, sharpness)


def prior_of(scenario: Scenario, demand: StreamDemand) -> NormalPrior | RecordedPrior:
    """What the router has learnt of the difficulties of a stream's requests."""
    table = recorded_answers(scenario.settings)
    if table is None:
        return NormalPrior(mean=demand.difficulty_mean, sd=demand.difficulty_sd)
    difficulty, counts = np.unique(table.difficulty, return_counts=True)
    return RecordedPrior(difficulty=difficulty, share=counts / counts.sum())


def curve_of(
    scenario: Scenario, stream: Stream, demand: StreamDemand, model: AnsweringModel
) -> SuccessCurve | None:
    """How often the model is right on the stream's requests, by their expected difficulty."""
    prior, quality = prior_of(scenario, demand), scenario.settings.quality
    if isinstance(prior, RecordedPrior):
        table = recorded_answers(scenario.settings)
        success = None if table is None else recorded_success(table, model.name)
        return None if success is None else prior.success_curve(success, quality.difficulty_noise)
    ability = stream_ability(scenario, stream, model)
    if ability is None:
        return None
    return prior.success_curve(ability, quality.discrimination, quality.difficulty_noise)


def recorded_success(table: OutcomeTable, name: str) -> NDArray[np.float64]:
    """The model's share of right answers among the queries of each difficulty, in ascending order.

    Over those that it was asked; between them on straight lines where it was asked none.
    """
    row = table.models.index(name)
    levels, place = np.unique(table.difficulty, return_inverse=True)
    asked = np.bincount(place, weights=table.asked[row], minlength=len(levels))
    right = np.bincount(place, weights=table.asked[row] & table.correct[row], minlength=len(levels))
    known = asked > 0
    return np.asarray(np.interp(levels, levels[known], right[known] / asked[known]))

"""The answers: a pure function of each request's latent draws and the model that answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from router.views.request import AnswerTable
from simulator.quality.measured_lengths import length_ranks
from simulator.quality.response_curve import ability_for, success_probability
from simulator.streams import keyed_uniform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from simulator.quality.measured_lengths import MeasuredLengths
    from simulator.workload.columns import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweringModel:
    """A model as the quality of its answers goes.

    `success` by task is the mean share of right answers over the task's requests. `lengths` by task
    hold where a task's lengths are drawn; elsewhere `verbosity` scales nominal ones, and
    `wrong_length_ratio` is the mean length of wrong answers over that of right ones.
    `reasoning_ratio` of the output is hidden reasoning.
    """

    name: str
    success: Mapping[str, float]
    verbosity: float = 1.0
    wrong_length_ratio: float = 1.0
    reasoning_ratio: float = 0.0
    lengths: Mapping[str, MeasuredLengths] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDifficulty:
    """A task's requests: difficulty ~ N(mean, sd) in logits."""

    mean: float = 0.0
    sd: float = 1.0


def abilities(
    answerer: AnsweringModel, tasks: Mapping[str, TaskDifficulty], discrimination: float
) -> dict[str, float]:
    """The model's ability in logits at every task it has a success ratio for."""
    return {
        task: ability_for(answerer.success[task], shape.mean, shape.sd, discrimination)
        for task, shape in tasks.items()
        if task in answerer.success
    }


def answer_table(
    workload: Workload,
    answerers: Sequence[AnsweringModel],
    tasks: Mapping[str, TaskDifficulty],
    discrimination: float,
    seed: int,
) -> AnswerTable:
    """Right or wrong and output tokens of every model's answer to every request.

    Keyed by (seed, request, model): the same whatever the policy, the attempt or the order.
    """
    count = len(workload)
    correct = np.zeros((len(answerers), count), np.bool_)
    output = np.zeros((len(answerers), count), np.int32)
    for row, answerer in enumerate(answerers):
        theta = abilities(answerer, tasks, discrimination)
        by_task = np.array([theta.get(name, -np.inf) for name in workload.task_names])
        correct[row] = answers_right(workload, answerer.name, by_task, discrimination, seed)
        output[row] = output_tokens(workload, answerer, correct[row], seed)
    return AnswerTable(correct=correct, output_token_count=output)


def answers_right(
    workload: Workload,
    model: str,
    ability: NDArray[np.float64],
    discrimination: float,
    seed: int,
) -> NDArray[np.bool_]:
    """Which requests the model answers right; `ability` by task code."""
    chance = success_probability(ability[workload.task_code], workload.difficulty, discrimination)
    draw = keyed_uniform(seed, f"answer/{model}", workload.key)
    return draw < chance


def unknown_success(answerers: Sequence[AnsweringModel], tasks: Sequence[str]) -> Iterator[str]:
    """A warning for every task that a model has no success ratio for."""
    for answerer in answerers:
        for task in tasks:
            if task not in answerer.success:
                yield (
                    f"no success ratio of {answerer.name!r} on {task!r} is known: right answers are unknown, "
                    f"not 0; give catalog.overrides.models.{answerer.name}.success.{task}"
                )


def length_factors(answerer: AnsweringModel, task: str) -> tuple[float, float]:
    """Tokens of right and of wrong answers over nominal ones, hidden reasoning included.

    Right answers have nominal x verbosity x s, wrong ones `wrong_length_ratio` times that, with s
    such that the mean over both is nominal x verbosity at the model's success on the task.
    """
    success, ratio = answerer.success.get(task, 0.0), answerer.wrong_length_ratio
    right = answerer.verbosity / (success + (1.0 - success) * ratio) / (1.0 - answerer.reasoning_ratio)
    return right, right * ratio


def output_tokens(
    workload: Workload, answerer: AnsweringModel, correct: NDArray[np.bool_], seed: int
) -> NDArray[np.int32]:
    """Output tokens, hidden reasoning included, at least 1 and at most the declared limit.

    Where the model's answers to a task were measured, lengths drawn from the task are theirs. Exact
    lengths, such as stated and recorded ones, hold for every model, whatever the limit.
    """
    factors = [length_factors(answerer, name) for name in workload.task_names]
    right, wrong = np.array(factors, np.float64).reshape(-1, 2).T[:, workload.task_code]
    limit = np.maximum(workload.max_output_token_count, 1)
    tokens = workload.output_token_count * np.where(correct, right, wrong)
    if not answerer.lengths.keys().isdisjoint(workload.task_names):
        put_measured(tokens, workload, answerer, correct, seed)
    scaled = np.clip(np.rint(tokens), 1, limit)
    return np.where(workload.output_exact, workload.output_token_count, scaled).astype(np.int32)


def put_measured(
    tokens: NDArray[np.float64],
    workload: Workload,
    answerer: AnsweringModel,
    correct: NDArray[np.bool_],
    seed: int,
) -> None:
    """Measured lengths, hidden reasoning on top, in place of those that a task's lengths would give."""
    rank = length_ranks(answerer.name, seed, workload.key)
    drawn = np.isin(np.array(workload.stream_names), workload.task_length_streams)[workload.stream_code]
    for code, task in enumerate(workload.task_names):
        if task in answerer.lengths:
            rows = drawn & ~workload.output_recorded & (workload.task_code == code)
            visible = answerer.lengths[task].tokens(correct[rows], rank[rows])
            tokens[rows] = visible / (1.0 - answerer.reasoning_ratio)

"""Measured answer lengths: right and wrong answers have a benchmark's quantiles, whatever the task's are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from catalogs import load_catalog
from catalogs.records import QuantileTable
from simulator import simulate
from simulator.plan.router_knowledge import answerer, learned_statistics
from simulator.quality.answers import TaskDifficulty, answer_table
from simulator.quality.measured_lengths import COMMON_RATIO, length_ranks
from simulator.settings.scenario import Scenario
from simulator.streams import RandomStreams
from simulator.workload.columns import Workload
from simulator.workload.generate import generate_workload
from world_cases import SMALL, scenario, with_stream

DISCRIMINATION, SEED = 1.7, 11
TABLES = [(model.name, task) for model in load_catalog().models.values() for task in model.answer_lengths]
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
TOLERANCE = {share: 0.2 if share == 0.99 else 0.1 for share in QUANTILES}


def world(task: str, model: str = "llama-3.1-8b", **stream: object) -> Scenario:
    """An hour of a task's requests at a model of the catalog."""
    steady = {"pattern": "steady", "rate": 40_000 / 3600}
    fleet = [{**SMALL, "model": model}]
    return scenario(duration="1h", fleet=fleet, **with_stream(**{"arrivals": steady, "task": task, **stream}))


WORKLOADS = {task: generate_workload(world(task), RandomStreams(SEED)) for _name, task in TABLES}


def answers(workload: Workload, name: str, task: str) -> tuple[np.ndarray, np.ndarray]:
    """Right or not, and tokens, of a model's answers."""
    shape = {task: TaskDifficulty(sd=load_catalog().task(task).difficulty_sd)}
    table = answer_table(workload, [answerer(world(task), name)], shape, DISCRIMINATION, SEED)
    return table.correct[0], table.output_token_count[0]


@pytest.mark.parametrize(("name", "task"), TABLES)
def test_right_and_wrong_answers_have_the_measured_quantiles(name: str, task: str) -> None:
    """Within 10 % (20 % at 0.99), at probabilities that lie within three standard errors."""
    workload, table = WORKLOADS[task], load_catalog().model(name).answer_lengths[task]
    limit = load_catalog().task(task).max_output_tokens
    correct, tokens = answers(workload, name, task)
    for kind, chosen in ((table.right, tokens[correct]), (table.wrong, tokens[~correct])):
        points = np.array(sorted(kind.quantiles.items())).T
        for share, slack in TOLERANCE.items():
            reach = 3.0 * np.sqrt(share * (1.0 - share) / len(chosen))
            low, high = np.minimum(np.interp([share - reach, share + reach], *points), limit)
            assert low * (1.0 - slack) <= np.quantile(chosen, share) <= high * (1.0 + slack), share


def test_models_answer_long_together_as_often_as_measured() -> None:
    """Ranks are uniform, and two models' correlate by a half: CRUX 0.54, MATH level 5 0.49."""
    key = WORKLOADS["program_execution"].key
    first, second = (length_ranks(name, SEED, key) for name in ("a", "b"))
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(COMMON_RATIO**2, abs=0.02)
    assert np.quantile(first, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.01)
    assert pytest.approx(0.5) == COMMON_RATIO**2


@pytest.mark.parametrize(
    "stream",
    [
        {"output_tokens": 77},
        {"output_tokens": {"median": 80, "p95": 300}, "length_effects": "all"},
        {"length_effects": "none"},
    ],
    ids=["stated", "scaled", "unscaled"],
)
def test_stated_lengths_are_not_replaced(stream: dict[str, object]) -> None:
    """Where a stream states its lengths, or wants no effects, the tables play no role."""
    task, name = "program_execution", "gpt-4o"
    asked = generate_workload(world(task, **stream), RandomStreams(SEED))
    bare = replace(answerer(world(task), name), lengths={})
    shape = {task: TaskDifficulty(sd=load_catalog().task(task).difficulty_sd)}
    found = answers(asked, name, task)[1]
    expected = answer_table(asked, [bare], shape, DISCRIMINATION, SEED).output_token_count[0]
    assert found.tolist() == expected.tolist()


def test_routers_know_the_mean_of_measured_answers() -> None:
    """A model's usual answer is the mean over its answers, right and wrong."""
    for name in ("llama-3.1-8b", "gpt-4o"):
        known = learned_statistics(world("competition_math"), name, None).task_output_tokens
        _correct, tokens = answers(WORKLOADS["competition_math"], name, "competition_math")
        assert known["competition_math"] == pytest.approx(tokens.mean(), rel=0.03)


def test_hidden_reasoning_comes_on_top_of_measured_lengths() -> None:
    """Tables hold visible answers: half hidden doubles them."""
    task, workload = "competition_math", WORKLOADS["competition_math"]
    model = answerer(world(task), "claude-3.5-sonnet")
    shape = {task: TaskDifficulty(sd=1.27)}
    plain, thinking = (
        answer_table(workload, [replace(model, reasoning_ratio=ratio)], shape, DISCRIMINATION, SEED)
        for ratio in (0.0, 0.5)
    )
    assert np.abs(thinking.output_token_count - 2 * plain.output_token_count).max() <= 1


def test_reports_list_no_factors_where_lengths_are_measured() -> None:
    """A model with a table has no factor to nominal lengths; on other tasks it has."""
    effects = [
        simulate(world(task, arrivals={"pattern": "steady", "rate": 0.1})).report.to_dict()["length_effects"]
        for task in ("program_execution", "reasoning")
    ]
    names = [list(next(iter(found.values()))["models"]) for found in effects]
    assert names == [[], ["llama-3.1-8b"]]


@pytest.mark.parametrize("table", [{0: 1, 0.5: 3}, {0: 5, 0.5: 3, 1: 9}, {0.5: 3, 1: 9}])
def test_tables_without_ends_or_with_falls_are_refused(table: dict[float, float]) -> None:
    """Quantiles rise from the least to the most."""
    with pytest.raises(ValidationError, match="must not fall, and need their ends 0 and 1"):
        QuantileTable(quantiles=table)

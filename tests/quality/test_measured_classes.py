"""Measured task classes: generated answers have the correlations that the benchmarks' answers have."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from pydantic import ValidationError

from catalogs import load_catalog
from catalogs.measured_answers import MeasuredPair, measured_pairs, write_pairs
from catalogs.records import Lengths, QuantileTable
from simulator.quality.answers import AnsweringModel, TaskDifficulty, answer_table
from simulator.streams import RandomStreams
from simulator.workload.columns import Workload
from simulator.workload.generate import generate_workload
from world_cases import scenario, with_stream

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared/data/routing"
TASKS = ("program_execution", "competition_math", "exam_questions")
DISCRIMINATION, SEED = 1.7, 5
WORST, RMSE = 0.035, 0.015
"""Of P(both right): the fit leaves 0.029 and 0.0101 open, 40,000 requests have a standard error of 0.0025."""


def matrix(task: str) -> tuple[tuple[str, ...], np.ndarray]:
    """The models measured on a task, and the share of questions that each two answer right together."""
    pairs = {(pair.first, pair.second): pair for pair in measured_pairs() if pair.task == task}
    names = tuple(first for first, second in pairs if first == second)
    together = np.zeros((len(names), len(names)))
    for (first, second), pair in pairs.items():
        row, column = names.index(first), names.index(second)
        together[row, column] = together[column, row] = pair.right_count / pair.question_count
    return names, together


@cache
def requests(task: str) -> Workload:
    """About 40,000 requests of a task."""
    steady = {"pattern": "steady", "rate": 40_000 / 3600}
    world = scenario(duration="1h", **with_stream(arrivals=steady, task=task))
    return generate_workload(world, RandomStreams(SEED))


def right_together(task: str, sd: float) -> tuple[np.ndarray, np.ndarray]:
    """What the task's models are right on together, generated with difficulties of a spread, and measured."""
    names, measured = matrix(task)
    models = [AnsweringModel(name=name, success={task: measured[row, row]}) for row, name in enumerate(names)]
    asked = requests(task)
    right = answer_table(asked, models, {task: TaskDifficulty(sd=sd)}, DISCRIMINATION, SEED).correct * 1.0
    return right @ right.T / len(asked), measured


def gaps(task: str, sd: float) -> tuple[float, float]:
    """Worst and root mean square error of P(both right) over the pairs."""
    found, measured = right_together(task, sd)
    error = (found - measured)[np.triu_indices(len(measured), 1)]
    return float(np.abs(error).max()), float(np.sqrt(np.square(error).mean()))


@pytest.mark.parametrize("task", TASKS)
def test_generated_answers_are_right_together_as_often_as_measured(task: str) -> None:
    """P(both right) of every pair is met within 0.035, root mean square 0.015."""
    worst, rmse = gaps(task, load_catalog().task(task).difficulty_sd)
    assert worst < WORST
    assert rmse < RMSE


@pytest.mark.parametrize("task", TASKS)
def test_each_model_is_right_as_often_as_measured(task: str) -> None:
    """Success ratios are met within four standard errors."""
    found, measured = right_together(task, load_catalog().task(task).difficulty_sd)
    success = measured.diagonal()
    error = np.sqrt(success * (1.0 - success) / len(requests(task)))
    assert (np.abs(found.diagonal() - success) < 4.0 * error).all()


@pytest.mark.parametrize("task", TASKS)
def test_the_workload_has_the_spread_of_the_catalog(task: str) -> None:
    """Difficulties scatter as the task's entry says, within four standard errors."""
    asked, sd = requests(task), load_catalog().task(task).difficulty_sd
    assert len(asked) > 20_000
    assert abs(asked.difficulty.std() / sd - 1.0) < 4.0 / np.sqrt(2.0 * len(asked))


@pytest.mark.parametrize("task", TASKS)
def test_independent_errors_would_be_seen(task: str) -> None:
    """Answers that share no difficulty miss the measured pairs by far more than the tolerance."""
    names, measured = matrix(task)
    success = measured.diagonal()
    error = (np.outer(success, success) - measured)[np.triu_indices(len(names), 1)]
    assert np.sqrt(np.square(error).mean()) > 4 * RMSE


@pytest.mark.parametrize("task", TASKS)
def test_success_in_the_catalog_is_the_measured_share(task: str) -> None:
    """What models of the catalog are given is what the counts say, unmeasured ones are given nothing."""
    names, measured = matrix(task)
    catalog, shares = load_catalog(), dict(zip(names, measured.diagonal(), strict=True))
    given = {name: model.success[task] for name, model in catalog.models.items() if task in model.success}
    assert given == pytest.approx(
        {name: shares[name] for name in names if name in catalog.models}, abs=5.1e-5
    )


def test_more_right_answers_than_questions_are_refused() -> None:
    """A pair cannot be right on more than it was asked."""
    with pytest.raises(ValidationError, match="right_count 4 exceeds question_count 3"):
        MeasuredPair(task="t", first="a", second="b", question_count=3, right_count=4)


def test_pairs_are_read_as_written(tmp_path: Path) -> None:
    """The table that is written is the one that ships."""
    write_pairs(measured_pairs(), tmp_path / "pairs.csv")
    assert (tmp_path / "pairs.csv").read_text() == (ROOT / "catalogs/measured_answers.csv").read_text()


def fitting() -> ModuleType:
    """`bench/fit_tasks.py`, which is no package's."""
    spec = importlib.util.spec_from_file_location("fit_tasks", ROOT / "bench/fit_tasks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fit_tasks"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not DATA.is_dir(), reason="the data set is not beside the repository")
def test_the_catalog_is_what_the_files_give() -> None:
    """Fitted anew on the real files, pairs and spreads are those that ship."""
    fit, catalog = fitting(), load_catalog()
    found = fit.benchmarks(DATA)
    assert tuple(pair for measured in found for pair in fit.pairs_of(measured)) == measured_pairs()
    spreads = {measured.task: fit.fitted_spread(measured) for measured in found}
    assert spreads == pytest.approx({task: catalog.task(task).difficulty_sd for task in TASKS}, abs=1e-6)


@pytest.mark.skipif(not DATA.is_dir(), reason="the data set is not beside the repository")
def test_length_tables_are_what_the_files_give() -> None:
    """Every measured model's lengths, and every task's, are the files' quantiles."""
    fit, catalog = fitting(), load_catalog()
    for measured in fit.benchmarks(DATA):
        shown, task = list(measured.shown()), catalog.task(measured.task)
        assert told(task.input_tokens) == fit.quantiles(measured.prompt_tokens)
        assert told(task.output_tokens) == fit.quantiles(measured.output_tokens[shown].ravel())
        for row in shown:
            table = catalog.model(measured.models[row]).answer_lengths[measured.task]
            right, tokens = measured.right[row], measured.output_tokens[row]
            assert told(table.right) == fit.quantiles(tokens[right])
            assert told(table.wrong) == fit.quantiles(tokens[~right])


def told(table: Lengths | QuantileTable) -> dict[str, float]:
    """A table's quantiles as the fit states them."""
    return {f"{share:g}": value for share, value in (table.quantiles or {}).items()}

"""Fits the measured task classes: `python bench/fit_tasks.py FOLDER`, which holds per-question outcomes.

Writes catalogs/measured_answers.csv and prints each task's difficulty spread with what it leaves open, and
the lengths and success ratios of catalogs/tasks and catalogs/models. The folder has `zeroeval_crux.csv.gz`,
`zeroeval_math-l5.csv.gz` (columns qid, model, correct, output_tokens_cl100k, prompt_tokens_cl100k; from
WildEval/ZeroEval @8c1485e) and `mmlu_pro_outcomes.csv.gz`, `mmlu_pro_questions.csv.gz` (question_id, model,
correct, output_tokens_cl100k; question_tokens_cl100k; from TIGER-AI-Lab/MMLU-Pro @f418b11), both Apache-2.0.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from catalogs.measured_answers import MeasuredPair, write_pairs
from simulator.quality.response_curve import NODES, WEIGHTS, ability_for, success_probability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Figures = dict[str, float]

DISCRIMINATION = 1.7
"""A scenario's default; only its product with the spread is in the data."""

SPREADS = np.arange(0.5, 3.0, 0.01)
POINTS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 1.0)
"""Dense where answers that never end begin: straight lines between the points keep every mean within 7 %."""

ZEROEVAL = {
    "gemma-2-2b": "gemma-2-2b-it",
    "gemma-2-9b": "gemma-2-9b-it",
    "llama-3.1-8b": "Meta-Llama-3.1-8B-Instruct",
    "llama-3.1-70b": "Meta-Llama-3.1-70B-Instruct",
    "llama-3.1-405b": "Llama-3.1-405B-Inst@sambanova",
    "gpt-4": "gpt-4-0314",
    "gpt-4-turbo": "gpt-4-turbo-2024-04-09",
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "claude-3-opus": "claude-3-opus-20240229",
    "claude-3.5-sonnet": "claude-3-5-sonnet-20241022",
}
MMLU_PRO = {
    "llama-3.1-8b": "Meta-Llama-3_1-8B-Instruct",
    "llama-3.1-70b": "Meta-Llama-3_1-70B-Instruct",
}
CHAT_MODELS = (
    "Mistral-7B-Instruct-v0.1", "Mistral-7B-Instruct-v0.2", "Mixtral-8x7B-Instruct-v0.1",
    "Qwen1.5-72B-Chat", "Qwen1.5-7B-Chat", "Yi-6b-Chat", "gemini-1.5-flash-002", "gemini-1.5-pro-002",
)  # fmt: skip
"""Models of MMLU-Pro's outcomes that answer as assistants do; base models are cut at 256 tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A benchmark's answers: `right` and `output_tokens` are models x questions."""

    task: str
    models: tuple[str, ...]
    right: NDArray[np.bool_]
    output_tokens: NDArray[np.int64]
    prompt_tokens: NDArray[np.int64]

    def shown(self) -> tuple[int, ...]:
        """Rows of the models whose figures the catalog shows."""
        return tuple(row for row, name in enumerate(self.models) if name in ZEROEVAL)


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a compressed table."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def benchmark(task: str, path: Path, names: dict[str, str], question: str, prompts: Column) -> Benchmark:
    """The answers to the questions that every one of these models was asked."""
    asked: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in rows_of(path):
        asked[row[question]][row["model"]] = (int(row["correct"]), int(row["output_tokens_cl100k"]))
    whole = [answers for answers in asked.values() if set(names.values()) <= set(answers)]
    table = np.array([[answers[name] for answers in whole] for name in names.values()])
    return Benchmark(
        task=task,
        models=tuple(names),
        right=table[:, :, 0] == 1,
        output_tokens=table[:, :, 1],
        prompt_tokens=prompts.astype(np.int64),
    )


def prompts_of(path: Path, question: str, column: str) -> Column:
    """Prompt lengths, one for each question."""
    return np.array([int(text) for text in {row[question]: row[column] for row in rows_of(path)}.values()])


def benchmarks(folder: Path) -> tuple[Benchmark, ...]:
    """The three benchmarks."""
    crux, math = folder / "zeroeval_crux.csv.gz", folder / "zeroeval_math-l5.csv.gz"
    exam, exam_models = (
        folder / "mmlu_pro_outcomes.csv.gz",
        MMLU_PRO | dict(zip(*2 * (CHAT_MODELS,), strict=True)),
    )
    prompts = prompts_of(folder / "mmlu_pro_questions.csv.gz", "question_id", "question_tokens_cl100k")
    zeroeval = [
        benchmark(task, path, ZEROEVAL, "qid", prompts_of(path, "qid", "prompt_tokens_cl100k"))
        for task, path in (("program_execution", crux), ("competition_math", math))
    ]
    return (*zeroeval, benchmark("exam_questions", exam, exam_models, "question_id", prompts))


def pairs_of(measured: Benchmark) -> list[MeasuredPair]:
    """How often each two models are right together, each one alone too."""
    right = measured.right.astype(np.int64)
    together = right @ right.T
    return [
        MeasuredPair(
            task=measured.task,
            first=measured.models[row],
            second=measured.models[column],
            question_count=right.shape[1],
            right_count=int(together[row, column]),
        )
        for row in range(len(right))
        for column in range(row + 1)
    ]


def chances(success: Column, sd: float) -> Column:
    """P(correct) of each model at each node of difficulty ~ N(0, sd)."""
    theta = [ability_for(float(share), 0.0, sd, DISCRIMINATION) for share in success]
    return np.array([success_probability(ability, sd * NODES, DISCRIMINATION) for ability in theta])


def joint(success: Column, sd: float) -> Column:
    """P(both correct) of each two models: errors are independent at the same difficulty."""
    at_nodes = chances(success, sd)
    return np.asarray((at_nodes * WEIGHTS) @ at_nodes.T)


def right_counts(success: Column, sd: float) -> Column:
    """The share of questions that k = 0, 1, … models answer right: by one model after the other."""
    shares = np.zeros((len(success) + 1, len(NODES)))
    shares[0] = 1.0
    for chance in chances(success, sd):
        shares[1:] = shares[1:] * (1.0 - chance) + shares[:-1] * chance
        shares[0] *= 1.0 - chance
    return np.asarray(shares @ WEIGHTS)


def errors(measured: Benchmark, sd: float) -> Column:
    """Joint success by the curve less the measured one, of every pair."""
    right = measured.right.astype(float)
    gap = joint(right.mean(axis=1), sd) - right @ right.T / right.shape[1]
    return np.asarray(gap[np.triu_indices(len(right), 1)])


def fitted_spread(measured: Benchmark) -> float:
    """The spread with the least squared error over the pairs, to 0.01."""
    return float(min(SPREADS, key=lambda sd: float(np.square(errors(measured, sd)).sum())))


def correlation(success: Column, together: Column) -> float:
    """The mean phi coefficient over the pairs."""
    spread = np.sqrt(success * (1.0 - success))
    phi = (together - np.outer(success, success)) / np.outer(spread, spread)
    return float(phi[np.triu_indices(len(success), 1)].mean())


def fit_figures(measured: Benchmark) -> Figures:
    """What the fit found, and what it leaves open."""
    right, sd = measured.right.astype(float), fitted_spread(measured)
    success, error = right.mean(axis=1), errors(measured, sd)
    counts = np.bincount(measured.right.sum(axis=0), minlength=len(right) + 1) / right.shape[1]
    unshared = np.outer(success, success) - right @ right.T / right.shape[1]
    return {
        "questions": right.shape[1],
        "models": len(right),
        "difficulty_sd": sd,
        "joint_rmse": float(np.sqrt(np.square(error).mean())),
        "joint_worst": float(np.abs(error).max()),
        "joint_rmse_if_independent": float(
            np.sqrt(np.square(unshared[np.triu_indices(len(right), 1)]).mean())
        ),
        "phi_measured": correlation(success, right @ right.T / right.shape[1]),
        "phi_at_sd_1": correlation(success, joint(success, 1.0)),
        "phi_fitted": correlation(success, joint(success, sd)),
        "right_counts_worst": float(np.abs(right_counts(success, sd) - counts).max()),
    }


def quantiles(tokens: NDArray[np.int64]) -> Figures:
    """The quantiles that the catalog holds."""
    found = np.quantile(tokens, POINTS)
    return {f"{point:g}": round(float(value)) for point, value in zip(POINTS, found, strict=True)}


def told(figures: Figures) -> str:
    """Figures as YAML in a line."""
    return "{" + ", ".join(f"{name}: {value:.5g}" for name, value in figures.items()) + "}"


def print_benchmark(measured: Benchmark) -> None:
    """The figures of a task and of its models."""
    print(f"{measured.task}: {told(fit_figures(measured))}")
    print(f"  input_tokens: {told(quantiles(measured.prompt_tokens))}")
    print(f"  output_tokens: {told(quantiles(measured.output_tokens[list(measured.shown())].ravel()))}")
    for row in measured.shown():
        right, tokens = measured.right[row], measured.output_tokens[row]
        print(f"  {measured.models[row]}: {right.mean():.4f}")
        print(f"    right: {told(quantiles(tokens[right]))}")
        print(f"    wrong: {told(quantiles(tokens[~right]))}")


def main() -> None:
    """Writes the pairs, prints the rest."""
    found = benchmarks(Path(sys.argv[1]))
    write_pairs([pair for measured in found for pair in pairs_of(measured)])
    for measured in found:
        print_benchmark(measured)


if __name__ == "__main__":
    main()

"""What a table of recorded answers says of its models and of routing between them, without any load."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from catalogs.near_names import unknown_name
from simulator.quality.outcomes.errors import fail
from simulator.routing_quality.hulls import (
    average_improvement,
    hull,
    known_points,
    routerbench_improvement,
)
from simulator.routing_quality.pair import pair_summary, score_measures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from simulator.quality.outcomes.recorded import RecordedAnswers
    from simulator.report.figures import Json
    from simulator.routing_quality.hulls import Point
    from simulator.routing_quality.pair import PairSummary, ScoreMeasures

PER_1000 = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummary:
    """One model over the queries that it was asked; None where the table does not know."""

    model: str
    asked: int
    success_ratio: float
    output_tokens: float | None
    usd_per_1000: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleSummary:
    """The router that knows every answer, over the queries that all models were asked.

    It sends to the cheapest model that is right, to the cheapest of all where none is.
    """

    queries: int
    success_ratio: float
    usd_per_1000: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSummary:
    """A table's models, the oracle over them, how much they err together, a pair and its scores."""

    queries: int
    models: tuple[ModelSummary, ...]
    oracle: OracleSummary
    error_correlation: tuple[float, float, float] | None
    pair: PairSummary
    scores: Mapping[str, ScoreMeasures]

    def to_dict(self) -> dict[str, Json]:
        """The summary as plain data (schema `wayfare.outcomes/1`)."""
        points = singles(self.models)
        correlation: Json = None if self.error_correlation is None else [*self.error_correlation]
        return {
            "schema": "wayfare.outcomes/1",
            "queries": self.queries,
            "models": [{**asdict(model)} for model in self.models],
            "oracle": {**asdict(self.oracle)},
            "error_correlation": correlation,
            "zero_router": {
                "hull": [list(point) for point in hull(points)],
                "aiq": average_improvement(points),
                "aiq_routerbench": routerbench_improvement(points),
            },
            "pair": self.pair.to_dict(),
            "scores": {name: found.to_dict() for name, found in self.scores.items()},
        }


def table_summary(
    path: str, answers: RecordedAnswers, weak: str | None, strong: str | None, confidence: float
) -> TableSummary:
    """The summary of all that a file has; `weak` and `strong` are names in it.

    Where they are left out, the weak model is the cheapest, or without costs the one that is right least
    often, and the strong one that which is right most often.

    Raises:
        InvalidOutcomesError: a name is not in the table, or the two were asked no query in common.
    """
    models = tuple(model_summary(answers, row) for row in range(len(answers.models)))
    rows = pair_rows(path, answers, models, weak, strong)
    both = answers.asked[rows[0]] & answers.asked[rows[1]]
    if not both.any():
        fail(path, "query", "the weak and the strong model were asked no query in common")
    low, high = (answers.correct[row][both] for row in rows)
    return TableSummary(
        queries=len(answers.queries),
        models=models,
        oracle=oracle_summary(answers),
        error_correlation=error_correlation(answers),
        pair=pair_summary((answers.models[rows[0]], answers.models[rows[1]]), low, high),
        scores={
            name: score_measures(score[both], low, high, confidence, sampled=True)
            for name, score in answers.scores.items()
        },
    )


def model_summary(answers: RecordedAnswers, row: int) -> ModelSummary:
    """One model's shares and means."""
    asked = answers.asked[row]
    tokens, usd = answers.output_token_count[row][asked], answers.cost_usd[row][asked]
    return ModelSummary(
        model=answers.models[row],
        asked=int(asked.sum()),
        success_ratio=float(answers.correct[row][asked].mean()),
        output_tokens=float(tokens.mean()) if (tokens >= 0).all() else None,
        usd_per_1000=float(usd.mean() * PER_1000) if np.isfinite(usd).all() else None,
    )


def singles(models: tuple[ModelSummary, ...]) -> list[Point]:
    """Cost and quality of the models whose cost is known."""
    return known_points((model.usd_per_1000, model.success_ratio) for model in models)


def oracle_summary(answers: RecordedAnswers) -> OracleSummary:
    """The oracle over the queries that all models were asked."""
    common = answers.asked.all(axis=0)
    right, usd = answers.correct[:, common], answers.cost_usd[:, common]
    if not common.any():
        return OracleSummary(queries=0, success_ratio=float("nan"), usd_per_1000=None)
    return OracleSummary(
        queries=int(common.sum()),
        success_ratio=float(right.any(axis=0).mean()),
        usd_per_1000=float(cheapest_right(right, usd).mean() * PER_1000) if np.isfinite(usd).all() else None,
    )


def cheapest_right(right: NDArray[np.bool_], usd: NDArray[np.float64]) -> NDArray[np.float64]:
    """By query the cost of the cheapest model that is right, of the cheapest where none is."""
    chosen = np.where(right.any(axis=0), np.where(right, usd, np.inf).min(axis=0), usd.min(axis=0))
    return np.asarray(chosen, np.float64)


def error_correlation(answers: RecordedAnswers) -> tuple[float, float, float] | None:
    """Least, median and greatest phi coefficient of two models' errors; None without two that vary.

    Over the queries that all models were asked: independent models have 0, models of one mind 1.
    """
    common = answers.asked.all(axis=0)
    right = answers.correct[:, common].astype(np.float64)
    varying = right[right.std(axis=1) > 0.0] if common.any() else right[:0]
    if len(varying) < 2:  # noqa: PLR2004  (a pair)
        return None
    pairs = np.asarray(np.corrcoef(varying))[np.triu_indices(len(varying), 1)]
    return float(pairs.min()), float(np.median(pairs)), float(pairs.max())


def pair_rows(
    path: str,
    answers: RecordedAnswers,
    models: tuple[ModelSummary, ...],
    weak: str | None,
    strong: str | None,
) -> tuple[int, int]:
    """Rows of the weak and the strong model."""
    unknown = [name for name in (weak, strong) if name is not None and name not in answers.models]
    if unknown:
        fail(path, "model", "; ".join(unknown_name("model", name, answers.models) for name in unknown))
    costs = [model.usd_per_1000 for model in models]
    success = [model.success_ratio for model in models]
    known = [cost for cost in costs if cost is not None]
    least = costs.index(min(known)) if len(known) == len(costs) else success.index(min(success))
    low = least if weak is None else answers.models.index(weak)
    high = success.index(max(success)) if strong is None else answers.models.index(strong)
    return low, high

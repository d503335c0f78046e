"""What a run used of its table of recorded answers, and whose answers it lacked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.report.figures import Format, block, figure
from simulator.scenario.recorded_answers import recorded_answers

if TYPE_CHECKING:
    from simulator.quality.outcomes import OutcomeCoverage
    from simulator.settings.scenario import Scenario

OF_TABLE = "of the table, an input; the same in every run"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswers:
    """One model's part in an outcome table."""

    asked_count: float = figure("Used queries that it was asked.", Format.COUNT, no_metric=OF_TABLE)
    borrowed_count: float = figure(
        "Used queries whose answers are borrowed from its other ones.", Format.COUNT, no_metric=OF_TABLE
    )
    gap_count: float = figure("Queries of the table that it was not asked.", Format.COUNT, no_metric=OF_TABLE)
    only_gap_count: float = figure(
        "Those of them that all other models of the fleet were asked.", Format.COUNT, no_metric=OF_TABLE
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAnswerUse:
    """What a run used of its outcome table."""

    coverage: str = figure("Which queries are used: common or per_model.")
    query_count: float = figure("Queries of the table.", Format.COUNT, no_metric=OF_TABLE)
    used_count: float = figure("Queries that requests may ask.", Format.COUNT, no_metric=OF_TABLE)
    left_out_count: float = figure("Queries left out.", Format.COUNT, no_metric=OF_TABLE)
    excluded_count: dict[str, float] = figure(
        "Rows that the table itself marks as none, by why.", Format.COUNT, no_metric=OF_TABLE
    )
    lengths: str = figure("Where answers' lengths are from: the table or the task.")
    router_score: str | None = figure(
        "The table's column that is the router's score; absent where it is drawn."
    )
    models: dict[str, ModelAnswers] = block("By model of the fleet.")


def recorded_answer_use(scenario: Scenario) -> RecordedAnswerUse | None:
    """What is used of the scenario's table; None where answers are drawn."""
    table = recorded_answers(scenario.settings)
    if table is None or table.coverage is None:
        return None
    coverage = table.coverage
    return RecordedAnswerUse(
        coverage=coverage.mode,
        query_count=coverage.query_count,
        used_count=coverage.used_count,
        left_out_count=coverage.query_count - coverage.used_count,
        excluded_count=dict(coverage.excluded_count),
        lengths="table" if table.lengths_known else "task",
        router_score=table.score,
        models={name: model_answers(coverage, name) for name in table.models},
    )


def model_answers(coverage: OutcomeCoverage, name: str) -> ModelAnswers:
    """One model's counts."""
    return ModelAnswers(
        asked_count=coverage.asked_count[name],
        borrowed_count=coverage.borrowed_count[name],
        gap_count=coverage.gap_count[name],
        only_gap_count=coverage.only_gap_count[name],
    )

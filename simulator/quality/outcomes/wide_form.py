"""One row for each query, with columns for each model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.quality.outcomes.recorded import RecordedAnswers
from simulator.quality.outcomes.staging import ANSWERS, fetched, refuse_rows, stage, tokens_column
from simulator.tables import ROW, text
from simulator.tables.values import MAX_SHOWN_PROBLEMS

NOTHING: Final = "CAST(NULL AS VARCHAR)"

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from simulator.quality.outcomes.grading import AnswerField
    from simulator.quality.outcomes.recorded import OutcomeReading
    from simulator.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFields:
    """Where a row has one model's answer; an empty `correct` means that it was not asked."""

    name: str
    correct: AnswerField
    output_tokens: AnswerField | None = None
    cost: AnswerField | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WideFields:
    """Where a row of all models' answers says what; without a `query` rows are named by their number."""

    models: tuple[ModelFields, ...]
    query: str | None = None
    prompt_tokens: AnswerField | None = None
    segment: str | None = None
    scores: Mapping[str, AnswerField] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)


def read_wide(table: Table, fields: WideFields, reading: OutcomeReading) -> RecordedAnswers:
    """The answers of a table with one row for each query.

    Raises:
        InvalidOutcomesError: rows say nothing, or a query stands in two rows.
    """
    excluded = stage(table, columns_of(fields), faults_of(fields, reading), fields.excluded)
    demand_once(table)
    found = fetched(table, f"SELECT * FROM {ANSWERS} ORDER BY {ROW}")
    grades = whole(found, "grade", len(fields.models))
    asked = ~np.isnan(grades)
    tokens, cost = (whole(found, name, len(fields.models)) for name in ("tokens", "cost"))
    return RecordedAnswers(
        models=tuple(model.name for model in fields.models),
        queries=found["query"],
        asked=asked,
        correct=grades >= (reading.right_from or 1.0),
        output_token_count=tokens_column(np.where(asked, tokens, np.nan)),
        cost_usd=np.where(asked, cost, np.nan),
        excluded_count=excluded,
        **query_columns(found, fields),
    )


def numbers_of(fields: WideFields) -> dict[str, AnswerField]:
    """The columns that hold numbers, by the name that they are kept under."""
    named: dict[str, AnswerField | None] = {"prompt": fields.prompt_tokens}
    for place, model in enumerate(fields.models):
        named[f"grade{place}"] = model.correct
        named[f"tokens{place}"] = model.output_tokens
        named[f"cost{place}"] = model.cost
    named |= {f"score{place}": column for place, column in enumerate(fields.scores.values())}
    return {name: column for name, column in named.items() if column is not None}


def columns_of(fields: WideFields) -> dict[str, str]:
    """SQL for each column that is kept of a row."""
    return {
        "query": text(fields.query) if fields.query else f"CAST({ROW} AS VARCHAR)",
        "segment": text(fields.segment or NOTHING),
        **{name: column.value for name, column in numbers_of(fields).items()},
    }


def faults_of(fields: WideFields, reading: OutcomeReading) -> dict[str, str]:
    """Conditions on kept columns, and what is wrong where they hold."""
    faults = {"query IS NULL": "'the query must be given'"}
    for name, column in numbers_of(fields).items():
        faults[column.fault(name, reading.right_from)] = column.said(name)
    for place, model in enumerate(fields.models):
        if model.output_tokens:
            lacking = f"grade{place} IS NOT NULL AND tokens{place} IS NULL"
            faults[lacking] = "'" + f"{model.output_tokens.name} is empty".replace("'", "''") + "'"
    return faults


def demand_once(table: Table) -> None:
    """Refuses a query that stands in two rows."""
    nth = f"row_number() OVER (PARTITION BY query ORDER BY {ROW})"
    again = f"(SELECT {ROW}, query, {nth} AS nth FROM {ANSWERS}) WHERE nth > 1"
    (count,) = table.connection.execute(f"SELECT COUNT(*) FROM {again}").fetchall()[0]
    rows = table.connection.execute(
        f"SELECT {ROW}, query FROM {again} ORDER BY {ROW} LIMIT {MAX_SHOWN_PROBLEMS}"
    ).fetchall()
    refuse_rows(table, [(row, f"the query {query!r} stands in a row above") for row, query in rows], count)


def whole(found: Mapping[str, NDArray[Any]], name: str, count: int) -> NDArray[np.float64]:
    """One kind of column of all models, models x queries; nan for models without one."""
    unknown = np.full(len(found["query"]), np.nan)
    return np.array([found.get(f"{name}{place}", unknown) for place in range(count)], np.float64)


def query_columns(found: Mapping[str, NDArray[Any]], fields: WideFields) -> dict[str, Any]:
    """Prompt lengths, segments and scores by query."""
    columns: dict[str, Any] = {
        "scores": {
            name: found[f"score{place}"].astype(np.float64) for place, name in enumerate(fields.scores)
        }
    }
    if fields.prompt_tokens is not None:
        columns["prompt_token_count"] = tokens_column(found["prompt"])
    if fields.segment is not None:
        columns["segment"] = found["segment"]
    return columns

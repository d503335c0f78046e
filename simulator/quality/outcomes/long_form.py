"""One row for each query and model, whatever the columns are called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NoReturn

import numpy as np

from simulator.quality.outcomes.grading import AnswerField, grade
from simulator.quality.outcomes.recorded import RecordedAnswers
from simulator.quality.outcomes.staging import ANSWERS, fetched, refuse_rows, stage, tokens_column
from simulator.tables import ROW, text
from simulator.tables.values import MAX_SHOWN_PROBLEMS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from simulator.quality.outcomes.recorded import OutcomeReading
    from simulator.tables import Table

NOTHING: Final = "CAST(NULL AS VARCHAR)"
NO_NUMBER: Final = "CAST(NULL AS DOUBLE)"


@dataclass(frozen=True, slots=True, kw_only=True)
class LongFields:
    """Where a row of answers says what. `excluded` are conditions for rows to leave out, by why."""

    query: str
    model: str
    correct: AnswerField
    output_tokens: AnswerField | None = None
    cost: AnswerField | None = None
    prompt_tokens: AnswerField | None = None
    segment: str | None = None
    no_answer: str | None = None
    scores: Mapping[str, AnswerField] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)


def read_long(table: Table, fields: LongFields, reading: OutcomeReading) -> RecordedAnswers:
    """The answers of a table with one row for each query and model.

    Raises:
        InvalidOutcomesError: rows say nothing, or the same thing twice.
    """
    excluded = stage(table, columns_of(fields), faults_of(fields, reading), fields.excluded)
    number_codes(table)
    models = tuple(fetched(table, "SELECT model FROM models ORDER BY code")["model"].tolist())
    queries = fetched(table, "SELECT query FROM queries ORDER BY code")["query"]
    by_query, notes = query_columns(table, fields)
    return RecordedAnswers(
        models=models,
        queries=queries,
        **cells(table, (len(models), len(queries)), reading),  # type: ignore[arg-type]  # arrays by field
        **by_query,
        excluded_count=excluded,
        notes=(*notes, *no_answer_notes(table, fields)),
    )


def numbers_of(fields: LongFields) -> dict[str, AnswerField]:
    """The columns that hold numbers, by the name that they are kept under."""
    named = {
        "grade": fields.correct,
        "tokens": fields.output_tokens,
        "cost": fields.cost,
        "prompt": fields.prompt_tokens,
        **{f"score{place}": column for place, column in enumerate(fields.scores.values())},
    }
    return {name: column for name, column in named.items() if column is not None}


def columns_of(fields: LongFields) -> dict[str, str]:
    """SQL for each column that is kept of a row."""
    return {
        "query": text(fields.query),
        "model": text(fields.model),
        "segment": text(fields.segment or NOTHING),
        "unanswered": grade(fields.no_answer) if fields.no_answer else NO_NUMBER,
        **dict.fromkeys(("tokens", "cost", "prompt"), NO_NUMBER),
        **{name: column.value for name, column in numbers_of(fields).items()},
    }


def faults_of(fields: LongFields, reading: OutcomeReading) -> dict[str, str]:
    """Conditions on kept columns, and what is wrong where they hold."""
    faults = {"query IS NULL OR model IS NULL": "'query and model must be given'"}
    for name, column in numbers_of(fields).items():
        faults[column.fault(name, reading.right_from)] = column.said(name)
    if fields.no_answer:
        faults["unanswered = 1.0 AND grade > 0.0"] = "'is right without an answer'"
    return faults


def number_codes(table: Table) -> None:
    """Numbers models and queries in the order in which they first appear."""
    for name, column in (("models", "model"), ("queries", "query")):
        table.connection.execute(
            f"CREATE TEMP TABLE {name} AS SELECT {column}, row_number() OVER (ORDER BY first) - 1 AS code "
            f"FROM (SELECT {column}, MIN({ROW}) AS first FROM {ANSWERS} GROUP BY {column})"
        )


def refuse_repeats(table: Table) -> NoReturn:
    """Refuses the table by the rows whose answer is given again."""
    nth = f"row_number() OVER (PARTITION BY query, model ORDER BY {ROW})"
    again = f"(SELECT {ROW}, query, model, {nth} AS nth FROM {ANSWERS}) WHERE nth > 1"
    rows = table.connection.execute(
        f"SELECT {ROW}, model, query FROM {again} ORDER BY {ROW} LIMIT {MAX_SHOWN_PROBLEMS}"
    ).fetchall()
    (repeats,) = table.connection.execute(f"SELECT COUNT(*) FROM {again}").fetchall()[0]
    told = [(row, f"{model!r} has answered {query!r} in a row above") for row, model, query in rows]
    refuse_rows(table, told, repeats)
    raise AssertionError  # there was one


def cells(table: Table, shape: tuple[int, int], reading: OutcomeReading) -> dict[str, NDArray[Any]]:
    """Answers, tokens and costs, models x queries."""
    found = fetched(
        table,
        f"SELECT models.code AS model, queries.code AS query, grade, tokens, cost FROM {ANSWERS} "
        "JOIN models USING (model) JOIN queries USING (query)",
    )
    place = found["model"].astype(np.int64) * shape[1] + found["query"].astype(np.int64)
    asked, correct = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    tokens, cost = np.full(shape, -1, np.int32), np.full(shape, np.nan)
    asked.flat[place] = True
    if asked.sum() < len(place):
        refuse_repeats(table)
    correct.flat[place] = found["grade"] >= (reading.right_from or 1.0)
    tokens.flat[place] = tokens_column(found["tokens"])
    cost.flat[place] = found["cost"]
    return {"asked": asked, "correct": correct, "output_token_count": tokens, "cost_usd": cost}


def query_columns(table: Table, fields: LongFields) -> tuple[dict[str, Any], list[str]]:
    """Prompt lengths, segments and scores by query, and notes of those that are not one for each query."""
    if fields.prompt_tokens is None and fields.segment is None and not fields.scores:
        return {}, []
    names = ["prompt", "segment", *(f"score{place}" for place in range(len(fields.scores)))]
    ends = ", ".join(f"MIN({name}) AS {name}, MAX({name}) AS {name}_most" for name in names)
    found = fetched(
        table,
        f"SELECT {ends}, AVG(prompt) AS prompt_mean FROM {ANSWERS} JOIN queries USING (query) "
        "GROUP BY queries.code ORDER BY queries.code",
    )
    notes, columns = [], {}
    if fields.prompt_tokens is not None:
        columns["prompt_token_count"] = tokens_column(np.rint(found["prompt_mean"].astype(np.float64)))
    if fields.segment is not None and single(found, "segment"):
        columns["segment"] = found["segment"]
    scores = {}
    for place, name in enumerate(fields.scores):
        if single(found, f"score{place}"):
            scores[name] = found[f"score{place}"].astype(np.float64)
        else:
            notes.append(f"column {name!r} is not used: it differs between a query's models, so no router's")
    return {**columns, "scores": scores}, notes


def single(found: Mapping[str, NDArray[Any]], name: str) -> bool:
    """Whether all rows of each query say the same."""
    least, most = found[name], found[f"{name}_most"]
    if least.dtype == object:
        return bool(np.equal(least, most).all())
    return bool(np.array_equal(least.astype(np.float64), most.astype(np.float64), equal_nan=True))


def no_answer_notes(table: Table, fields: LongFields) -> list[str]:
    """How many rows gave no answer."""
    if fields.no_answer is None:
        return []
    (count,) = table.connection.execute(f"SELECT COUNT(*) FROM {ANSWERS} WHERE unanswered = 1.0").fetchall()[
        0
    ]
    return [f"{count:,} rows gave no answer and count as wrong"] if count else []

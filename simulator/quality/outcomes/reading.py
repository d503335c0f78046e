"""Recorded answers: who answered which query right, and how long; they replace the response curve.

Answers stay joint: a request is a query, and every model answers that query as it was recorded.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from catalogs.errors import InputProblem
from simulator.quality.outcomes.errors import InvalidOutcomesError, fail
from simulator.quality.outcomes.table import OutcomeTable, outcome_table
from simulator.tables import InvalidTableError, count_of, open_table, shown_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from simulator.tables import Table

    Answer = tuple[bool, int]

COLUMNS = ("query", "model", "correct", "output_tokens")
TRUTH = {"1": True, "0": False, "true": True, "false": False, "1.0": True, "0.0": False}


def read_outcomes(path: str, models: tuple[str, ...]) -> OutcomeTable:
    """The table in a file (CSV, JSON or Parquet, packed or not), for the given models.

    Queries that not all of these models answered are left out. The latest few tables are kept, as
    long as their files do not change.

    Raises:
        InvalidOutcomesError: the file is missing or malformed, or has no query in common.
    """
    try:
        state = Path(path).stat()
    except (OSError, ValueError) as error:
        fail(path, "file", f"cannot be read: {getattr(error, 'strerror', None) or error}")
    return _read(path, models, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=4)
def _read(path: str, models: tuple[str, ...], state: tuple[int, int]) -> OutcomeTable:
    """The table; `state` makes a changed file another entry of the cache."""
    del state
    answers, unused = rows_by_query(path)
    known = {model for answer in answers.values() for model in answer}
    missing = [model for model in models if model not in known]
    if missing:
        names = ", ".join(map(repr, missing))
        fail(path, "model", f"no answers of {names}; found: {', '.join(map(repr, sorted(known)))}")
    common = [answer for answer in answers.values() if all(model in answer for model in models)]
    if not common:
        fail(path, "query", "no query was answered by all models of the fleet")
    return replace(table_of(models, common), unused_columns=unused)


def table_of(models: tuple[str, ...], common: Sequence[dict[str, Answer]]) -> OutcomeTable:
    """The table of queries that all models answered."""
    correct = np.array([[answer[model][0] for answer in common] for model in models])
    output = np.array([[answer[model][1] for answer in common] for model in models], np.int32)
    return outcome_table(models, correct, output)


def rows_by_query(path: str) -> tuple[dict[str, dict[str, Answer]], tuple[str, ...]]:
    """Right or not, and tokens, by query and model; and the columns that play no role.

    Raises:
        InvalidOutcomesError: the file is no table of answers, or rows are wrong or repeated.
    """
    try:
        with open_table(path) as table:
            demand_columns(path, table)
            found = gathered(path, table.records(COLUMNS))
            return found, tuple(name for name in table.names if name and name not in COLUMNS)
    except InvalidTableError as error:
        raise InvalidOutcomesError(error.problems) from error


def demand_columns(path: str, table: Table) -> None:
    """Raises `InvalidOutcomesError` where a column is missing."""
    absent = [name for name in COLUMNS if name not in table.names]
    if absent:
        fail(path, "row 1", f"no column {', '.join(map(repr, absent))}; needed: {', '.join(COLUMNS)}")


def gathered(path: str, rows: Iterable[tuple[int, dict[str, str]]]) -> dict[str, dict[str, Answer]]:
    """The rows' answers by query and model.

    Raises:
        InvalidOutcomesError: names the rows that say nothing, or the same thing twice.
    """
    problems: list[InputProblem] = []
    found: dict[str, dict[str, Answer]] = {}
    for number, row in rows:
        answer, query, model = answer_of(row), row["query"], row["model"]
        if answer is None or not query or not model:
            problems.append(InputProblem(path, f"row {number}", wrong_with(row)))
        elif model in found.setdefault(query, {}):
            problems.append(
                InputProblem(path, f"row {number}", f"{model!r} has answered {query!r} in a row above")
            )
        else:
            found[query][model] = answer
    if problems:
        raise InvalidOutcomesError(shown_problems(problems))
    return found


def answer_of(row: dict[str, str]) -> Answer | None:
    """Right or not, and tokens; None where the row says neither."""
    right, tokens = TRUTH.get(row["correct"].lower()), count_of(row["output_tokens"])
    return None if right is None or tokens is None else (right, tokens)


def wrong_with(row: dict[str, str]) -> str:
    """What a row that is no answer should have said."""
    if not row["query"] or not row["model"]:
        return "query and model must be given"
    if row["correct"].lower() not in TRUTH:
        return f"correct is {row['correct']!r}; it must be 0 or 1"
    return f"output_tokens is {row['output_tokens']!r}; it must be a whole number from 0 to 2^31 - 1"

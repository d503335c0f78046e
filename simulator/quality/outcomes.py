"""Recorded answers: who answered which query right, and how long; they replace the response curve.

Answers stay joint: a request is a query, and every model answers that query as it was recorded.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from catalogs.errors import Fault
from router.request import AnswerTable
from simulator.streams import keyed_uniform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COLUMNS = ("query", "model", "correct", "output_tokens")
TRUTH = {"1": True, "0": False, "true": True, "false": False, "1.0": True, "0.0": False}
SHOWN_FAULTS = 5


class InvalidOutcomesError(ValueError):
    """A table of recorded answers that cannot be used; lists what is wrong."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Keeps the faults."""
        super().__init__(faults)
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeTable:
    """Answers by model and query; shape models x queries.

    `difficulty` is the query's in logits: -logit of the share of models that were right, half an
    answer added to either side.
    """

    models: tuple[str, ...]
    correct: NDArray[np.bool_]
    output_token_count: NDArray[np.int32]
    difficulty: NDArray[np.float64]

    def success(self, model: str) -> float:
        """The model's share of right answers."""
        return float(self.correct[self.models.index(model)].mean())

    def queries(self, seed: int, key: NDArray[np.int64]) -> NDArray[np.int64]:
        """The query that each request asks: drawn by its key, all equally likely."""
        draws = keyed_uniform(seed, "query", key)
        return (draws * self.correct.shape[1]).astype(np.int64)

    def answers(self, models: Sequence[str], query: NDArray[np.int64]) -> AnswerTable:
        """Every model's answer to every request."""
        rows = [self.models.index(model) for model in models]
        return AnswerTable(
            correct=self.correct[rows][:, query],
            output_token_count=self.output_token_count[rows][:, query],
        )


def read_outcomes(path: str, models: tuple[str, ...]) -> OutcomeTable:
    """The table in a CSV file (packed when its name ends in .gz), for the given models.

    Queries that not all of these models answered are left out. The latest few tables are kept, as
    long as their files do not change.

    Raises:
        InvalidOutcomesError: the file is missing or malformed, or has no query in common.
    """
    try:
        state = Path(path).stat()
    except OSError as error:
        fail(path, "file", f"cannot be read: {error.strerror or error}")
    return _read(path, models, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=4)
def _read(path: str, models: tuple[str, ...], state: tuple[int, int]) -> OutcomeTable:
    """The table; `state` makes a changed file another entry of the cache."""
    del state
    answers = rows_by_query(path)
    known = {model for answer in answers.values() for model in answer}
    missing = [model for model in models if model not in known]
    if missing:
        names = ", ".join(map(repr, missing))
        fail(path, "model", f"no answers of {names}; found: {', '.join(map(repr, sorted(known)))}")
    common = [answer for answer in answers.values() if all(model in answer for model in models)]
    if not common:
        fail(path, "query", "no query was answered by all models of the fleet")
    return table_of(models, common)


def table_of(models: tuple[str, ...], common: Sequence[dict[str, tuple[bool, int]]]) -> OutcomeTable:
    """The table of queries that all models answered."""
    correct = np.array([[answer[model][0] for answer in common] for model in models])
    output = np.array([[answer[model][1] for answer in common] for model in models], np.int32)
    share = (correct.sum(axis=0) + 0.5) / (len(models) + 1.0)
    return OutcomeTable(
        models=models,
        correct=correct,
        output_token_count=np.maximum(output, 1),
        difficulty=np.log(1.0 - share) - np.log(share),
    )


def rows_by_query(path: str) -> dict[str, dict[str, tuple[bool, int]]]:
    """Right or not, and tokens, by query and model."""
    faults: list[Fault] = []
    found: dict[str, dict[str, tuple[bool, int]]] = {}
    for number, row in enumerate(rows_of(path), start=2):
        answer = answer_of(row)
        if answer is None:
            faults.append(Fault(path, f"row {number}", "correct must be 0 or 1, output_tokens a count"))
        else:
            found.setdefault(str(row["query"]), {})[str(row["model"])] = answer
    if faults:
        raise InvalidOutcomesError(tuple(faults[:SHOWN_FAULTS]))
    return found


def answer_of(row: dict[str, str]) -> tuple[bool, int] | None:
    """Right or not, and tokens; None where the row says neither."""
    right = TRUTH.get(str(row["correct"]).lower())
    tokens = str(row["output_tokens"])
    return (right, int(tokens)) if right is not None and tokens.isdigit() else None


def rows_of(path: str) -> list[dict[str, str]]:
    """The file's rows as maps; raises `InvalidOutcomesError` for a file that is none."""
    try:
        data = Path(path).read_bytes()
        text = (gzip.decompress(data) if path.endswith(".gz") else data).decode()
    except (OSError, UnicodeDecodeError, EOFError) as error:
        fail(path, "file", f"cannot be read: {error}")
    reader = csv.DictReader(text.splitlines())
    absent = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if absent:
        fail(path, "row 1", f"no column {', '.join(map(repr, absent))}; needed: {', '.join(COLUMNS)}")
    return list(reader)


def fail(path: str, where: str, what: str) -> NoReturn:
    """Raises `InvalidOutcomesError` with one fault."""
    raise InvalidOutcomesError((Fault(path, where, what),))

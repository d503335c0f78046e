"""What a layout makes of a file: every model's answers to every query, before a fleet asks for any."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from simulator.quality.outcomes.errors import fail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Places = NDArray[np.int64]
    Cells = tuple[NDArray[np.int64], ...]

Coverage = Literal["common", "per_model"]
Scale = Literal["none", "rank"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeReading:
    """How a table of recorded answers is to be read: the keys of `quality` beside `outcomes`.

    `names` are pairs of a fleet's model and its name in the table; `right_from` is the grade from which on
    a graded answer counts as right; `score` is the column that stands for the router's score.
    """

    names: tuple[tuple[str, str], ...] = ()
    coverage: Coverage = "common"
    right_from: float | None = None
    score: str | None = None
    score_scale: Scale = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAnswers:
    """Answers of all models of a file, models x queries; `asked` is false where there is none.

    Unknown tokens are -1, unknown costs nan; by query, an unknown prompt length is -1 and an unknown
    segment None. `excluded_count` are rows left out by why.
    """

    models: tuple[str, ...]
    queries: NDArray[np.object_]
    asked: NDArray[np.bool_]
    correct: NDArray[np.bool_]
    output_token_count: NDArray[np.int32]
    cost_usd: Column
    prompt_token_count: NDArray[np.int32] | None = None
    segment: NDArray[np.object_] | None = None
    scores: Mapping[str, Column] = field(default_factory=dict)
    excluded_count: Mapping[str, int] = field(default_factory=dict)
    unused_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def merged(path: Path, parts: Sequence[RecordedAnswers]) -> RecordedAnswers:
    """The answers of several files as those of one.

    Raises:
        InvalidOutcomesError: two files answer for the same model and query.
    """
    if len(parts) == 1:
        return parts[0]
    models = tuple(dict.fromkeys(model for part in parts for model in part.models))
    queries = np.array(list(dict.fromkeys(name for part in parts for name in part.queries)), np.object_)
    code = {name: place for place, name in enumerate(queries.tolist())}
    places = [np.array([code[name] for name in part.queries], np.int64) for part in parts]
    rows = [np.array([models.index(model) for model in part.models], np.int64) for part in parts]
    cells = [np.ix_(row, place) for row, place in zip(rows, places, strict=True)]
    demand_single(path, parts, cells, (len(models), len(queries)))
    return RecordedAnswers(
        models=models,
        queries=queries,
        asked=spread(parts, cells, "asked", np.zeros((len(models), len(queries)), np.bool_)),
        correct=spread(parts, cells, "correct", np.zeros((len(models), len(queries)), np.bool_)),
        output_token_count=spread(
            parts, cells, "output_token_count", np.full((len(models), len(queries)), -1, np.int32)
        ),
        cost_usd=spread(parts, cells, "cost_usd", np.full((len(models), len(queries)), np.nan)),
        prompt_token_count=prompts(parts, places, len(queries)),
        segment=segments(parts, places, len(queries)),
        scores={name: one_score(parts, places, name, len(queries)) for part in parts for name in part.scores},
        excluded_count=added([part.excluded_count for part in parts]),
        unused_columns=tuple(dict.fromkeys(name for part in parts for name in part.unused_columns)),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def demand_single(
    path: Path, parts: Sequence[RecordedAnswers], cells: Sequence[Cells], shape: tuple[int, int]
) -> None:
    """Refuses an answer that two files give."""
    count = np.zeros(shape, np.int16)
    for part, cell in zip(parts, cells, strict=True):
        count[cell] += part.asked
        if (count > 1).any():
            row, place = np.argwhere(count[cell] > 1)[0]
            fail(path, "file", f"{part.models[row]!r} has answered {part.queries[place]!r} in two files")


def spread(
    parts: Sequence[RecordedAnswers], cells: Sequence[Cells], name: str, whole: NDArray[Any]
) -> NDArray[Any]:
    """One column of all parts, models x queries."""
    for part, cell in zip(parts, cells, strict=True):
        whole[cell] = np.where(part.asked, getattr(part, name), whole[cell])
    return whole


def prompts(
    parts: Sequence[RecordedAnswers], places: Sequence[Places], count: int
) -> NDArray[np.int32] | None:
    """Prompt lengths by query: the mean of the parts that know one; -1 where none does."""
    total, known = np.zeros(count), np.zeros(count)
    for part, place in zip(parts, places, strict=True):
        if part.prompt_token_count is not None:
            has = part.prompt_token_count >= 0
            total[place[has]] += part.prompt_token_count[has]
            known[place[has]] += 1
    if not known.any():
        return None
    return np.where(known > 0, np.rint(total / np.maximum(known, 1)), -1).astype(np.int32)


def segments(
    parts: Sequence[RecordedAnswers], places: Sequence[Places], count: int
) -> NDArray[np.object_] | None:
    """Segments by query: the first that a part states."""
    whole = np.full(count, None, np.object_)
    for part, place in zip(parts, places, strict=True):
        if part.segment is not None:
            free = lacking(whole[place])
            whole[place[free]] = part.segment[free]
    return None if lacking(whole).all() else whole


def lacking(column: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which entries are None."""
    return np.array([entry is None for entry in column.tolist()], np.bool_)


def one_score(parts: Sequence[RecordedAnswers], places: Sequence[Places], name: str, count: int) -> Column:
    """A router's score by query; nan where no part has it."""
    whole = np.full(count, np.nan)
    for part, place in zip(parts, places, strict=True):
        if name in part.scores:
            whole[place] = np.where(np.isnan(part.scores[name]), whole[place], part.scores[name])
    return whole


def added(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Counts by name, summed."""
    names = dict.fromkeys(name for count in counts for name in count)
    return {name: sum(count.get(name, 0) for count in counts) for name in names}


def only_models(answers: RecordedAnswers, names: Sequence[str]) -> RecordedAnswers:
    """The answers of these models alone, in this order; every query stays."""
    rows = [answers.models.index(name) for name in names]
    return replace(
        answers,
        models=tuple(names),
        asked=answers.asked[rows],
        correct=answers.correct[rows],
        output_token_count=answers.output_token_count[rows],
        cost_usd=answers.cost_usd[rows],
    )

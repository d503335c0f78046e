"""From all answers of a file to those that a fleet's models give: names, queries, scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.quality.outcomes.errors import fail
from simulator.quality.outcomes.recorded import only_models
from simulator.quality.outcomes.table import OutcomeCoverage, OutcomeTable, difficulty_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from simulator.quality.outcomes.names import OutcomeNames
    from simulator.quality.outcomes.recorded import OutcomeReading, RecordedAnswers

    Column = NDArray[np.float64]

SCALED: Final = "quality.score_scale: rank"


def fleet_table(
    path: str | Path, answers: RecordedAnswers, found: OutcomeNames, reading: OutcomeReading
) -> OutcomeTable:
    """The table of a fleet's models, over the queries that its coverage keeps.

    Raises:
        InvalidOutcomesError: no query is left, or scores are none.
    """
    mine = only_models(answers, tuple(found.names.values()))
    used = kept_queries(path, mine, tuple(found.names), reading)
    asked, correct = mine.asked[:, used], (mine.asked & mine.correct)[:, used]
    scores = scaled_scores(path, {name: column[used] for name, column in mine.scores.items()}, reading)
    score, score_notes = chosen_score(path, scores, reading)
    tokens = np.where(asked, mine.output_token_count[:, used], -1)
    return OutcomeTable(
        models=tuple(found.names),
        queries=mine.queries[used],
        asked=asked,
        correct=correct,
        output_token_count=np.where(tokens >= 0, np.maximum(tokens, 1), -1).astype(np.int32),
        cost_usd=np.where(asked, mine.cost_usd[:, used], np.nan),
        difficulty=difficulty_of(asked, correct),
        prompt_token_count=None if mine.prompt_token_count is None else mine.prompt_token_count[used],
        segment=None if mine.segment is None else mine.segment[used],
        scores=scores,
        score=score,
        coverage=coverage_of(mine, tuple(found.names), used, reading),
        unused_columns=mine.unused_columns,
        notes=(*found.notes, *mine.notes, *score_notes),
    )


def kept_queries(
    path: str | Path, mine: RecordedAnswers, fleet: Sequence[str], reading: OutcomeReading
) -> NDArray[np.bool_]:
    """The queries that all models were asked, or that any was.

    Raises:
        InvalidOutcomesError: there is none, or a model was asked none.
    """
    silent = [name for name, asked in zip(fleet, mine.asked, strict=True) if not asked.any()]
    if silent:
        fail(path, "model", f"{', '.join(map(repr, silent))} stands in the table without a single answer")
    used = mine.asked.all(axis=0) if reading.coverage == "common" else mine.asked.any(axis=0)
    if not used.any():
        what = (
            "no query was answered by all models of the fleet; quality.coverage: per_model uses every query"
        )
        fail(path, "query", what)
    return np.asarray(used)


def coverage_of(
    mine: RecordedAnswers, fleet: tuple[str, ...], used: NDArray[np.bool_], reading: OutcomeReading
) -> OutcomeCoverage:
    """What became of the queries, by model."""
    gaps = ~mine.asked
    alone = gaps & (gaps.sum(axis=0) == 1)
    return OutcomeCoverage(
        mode=reading.coverage,
        query_count=len(used),
        used_count=int(used.sum()),
        asked_count=counts(fleet, mine.asked[:, used]),
        borrowed_count=counts(fleet, gaps[:, used]),
        gap_count=counts(fleet, gaps),
        only_gap_count=counts(fleet, alone),
        excluded_count=dict(mine.excluded_count),
    )


def counts(fleet: tuple[str, ...], cells: NDArray[np.bool_]) -> dict[str, int]:
    """How many of each model's cells are set."""
    return dict(zip(fleet, cells.sum(axis=1).tolist(), strict=True))


def scaled_scores(
    path: str | Path, scores: Mapping[str, Column], reading: OutcomeReading
) -> dict[str, Column]:
    """The scores as they are, or as ranks; columns without a value are left out.

    Raises:
        InvalidOutcomesError: a score is not from 0 to 1, and ranks are not asked for.
    """
    there = {name: column for name, column in scores.items() if not np.isnan(column).all()}
    if reading.score_scale == "rank":
        return {name: mean_ranks(column) for name, column in there.items()}
    for name, column in there.items():
        least, most = float(np.nanmin(column)), float(np.nanmax(column))
        if least < 0.0 or most > 1.0:
            what = f"its values go from {least:g} to {most:g}; a router's score is from 0 to 1"
            fail(path, f"column {name}", f"{what}: {SCALED} makes it so")
    return there


def mean_ranks(column: Column) -> Column:
    """(rank - 1/2) / n of each value, mean ranks where values are the same; nan where there is none."""
    known = ~np.isnan(column)
    _values, place, count = np.unique(column[known], return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2.0
    scaled = np.full(len(column), np.nan)
    scaled[known] = middle[place] / known.sum()
    return scaled


def chosen_score(
    path: str | Path, scores: Mapping[str, Column], reading: OutcomeReading
) -> tuple[str | None, tuple[str, ...]]:
    """The scores that stand for the router's, and what to say of the choice.

    Raises:
        InvalidOutcomesError: the column that is asked for is not there.
    """
    names = tuple(scores)
    if reading.score is not None:
        if reading.score not in names:
            known = ", ".join(map(repr, names)) or "none"
            fail(path, "quality.score", f"no router score {reading.score!r}; the table's: {known}")
        return reading.score, ()
    if len(names) > 1:
        others = ", ".join(map(repr, names[1:]))
        return names[0], (
            f"router_score is column {names[0]!r}, the first; quality.score names another: {others}",
        )
    return (names[0], (f"router_score is column {names[0]!r}",)) if names else (None, ())

"""Reads a file or a folder of recorded answers, for the models of a fleet."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.quality.outcomes.coverage import fleet_table
from simulator.quality.outcomes.errors import InvalidOutcomesError, fail
from simulator.quality.outcomes.layouts import layout_of
from simulator.quality.outcomes.names import table_names
from simulator.quality.outcomes.recorded import OutcomeReading, merged
from simulator.tables import InvalidTableError, open_table
from simulator.tables.folders import READ, files_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs.errors import InputProblem
    from simulator.quality.outcomes.recorded import RecordedAnswers
    from simulator.quality.outcomes.table import OutcomeTable

    State = tuple[tuple[str, int, int], ...]

AS_STATED: Final = OutcomeReading()


def read_outcomes(path: str, models: tuple[str, ...], reading: OutcomeReading = AS_STATED) -> OutcomeTable:
    """The answers in a file (CSV, JSON or Parquet, packed or not) or in a folder, for a fleet's models.

    The latest few tables are kept, as long as their files do not change.

    Raises:
        InvalidOutcomesError: the file is missing or malformed, lacks a model, or has no query left.
    """
    return _read(path, models, reading, state_of(path))


def state_of(path: str) -> State:
    """What changes when a file, or one of a folder's, does.

    Raises:
        InvalidOutcomesError: it cannot be read.
    """
    try:
        return tuple(
            (str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files_of(Path(path))
        )
    except (OSError, ValueError) as error:
        return fail(path, "file", f"cannot be read: {getattr(error, 'strerror', None) or error}")


def read_answers(path: str, reading: OutcomeReading = AS_STATED) -> RecordedAnswers:
    """All answers in a file or folder, whatever models a fleet has; not kept.

    Raises:
        InvalidOutcomesError: the file is missing or malformed.
    """
    return merged_answers(path, state_of(path), reading)


@lru_cache(maxsize=4)
def _read(path: str, models: tuple[str, ...], reading: OutcomeReading, state: State) -> OutcomeTable:
    """The table; `state` makes a changed file another entry of the cache."""
    answers = merged_answers(path, state, reading)
    found = table_names(path, models, answers.models, dict(reading.names))
    return fleet_table(path, answers, found, reading)


def merged_answers(path: str, state: State, reading: OutcomeReading) -> RecordedAnswers:
    """The answers of all files of a folder, or of the one.

    Raises:
        InvalidOutcomesError: there is no file, or one is malformed.
    """
    files = [Path(name) for name, _time, _size in state]
    if not files:
        fail(path, "file", f"the folder has no table: {', '.join(sorted(READ))}, plain or packed")
    return merged(Path(path), all_answers(files, reading))


def all_answers(files: Sequence[Path], reading: OutcomeReading) -> list[RecordedAnswers]:
    """The answers of every file, all that is wrong with any of them at once.

    Raises:
        InvalidOutcomesError: files are malformed.
    """
    parts: list[RecordedAnswers] = []
    problems: list[InputProblem] = []
    for file in files:
        try:
            parts.append(answers_in(file, reading))
        except InvalidOutcomesError as error:
            problems += error.problems
    if problems:
        raise InvalidOutcomesError(tuple(problems))
    return parts


def answers_in(file: Path, reading: OutcomeReading) -> RecordedAnswers:
    """The answers of one file, by its layout.

    Raises:
        InvalidOutcomesError: the file is no table of answers, or rows are wrong or repeated.
    """
    try:
        with open_table(file) as table:
            return layout_of(table).read(table, file, reading)
    except InvalidTableError as error:
        raise InvalidOutcomesError(error.problems) from error

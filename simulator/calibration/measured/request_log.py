"""A log of requests that one engine served, as they came: arrivals, lengths, first and last tokens.

Times are seconds on one clock, whatever its zero. A request without times yet is served in a replay, and
held against nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import isfinite, nan
from typing import TYPE_CHECKING

import numpy as np

from catalogs.errors import InputProblem
from simulator.calibration.measured.points import InvalidPointsError, demand_columns
from simulator.tables import count_of, shown_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Counts = NDArray[np.int64]
    NumberedRows = Sequence[tuple[int, dict[str, str]]]

NEEDED = ("arrival_s", "input_tokens", "output_tokens", "first_token_s", "last_token_s")
MARKS = {"first_token_s", "last_token_s"}
"""Columns that no file of points has."""
LEAST_COMPLETE = 20
"""Complete requests below which a log says too little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLog:
    """Columns by request in the order of `begin_s`, which is 0 for the first; times not seen are nan.

    A request begins when the engine queued it, or where the file does not say, when it arrived.
    """

    begin_s: Column
    first_s: Column
    last_s: Column
    input_tokens: Counts
    output_tokens: Counts

    @property
    def times_s(self) -> Column:
        """TTFT, TPOT and E2E, a row each; nan where not seen, and TPOT of answers of one token."""
        gaps = np.where(self.output_tokens > 1, self.output_tokens - 1.0, np.nan)
        e2e_s = self.last_s - self.begin_s
        return np.stack([self.first_s - self.begin_s, (self.last_s - self.first_s) / gaps, e2e_s])

    @property
    def complete(self) -> int:
        """Requests whose last token was seen."""
        return int(np.isfinite(self.last_s).sum())

    def until(self, instant_s: float) -> RequestLog:
        """What was known so many seconds after the first request began: later times are not seen yet."""
        first_s, last_s = (np.where(times <= instant_s, times, nan) for times in (self.first_s, self.last_s))
        return replace(self, first_s=first_s, last_s=last_s)

    def after(self, instant_s: float) -> RequestLog:
        """The same requests with the times of those alone that ended later."""
        later = self.last_s > instant_s
        first_s, last_s = (np.where(later, times, nan) for times in (self.first_s, self.last_s))
        return replace(self, first_s=first_s, last_s=last_s)


def is_log(names: Sequence[str]) -> bool:
    """Whether a file's columns are those of requests and not of points."""
    return not MARKS.isdisjoint(names)


def request_log(path: Path, names: Sequence[str], rows: NumberedRows) -> RequestLog:
    """The log in a file's rows.

    Raises:
        InvalidPointsError: lists the columns it lacks, or what is wrong with its rows.
    """
    demand_columns(path, names, NEEDED)
    problems = [
        InputProblem(str(path), f"row {number}", what) for number, row in rows for what in row_problems(row)
    ]
    if problems:
        raise InvalidPointsError(shown_problems(problems))
    made = log_of([row for _number, row in rows])
    if made.complete < LEAST_COMPLETE:
        what = f"{made.complete} complete requests; needed: at least {LEAST_COMPLETE}"
        raise InvalidPointsError((InputProblem(str(path), "", what),))
    return made


def row_problems(row: dict[str, str]) -> Iterator[str]:
    """What is wrong with a request."""
    for name in ("input_tokens", "output_tokens"):
        if not count_of(row[name]):
            yield f"{name} is {row[name]!r}; it should be a whole number from 1 on"
    begin_s, first_s, last_s = (seconds(row, name) for name in (begin_name(row), *NEEDED[3:]))
    for name in {"arrival_s", begin_name(row), *NEEDED[3:]}:
        if row[name] and not isfinite(seconds(row, name)):
            yield f"{name} is {row[name]!r}; it should be seconds"
    if not row["arrival_s"]:
        yield "arrival_s is missing"
    if first_s < begin_s or last_s < first_s or (row["last_token_s"] and not row["first_token_s"]):
        yield "its times should be in order: arrival, queued, first token, last token"


def begin_name(row: dict[str, str]) -> str:
    """The column that says when a request began to wait."""
    return "queued_s" if row.get("queued_s") else "arrival_s"


def seconds(row: dict[str, str], name: str) -> float:
    """A time of the row; nan where it is none."""
    try:
        return float(row[name])
    except ValueError:
        return nan


def log_of(rows: Sequence[dict[str, str]]) -> RequestLog:
    """The log of rows that are without problems."""
    begin_s = np.array([seconds(row, begin_name(row)) for row in rows])
    first_s, last_s = (np.array([seconds(row, name) for row in rows]) for name in NEEDED[3:])
    prompts, answers = (np.array([count_of(row[name]) for row in rows], np.int64) for name in NEEDED[1:3])
    zero_s = begin_s.min()
    return ordered(
        RequestLog(
            begin_s=begin_s - zero_s, first_s=first_s - zero_s, last_s=last_s - zero_s,
            input_tokens=prompts, output_tokens=answers,
        ),
    )  # fmt: skip


def ordered(log: RequestLog) -> RequestLog:
    """The log in the order in which requests began."""
    order = np.argsort(log.begin_s, kind="stable")
    return RequestLog(**{column.name: getattr(log, column.name)[order] for column in fields(log)})

"""A log of decisions with their propensities: its rows as columns, read from any table."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Final

import numpy as np

from catalogs.errors import InputProblem
from simulator.tables import InvalidTableError, open_table
from simulator.tables.values import shown_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Row = tuple[int, Mapping[str, str]]

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "request": ("request", "request_id", "id"),
    "action": ("action", "deployment", "model"),
    "propensity": ("propensity", "probability"),
    "cost_usd": ("cost_usd", "cost"),
    "correct": ("correct", "quality"),
    "latency_s": ("latency_s", "e2e_s"),
    "task": ("task",),
    "tenant": ("tenant",),
    "query": ("query",),
    "prompt_tokens": ("prompt_tokens", "input_tokens"),
    "output_tokens": ("output_tokens",),
    "score": ("score", "router_score"),
}
"""Names by which a log's columns are known; the first that the log has counts."""
REQUIRED: Final = ("request", "action", "propensity")
REWARDS: Final = ("cost_usd", "correct", "latency_s")
RANGES: Final[Mapping[str, tuple[float, float, str]]] = {
    "propensity": (5e-324, 1.0, "a number above 0, up to 1"),
    "cost_usd": (0.0, inf, "a number from 0 on"),
    "correct": (0.0, 1.0, "a number from 0 to 1"),
    "latency_s": (0.0, inf, "a number from 0 on"),
    "prompt_tokens": (0.0, inf, "a number from 0 on"),
    "output_tokens": (0.0, inf, "a number from 0 on"),
    "score": (0.0, 1.0, "a number from 0 to 1"),
}
"""Columns of numbers: least and greatest value, and what is allowed in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLog:
    """Rows of a log: the action taken, the probability with which it was chosen, and what came of it.

    `action_code` and `task_code` index the sorted names. `rewards` are columns by name, those of `REWARDS`
    that the log has. `score` is nan and tokens are 0 where the log has none.
    """

    action_names: tuple[str, ...]
    task_names: tuple[str, ...]
    action_code: NDArray[np.int64]
    task_code: NDArray[np.int64]
    propensity: Column
    rewards: Mapping[str, Column]
    tenants: tuple[str, ...]
    queries: tuple[str, ...]
    prompt_tokens: Column
    output_tokens: Column
    score: Column

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.action_code)


def read_log(path: str | Path) -> DecisionLog:
    """The log in a file: CSV, JSON or Parquet.

    Raises:
        InvalidTableError: lists the columns that are missing, or the rows that are wrong.
    """
    with open_table(path) as table:
        found = {
            role: next((name for name in names if table.shows(name)), "") for role, names in NAMES.items()
        }
        problems = list(column_problems(str(path), found, table.names))
        if problems:
            raise InvalidTableError(tuple(problems))
        present = {role: name for role, name in found.items() if name}
        rows = [
            (number, {role: row[name] for role, name in present.items()})
            for number, row in table.records(tuple(dict.fromkeys(present.values())))
        ]
    problems = list(row_problems(str(path), rows))
    if problems:
        raise InvalidTableError(shown_problems(problems))
    return log_of([row for _number, row in rows])


def column_problems(path: str, found: Mapping[str, str], names: Sequence[str]) -> Iterator[InputProblem]:
    """What the log lacks."""
    there = ", ".join(names) or "none"
    for role in REQUIRED:
        if not found[role]:
            allowed = " or ".join(map(repr, NAMES[role]))
            yield InputProblem(path, "row 1", f"no column {allowed}; columns: {there}")
    if not any(found[role] for role in REWARDS):
        allowed = ", ".join(map(repr, REWARDS))
        yield InputProblem(path, "row 1", f"no reward; one of {allowed} is needed; columns: {there}")


def row_problems(path: str, rows: Sequence[Row]) -> Iterator[InputProblem]:
    """What is wrong with the values of rows."""
    if not rows:
        yield InputProblem(path, "file", "has no rows")
    seen: set[str] = set()
    for number, row in rows:
        place = f"row {number}"
        for role in ("request", "action"):
            if not row[role]:
                yield InputProblem(path, place, f"{role} is empty")
        if row["request"] in seen:
            yield InputProblem(path, place, f"request {row['request']!r} is given more than once")
        seen.add(row["request"])
        for role, (least, most, allowed) in RANGES.items():
            if role in row and not least <= number_of(row[role]) <= most:
                yield InputProblem(path, place, f"{role} {row[role]!r} is not {allowed}")


def number_of(text: str) -> float:
    """The finite number that a text says, else nan; words of truth are 1 and 0."""
    words = {"true": 1.0, "false": 0.0}
    try:
        value = words[text.lower()] if text.lower() in words else float(text)
    except ValueError:
        return nan
    return value if isfinite(value) else nan


def log_of(rows: Sequence[Mapping[str, str]]) -> DecisionLog:
    """The columns of rows that have been checked."""
    actions, action_code = np.unique([row["action"] for row in rows], return_inverse=True)
    tasks, task_code = np.unique([row.get("task", "") for row in rows], return_inverse=True)
    return DecisionLog(
        action_names=tuple(actions.tolist()),
        task_names=tuple(tasks.tolist()),
        action_code=action_code,
        task_code=task_code,
        propensity=numbers(rows, "propensity", nan),
        rewards={role: numbers(rows, role, nan) for role in REWARDS if role in rows[0]},
        tenants=tuple(row.get("tenant", "") for row in rows),
        queries=tuple(row.get("query", "") for row in rows),
        prompt_tokens=numbers(rows, "prompt_tokens", 0.0),
        output_tokens=numbers(rows, "output_tokens", 0.0),
        score=numbers(rows, "score", nan),
    )


def numbers(rows: Sequence[Mapping[str, str]], role: str, absent: float) -> Column:
    """A column of numbers."""
    return np.array([number_of(row[role]) if role in row else absent for row in rows], np.float64)

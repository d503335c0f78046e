"""A run's records as a reader of its Parquet files finds them: one map a row, plain Python values."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


def rows_of(columns):
    """Columns as rows: a list of maps of plain values."""
    names = list(columns)
    values = [columns[name].tolist() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


@dataclass(slots=True, kw_only=True)
class Records:
    """Requests, attempts and capacity rows of one run, and attempts by the request they are for."""

    requests: list[dict]
    attempts: list[dict]
    capacity: list[dict]
    tries: dict[int, list[dict]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[int, dict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Puts every attempt with its request."""
        self.asked = {row["request"]: row for row in self.requests}
        for row in self.attempts:
            self.tries[row["request"]].append(row)


def records_of(result):
    """The records of a run as `--out` writes them."""
    return Records(
        requests=rows_of(result.requests),
        attempts=rows_of(result.attempts),
        capacity=rows_of(result.capacity),
    )

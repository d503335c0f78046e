"""Which models were right together on measured benchmarks: counts by pair, never anyone's answers."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from catalogs.records import Count, Record

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = Path(__file__).parent / "measured_answers.csv"
"""Pairs of the models that tasks are fitted to; written by bench/fit_tasks.py, sources in README.md."""


class MeasuredPair(Record):
    """How many of a benchmark's questions two models both answer right; a model with itself: it alone.

    Models that the catalog lacks have the benchmark's names.
    """

    task: str
    first: str
    second: str
    question_count: Count
    right_count: int = Field(ge=0)

    @model_validator(mode="after")
    def _counts_questions(self) -> MeasuredPair:
        """No more are right than were asked."""
        if self.right_count > self.question_count:
            message = f"right_count {self.right_count!r} exceeds question_count {self.question_count!r}"
            raise ValueError(message)
        return self


@cache
def measured_pairs() -> tuple[MeasuredPair, ...]:
    """The pairs behind the difficulty spreads that ship."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(MeasuredPair.model_validate(row) for row in csv.DictReader(file))


def write_pairs(pairs: Sequence[MeasuredPair], path: Path = FILE) -> None:
    """Writes the pairs as a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(MeasuredPair.model_fields), lineterminator="\n")
        writer.writeheader()
        writer.writerows(pair.model_dump() for pair in pairs)

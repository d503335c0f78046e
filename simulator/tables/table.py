"""An opened table: its fields by name, and columns of what SQL makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import numpy as np

from catalogs.errors import InputProblem
from simulator.tables.errors import InvalidTableError, refuse
from simulator.tables.values import shown_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

Container = Literal["csv", "json", "parquet"]

MOST_ROWS: Final = 50_000_000
ROW, PROBLEM = "row", "problem"
"""The columns that every table has: the row's number in the file, and why it is no row, or NULL."""
SAMPLE_ROWS: Final = 200


class Fields(Protocol):
    """How a container's fields are reached by SQL."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fields that the first rows show; those inside others by dotted path."""
        ...

    def field(self, path: str) -> str | None:
        """SQL for the text of the field of that name or dotted path; None where there is none."""
        ...


@dataclass(frozen=True, kw_only=True)
class Table:
    """A view of the file's rows: CSV counts from 2 (the header is row 1), the others from 1."""

    source: Path
    container: Container
    connection: DuckDBPyConnection
    view: str
    fields: Fields

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fields that the first rows show."""
        return self.fields.names

    def field(self, path: str) -> str | None:
        """SQL for a field's text, None where the table has none of that name or path."""
        return self.fields.field(path)

    def shows(self, path: str) -> bool:
        """Whether the first rows have the field, or a value at that path."""
        if path in self.names:
            return True
        found = self.field(path) if "." in path else None
        return found is not None and self._count(found) > 0

    def _count(self, expression: str) -> int:
        """How many of the first rows have a value."""
        sample = f"SELECT {expression} AS value FROM {self.view} LIMIT {SAMPLE_ROWS}"
        return int(self.connection.execute(f"SELECT COUNT(value) FROM ({sample})").fetchall()[0][0])

    @cached_property
    def row_count(self) -> int:
        """Rows, those that are none included."""
        return int(self.connection.execute(f"SELECT COUNT(*) FROM {self.view}").fetchall()[0][0])

    def fetch(self, expressions: Mapping[str, str]) -> dict[str, NDArray[Any]]:
        """Columns by name, `row` and `problem` besides; NULL is nan in numbers and None in texts.

        Raises:
            InvalidTableError: there are too many rows, or the file cannot be read to its end.
        """
        wanted = ", ".join([ROW, PROBLEM, *(f"{sql} AS {name}" for name, sql in expressions.items())])
        query = f"SELECT {wanted} FROM {self.view} LIMIT {MOST_ROWS + 1}"
        found = self.connection.execute(query).fetchnumpy()
        columns = {name: filled(column) for name, column in found.items()}
        if len(columns[ROW]) > MOST_ROWS:
            refuse(self.source, "file", f"has more than {MOST_ROWS:,} rows")
        return columns

    def unnested(self, expression: str) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """Every entry of the rows' lists: (row number, entry), in order."""
        lists = f"SELECT {ROW}, {expression} AS entries FROM {self.view}"
        query = f"SELECT {ROW}, UNNEST(entries) AS entry FROM ({lists})"
        found = self.connection.execute(query).fetchnumpy()
        return np.asarray(found[ROW], np.int64), filled(found["entry"])

    def records(self, names: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
        """Row numbers and texts by field; an absent text is empty.

        Raises:
            InvalidTableError: rows are none.
        """
        columns = self.fetch({f"v{place}": self.field(name) or "NULL" for place, name in enumerate(names)})
        problems = [
            InputProblem(str(self.source), f"row {number}", str(problem))
            for number, problem in zip(columns[ROW], columns[PROBLEM], strict=True)
            if problem is not None
        ]
        if problems:
            raise InvalidTableError(shown_problems(problems))
        values = [columns[f"v{place}"] for place in range(len(names))]
        for number, *row in zip(columns[ROW].tolist(), *values, strict=True):
            texts = ("" if value is None else str(value).strip() for value in row)
            yield number, dict(zip(names, texts, strict=True))


def filled(column: NDArray[Any]) -> NDArray[Any]:
    """The column without a mask: nan where a number is absent, None where a text is."""
    if not isinstance(column, np.ma.MaskedArray):
        return column
    if column.dtype == object:
        texts = np.array(column.data, dtype=object)
        texts[np.ma.getmaskarray(column)] = None
        return texts
    if np.issubdtype(column.dtype, np.floating):
        return np.asarray(column.filled(np.nan))
    return np.asarray(np.where(np.ma.getmaskarray(column), np.nan, column.data.astype(np.float64)))

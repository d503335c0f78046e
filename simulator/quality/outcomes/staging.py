"""A table's rows once read, in DuckDB's memory: faults first, then whole columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from catalogs.errors import InputProblem
from simulator.quality.outcomes.errors import InvalidOutcomesError
from simulator.tables.table import MOST_ROWS, PROBLEM, ROW, filled
from simulator.tables.values import MAX_SHOWN_PROBLEMS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from simulator.tables import Table

ANSWERS: Final = "answers"


def stage(
    table: Table, columns: Mapping[str, str], faults: Mapping[str, str], excluded: Mapping[str, str]
) -> dict[str, int]:
    """Keeps the columns of the rows that are not excluded as `answers`; returns how many are, by why.

    `columns` are SQL by name; `faults` are conditions on them, with SQL over the file's fields for what is
    wrong; `excluded` are conditions on the file's fields by the reason they stand for.

    Raises:
        InvalidOutcomesError: names the rows with a fault.
    """
    arms = "".join(f"WHEN {condition} THEN {place} " for place, condition in enumerate(excluded.values()))
    reason = f"CASE {arms}ELSE -1 END" if arms else "-1"
    wanted = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    run = table.connection.execute
    run(
        f"CREATE TEMP TABLE {ANSWERS} AS SELECT {ROW}, {PROBLEM}, {reason} AS reason, {wanted} "
        f"FROM {table.view} LIMIT {MOST_ROWS + 1}"
    )
    demand_faultless(table, columns, faults)
    counts = dict(run(f"SELECT reason, COUNT(*) FROM {ANSWERS} GROUP BY reason").fetchall())
    if any(place >= 0 for place in counts):
        run(f"DELETE FROM {ANSWERS} WHERE reason >= 0")
    return {why: int(counts[place]) for place, why in enumerate(excluded) if place in counts}


def demand_faultless(table: Table, columns: Mapping[str, str], faults: Mapping[str, str]) -> None:
    """Refuses a table with rows that say nothing, or too many rows."""
    run = table.connection.execute
    wrong = " OR ".join(f"({condition})" for condition in faults)
    where = f"{PROBLEM} IS NOT NULL OR (reason < 0 AND ({wrong}))"
    (count, whole) = run(f"SELECT COUNT(*) FILTER (WHERE {where}), COUNT(*) FROM {ANSWERS}").fetchall()[0]
    if whole > MOST_ROWS:
        refuse_rows(table, [(MOST_ROWS, f"more than {MOST_ROWS:,} rows are not read")], 1)
    if not count:
        return
    found = run(f"SELECT {ROW} FROM {ANSWERS} WHERE {where} ORDER BY {ROW} LIMIT {MAX_SHOWN_PROBLEMS}")
    numbers = ", ".join(str(row) for (row,) in found.fetchall())
    arms = "".join(f"WHEN {condition} THEN {said} " for condition, said in faults.items())
    wanted = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    again = f"SELECT *, {wanted} FROM {table.view} WHERE {ROW} IN ({numbers})"
    told = run(f"SELECT {ROW}, COALESCE({PROBLEM}, CASE {arms}END) FROM ({again}) ORDER BY {ROW}").fetchall()
    refuse_rows(table, told, count)


def refuse_rows(table: Table, rows: list[tuple[int, str]], count: int) -> None:
    """Refuses the table by what is wrong with its rows, `count` of them in all, if there are any."""
    if not rows:
        return
    problems = [InputProblem(str(table.source), f"row {number}", what) for number, what in rows]
    more = count - len(rows)
    if more > 0:
        problems.append(InputProblem(str(table.source), "file", f"and {more:,} more rows like these"))
    raise InvalidOutcomesError(tuple(problems))


def fetched(table: Table, query: str) -> dict[str, NDArray[Any]]:
    """The columns of a query, nan and None where NULL."""
    found = table.connection.execute(query).fetchnumpy()
    return {name: filled(column) for name, column in found.items()}


def tokens_column(values: NDArray[Any]) -> NDArray[np.int32]:
    """Counts of tokens, -1 where they are not known."""
    return np.nan_to_num(np.asarray(values, np.float64), nan=-1.0).astype(np.int32)

"""From a table to a trace: which rows are usable, and why the others are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from catalogs.errors import InputProblem
from simulator.tables import PROBLEM, ROW, InvalidTableError, instant_ns, number, text
from simulator.tables.expressions import first_of
from simulator.traces.blocks import largest_block_tokens, no_blocks, read_blocks
from simulator.traces.calls import CALL_COLUMNS, call_reasons
from simulator.traces.clock import NO_INSTANT, TimeUnitError, times_of
from simulator.traces.errors import InvalidTraceError
from simulator.traces.formats import REQUIRED_ROLES
from simulator.traces.logged import log_expressions, logged_calls, with_failed_answers
from simulator.traces.notes import trace_notes
from simulator.traces.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from simulator.tables import Table
    from simulator.traces.blocks import PrefixBlocks
    from simulator.traces.clock import TraceTimes
    from simulator.traces.formats import TraceLayout
    from simulator.traces.logged import LoggedCalls

    Columns = dict[str, NDArray[Any]]
    Paths = Mapping[str, tuple[str, ...]]

BAD_TIMESTAMP: Final = "no readable timestamp"
ODD_TIMESTAMP: Final = "a timestamp outside the years 2000 to 2099"
BAD_INPUT: Final = "input tokens are no whole number >= 1"
BAD_OUTPUT: Final = "output tokens are no whole number >= 1"
NO_OUTPUT: Final = "0 output tokens: a failed or empty answer"
BAD_PREFIX: Final = "unreadable prefix blocks"
SHOWN_PROBLEMS: Final = 5
INT32_MAX: Final = 2**31 - 1


def invalid_trace(file: str, where: str, what: str) -> InvalidTraceError:
    """An error with one problem."""
    return InvalidTraceError((InputProblem(file, where, what),))


def read_with_layout(
    table: Table,
    name: str,
    layout: TraceLayout,
    paths: Paths,
    time_unit: str | None,
    *,
    keep_failed: bool = False,
) -> Trace:
    """The table's usable rows in order of arrival, the others counted by reason.

    Raises:
        InvalidTraceError: it lacks a required field, has no usable row, or times of another unit.
        InvalidTableError: the file cannot be read to its end.
    """
    fields = fields_of(table, paths)
    found = table.fetch(expressions(fields))
    demand_values(table, paths, found)
    times = timed(table, found, time_unit, layout.time_unit)
    blocks = blocks_of(table, fields, found)
    logged = logged_calls(fields, found, times.clock.unit)
    answer = answer_tokens(found, logged if keep_failed else None)
    reason = reasons(found, times, blocks, answer, keep_failed=keep_failed)
    row = usable_rows(table, found[ROW], reason, times.second)
    kept = None if logged is None else logged.at(row)
    offset, block = blocks.of_rows(row)
    prompt = token_counts(found["input_tokens"])[row]
    largest = largest_block_tokens(np.diff(offset), prompt)
    trace = Trace(
        arrival_s=times.second[row] - times.second[row[0]],
        input_token_count=prompt,
        output_token_count=answer[row],
        max_output_token_count=token_counts(found["max_output_tokens"])[row],
        session=sessions(found["session"][row]),
        prefix_offset=offset,
        prefix_block=block,
        read_row_count=len(reason),
        dropped_row_count=counts(reason),
        format=name,
        clock=times.clock.later(float(times.second[row[0]])),
        block_tokens=block_tokens(table, found["prefix_block_tokens"][row], layout) if len(block) else None,
        largest_block_tokens=largest,
        unused_fields=unused_fields(table, paths),
        model_count={} if kept is None else counts(kept.model[~kept.failed]),
        logged=kept,
    )
    return trace_notes(trace)


def fields_of(table: Table, paths: Paths) -> dict[str, str]:
    """SQL for each role's text, for those that the table has.

    Raises:
        InvalidTraceError: it has no field for a required role.
    """
    found = {
        role: [sql for path in alternatives if (sql := table.field(path)) is not None]
        for role, alternatives in paths.items()
    }
    absent = [paths[role] for role in REQUIRED_ROLES if not found[role]]
    if absent:
        raise lacking(table, [alternatives[0] for alternatives in absent])
    return {role: first_of(fields) for role, fields in found.items() if fields}


def lacking(table: Table, absent: list[str]) -> InvalidTraceError:
    """The complaint that fields are not there."""
    names, there = ", ".join(map(repr, absent)), ", ".join(map(repr, table.names[:30]))
    return invalid_trace(str(table.source), "row 1", f"no field {names}; found: {there or 'no fields'}")


def expressions(fields: Mapping[str, str]) -> dict[str, str]:
    """SQL for everything that is read of a row."""
    nothing = "CAST(NULL AS VARCHAR)"
    when, blocks = fields["timestamp"], fields.get("prefix_blocks", nothing)
    written = f"CASE WHEN {number(when)} IS NULL THEN {instant_ns(when)} END"
    counted = ("input_tokens", "output_tokens", "max_output_tokens", "prefix_block_tokens")
    return {
        "time": number(when),
        "instant": f"COALESCE({written}, {NO_INSTANT + 1} - 1)",
        **{role: number(fields.get(role, nothing)) for role in counted},
        "session": text(fields.get("session", nothing)),
        **log_expressions(fields),
        "has_blocks": f"COALESCE(REPLACE({blocks}, ' ', '') NOT IN ('', '[]'), false)",
        **{name: sql(fields.get(role, nothing)) for name, (role, sql) in CALL_COLUMNS.items()},
    }


def demand_values(table: Table, paths: Paths, found: Columns) -> None:
    """Raises `InvalidTraceError` when there is no row, or a required field is in none of them."""
    good = found[PROBLEM] == None  # noqa: E711  (an array of objects)
    if not good.any():
        first = next((str(problem) for problem in found[PROBLEM]), "has no rows")
        raise invalid_trace(str(table.source), "file", f"none of its {len(good)} rows can be used: {first}")
    there = {
        "timestamp": np.isfinite(found["time"]) | (found["instant"] != NO_INSTANT),
        **{role: np.isfinite(found[role]) for role in REQUIRED_ROLES[1:]},
    }
    absent = [
        paths[role][0]
        for role, present in there.items()
        if not present.any() and not any(path in table.names for path in paths[role])
    ]
    if absent:
        raise lacking(table, absent)


def timed(table: Table, found: Columns, stated: str | None, usual: str | None) -> TraceTimes:
    """The rows' times.

    Raises:
        InvalidTraceError: their unit is wrong or cannot be recognised.
    """
    try:
        return times_of(found["time"], found["instant"].astype(np.int64), stated, usual)
    except TimeUnitError as error:
        raise invalid_trace(str(table.source), "timestamp", str(error)) from error


def blocks_of(table: Table, fields: Mapping[str, str], found: Columns) -> PrefixBlocks:
    """The rows' prefix blocks."""
    if "prefix_blocks" not in fields:
        return no_blocks(len(found[ROW]))
    return read_blocks(table, fields["prefix_blocks"], found[ROW], found["has_blocks"].astype(np.bool_))


def answer_tokens(found: Columns, logged: LoggedCalls | None) -> NDArray[np.int32]:
    """Answer tokens, 0 where they cannot be used; those of failed calls as long as usual answers are."""
    answer = token_counts(found["output_tokens"])
    return answer if logged is None else with_failed_answers(answer, logged.failed, logged.model)


def reasons(
    found: Columns,
    times: TraceTimes,
    blocks: PrefixBlocks,
    answer: NDArray[np.int32],
    *,
    keep_failed: bool = False,
) -> NDArray[np.object_]:
    """The first reason why each row is unusable, empty where it is usable.

    A failed call is usable where such are kept and its prompt is known: somebody asked.
    """
    prompt = token_counts(found["input_tokens"])
    unsendable = (prompt == 0) | (answer == 0) if keep_failed else np.ones(len(prompt), np.bool_)
    later = [
        (times.astray, ODD_TIMESTAMP),
        (np.isnan(times.second), BAD_TIMESTAMP),
        (prompt == 0, BAD_INPUT),
        ((found["output_tokens"] == 0.0) & (answer == 0), NO_OUTPUT),
        (answer == 0, BAD_OUTPUT),
        (blocks.unreadable, BAD_PREFIX),
    ]
    reason = np.array([problem or "" for problem in found[PROBLEM]], dtype=object)
    for holds, what in [*call_reasons(found, unsendable), *later]:
        reason[(reason == "") & holds] = what
    return reason


def token_counts(values: NDArray[np.float64]) -> NDArray[np.int32]:
    """The values as whole numbers from 1 on, 0 where a value is none of these."""
    with np.errstate(invalid="ignore"):
        usable = (values >= 1.0) & (values <= INT32_MAX) & (values == np.floor(values))
    return np.where(usable, values, 0.0).astype(np.int32)


def sessions(values: NDArray[Any]) -> NDArray[np.int64]:
    """Session numbers by order of first appearance, -1 where a value is empty."""
    seen: dict[str, int] = {}
    found = (-1 if value is None else seen.setdefault(str(value), len(seen)) for value in values)
    return np.fromiter(found, dtype=np.int64, count=len(values))


def counts(texts: NDArray[np.object_]) -> dict[str, int]:
    """How often each text that is not empty occurs, the most frequent first."""
    names, number_of = np.unique(texts[texts != ""].astype(str), return_counts=True)
    order = np.argsort(-number_of, kind="stable")
    return dict(zip(names[order].tolist(), number_of[order].tolist(), strict=True))


def usable_rows(
    table: Table, number_of: NDArray[np.int64], reason: NDArray[np.object_], second: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Usable rows by arrival, ties in file order.

    Raises:
        InvalidTraceError: there is none.
    """
    row = np.flatnonzero(reason == "")
    if len(row) == 0:
        file = str(table.source)
        shown = [
            InputProblem(file, f"row {number_of[i]}", str(reason[i]))
            for i in range(min(len(reason), SHOWN_PROBLEMS))
        ]
        summary = InputProblem(file, "file", f"none of its {len(reason)} rows can be used")
        raise InvalidTraceError((summary, *shown))
    return row[np.argsort(second[row], kind="stable")]


def block_tokens(table: Table, recorded: NDArray[np.float64], layout: TraceLayout) -> int | None:
    """A prefix block's tokens: as the file says in every row, else the format's.

    Raises:
        InvalidTraceError: rows differ.
    """
    sizes = np.unique(recorded[np.isfinite(recorded)])
    if len(sizes) > 1:
        what = f"prefix_block_tokens differ: {', '.join(f'{size:g}' for size in sizes[:5])}"
        raise invalid_trace(str(table.source), "file", what)
    return int(sizes[0]) if len(sizes) else layout.block_tokens


def unused_fields(table: Table, paths: Paths) -> tuple[str, ...]:
    """Fields, not those inside others, that play no role."""
    used = {path for alternatives in paths.values() for path in alternatives}
    outer = {path.partition(".")[0] for path in used}
    nested = {name for name in table.names if any(name.startswith(f"{other}.") for other in table.names)}
    return tuple(name for name in table.names if name and name not in used | outer | nested)


def as_trace_error(error: InvalidTableError) -> InvalidTraceError:
    """The same problems, of a trace."""
    return InvalidTraceError(error.problems)

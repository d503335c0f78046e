"""The one way to read a trace, in whatever format."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.tables import InvalidTableError, open_table
from simulator.traces.clock import TIME_UNITS
from simulator.traces.errors import WorkloadError
from simulator.traces.formats import REQUIRED_ROLES, ROLES, TRACE_FORMATS
from simulator.traces.reading import as_trace_error, invalid_trace, read_with_layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.tables import Table
    from simulator.traces.formats import TraceLayout
    from simulator.traces.trace import Trace


class UnknownTraceFormatError(WorkloadError, LookupError):
    """A trace format that Wayfare does not read."""


class ColumnMapError(WorkloadError, ValueError):
    """A column map that names too little, or roles that do not exist."""


def trace_columns(trace_format: str, columns: Mapping[str, str] | None) -> dict[str, tuple[str, ...]]:
    """The fields that may play each role: the format's own, overridden by the user's map.

    Raises:
        UnknownTraceFormatError: the format is not in the table.
        ColumnMapError: a role is unknown, or a required one has no field.
    """
    if trace_format not in TRACE_FORMATS:
        message = f"unknown trace format {trace_format!r}; known: {', '.join(map(repr, TRACE_FORMATS))}"
        raise UnknownTraceFormatError(message)
    given = {role: (field,) for role, field in (columns or {}).items()}
    named = dict(TRACE_FORMATS[trace_format].columns or {}) | given
    unknown = [role for role in named if role not in ROLES]
    absent = [role for role in REQUIRED_ROLES if role not in named]
    if unknown or absent:
        what = [f"unknown {', '.join(map(repr, unknown))}"] if unknown else []
        what += [f"missing {', '.join(map(repr, absent))}"] if absent else []
        message = f"{' and '.join(what)}; a map names the fields of {', '.join(map(repr, ROLES))}"
        raise ColumnMapError(message)
    return named


def read_trace(
    path: str | Path,
    trace_format: str | None = None,
    columns: Mapping[str, str] | None = None,
    time_unit: str | None = None,
    *,
    keep_failed: bool = False,
) -> Trace:
    """The recording as columns; the format is detected where none is given.

    With `keep_failed` calls that failed in a log are among the rows, where their prompts are known.
    The latest few traces are kept, as long as their files do not change.

    Raises:
        InvalidTraceError: the file is missing, malformed or without a usable row, or its times cannot
            be in the unit.
        UnknownTraceFormatError: the format is not in the table.
        ColumnMapError: the column map does not fit.
    """
    file = Path(path)
    if time_unit is not None and time_unit not in TIME_UNITS:
        message = f"unknown time unit {time_unit!r}; known: {', '.join(map(repr, TIME_UNITS))}"
        raise ColumnMapError(message)
    if trace_format is not None:
        trace_columns(trace_format, columns)
    try:
        state = file.stat()
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        raise invalid_trace(str(file), "file", f"cannot be read: {what}") from error
    named = None if columns is None else tuple(columns.items())
    return _read(file, trace_format, named, time_unit, keep_failed, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=4)
def _read(
    file: Path,
    trace_format: str | None,
    columns: tuple[tuple[str, str], ...] | None,
    time_unit: str | None,
    keep_failed: bool,  # noqa: FBT001  (part of the cache's key)
    state: tuple[int, int],
) -> Trace:
    """The recording; `state` makes a changed file another entry of the cache."""
    del state
    given = None if columns is None else dict(columns)
    try:
        with open_table(file) as table:
            name = trace_format or detect_format(table, given)
            paths = trace_columns(name, given)
            trace = read_with_layout(
                table, name, TRACE_FORMATS[name], paths, time_unit, keep_failed=keep_failed
            )
    except InvalidTableError as error:
        raise as_trace_error(error) from error
    if trace_format is None:
        _require_own_blocks(file, trace)
    for column in ("arrival_s", "input_token_count", "output_token_count", "prefix_block"):
        getattr(trace, column).flags.writeable = False
    return trace


def detect_format(table: Table, columns: Mapping[str, str] | None = None) -> str:
    """Name of the first format whose required fields the table's first rows show.

    A column map that names all required roles makes a table one of the user's own.

    Raises:
        InvalidTraceError: no format fits.
    """
    if columns is not None and all(role in columns for role in REQUIRED_ROLES):
        return {"csv": "csv", "json": "jsonl", "parquet": "parquet"}[table.container]
    for name, layout in TRACE_FORMATS.items():
        if layout.columns is not None and _fits(table, layout, columns or {}):
            return name
    found = ", ".join(map(repr, table.names[:30])) or "no fields"
    what = f"is in no known format; name one of {', '.join(map(repr, TRACE_FORMATS))} and map its columns"
    raise invalid_trace(str(table.source), "row 1", f"{what}; found: {found}")


def _fits(table: Table, layout: TraceLayout, columns: Mapping[str, str]) -> bool:
    """Whether the table shows a field for every required role, and the format's marks."""
    named = dict(layout.columns or {}) | {role: (field,) for role, field in columns.items()}
    roles = (any(table.shows(path) for path in named[role]) for role in REQUIRED_ROLES)
    return all(mark in table.names for mark in layout.marks) and all(roles)


def _require_own_blocks(file: Path, trace: Trace) -> None:
    """A detected format with another format's blocks is not that format: its times' unit is not either.

    Raises:
        InvalidTraceError: says how large the blocks can be, and what to state.
    """
    size, largest = trace.block_tokens, trace.largest_block_tokens
    if size is None or largest is None or size <= largest:
        return
    what = (
        f"its fields are those of {trace.format!r}, but its prompts name more blocks than blocks of {size:,} "
        f"tokens can be (at most {largest:,} tokens each), so its times may have another unit too; state "
        f"format: {trace.format}, time_unit"
    )
    raise invalid_trace(str(file), "prefix blocks", f"{what} and prefix_block_tokens")

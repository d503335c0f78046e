"""From raw columns to a trace: which rows are usable, and why the others are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from catalogs.errors import Fault
from simulator.workload.errors import InvalidTraceError
from simulator.workload.traces.columns import prefix_blocks, seconds, sessions, token_counts
from simulator.workload.traces.layout import OPTIONAL_ROLES, REQUIRED_ROLES
from simulator.workload.traces.table import invalid_trace, read_table
from simulator.workload.traces.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from simulator.workload.traces.layout import TraceLayout
    from simulator.workload.traces.table import RawTable

BAD_TIMESTAMP: Final = "no readable timestamp"
BAD_INPUT: Final = "input tokens are no whole number >= 1"
BAD_OUTPUT: Final = "output tokens are no whole number >= 1"
BAD_PREFIX: Final = "unreadable prefix blocks"
SHOWN_FAULTS: Final = 5


def read_with_layout(path: Path, layout: TraceLayout, columns: Mapping[str, str]) -> Trace:
    """The file's usable rows in order of arrival, the others counted by reason.

    Raises:
        InvalidTraceError: the file is missing or malformed, lacks a required field, or has no
            usable row.
    """
    table = read_table(path, layout)
    _demand_fields(path, table, columns)
    by_role = {role: table.columns[name] for role, name in columns.items() if name in table.columns}
    arrival_s = seconds(by_role["timestamp"], layout.time_unit_s)
    input_count = token_counts(by_role["input_tokens"])
    output_count = token_counts(by_role["output_tokens"])
    empty: list[object] = [None] * len(arrival_s)
    blocks, readable = prefix_blocks(by_role.get("prefix_blocks", empty))
    reason = _reasons(arrival_s, input_count, output_count, readable)
    dropped = table.dropped_row_count | _counts(reason)
    row = _usable_rows(path, reason, arrival_s)
    offset, block = _laid_end_to_end([blocks[i] for i in row])
    return Trace(
        arrival_s=arrival_s[row] - arrival_s[row[0]],
        input_token_count=input_count[row],
        output_token_count=output_count[row],
        max_output_token_count=token_counts(by_role.get("max_output_tokens", empty))[row],
        session=sessions(by_role.get("session", empty))[row],
        prefix_offset=offset,
        prefix_block=block,
        read_row_count=table.row_count,
        dropped_row_count=dropped,
    )


def _demand_fields(path: Path, table: RawTable, columns: Mapping[str, str]) -> None:
    """Raises `InvalidTraceError` when there is no row or a required field is absent."""
    if not table.columns:
        raise invalid_trace(str(path), "row 1", "no row is a JSON object")
    absent = [columns[role] for role in REQUIRED_ROLES if columns[role] not in table.columns]
    absent += (
        [columns[role] for role in OPTIONAL_ROLES if role in columns and columns[role] not in table.columns]
        if absent
        else []
    )
    if absent:
        what = f"no field {', '.join(map(repr, absent))}; found: {', '.join(map(repr, table.columns))}"
        raise invalid_trace(str(path), "row 1", what)


def _reasons(
    arrival_s: NDArray[np.float64],
    input_count: NDArray[np.int32],
    output_count: NDArray[np.int32],
    prefix_readable: NDArray[np.bool_],
) -> NDArray[np.str_]:
    """The first reason why each row is unusable, empty where it is usable."""
    faults = [np.isnan(arrival_s), input_count == 0, output_count == 0, ~prefix_readable]
    return np.select(faults, [BAD_TIMESTAMP, BAD_INPUT, BAD_OUTPUT, BAD_PREFIX], default="")


def _counts(reason: NDArray[np.str_]) -> dict[str, int]:
    """How often each reason occurs."""
    names, counts = np.unique(reason[reason != ""], return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def _usable_rows(path: Path, reason: NDArray[np.str_], arrival_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Usable rows by arrival, ties in file order.

    Raises:
        InvalidTraceError: there is none.
    """
    row = np.flatnonzero(reason == "")
    if len(row) == 0:
        shown = [
            Fault(str(path), f"row {i + 1}", str(reason[i])) for i in range(min(len(reason), SHOWN_FAULTS))
        ]
        summary = Fault(str(path), "file", f"none of its {len(reason)} rows can be used")
        raise InvalidTraceError((summary, *shown))
    return row[np.argsort(arrival_s[row], kind="stable")]


def _laid_end_to_end(rows: list[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offsets and values of ragged rows."""
    offset = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=offset[1:])
    return offset, np.array([block for row in rows for block in row], dtype=np.int64)

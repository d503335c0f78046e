"""Any readable trace to Wayfare's own columns."""

from __future__ import annotations

import csv
import gzip
import io
import os
import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulator.traces.calls import FAILED_WORDS
from simulator.traces.formats import KEPT_ROLES
from simulator.traces.registry import read_trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from simulator.traces.trace import Trace

HEADER: Final = (
    "arrival_s", "input_tokens", "output_tokens", "max_output_tokens", "session", "prefix_blocks",
    "prefix_block_tokens",
)  # fmt: skip


def convert_trace(
    source: str | Path,
    target: str | Path,
    trace_format: str | None = None,
    columns: Mapping[str, str] | None = None,
    time_unit: str | None = None,
    prefix_block_tokens: int | None = None,
) -> Trace:
    """The trace in `source`, after writing its usable rows to `target` in Wayfare's columns.

    `prefix_block_tokens` is the size of its prompt blocks where neither file nor format say it. The
    target is CSV, packed when its name ends in `.gz`; it appears whole or not at all, and the
    same trace gives the same bytes.

    Raises:
        InvalidTraceError: the source is missing, malformed or without a usable row.
        UnknownTraceFormatError: the format is not in the table.
        ColumnMapError: the column map does not fit.
        OSError: the target cannot be written.
    """
    trace = read_trace(source, trace_format, columns, time_unit, keep_failed=True)
    if prefix_block_tokens is not None:
        trace = replace(trace, block_tokens=prefix_block_tokens)
    data = _csv_bytes(trace)
    file = Path(target)
    write_whole(file, gzip.compress(data, mtime=0) if file.suffix == ".gz" else data)
    return trace


def write_whole(path: Path, data: bytes) -> None:
    """Puts the data at the path in one step: a reader sees the old file or the whole new one.

    Raises:
        OSError: the folder is missing or cannot be written.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _csv_bytes(trace: Trace) -> bytes:
    """The trace as CSV; optional columns stand only where a row fills them."""
    blocks = len(trace.prefix_block) > 0
    optional = (
        trace.max_output_token_count.any(), (trace.session >= 0).any(), blocks,
        blocks and trace.block_tokens is not None,
    )  # fmt: skip
    kept = [True, True, True, *optional, *((column != "").any() for column in _logged(trace).values())]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in _rows(trace):
        writer.writerow([value for value, keep in zip(row, kept, strict=True) if keep])
    return text.getvalue().encode()


def _rows(trace: Trace) -> Iterator[tuple[object, ...]]:
    """The header, then each row; what was not recorded is empty."""
    logged = _logged(trace)
    yield (*HEADER, *logged)
    offset, block = trace.prefix_offset.tolist(), trace.prefix_block.tolist()
    columns = (
        trace.arrival_s.tolist(),
        trace.input_token_count.tolist(),
        trace.output_token_count.tolist(),
        [count or "" for count in trace.max_output_token_count.tolist()],
        [session if session >= 0 else "" for session in trace.session.tolist()],
        [" ".join(map(str, block[a:b])) for a, b in pairwise(offset)],
        [trace.block_tokens] * len(trace),
        *(column.tolist() for column in logged.values()),
    )
    yield from zip(*columns, strict=True)


def _logged(trace: Trace) -> dict[str, NDArray[np.object_]]:
    """What a log says of each row, by column; empty texts where it says nothing."""
    if trace.logged is None:
        return {}
    found = trace.logged.columns()
    failed = found.pop("failed")
    texts = {role: _texts(found[role]) for role in found}
    texts["status"] = np.where(failed, FAILED_WORDS[0], np.where(failed.any(), "success", "")).astype(object)
    return {role: texts[role] for role in KEPT_ROLES}


def _texts(column: NDArray[Any]) -> NDArray[np.object_]:
    """The column with empty texts in the place of nan."""
    if column.dtype == np.object_:
        return column
    return np.where(np.isnan(column), "", column.astype(object))

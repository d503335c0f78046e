"""A trace file as raw text columns: opened, unpacked, split; nothing is interpreted yet."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from catalogs.errors import Fault
from simulator.workload.errors import InvalidTraceError

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.workload.traces.layout import TraceLayout

GZIP_MAGIC: Final = b"\x1f\x8b"
NOT_JSON: Final = "not a JSON object"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """Columns of raw values by field name; `dropped_row_count` counts rows that are no rows."""

    columns: dict[str, list[object]]
    row_count: int
    dropped_row_count: dict[str, int] = field(default_factory=dict)


def invalid_trace(file: str, where: str, what: str) -> InvalidTraceError:
    """An error with one fault."""
    return InvalidTraceError((Fault(file, where, what),))


def read_text(path: Path) -> str:
    """The file's text, unpacked where it is gzip.

    Raises:
        InvalidTraceError: the file is missing, unreadable, damaged, empty or not UTF-8.
    """
    try:
        data = path.read_bytes()
        if data.startswith(GZIP_MAGIC):
            data = gzip.decompress(data)
        text = data.decode("utf-8-sig")
    except OSError as error:  # gzip.BadGzipFile is one
        raise invalid_trace(str(path), "file", f"cannot be read: {error.strerror or error}") from error
    except (EOFError, zlib.error) as error:
        raise invalid_trace(str(path), "file", f"damaged gzip: {error}") from error
    except UnicodeDecodeError as error:
        raise invalid_trace(str(path), "file", "is not UTF-8 text (plain or gzip)") from error
    if not text.strip():
        raise invalid_trace(str(path), "file", "is empty")
    return text


def read_table(path: Path, layout: TraceLayout) -> RawTable:
    """The file's columns.

    Raises:
        InvalidTraceError: the file cannot be read as the layout's container.
    """
    text = read_text(path)
    try:
        return _csv_table(text) if layout.container == "csv" else _json_table(text)
    except csv.Error as error:
        raise invalid_trace(str(path), "file", f"is not CSV: {error}") from error


def _csv_table(text: str) -> RawTable:
    """Columns of a CSV with a header; short rows are filled with empty fields."""
    rows = [row for row in csv.reader(text.splitlines()) if row]
    header, rows = rows[0], rows[1:]
    width = len(header)
    if any(len(row) != width for row in rows):
        rows = [(row + [""] * width)[:width] for row in rows]
    columns: list[list[object]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in header]
    named = {name.strip(): column for name, column in zip(header, columns, strict=True)}
    return RawTable(columns=named, row_count=len(rows))


def _json_table(text: str) -> RawTable:
    """Columns of JSON lines or of a JSON array of objects; absent fields are None."""
    if text.lstrip().startswith("["):
        records = _json_value(text)
        found = records if isinstance(records, list) else []
    else:
        found = [_json_value(line) for line in text.splitlines() if line.strip()]
    rows = [row for row in found if isinstance(row, dict)]
    names = dict.fromkeys(name for row in rows for name in row)
    columns: dict[str, list[object]] = {name: [row.get(name) for row in rows] for name in names}
    bad = len(found) - len(rows)
    return RawTable(columns=columns, row_count=len(found), dropped_row_count={NOT_JSON: bad} if bad else {})


def _json_value(text: str) -> object:
    """The parsed text, None where it is not JSON."""
    try:
        value: object = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None
    return value


def field_names(path: Path) -> tuple[str, tuple[str, ...]]:
    """Container (`csv` or `json`) and field names that the file's first row shows."""
    text = read_text(path).lstrip()
    if text[0] not in "[{":
        return "csv", tuple(name.strip() for name in next(csv.reader([text.splitlines()[0]])))
    first = _json_value(text) if text[0] == "[" else _json_value(text.splitlines()[0])
    if isinstance(first, list):
        first = next(iter(first), None)
    return "json", tuple(first) if isinstance(first, dict) else ()

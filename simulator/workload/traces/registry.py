"""Every trace format by name, and the one way to read a trace."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from simulator.workload.errors import WorkloadError
from simulator.workload.traces.azure import AZURE
from simulator.workload.traces.burstgpt import BURSTGPT
from simulator.workload.traces.layout import REQUIRED_ROLES, ROLES
from simulator.workload.traces.litellm import LITELLM
from simulator.workload.traces.mooncake import MOONCAKE
from simulator.workload.traces.native import NATIVE
from simulator.workload.traces.plain import PLAIN_CSV, PLAIN_JSONL
from simulator.workload.traces.reading import read_with_layout
from simulator.workload.traces.table import field_names, invalid_trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.workload.traces.layout import TraceLayout
    from simulator.workload.traces.trace import Trace

TRACE_FORMATS: Final[Mapping[str, TraceLayout]] = MappingProxyType(
    {
        "azure": AZURE,
        "mooncake": MOONCAKE,
        "burstgpt": BURSTGPT,
        "litellm": LITELLM,
        "wayfare": NATIVE,
        "csv": PLAIN_CSV,
        "jsonl": PLAIN_JSONL,
    }
)
"""Formats by name, in the order in which `detect_format` tries them."""


class UnknownTraceFormatError(WorkloadError, LookupError):
    """A trace format that Wayfare does not read."""


class ColumnMapError(WorkloadError, ValueError):
    """A column map that names too little, or roles that do not exist."""


def trace_columns(trace_format: str, columns: Mapping[str, str] | None) -> dict[str, str]:
    """The field that plays each role: the format's own fields, overridden by the user's map.

    Raises:
        UnknownTraceFormatError: the format is not in the table.
        ColumnMapError: a role is unknown, or a required one has no field.
    """
    if trace_format not in TRACE_FORMATS:
        message = f"unknown trace format {trace_format!r}; known: {', '.join(map(repr, TRACE_FORMATS))}"
        raise UnknownTraceFormatError(message)
    named = dict(TRACE_FORMATS[trace_format].columns or {}) | dict(columns or {})
    unknown = [role for role in named if role not in ROLES]
    absent = [role for role in REQUIRED_ROLES if role not in named]
    if unknown or absent:
        what = [f"unknown {', '.join(map(repr, unknown))}"] if unknown else []
        what += [f"missing {', '.join(map(repr, absent))}"] if absent else []
        message = f"{' and '.join(what)}; a map names the fields of {', '.join(map(repr, ROLES))}"
        raise ColumnMapError(message)
    return named


def read_trace(
    path: str | Path, trace_format: str | None = None, columns: Mapping[str, str] | None = None
) -> Trace:
    """The recording as columns; the format is detected where none is given.

    The latest few traces are kept, as long as their files do not change.

    Raises:
        InvalidTraceError: the file is missing, malformed or without a usable row.
        UnknownTraceFormatError: the format is not in the table.
        ColumnMapError: the column map does not fit.
    """
    file = Path(path)
    if trace_format is None:
        trace_format = detect_format(file)
    named = tuple(trace_columns(trace_format, columns).items())
    try:
        state = file.stat()
    except OSError as error:
        raise invalid_trace(str(file), "file", f"cannot be read: {error.strerror or error}") from error
    return _read(file, trace_format, named, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=4)
def _read(
    file: Path, trace_format: str, columns: tuple[tuple[str, str], ...], state: tuple[int, int]
) -> Trace:
    """The recording; `state` makes a changed file another entry of the cache."""
    del state
    trace = read_with_layout(file, TRACE_FORMATS[trace_format], dict(columns))
    for name in ("arrival_s", "input_token_count", "output_token_count", "prefix_block"):
        getattr(trace, name).flags.writeable = False
    return trace


def detect_format(path: Path) -> str:
    """Name of the first format whose required fields the file's first row shows.

    Raises:
        InvalidTraceError: the file cannot be read, or no format fits.
    """
    container, found = field_names(path)
    for name, layout in TRACE_FORMATS.items():
        wanted = [(layout.columns or {}).get(role) for role in REQUIRED_ROLES]
        if layout.container == container and all(field in found for field in wanted):
            return name
    what = f"is in no known format; name one of {', '.join(map(repr, TRACE_FORMATS))} and map its columns"
    raise invalid_trace(str(path), "row 1", f"{what}; found: {', '.join(map(repr, found)) or 'no fields'}")

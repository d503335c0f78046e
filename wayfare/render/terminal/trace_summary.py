"""What `wayfare trace inspect` shows: a recording in a screenful, and what a scenario says to play it."""

from __future__ import annotations

import json
from math import ceil, isnan
from typing import TYPE_CHECKING

from catalogs.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from simulator.traces import LengthStatistics, TraceStatistics

UNIT_WORDS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
MOST_FIELDS = 12


def summary_rows(found: TraceStatistics, *, detected: bool) -> Iterator[tuple[str, str]]:
    """What is shown of a recording: (name, text)."""
    yield "format", f"{found.format} ({'detected' if detected else 'stated'})"
    yield "rows", f"{found.row_count:,} read, {found.used_row_count:,} used"
    if found.failed_row_count:
        yield "  of them", f"{found.failed_row_count:,} that failed in the log: sent again"
    for reason, count in found.dropped_row_count.items():
        yield "  left out", f"{count:,}: {reason}"
    yield "times", times_text(found)
    yield "span", span_text(found.span_s)
    yield "rate", figure(found.rate_per_s, "/s on the average")
    yield "gaps", figure(found.interarrival_cv, " coefficient of variation (1 is Poisson)")
    yield "input tokens", lengths_text(found.input_tokens)
    yield "output tokens", lengths_text(found.output_tokens)
    yield "length correlation", figure(found.length_correlation, " (by rank)")
    if found.session_count:
        yield "sessions", f"{found.session_count:,}"
    if found.prefix_block_count:
        yield "prefix blocks", blocks_text(found)
    if found.model_count:
        yield "models", models_text(found.model_count)
    if found.unused_fields:
        yield "fields not used", fields_text(found.unused_fields)


def times_text(found: TraceStatistics) -> str:
    """Unit of the times, why so, and the first one."""
    unit = UNIT_WORDS.get(found.time_unit, found.time_unit)
    basis = {"the format's": "as the format has it", "written": ""}.get(found.time_basis, found.time_basis)
    since = f"from {found.start[:19].replace('T', ' ')} UTC" if found.start else "from the first row"
    return ", ".join(part for part in (unit, basis, since) if part)


def span_text(span_s: float) -> str:
    """Seconds, and the same in days, hours and minutes."""
    days, rest_s = divmod(span_s, SECONDS_PER_DAY)
    hours, rest_s = divmod(rest_s, SECONDS_PER_HOUR)
    parts = ((days, "d"), (hours, "h"), (rest_s // SECONDS_PER_MINUTE, "min"))
    words = " ".join(f"{value:.0f} {unit}" for value, unit in parts if value)
    return f"{span_s:,.6g} s" + (f" ({words})" if words else "")


def figure(value: float, after: str) -> str:
    """Three digits and what follows, or that there is none."""
    return "-" if isnan(value) else f"{value:,.3g}{after}"


def lengths_text(found: LengthStatistics) -> str:
    """Mean, quantiles and maximum."""
    quantiles = ", ".join(f"{name} {getattr(found, name):,.0f}" for name in ("p50", "p90", "p99"))
    return f"mean {found.mean:,.0f}; {quantiles}, max {found.max:,}"


def blocks_text(found: TraceStatistics) -> str:
    """How many blocks there are, how large, and how often they occurred before."""
    size = found.prefix_block_tokens
    known = f"of {size:,} tokens" if size else "of an unknown size"
    largest = found.largest_prefix_block_tokens
    room = f" (room for {largest:,} at most)" if largest is not None else ""
    return f"{found.prefix_block_count:,} {known}{room}; {found.prefix_reuse_ratio:.0%} seen before"


def models_text(counts: Mapping[str, int]) -> str:
    """The models that answered, with how many rows each; a run does not follow them."""
    shown = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:MOST_FIELDS])
    more = len(counts) - MOST_FIELDS
    return f"{shown}{f' and {more:,} more' if more > 0 else ''} (a policy chooses again)"


def fields_text(names: tuple[str, ...]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - MOST_FIELDS
    return ", ".join(names[:MOST_FIELDS]) + (f" and {more:,} more" if more > 0 else "")


def scenario_lines(file: Path, found: TraceStatistics, stated: Mapping[str, object]) -> Iterator[str]:
    """What a scenario says to play the recording once: YAML, a line each."""
    yield "in a scenario:"
    if found.start:
        yield f"  start: {found.start[:19]}Z"
    yield f"  duration: {max(ceil(found.span_s), 1) + 1}s"
    yield "  workload: {streams: [{…,"
    yield f"    arrivals: {{pattern: trace, file: {json.dumps(str(file), ensure_ascii=False)},"
    keys = {"format": found.format, **{key: value for key, value in stated.items() if value is not None}}
    if found.prefix_block_count and found.prefix_block_tokens is None:
        keys["prefix_block_tokens"] = found.largest_prefix_block_tokens or 0
    lines = [f"      {key}: {flow(value)}" for key, value in keys.items()]
    yield ",\n".join(lines) + "}}]}"


def flow(value: object) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ",\n        ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    return (
        json.dumps(value, ensure_ascii=False) if isinstance(value, str) and not plain(value) else str(value)
    )


def plain(text: str) -> bool:
    """Whether a text may stand in YAML without quotes."""
    return text.replace("_", "").isalnum() and not text[0].isdigit()

"""What a recorded trace looks like: rates, burstiness, lengths, prefix reuse."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.traces.registry import read_trace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from simulator.traces.trace import Trace

QUANTILES: Final = (0.1, 0.5, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthStatistics:
    """Mean, quantiles and maximum of a token count."""

    mean: float
    p10: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStatistics:
    """A trace in figures; `nan` where there are too few rows to say.

    `interarrival_cv` is 1 for a Poisson process. `burstiness` is (cv - 1)/(cv + 1): -1 evenly
    spaced, 0 Poisson, towards 1 bursty (Goh and Barabasi, EPL 81, 2008, equation 1).
    `prefix_reuse_ratio` is the share of prompt blocks that an infinite cache would have seen.
    `row_count` rows were read and `used_row_count` of them can be played, among them
    `failed_row_count` that failed in the log. `time_basis` says why times
    were read in `time_unit`; `start` is the first row's instant (ISO 8601), None where none is known.
    `prefix_block_tokens` is a block's size as file or format say it, `largest_prefix_block_tokens` the
    largest that the prompts leave room for. `model_count` says how often each
    recorded model answered; `unused_fields` play no role.
    """

    format: str
    row_count: int
    used_row_count: int
    dropped_row_count: dict[str, int]
    failed_row_count: int
    time_unit: str
    time_basis: str
    start: str | None
    span_s: float
    rate_per_s: float
    interarrival_cv: float
    burstiness: float
    input_tokens: LengthStatistics
    output_tokens: LengthStatistics
    length_correlation: float
    session_count: int
    prefix_block_count: int
    prefix_reuse_ratio: float
    prefix_block_tokens: int | None
    largest_prefix_block_tokens: int | None
    model_count: dict[str, int]
    unused_fields: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """The figures as plain data."""
        return asdict(self)


def inspect_trace(
    path: str | Path,
    trace_format: str | None = None,
    columns: Mapping[str, str] | None = None,
    time_unit: str | None = None,
) -> TraceStatistics:
    """Statistics of the trace in the file; the format is detected where none is given.

    Raises:
        InvalidTraceError: the file is missing, malformed or without a usable row.
        UnknownTraceFormatError: the format is not in the table.
        ColumnMapError: the column map does not fit.
    """
    return trace_statistics(read_trace(path, trace_format, columns, time_unit, keep_failed=True))


def trace_statistics(trace: Trace) -> TraceStatistics:
    """The trace in figures."""
    span_s = float(trace.arrival_s[-1])
    cv = _variation(np.diff(trace.arrival_s))
    return TraceStatistics(
        format=trace.format,
        row_count=trace.read_row_count,
        used_row_count=len(trace),
        dropped_row_count=dict(trace.dropped_row_count),
        failed_row_count=0 if trace.logged is None else int(trace.logged.failed.sum()),
        time_unit=trace.clock.unit,
        time_basis=trace.clock.basis,
        start=None if trace.clock.start is None else trace.clock.start.isoformat(),
        span_s=span_s,
        rate_per_s=(len(trace) - 1) / span_s if span_s > 0.0 else np.nan,
        interarrival_cv=cv,
        burstiness=(cv - 1.0) / (cv + 1.0),
        input_tokens=_length_statistics(trace.input_token_count),
        output_tokens=_length_statistics(trace.output_token_count[_answered(trace)]),
        length_correlation=_correlation(trace.input_token_count, trace.output_token_count),
        session_count=len(np.unique(trace.session[trace.session >= 0])),
        prefix_block_count=len(trace.prefix_block),
        prefix_reuse_ratio=_reuse_ratio(trace.prefix_block),
        prefix_block_tokens=trace.block_tokens,
        largest_prefix_block_tokens=trace.largest_block_tokens,
        model_count=dict(trace.model_count),
        unused_fields=trace.unused_fields,
        notes=trace.notes,
    )


def _answered(trace: Trace) -> NDArray[np.bool_]:
    """The rows whose answers are the log's own; all where none was answered."""
    failed = np.zeros(len(trace), np.bool_) if trace.logged is None else trace.logged.failed
    return failed if failed.all() else ~failed


def _variation(values: NDArray[np.float64]) -> float:
    """Coefficient of variation, `nan` without values or at a mean of 0."""
    mean = float(values.mean()) if len(values) else 0.0
    return float(values.std() / mean) if mean > 0.0 else np.nan


def _length_statistics(counts: NDArray[np.int32]) -> LengthStatistics:
    """Statistics of one column of token counts."""
    p10, p50, p90, p95, p99 = np.quantile(counts, QUANTILES).tolist()
    return LengthStatistics(
        mean=float(counts.mean()), p10=p10, p50=p50, p90=p90, p95=p95, p99=p99, max=int(counts.max())
    )


def _correlation(first: NDArray[np.int32], second: NDArray[np.int32]) -> float:
    """Spearman's rank correlation (ties by order), `nan` where a column is constant."""
    if first.min() == first.max() or second.min() == second.max():
        return float("nan")
    ranks = [np.argsort(np.argsort(column, kind="stable"), kind="stable") for column in (first, second)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _reuse_ratio(blocks: NDArray[np.int64]) -> float:
    """Share of blocks that occurred before, `nan` without blocks."""
    return 1.0 - len(np.unique(blocks)) / len(blocks) if len(blocks) else float("nan")

"""What a recorded trace looks like: rates, burstiness, lengths, prefix reuse."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.workload.traces.registry import detect_format, read_trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from simulator.workload.traces.trace import Trace

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
    """

    format: str
    row_count: int
    dropped_row_count: dict[str, int]
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

    def to_dict(self) -> dict[str, object]:
        """The figures as plain data."""
        return asdict(self)


def inspect_trace(
    path: str | Path, trace_format: str | None = None, columns: Mapping[str, str] | None = None
) -> TraceStatistics:
    """Statistics of the trace in the file; the format is detected where none is given.

    Raises:
        InvalidTraceError: the file is missing, malformed or without a usable row.
        UnknownTraceFormatError: the format is not in the table.
        ColumnMapError: the column map does not fit.
    """
    trace = read_trace(path, trace_format, columns)
    return trace_statistics(trace, trace_format or detect_format(Path(path)))


def trace_statistics(trace: Trace, trace_format: str) -> TraceStatistics:
    """The trace in figures."""
    span_s = float(trace.arrival_s[-1])
    cv = _variation(np.diff(trace.arrival_s))
    return TraceStatistics(
        format=trace_format,
        row_count=trace.read_row_count,
        dropped_row_count=dict(trace.dropped_row_count),
        span_s=span_s,
        rate_per_s=(len(trace) - 1) / span_s if span_s > 0.0 else np.nan,
        interarrival_cv=cv,
        burstiness=(cv - 1.0) / (cv + 1.0),
        input_tokens=_length_statistics(trace.input_token_count),
        output_tokens=_length_statistics(trace.output_token_count),
        length_correlation=_correlation(trace.input_token_count, trace.output_token_count),
        session_count=len(np.unique(trace.session[trace.session >= 0])),
        prefix_block_count=len(trace.prefix_block),
        prefix_reuse_ratio=_reuse_ratio(trace.prefix_block),
    )


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

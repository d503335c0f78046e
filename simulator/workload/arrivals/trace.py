"""Recorded arrivals, with the lengths that were recorded beside them."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf
from typing import TYPE_CHECKING

import numpy as np

from simulator.workload.arrivals.pattern import Arrivals, ArrivalWindow, RecordedColumns
from simulator.workload.traces.registry import read_trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from simulator.workload.traces.trace import Trace

OUTSIDE_WINDOW = "outside the window"
AFTER_DURATION = "after the run's duration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A trace file played back.

    Recorded seconds (from the first row on) are multiplied by `time_scale`; rows within `window_s`
    of that clock are taken; the rate is then raised by `rate_scale`, that is, gaps shrink by it.
    With `loop` the recording is repeated, its last gap being its mean gap, else it ends early.
    """

    file: str
    format: str | None = None
    columns: Mapping[str, str] | None = None
    rate_scale: float = 1.0
    time_scale: float = 1.0
    window_s: tuple[float, float] | None = None
    loop: bool = False

    def arrivals(self, window: ArrivalWindow, rng: np.random.Generator) -> Arrivals:  # noqa: ARG002
        """The recorded arrivals; rows left out are counted by reason."""
        trace = read_trace(self.file, self.format, self.columns)
        played_s, row = self._play(trace, window.duration_s)
        dropped = dict(trace.dropped_row_count)
        self._count_unplayed(dropped, trace, row)
        return Arrivals(arrival_s=played_s, recorded=_rows(trace, row), dropped_row_count=dropped)

    def span_s(self) -> float:
        """Seconds that one pass of the recording takes: to its last arrival and a mean gap on."""
        return self._period_s(self._taken_s(read_trace(self.file, self.format, self.columns))[0])

    def _taken_s(self, trace: Trace) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Instants at which the rows in the window play in the first pass, and their rows."""
        clock_s = trace.arrival_s * self.time_scale
        low_s, high_s = self.window_s or (0.0, inf)
        first, last = np.searchsorted(clock_s, (low_s, high_s), side="left")
        return (clock_s[first:last] - low_s) / self.rate_scale, np.arange(first, last)

    def _period_s(self, first_pass_s: NDArray[np.float64]) -> float:
        """Length of a pass: the window's, where one with an end is given and holds, or by gaps."""
        if len(first_pass_s) == 0:
            return 0.0
        last_s = float(first_pass_s[-1])
        if self.window_s is not None:
            return max((self.window_s[1] - self.window_s[0]) / self.rate_scale, last_s)
        gap_s = last_s / (len(first_pass_s) - 1) if len(first_pass_s) > 1 else 1.0 / self.rate_scale
        return last_s + max(gap_s, 1e-9)

    def _play(self, trace: Trace, duration_s: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Instants below `duration_s`, ascending, and the row that plays at each."""
        first_pass_s, row = self._taken_s(trace)
        period_s = self._period_s(first_pass_s)
        passes = ceil(duration_s / period_s) if self.loop and period_s > 0.0 else 1
        starts_s = np.arange(passes)[:, np.newaxis] * period_s
        played_s = (starts_s + first_pass_s[np.newaxis, :]).ravel()
        kept = played_s < duration_s
        return played_s[kept], np.tile(row, passes)[kept]

    def _count_unplayed(self, dropped: dict[str, int], trace: Trace, row: NDArray[np.int64]) -> None:
        """Adds to `dropped` the good rows that the window or the duration leaves out."""
        taken = len(self._taken_s(trace)[1])
        outside = len(trace) - taken
        late = taken - len(np.unique(row))
        for reason, count in ((OUTSIDE_WINDOW, outside), (AFTER_DURATION, late)):
            if count:
                dropped[reason] = dropped.get(reason, 0) + count


def _rows(trace: Trace, row: NDArray[np.int64]) -> RecordedColumns:
    """The trace's columns at the given rows."""
    start, stop = trace.prefix_offset[row], trace.prefix_offset[row + 1]
    offset, block = gather_ragged(trace.prefix_block, start, stop - start)
    return RecordedColumns(
        input_token_count=trace.input_token_count[row],
        output_token_count=trace.output_token_count[row],
        max_output_token_count=trace.max_output_token_count[row],
        session=trace.session[row],
        prefix_offset=offset,
        prefix_block=block,
    )


def gather_ragged(
    values: NDArray[np.int64], start: NDArray[np.int64], length: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offsets and values of `values[start[i]:start[i] + length[i]]` laid end to end."""
    offset = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(length, dtype=np.int64)))
    place = np.arange(offset[-1]) + np.repeat(start - offset[:-1], length)
    return offset, values[place]

"""Recorded arrivals, with the lengths that were recorded beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, inf
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

import numpy as np
from pydantic import Field, field_validator

from simulator.arrivals.pattern import PATTERN, Arrivals, ArrivalWindow, RecordedColumns
from simulator.quantities import Duration, Part, Positive
from simulator.ragged import gather_ragged
from simulator.traces.errors import ArrivalParameterError
from simulator.traces.formats import TraceFormat
from simulator.traces.registry import read_trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from simulator.traces.trace import Trace

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

OUTSIDE_WINDOW = "outside the window"
AFTER_DURATION = "after the run's duration"
THINNED = "left out by rate_scale"
PREFIX_BLOCK_TOKENS: Final = 512
"""Tokens of a recorded prefix block where neither scenario, file nor format say (Mooncake's)."""
MOST_PLAYED: Final = 50_000_000
"""Requests that one stream may play."""
SHORTEST_COVER: Final = 0.99
"""A recording that ends before this share of the run is reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPass:
    """One pass of a recording: when each request plays, its row, and which copy of the row it is."""

    second: Floats
    row: Ints
    copy: Ints


class TraceArrivals(Part):
    """A recorded trace played back; the format is detected where none is named.

    Where it names the blocks of its prompts, each has `prefix_block_tokens`, a prompt's last fewer; as
    the format says where it is left out. `time_unit` is that of the file's numbers; where it is left
    out, instants since 1970 are recognised by their size.
    """

    # Recorded seconds (from the first row on) are multiplied by `time_scale`; rows within `window` of
    # that clock are taken. `rate_scale` changes how many requests there are on the same clock: below 1
    # each row is kept with that probability; above, rows are played that often on the average, the
    # further times by other users a moment later, before the row that follows. With `loop` the recording
    # is repeated, its last gap being its mean gap, else it ends early.
    pattern: Literal["trace"]
    file: str
    format: TraceFormat | None = None
    columns: dict[str, str] | None = None
    rate_scale: Positive = 1.0
    time_scale: Positive = 1.0
    window: tuple[Duration, Duration] | None = None
    loop: bool = False
    failed: Literal["replay", "leave_out"] = "replay"
    history: bool = True
    prefix_block_tokens: Annotated[int, Field(ge=16, le=65_536, multiple_of=16)] | None = None
    time_unit: Literal["s", "ms", "us", "ns"] | None = None

    KEYS: ClassVar[Mapping[str, str]] = {
        "pattern": PATTERN,
        "file": "The recording, from the scenario's folder; gzip is unpacked. Example: traces/monday.csv.gz.",
        "format": "The recording's format; detected where left out. Example: mooncake.",
        "columns": "Fields of a file in none of the formats, by role: timestamp, input_tokens, "
        "output_tokens; also max_output_tokens, session, prefix_blocks, prefix_block_tokens, status, "
        "cache_hit, call_type, and what a log says of who served a request: model, served_model, "
        "deployment, tenant, user, request_id, spend_usd, first_token, end, ttft_s, e2e_s. "
        "Example: {timestamp: ts, input_tokens: prompt, output_tokens: answer}.",
        "rate_scale": "What the recorded rate is multiplied by. Example: 2.",
        "time_scale": "What recorded seconds are multiplied by: 2 plays at half the speed. Example: 0.5.",
        "window": "From and to of the recording's clock that are played; all where left out. "
        "Example: [1h, 2h].",
        "loop": "Whether the recording starts again when it ends before the run does. Example: true.",
        "failed": "What becomes of calls that failed in the log: they are sent again, with an answer of "
        "their model's mean length, or left out. Example: leave_out.",
        "history": "Whether the prompts of a recorded session carry its earlier turns, as chats do: a "
        "prompt that is no shorter than the one before it begins with that. Example: false.",
        "prefix_block_tokens": "Tokens of a recorded prefix block; the format's own where left out. "
        "Example: 512.",
        "time_unit": "Unit of the recording's times; recognised where left out. Example: ms.",
    }

    @field_validator("window")
    @classmethod
    def _forward(cls, window: tuple[float, float] | None) -> tuple[float, float] | None:
        """A window ends after it begins."""
        if window is not None and window[1] <= window[0]:
            message = f"window {window!r} does not end after it begins"
            raise ValueError(message)
        return window

    def trace(self) -> Trace:
        """The recording.

        Raises:
            InvalidTraceError: the file cannot be used.
        """
        keep = self.failed == "replay"
        return read_trace(self.file, self.format, self.columns, self.time_unit, keep_failed=keep)

    def arrivals(self, window: ArrivalWindow, rng: np.random.Generator) -> Arrivals:
        """The recorded arrivals; rows left out are counted by reason, what to know is in the notes.

        Raises:
            ArrivalParameterError: a loop of one instant, or more requests than memory holds.
        """
        trace = self.trace()
        taken = self._taken_s(trace)
        period_s = self._period_s(taken[0])
        self.demand_playable(window.duration_s)
        once = self._scaled(*taken, rng)
        played = self._repeated(once, period_s, window.duration_s)
        return Arrivals(
            arrival_s=played.second,
            recorded=self._rows(trace, played),
            dropped_row_count=self._dropped(trace, taken[1], once, played),
            notes=tuple(self._notes(trace, played, period_s, window.duration_s)),
        )

    def span_s(self) -> float:
        """Seconds that one pass of the recording takes: to its last arrival and a mean gap on."""
        return self._period_s(self._taken_s(self.trace())[0])

    def block_tokens(self, trace: Trace) -> int:
        """Tokens of a prefix block: as stated, as file or format say, else Mooncake's."""
        return self.prefix_block_tokens or trace.block_tokens or PREFIX_BLOCK_TOKENS

    def expected_count(self, duration_s: float) -> float:
        """About how many requests play within the duration; infinite for a loop of one instant."""
        first_pass_s, _row = self._taken_s(self.trace())
        within = float(np.searchsorted(first_pass_s, duration_s, side="left"))
        if not self.loop or len(first_pass_s) == 0:
            return within * self.rate_scale
        if float(first_pass_s[-1]) <= 0.0 and self.window is None:
            return inf
        passes = max(duration_s / self._period_s(first_pass_s), 1.0)
        return max(len(first_pass_s) * passes, within) * self.rate_scale

    def demand_playable(self, duration_s: float) -> None:
        """Refuses what no memory holds.

        Raises:
            ArrivalParameterError: says how many requests it would be.
        """
        count = self.expected_count(duration_s)
        if count == inf:
            rows = len(self._taken_s(self.trace())[0])
            what = f"all {rows:,} rows are at one instant: repeating them makes infinitely many requests"
            raise ArrivalParameterError("loop", what)
        if count > MOST_PLAYED:
            parameter = "loop" if self.loop else "rate_scale"
            what = f"about {count:,.0f} requests would be played; a stream may play {MOST_PLAYED:,}"
            raise ArrivalParameterError(parameter, what)

    def _taken_s(self, trace: Trace) -> tuple[Floats, Ints]:
        """Instants at which the rows in the window play in the first pass, and their rows."""
        clock_s = trace.arrival_s * self.time_scale
        low_s, high_s = self.window or (0.0, inf)
        first, last = np.searchsorted(clock_s, (low_s, high_s), side="left")
        return clock_s[first:last] - low_s, np.arange(first, last)

    def _period_s(self, first_pass_s: Floats) -> float:
        """Length of a pass: the window's, where one with an end is given and holds, or by gaps."""
        if len(first_pass_s) == 0:
            return 0.0
        last_s = float(first_pass_s[-1])
        if self.window is not None:
            return max(self.window[1] - self.window[0], last_s)
        gap_s = last_s / (len(first_pass_s) - 1) if len(first_pass_s) > 1 else self.time_scale
        return last_s + max(gap_s, 1e-9)

    def _scaled(self, second: Floats, row: Ints, rng: np.random.Generator) -> ReplayPass:
        """The pass with its rows thinned, or played several times, ascending.

        Row i plays floor(rate_scale) times, and once more where its draw is below the rest; so the rows
        of a lower scale are among those of a higher one. Copies lie evenly drawn in the gap that follows.
        """
        if self.rate_scale == 1.0:
            return ReplayPass(second=second, row=row, copy=np.zeros(len(row), np.int64))
        whole = floor(self.rate_scale)
        more = rng.random(len(row)) < self.rate_scale - whole
        times = whole + more.astype(np.int64)
        which = np.repeat(np.arange(len(row)), times)
        copy = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
        gap_s = np.append(np.diff(second), second[-1] / max(len(second) - 1, 1)) if len(second) else second
        later_s = np.where(copy > 0, rng.random(len(which)) * gap_s[which], 0.0)
        played_s = second[which] + later_s
        order = np.argsort(played_s, kind="stable")
        return ReplayPass(second=played_s[order], row=row[which][order], copy=copy[order])

    def _repeated(self, once: ReplayPass, period_s: float, duration_s: float) -> ReplayPass:
        """Instants below `duration_s`, ascending."""
        passes = ceil(duration_s / period_s) if self.loop and period_s > 0.0 else 1
        starts_s = np.arange(passes)[:, np.newaxis] * period_s
        played_s = (starts_s + once.second[np.newaxis, :]).ravel()
        kept = played_s < duration_s
        return ReplayPass(
            second=played_s[kept], row=np.tile(once.row, passes)[kept], copy=np.tile(once.copy, passes)[kept]
        )

    def _dropped(self, trace: Trace, taken: Ints, once: ReplayPass, played: ReplayPass) -> dict[str, int]:
        """Rows that are not played, by reason."""
        found = dict(trace.dropped_row_count)
        kept = len(np.unique(once.row))
        for reason, count in (
            (OUTSIDE_WINDOW, len(trace) - len(taken)),
            (THINNED, len(taken) - kept),
            (AFTER_DURATION, kept - len(np.unique(played.row))),
        ):
            if count:
                found[reason] = found.get(reason, 0) + count
        return found

    def _rows(self, trace: Trace, played: ReplayPass) -> RecordedColumns:
        """The trace's columns at the played rows; other copies of a row are other users and prompts."""
        row = played.row
        start, stop = trace.prefix_offset[row], trace.prefix_offset[row + 1]
        offset, block = gather_ragged(trace.prefix_block, start, stop - start)
        session = _sessions(trace.session[row], played.copy)
        return RecordedColumns(
            input_token_count=trace.input_token_count[row],
            output_token_count=trace.output_token_count[row],
            max_output_token_count=trace.max_output_token_count[row],
            session=session,
            prefix_offset=offset,
            prefix_block=_apart(block, np.repeat(played.copy, stop - start)),
            prefix_block_tokens=self.block_tokens(trace),
            carries_history=self.history and len(block) == 0,
            logged=None if trace.logged is None else trace.logged.at(row),
        )

    def _notes(self, trace: Trace, played: ReplayPass, period_s: float, duration_s: float) -> Iterator[str]:
        """What to know of the recording, and of what it leaves empty."""
        yield from trace.notes
        rows = len(np.unique(played.row))
        if rows < trace.read_row_count:
            yield f"{rows:,} of the trace's {trace.read_row_count:,} rows are played"
        if not self.loop and period_s < SHORTEST_COVER * duration_s:
            yield (
                f"the trace covers {period_s:,.0f} s of the run's {duration_s:,.0f} s and nothing arrives "
                f"afterwards; give duration: {ceil(period_s)}s, or loop: true to repeat it"
            )


def _sessions(session: Ints, copy: Ints) -> Ints:
    """Sessions that no two copies share; -1 stays."""
    return np.where(session < 0, session, _apart(session, copy))


def _apart(number: Ints, copy: Ints) -> Ints:
    """Numbers such that no two copies share one; as they are where there is one copy."""
    if not copy.any():
        return number
    known, dense = np.unique(number, return_inverse=True)
    return np.asarray(copy * len(known) + dense)

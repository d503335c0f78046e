"""A recorded trace as columns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from simulator.traces.logged import LoggedCalls

    Basis = Literal["stated", "the format's", "recognised", "assumed", "written"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceClock:
    """How a recording's times were read: their unit (`s`, `ms`, `us`, `ns`, `ISO 8601`), and why so.

    `start` is the first used row's instant, None where times count from an instant that is not given.
    """

    unit: str
    basis: Basis
    start: datetime | None = None

    def later(self, second: float) -> TraceClock:
        """The clock of a recording whose first used row is that much later."""
        if self.start is None or second == 0.0:
            return self
        return replace(self, start=self.start + timedelta(seconds=second))


SECONDS = TraceClock(unit="s", basis="the format's")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The usable rows of a recording, in order of arrival; all arrays have one entry per row.

    `arrival_s` counts from the first usable row. `max_output_token_count` is 0 where none was
    recorded, `session` -1 outside sessions. `prefix_block[prefix_offset[i]:prefix_offset[i + 1]]`
    are row i's prefix-block hashes, or numbers in their place where hashes are texts or too wide;
    `block_tokens` is a block's size where format or file say it, `largest_block_tokens` the largest
    that the numbers of blocks leave room for. `read_row_count` includes the rows in
    `dropped_row_count` (reason to count). `unused_fields` are there and play no role.
    `model_count` is how often each recorded model answered a usable row, the most frequent first.
    `logged` is what a gateway's log says besides; failed calls are among the rows then.
    """

    arrival_s: NDArray[np.float64]
    input_token_count: NDArray[np.int32]
    output_token_count: NDArray[np.int32]
    max_output_token_count: NDArray[np.int32]
    session: NDArray[np.int64]
    prefix_offset: NDArray[np.int64]
    prefix_block: NDArray[np.int64]
    read_row_count: int
    dropped_row_count: dict[str, int] = field(default_factory=dict)
    format: str = "wayfare"
    clock: TraceClock = SECONDS
    block_tokens: int | None = None
    largest_block_tokens: int | None = None
    unused_fields: tuple[str, ...] = ()
    model_count: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    logged: LoggedCalls | None = None

    def __len__(self) -> int:
        """Number of usable rows."""
        return len(self.arrival_s)

"""The extension point of arrivals: what a pattern promises."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

PATTERN: Final = "Which arrival process this is; it decides which other keys there are."
"""What every pattern's `pattern` means."""

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    import numpy as np
    from numpy.typing import NDArray

    from simulator.traces.logged import LoggedCalls


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalWindow:
    """When the arrivals are wanted: from `start` (aware) for `duration_s`, users' clock `zone`."""

    start: datetime
    duration_s: float
    zone: tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedColumns:
    """What a recording knows of each arrival besides its instant; row `i` belongs to arrival `i`.

    `max_output_token_count` is 0 where none was recorded; `session` -1 outside sessions.
    `prefix_block[prefix_offset[i]:prefix_offset[i + 1]]` are arrival i's prefix-block hashes, of
    `prefix_block_tokens` tokens each, a prompt's last fewer. With `carries_history` the prompts of a
    session begin with those before them. `logged` is what a gateway's log says besides.
    """

    input_token_count: NDArray[np.int32]
    output_token_count: NDArray[np.int32]
    max_output_token_count: NDArray[np.int32]
    session: NDArray[np.int64]
    prefix_offset: NDArray[np.int64]
    prefix_block: NDArray[np.int64]
    prefix_block_tokens: int = 512
    carries_history: bool = False
    logged: LoggedCalls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Arrival instants, ascending seconds in [0, duration), with what was recorded of each.

    `dropped_row_count` says why rows of a recording are not among them: reason to count. `notes` are
    sentences for the report's warnings.
    """

    arrival_s: NDArray[np.float64]
    recorded: RecordedColumns | None = None
    dropped_row_count: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@runtime_checkable
class ArrivalPattern(Protocol):
    """One stream's arrivals.

    A pattern that ships is the part of the scenario that states it: its fields are the keys, their
    types check them, `KEYS` says what each means. A plug-in's is made from the keys beside `pattern`
    (`rate` arrives as `rate_per_s`, a float, the rest as read from YAML) and raises
    `ArrivalParameterError` for what it cannot work with. `arrivals` must be pure but for `rng`: the
    same generator state gives the same arrivals, and no other randomness, clock or file that changes is
    read. Instants ascend, are finite and lie in [0, window.duration_s). Third parties register a class
    under the entry-point group `wayfare.arrivals`.
    """

    def arrivals(self, window: ArrivalWindow, rng: np.random.Generator) -> Arrivals:
        """The arrivals within the window."""
        ...

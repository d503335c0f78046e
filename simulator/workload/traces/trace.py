"""A recorded trace as columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The usable rows of a recording, in order of arrival; all arrays have one entry per row.

    `arrival_s` counts from the first usable row. `max_output_token_count` is 0 where none was
    recorded, `session` -1 outside sessions. `prefix_block[prefix_offset[i]:prefix_offset[i + 1]]`
    are row i's prefix-block hashes. `read_row_count` includes the rows in `dropped_row_count`
    (reason to count).
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

    def __len__(self) -> int:
        """Number of usable rows."""
        return len(self.arrival_s)

"""The ledger's attempts as columns, in order of their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.kernel.codes import Ending

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.world.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Columns of all attempts; row i is attempt number i.

    `ready_s` is arrival at the target, `admitted_s` the start of work, `first_s` and `finish_s`
    are instants at the target; the answer reaches the asker `return_s` later. `output` counts
    tokens generated. `won` marks the attempt whose answer the request got.
    """

    request: NDArray[np.int64]
    target: NDArray[np.int32]
    queue: NDArray[np.int32]
    kind: NDArray[np.int8]
    ending: NDArray[np.int8]
    reason: NDArray[np.int8]
    prompt: NDArray[np.int32]
    output: NDArray[np.int32]
    prefilled: NDArray[np.int32]
    recomputed: NDArray[np.int32]
    submitted_s: NDArray[np.float64]
    ready_s: NDArray[np.float64]
    admitted_s: NDArray[np.float64]
    first_s: NDArray[np.float64]
    finish_s: NDArray[np.float64]
    return_s: NDArray[np.float64]
    busy_s: NDArray[np.float64]
    energy_j: NDArray[np.float64]
    wasted_s: NDArray[np.float64]
    wasted_j: NDArray[np.float64]
    won: NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of attempts."""
        return len(self.request)

    @property
    def completed(self) -> NDArray[np.bool_]:
        """Which attempts ran to their last token."""
        return self.ending == Ending.COMPLETED

    @property
    def wasted(self) -> NDArray[np.bool_]:
        """Which attempts' work nobody used."""
        return ~self.won


def attempt_columns(rows: NDArray[np.void], journal: Journal) -> Attempts:
    """The ledger's rows, ordered by attempt number, as columns beside what the journal knows."""
    number = rows["number"]
    won = journal.winner[rows["request"]] == number
    won &= rows["ending"] == Ending.COMPLETED
    names = [
        "queue",
        "ending",
        "reason",
        "prompt",
        "output",
        "prefilled",
        "recomputed",
        "submitted_s",
        "ready_s",
        "admitted_s",
        "first_s",
        "finish_s",
        "return_s",
        "busy_s",
        "energy_j",
        "wasted_s",
        "wasted_j",
        "request",
    ]
    columns = {name: np.ascontiguousarray(rows[name]) for name in names}
    kind = np.frombuffer(bytes(journal.attempt_kinds), np.int8)[number]
    return Attempts(**columns, kind=kind, target=np.ascontiguousarray(rows["group"]), won=won)

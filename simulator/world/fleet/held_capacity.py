"""How many of each target's queues were there to be paid for, over the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.world.fleet.levels import CountOverTime

    Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCapacity:
    """By target: the queues there can be, and how many there were at every instant."""

    counts: Sequence[int]
    held: Sequence[CountOverTime]

    def shares(self, from_s: float, to_s: float) -> Column:
        """Mean share of each target's queues that was there; exactly 1 where all always were."""
        means = [level.mean(from_s, to_s) for level in self.held]
        return np.array(means) / np.array(self.counts, np.float64)

    def share_seconds(self, target: int, edges_s: Column) -> Column:
        """Seconds between neighbouring edges, each times the share that was there."""
        level = self.held[target]
        if level.constant:
            return np.diff(edges_s) * (level.start / self.counts[target])
        return level.integral(edges_s) / self.counts[target]

"""Values that change with time: grid carbon, electricity price. `at(t_s)` is the whole interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECONDS_PER_DAY = 86_400.0
SECONDS_PER_HOUR = 3_600.0


class Signal(Protocol):
    """A value over virtual time."""

    def at(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values at seconds `t_s` since the run began; same shape."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value always."""

    value: float

    def at(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """The value, for every instant asked."""
        return np.full(np.shape(t_s), self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyShape:
    """A daily cosine around a mean: highest at `peak_hour`, `peak_to_trough` times the lowest.

    `start_hour` is the local hour of day at which the run begins.
    """

    mean: float
    peak_to_trough: float
    peak_hour: float
    start_hour: float

    def at(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean (1 + a cos(2 pi (hour - peak_hour) / 24)), a = (r - 1) / (r + 1)."""
        amplitude = (self.peak_to_trough - 1.0) / (self.peak_to_trough + 1.0)
        hour = self.start_hour + np.asarray(t_s) / SECONDS_PER_HOUR
        return self.mean * (1.0 + amplitude * np.cos(2.0 * np.pi * (hour - self.peak_hour) / 24.0))


def mean_over(signal: Signal, from_s: float, to_s: float) -> float:
    """The signal's mean over an interval, by the midpoint rule at minutes."""
    count = max(1, int((to_s - from_s) / 60.0))
    edges = np.linspace(from_s, to_s, count + 1)
    return float(signal.at((edges[:-1] + edges[1:]) / 2.0).mean())

"""Steady arrivals: the same rate throughout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from simulator.arrivals.pattern import Arrivals, ArrivalWindow
from simulator.arrivals.renewal import renewal_instants_s

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Steady:
    """A Poisson process, or evenly spaced arrivals (`deterministic`, the first at half a gap)."""

    rate_per_s: float
    process: Literal["poisson", "deterministic"] = "poisson"

    def arrivals(self, window: ArrivalWindow, rng: np.random.Generator) -> Arrivals:
        """Arrivals at the steady rate."""
        if self.process == "deterministic":
            return Arrivals(arrival_s=evenly_spaced_s(self.rate_per_s, window.duration_s))
        return Arrivals(arrival_s=poisson_s(self.rate_per_s, window.duration_s, rng))


def evenly_spaced_s(rate_per_s: float, duration_s: float) -> NDArray[np.float64]:
    """Instants (i + 1/2) / rate that lie before `duration_s`."""
    instants_s = (np.arange(int(rate_per_s * duration_s) + 1) + 0.5) / rate_per_s
    return np.asarray(instants_s[instants_s < duration_s])


def poisson_s(rate_per_s: float, duration_s: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Instants of a Poisson process: independent exponential gaps."""
    gap_s = 1.0 / rate_per_s
    return renewal_instants_s(
        lambda count: rng.exponential(gap_s, count),
        first_s=rng.exponential(gap_s),
        gap_mean_s=gap_s,
        gap_cv=1.0,
        duration_s=duration_s,
    )

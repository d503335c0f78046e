"""Steady arrivals: the same rate throughout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from simulator.arrivals.pattern import PATTERN, Arrivals, ArrivalWindow
from simulator.arrivals.renewal import renewal_instants_s
from simulator.quantities import Part, Rate

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SteadyArrivals(Part):
    """The same rate throughout: a Poisson process, or evenly spaced."""

    # deterministic: the first arrival is at half a gap
    pattern: Literal["steady"]
    rate: Rate
    process: Literal["poisson", "deterministic"] = "poisson"

    KEYS: ClassVar[Mapping[str, str]] = {
        "pattern": PATTERN,
        "rate": "Mean arrivals. Example: 2/s.",
        "process": "poisson: at random; deterministic: evenly spaced. Example: deterministic.",
    }

    def arrivals(self, window: ArrivalWindow, rng: np.random.Generator) -> Arrivals:
        """Arrivals at the steady rate."""
        if self.process == "deterministic":
            return Arrivals(arrival_s=evenly_spaced_s(self.rate, window.duration_s))
        return Arrivals(arrival_s=poisson_s(self.rate, window.duration_s, rng))


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

"""Bursty arrivals: clustered gaps, or a rate that switches between two states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from simulator.arrivals.pattern import PATTERN, Arrivals, ArrivalWindow
from simulator.arrivals.renewal import renewal_instants_s
from simulator.arrivals.steady import poisson_s
from simulator.quantities import Part, Positive, Rate, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray


class BurstyArrivals(Part):
    """Clustered arrivals: Gamma gaps, a rate that switches, or bursts with silence between."""

    # All have the mean `rate` in equilibrium and start in equilibrium. `cv` is the coefficient of
    # variation of Gamma gaps. For a two-state MMPP (`mmpp`) and bursts with silence between (`on_off`),
    # bursts last `burst_duration` on average, take `burst_share` of the time, and have `burst_factor`
    # times the rate of the time between them (`mmpp` only); both states last exponential times.
    pattern: Literal["bursty"]
    rate: Rate
    process: Literal["gamma", "mmpp", "on_off"] = "gamma"
    cv: Positive = 2.0
    burst_factor: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 8.0
    burst_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    burst_duration: Span = 30.0

    KEYS: ClassVar[Mapping[str, str]] = {
        "pattern": PATTERN,
        "rate": "Mean arrivals, bursts included. Example: 90/min.",
        "process": "gamma: clustered gaps; mmpp: a rate that switches; on_off: bursts with silence "
        "between. "
        "Example: mmpp.",
        "cv": "Coefficient of variation of the gaps of gamma; 1 is Poisson, more is burstier. Example: 3.",
        "burst_factor": "Rate within bursts over the rate between them (mmpp). Example: 10.",
        "burst_share": "Share of the time that is in bursts (mmpp, on_off). Example: 0.05.",
        "burst_duration": "Mean length of a burst (mmpp, on_off). Example: 2min.",
    }

    def arrivals(self, window: ArrivalWindow, rng: np.random.Generator) -> Arrivals:
        """Arrivals of the chosen process."""
        if self.process == "gamma":
            return Arrivals(arrival_s=gamma_renewal_s(self.rate, self.cv, window.duration_s, rng))
        edges_s, bursting = self._states(window.duration_s, rng)
        burst_per_s, calm_per_s = self._state_rates_per_s()
        rates_per_s = np.where(bursting, burst_per_s, calm_per_s)
        return Arrivals(arrival_s=piecewise_poisson_s(edges_s, rates_per_s, rng))

    def _state_rates_per_s(self) -> tuple[float, float]:
        """Rates within and between bursts: share b + (1 - share) c = rate, b = factor c."""
        share = self.burst_share
        if self.process == "on_off":
            return self.rate / share, 0.0
        calm = self.rate / (share * self.burst_factor + 1.0 - share)
        return self.burst_factor * calm, calm

    def _states(
        self, duration_s: float, rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Edges of the alternating states from 0 to `duration_s`, and which of them are bursts."""
        calm_mean_s = self.burst_duration * (1.0 - self.burst_share) / self.burst_share
        bursting = bool(rng.random() < self.burst_share)
        cycle_s = self.burst_duration + calm_mean_s
        edges_s = np.zeros(1)
        while edges_s[-1] < duration_s:
            means_s = np.array([calm_mean_s, self.burst_duration])
            count = 2 * int(duration_s / cycle_s + 16)
            phase = (np.arange(count) + len(edges_s) - 1 + bursting) % 2
            edges_s = np.append(edges_s, edges_s[-1] + np.cumsum(rng.exponential(means_s[phase])))
        state_count = int(np.searchsorted(edges_s, duration_s, side="left"))
        edges_s = np.append(edges_s[:state_count], duration_s)
        return edges_s, (np.arange(state_count) + bursting) % 2 == 1


def gamma_renewal_s(
    rate_per_s: float, cv: float, duration_s: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Instants of a stationary renewal process with Gamma gaps of the given CV.

    The first gap is what is left of a gap met at a random instant: that gap is length-biased,
    Gamma(shape + 1), and a uniform share of it is left.
    """
    shape = 1.0 / (cv * cv)
    scale_s = cv * cv / rate_per_s
    return renewal_instants_s(
        lambda count: rng.gamma(shape, scale_s, count),
        first_s=rng.random() * rng.gamma(shape + 1.0, scale_s),
        gap_mean_s=1.0 / rate_per_s,
        gap_cv=cv,
        duration_s=duration_s,
    )


def piecewise_poisson_s(
    edges_s: NDArray[np.float64], rates_per_s: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Instants of a Poisson process whose rate is constant between edges (first 0), exactly.

    A unit-rate process is run on the clock of expected arrivals and mapped back to seconds.
    """
    expected = np.concatenate(([0.0], np.cumsum(rates_per_s * np.diff(edges_s))))
    return np.interp(poisson_s(1.0, float(expected[-1]), rng), expected, edges_s)

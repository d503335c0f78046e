"""Diurnal arrivals: a day with a peak and a trough, and a week with its days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from catalogs.units import DAYS_PER_WEEK, SECONDS_PER_DAY, SECONDS_PER_HOUR
from simulator.arrivals.pattern import PATTERN, Arrivals, ArrivalWindow
from simulator.arrivals.steady import poisson_s
from simulator.quantities import NonNegative, Part, Rate

if TYPE_CHECKING:
    from datetime import tzinfo

    from numpy.typing import NDArray

EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0
OFFSET_STEP_S = 900.0  # every clock change so far fell on a quarter of an hour


class DiurnalArrivals(Part):
    """A daily wave on the users' local clock; `rate` is the mean over a day."""

    # A non-homogeneous Poisson process, exact by thinning:
    # rate(h) = rate (1 + a cos(2 pi (h - peak_hour) / 24)) weekday factor, with
    # a = (peak_to_trough - 1) / (peak_to_trough + 1); where `weekday_factors` (Monday first, any scale)
    # are given, `rate` is the mean over a whole week.
    pattern: Literal["diurnal"]
    rate: Rate
    peak_hour: Annotated[float, Field(ge=0, lt=24)] = 14.0
    peak_to_trough: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 3.0
    weekday_factors: tuple[NonNegative, ...] = (1.0,) * DAYS_PER_WEEK

    KEYS: ClassVar[Mapping[str, str]] = {
        "pattern": PATTERN,
        "rate": "Mean arrivals over a whole day; over a whole week where weekday_factors are given. "
        "Example: 0.5/s.",
        "peak_hour": "Hour of the users' local clock with most arrivals. Example: 14.5.",
        "peak_to_trough": "Rate at the peak over the rate half a day away. Example: 8.",
        "weekday_factors": "How busy each day of the week is: seven factors, Monday first; only their "
        "ratios count. "
        "Example: [1, 1, 1, 1, 1, 0.3, 0.2].",
    }

    @field_validator("weekday_factors")
    @classmethod
    def _a_week(cls, factors: tuple[float, ...]) -> tuple[float, ...]:
        """Seven factors, Monday first, of which one is positive."""
        if len(factors) != DAYS_PER_WEEK or sum(factors) <= 0.0:
            message = "give seven factors, Monday first, at least one above 0"
            raise ValueError(message)
        return factors

    def arrivals(self, window: ArrivalWindow, rng: np.random.Generator) -> Arrivals:
        """Arrivals at the peak rate, each kept with the probability rate / peak rate."""
        highest = (1.0 + self._swing()) * self._day_factors().max()
        candidates_s = poisson_s(self.rate * highest, window.duration_s, rng)
        chance = self.relative_rate(local_seconds(window.start, candidates_s, window.zone)) / highest
        return Arrivals(arrival_s=candidates_s[rng.random(len(candidates_s)) < chance])

    def relative_rate(self, local_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rate over mean rate at instants given as local seconds since 1970-01-01 00:00."""
        days, second = np.divmod(local_s, SECONDS_PER_DAY)
        phase = (second / SECONDS_PER_HOUR - self.peak_hour) * (2.0 * np.pi / 24.0)
        weekday = (days.astype(np.int64) + EPOCH_WEEKDAY) % DAYS_PER_WEEK
        return np.asarray((1.0 + self._swing() * np.cos(phase)) * self._day_factors()[weekday])

    def _swing(self) -> float:
        """Amplitude of the daily wave relative to its mean."""
        return (self.peak_to_trough - 1.0) / (self.peak_to_trough + 1.0)

    def _day_factors(self) -> NDArray[np.float64]:
        """Factor of each weekday, Monday first, with a mean of 1."""
        factors = np.asarray(self.weekday_factors, dtype=np.float64)
        return np.asarray(factors / factors.mean())


def local_seconds(start: datetime, at_s: NDArray[np.float64], zone: tzinfo) -> NDArray[np.float64]:
    """Wall-clock seconds since 1970-01-01 00:00 local time, `at_s` seconds after `start`.

    Clock changes inside the run are followed to the quarter of an hour.
    """
    start_s = start.timestamp()
    first_s = start_s - start_s % OFFSET_STEP_S
    instants_s = start_s + at_s
    step = ((instants_s - first_s) // OFFSET_STEP_S).astype(np.int64)
    step_count = int(step.max()) + 1 if len(step) else 0
    return np.asarray(instants_s + _utc_offsets_s(first_s, step_count, zone)[step])


def _utc_offsets_s(first_s: float, count: int, zone: tzinfo) -> NDArray[np.float64]:
    """Offset of local time from UTC at the beginning of each quarter of an hour."""
    first = datetime.fromtimestamp(first_s, UTC)
    instants = ((first + timedelta(seconds=OFFSET_STEP_S * k)).astimezone(zone) for k in range(count))
    return np.array([_offset_s(instant) for instant in instants], dtype=np.float64)


def _offset_s(instant: datetime) -> float:
    """Offset of an aware instant from UTC, seconds."""
    offset = instant.utcoffset()
    return offset.total_seconds() if offset is not None else 0.0

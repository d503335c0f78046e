"""Values that change with time: grid carbon, electricity price. `at(t_s)` is the whole interface."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    Column = NDArray[np.float64]

SECONDS_PER_DAY = 86_400.0
SECONDS_PER_HOUR = 3_600.0
HOURS_PER_DAY = 24.0
BUCKET_S = 60.0
"""Signals are averaged by the midpoint rule over buckets of a minute."""


class Signal(Protocol):
    """A value over virtual time."""

    def at(self, t_s: Column) -> Column:
        """The values at seconds `t_s` since the run began; same shape."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value always."""

    value: float

    def at(self, t_s: Column) -> Column:
        """The value, for every instant asked."""
        return np.full(np.shape(t_s), self.value)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalClock:
    """A place's clock over the run: from `from_s[j]` on it shows `start_hour[j]` + t / 3600."""

    from_s: Column
    start_hour: Column

    def hour(self, t_s: Column) -> Column:
        """Hour of day, 0 to 24, at seconds `t_s` since the run began."""
        part = np.maximum(np.searchsorted(self.from_s, t_s, side="right") - 1, 0)
        return (self.start_hour[part] + np.asarray(t_s) / SECONDS_PER_HOUR) % HOURS_PER_DAY


def local_clock(start: datetime, zone: str, until_s: float) -> LocalClock:
    """The clock of a time zone from `start` on, its changes to and from summer time included.

    Changes are looked for at every full hour of UTC, where all of today's zones make them.
    """
    begin = start.astimezone(UTC)
    lead_s = begin.minute * 60.0 + begin.second + begin.microsecond / 1e6
    marks = np.arange(0.0, max(until_s, 0.0) + SECONDS_PER_HOUR, SECONDS_PER_HOUR) - lead_s
    marks[0] = 0.0
    ahead = [offset_h(start + timedelta(seconds=mark), zone) for mark in marks.tolist()]
    changed = np.flatnonzero(np.diff(ahead, prepend=np.nan) != 0.0)
    began_hour = begin.hour + lead_s / SECONDS_PER_HOUR
    return LocalClock(from_s=marks[changed], start_hour=began_hour + np.array(ahead)[changed])


def offset_h(instant: datetime, zone: str) -> float:
    """Hours that a zone's clock is ahead of UTC at an instant."""
    ahead = instant.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    return ahead.total_seconds() / SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyShape:
    """A daily cosine around a mean on a local clock: highest at `peak_hour`, `peak_to_trough`
    times the lowest.
    """

    mean: float
    peak_to_trough: float
    peak_hour: float
    clock: LocalClock

    def at(self, t_s: Column) -> Column:
        """Mean (1 + a cos(2 pi (hour - peak_hour) / 24)), a = (r - 1) / (r + 1)."""
        amplitude = (self.peak_to_trough - 1.0) / (self.peak_to_trough + 1.0)
        hour = self.clock.hour(t_s)
        return self.mean * (1.0 + amplitude * np.cos(2.0 * np.pi * (hour - self.peak_hour) / HOURS_PER_DAY))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DailySteps:
    """Values by hour of a local day: `values[j]` from `hours[j]` on; before the first, the last."""

    hours: Column
    values: Column
    clock: LocalClock

    def at(self, t_s: Column) -> Column:
        """The value of the hour that the clock shows."""
        return self.values[np.searchsorted(self.hours, self.clock.hour(t_s), side="right") - 1]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Recorded values: `values[j]` from `from_s[j]` on, the first also before, the last for ever."""

    from_s: Column
    values: Column

    def at(self, t_s: Column) -> Column:
        """The value last recorded."""
        return self.values[np.maximum(np.searchsorted(self.from_s, t_s, side="right") - 1, 0)]


def means_over(signal: Signal, from_s: Column, to_s: Column) -> Column:
    """The signal's mean over each interval: exact for a constant, else from a running integral.

    Intervals within a bucket take the value of their middle; longer ones (C(to) - C(from)) /
    (to - from), C the integral by the midpoint rule over buckets of a minute.
    """
    long = to_s - from_s > BUCKET_S
    found = signal.at((from_s + to_s) / 2.0)
    if isinstance(signal, Constant) or not long.any():
        return found
    begin, end = from_s[long], to_s[long]
    count = int((end.max() - begin.min()) / BUCKET_S) + 1
    edges = begin.min() + BUCKET_S * np.arange(count + 1)
    values = signal.at((edges[:-1] + edges[1:]) / 2.0)
    integral = np.concatenate([[0.0], np.cumsum(values * BUCKET_S)])
    means = (np.interp(end, edges, integral) - np.interp(begin, edges, integral)) / (end - begin)
    found[long] = np.clip(means, values.min(), values.max())
    return found


def weighted_mean(signal: Signal, edges: Column, weights: Column) -> float:
    """The signal's mean where the interval from `edges[k]` to `edges[k + 1]` weighs `weights[k]`.

    With weights of 0 in all, the plain mean.
    """
    values = means_over(signal, edges[:-1], edges[1:])
    shares = weights if weights.sum() > 0.0 else np.diff(edges)
    return float(np.clip(np.average(values, weights=shares), values.min(), values.max()))

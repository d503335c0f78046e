"""Values that change with time: grid carbon, electricity price; at an instant, and on average."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

import numpy as np

from catalogs.units import HOURS_PER_DAY, SECONDS_PER_HOUR

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Places = NDArray[np.int64]


class Signal(Protocol):
    """A value over virtual time."""

    def at(self, t_s: Column) -> Column:
        """The values at seconds `t_s` since the run began; same shape."""
        ...

    def means(self, from_s: Column, to_s: Column) -> Column:
        """The mean over each interval, exactly; at its instant where an interval has no length.

        Nothing outside an interval counts. `to_s` lies nowhere before `from_s`; same shape.
        """
        ...


@dataclass(frozen=True, slots=True)
class ConstantSignal:
    """The same value always."""

    value: float

    def at(self, t_s: Column) -> Column:
        """The value, for every instant asked."""
        return np.full(np.shape(t_s), self.value)

    def means(self, from_s: Column, to_s: Column) -> Column:
        """The value, for every interval asked."""
        del to_s
        return self.at(from_s)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalClock:
    """A place's clock over the run: from `from_s[j]` on it shows `start_hour[j]` + t / 3600."""

    from_s: Column
    start_hour: Column

    def hour(self, t_s: Column) -> Column:
        """Hour of day, 0 to 24, at seconds `t_s` since the run began."""
        part = np.maximum(np.searchsorted(self.from_s, t_s, side="right") - 1, 0)
        return (self.start_hour[part] + np.asarray(t_s) / SECONDS_PER_HOUR) % HOURS_PER_DAY

    def means(self, mean: Callable[[Column, Column], Column], from_s: Column, to_s: Column) -> Column:
        """Means of what follows the clock; `mean` gives those between two hours of an unchanged one.

        Hours count on past 24. An interval in which the clock changes is put together of its parts.
        """
        edges_s = [-np.inf, *self.from_s[1:].tolist(), np.inf]
        total, length_s = np.zeros(np.shape(from_s)), to_s - from_s
        for start_h, lower_s, upper_s in zip(self.start_hour.tolist(), edges_s, edges_s[1:], strict=False):
            begin_s, end_s = np.clip(from_s, lower_s, upper_s), np.clip(to_s, lower_s, upper_s)
            inside = (from_s < upper_s) & (to_s >= lower_s) & ((end_s > begin_s) | (length_s <= 0.0))
            hours = [start_h + t_s[inside] / SECONDS_PER_HOUR for t_s in (begin_s, end_s)]
            whole = (end_s - begin_s)[inside] == length_s[inside]
            share = (end_s - begin_s)[inside] / np.where(whole, 1.0, length_s[inside])
            total[inside] += mean(*hours) * np.where(whole, 1.0, share)
        return total


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

    def means(self, from_s: Column, to_s: Column) -> Column:
        """The integral of the cosine over the interval's length."""
        return self.clock.means(self._between, from_s, to_s)

    def _between(self, from_h: Column, to_h: Column) -> Column:
        """Mean (1 + a cos(middle) sin(d) / d), d half the angle between the two hours."""
        amplitude = (self.peak_to_trough - 1.0) / (self.peak_to_trough + 1.0)
        middle = np.pi * (from_h + to_h - 2.0 * self.peak_hour) / HOURS_PER_DAY
        return self.mean * (1.0 + amplitude * np.cos(middle) * np.sinc((to_h - from_h) / HOURS_PER_DAY))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DailySteps:
    """Values by hour of a local day: `values[j]` from `hours[j]` on; before the first, the last."""

    hours: Column
    values: Column
    clock: LocalClock

    def at(self, t_s: Column) -> Column:
        """The value of the hour that the clock shows."""
        return self.values[np.searchsorted(self.hours, self.clock.hour(t_s), side="right") - 1]

    def means(self, from_s: Column, to_s: Column) -> Column:
        """Each value by the time for which it holds in the interval."""
        return self.clock.means(self._between, from_s, to_s)

    def _between(self, from_h: Column, to_h: Column) -> Column:
        """The mean between two hours; steps are numbered on from day to day."""
        first, last = self._step(from_h), self._step(to_h)
        return stepwise_means(
            from_h, to_h, first, last, self._edge(first + 1), self._edge(last),
            self._sum(last) - self._sum(first + 1), self.values[first % len(self.hours)],
            self.values[last % len(self.hours)],
        )  # fmt: skip

    def _step(self, hour: Column) -> Places:
        """The number of the step that holds at an hour, which may lie past 24."""
        day = np.floor(hour / HOURS_PER_DAY)
        place = np.searchsorted(self.hours, hour - day * HOURS_PER_DAY, side="right") - 1
        return day.astype(np.int64) * len(self.hours) + place

    def _edge(self, step: Places) -> Column:
        """The hour at which a step begins."""
        day, place = np.divmod(step, len(self.hours))
        return day * HOURS_PER_DAY + self.hours[place]

    def _sum(self, step: Places) -> Column:
        """Value x hours from the first step of day 0 to the beginning of a step."""
        lengths = np.diff(self.hours, append=self.hours[0] + HOURS_PER_DAY)
        until = np.concatenate([[0.0], np.cumsum(self.values * lengths)])
        day, place = np.divmod(step, len(self.hours))
        return day * until[-1] + until[place]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepSignal:
    """Recorded values: `values[j]` from `from_s[j]` on, the first also before, the last for ever."""

    from_s: Column
    values: Column

    def at(self, t_s: Column) -> Column:
        """The value last recorded."""
        return self.values[self._step(t_s)]

    def means(self, from_s: Column, to_s: Column) -> Column:
        """Each value by the time for which it holds in the interval."""
        first, last = self._step(from_s), self._step(to_s)
        until = np.concatenate([[0.0], np.cumsum(self.values[:-1] * np.diff(self.from_s))])
        following = np.minimum(first + 1, last)
        return stepwise_means(
            from_s, to_s, first, last, self.from_s[following], self.from_s[last],
            until[last] - until[following], self.values[first], self.values[last],
        )  # fmt: skip

    def _step(self, t_s: Column) -> Places:
        """The number of the value that holds at an instant."""
        return np.maximum(np.searchsorted(self.from_s, t_s, side="right") - 1, 0)


def stepwise_means(
    begin: Column,
    end: Column,
    first: Places,
    last: Places,
    first_until: Column,
    last_from: Column,
    between: Column,
    first_value: Column,
    last_value: Column,
) -> Column:
    """Means of a value that holds stepwise, over intervals from step `first` to step `last`.

    `between` is value x length of the whole steps in between. Within one step the mean is its value,
    to the last bit.
    """
    total = first_value * (first_until - begin) + between + last_value * (end - last_from)
    one = first == last
    found: Column = np.where(one, first_value, total / np.where(one, 1.0, end - begin))
    return found


def means_over(signal: Signal, from_s: Column, to_s: Column) -> Column:
    """The signal's mean over each interval, exactly: (C(to) - C(from)) / (to - from), C its integral."""
    return signal.means(from_s, to_s)


def weighted_mean(signal: Signal, edges: Column, weights: Column) -> float:
    """The signal's mean where the interval from `edges[k]` to `edges[k + 1]` weighs `weights[k]`.

    With weights of 0 in all, the plain mean.
    """
    values = means_over(signal, edges[:-1], edges[1:])
    shares = weights if weights.sum() > 0.0 else np.diff(edges)
    return float(np.clip(np.average(values, weights=shares), values.min(), values.max()))

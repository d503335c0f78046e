"""When a recording's rows happened: epochs recognised by their size, units stated, texts as written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from catalogs.units import NS_PER_S, SECONDS_PER_YEAR
from simulator.traces.trace import TraceClock

if TYPE_CHECKING:
    from numpy.typing import NDArray

TIME_UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
UNIT_NAMES: Final = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_EPOCH_S: Final = 946_684_800.0
"""2000-01-01, seconds since 1970: what lies from here to `LAST_EPOCH_S` is taken for an instant."""
LAST_EPOCH_S: Final = 4_102_444_800.0
"""2100-01-01."""
LONGEST_SPAN_S: Final = 20 * 365.25 * 86_400.0
NO_INSTANT: Final = -(2**63)
"""The instant in nanoseconds of a text that is none."""


class TimeUnitError(ValueError):
    """Times whose unit is wrong or cannot be recognised; the message says what to state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceTimes:
    """Seconds from the earliest usable time, nan where a row has none; which rows lie far outside."""

    second: NDArray[np.float64]
    astray: NDArray[np.bool_]
    clock: TraceClock


def times_of(
    number: NDArray[np.float64], instant_ns: NDArray[np.int64], stated: str | None, usual: str | None
) -> TraceTimes:
    """The rows' times: numbers where most are numbers, else instants as written.

    A number's unit is the stated one; else, for numbers that are instants of 2000 to 2099 as seconds,
    milli-, micro- or nanoseconds since 1970, the unit that makes them so; else the format's `usual`
    one, else seconds.

    Raises:
        TimeUnitError: the stated unit has no effect, or the times cannot be in that unit.
    """
    if np.isfinite(number).sum() * 2 >= len(number) and np.isfinite(number).any():
        return numeric_times(number, stated, usual)
    if stated is not None and (instant_ns != NO_INSTANT).any():
        message = f"time_unit {stated!r} has no effect: the times are written as instants (ISO 8601)"
        raise TimeUnitError(message)
    return written_times(instant_ns)


def numeric_times(number: NDArray[np.float64], stated: str | None, usual: str | None) -> TraceTimes:
    """Times that are numbers."""
    finite = np.isfinite(number)
    middle = float(np.median(number[finite]))
    recognised = epoch_unit(middle)
    unit = stated or recognised or usual or "s"
    time_s = np.where(finite, number, np.nan) * TIME_UNITS[unit]
    is_epoch = epoch_unit(middle) == unit
    with np.errstate(invalid="ignore"):
        astray = finite & is_epoch & ((time_s < FIRST_EPOCH_S) | (time_s >= LAST_EPOCH_S))
    usable = time_s[finite & ~astray]
    demand_possible(usable, unit, stated=stated is not None)
    basis = "stated" if stated else "recognised" if recognised else "the format's" if usual else "assumed"
    start = EPOCH + timedelta(seconds=float(usable.min())) if is_epoch else None
    second = np.where(astray, np.nan, time_s - usable.min())
    return TraceTimes(second=second, astray=astray, clock=TraceClock(unit=unit, basis=basis, start=start))  # type: ignore[arg-type]  # one of the words of `Basis`


def epoch_unit(value: float) -> str | None:
    """The unit in which a number is an instant of 2000 to 2099 since 1970; None where there is none."""
    for unit, unit_s in TIME_UNITS.items():
        if FIRST_EPOCH_S <= value * unit_s < LAST_EPOCH_S:
            return unit
    return None


def demand_possible(time_s: NDArray[np.float64], unit: str, *, stated: bool) -> None:
    """Refuses times that would lie millennia ahead, or span decades.

    Raises:
        TimeUnitError: says how far, and what to state.
    """
    last_s, span_s = float(time_s.max()), float(time_s.max() - time_s.min())
    how = "stated" if stated else "assumed"
    other = ", ".join(name for name in TIME_UNITS if name != unit)
    if last_s >= LAST_EPOCH_S:
        year = 1970.0 + last_s / SECONDS_PER_YEAR
        message = (
            f"in {UNIT_NAMES[unit]} ({how}) the last time is the year {year:,.0f}; state time_unit: {other}"
        )
        raise TimeUnitError(message)
    if span_s > LONGEST_SPAN_S:
        years = span_s / SECONDS_PER_YEAR
        message = f"in {UNIT_NAMES[unit]} ({how}) the times span {years:,.0f} years; state time_unit: {other}"
        raise TimeUnitError(message)


def written_times(instant_ns: NDArray[np.int64]) -> TraceTimes:
    """Times that are texts, to the nanosecond."""
    known = instant_ns != NO_INSTANT
    low, high = (int(limit * NS_PER_S) for limit in (FIRST_EPOCH_S, LAST_EPOCH_S))
    astray = known & ((instant_ns < low) | (instant_ns >= high))
    usable = instant_ns[known & ~astray]
    clock = TraceClock(unit="ISO 8601", basis="written")
    if len(usable) == 0:
        return TraceTimes(second=np.full(len(known), np.nan), astray=astray, clock=clock)
    first = int(usable.min())
    second = np.where(known & ~astray, (instant_ns - first) / NS_PER_S, np.nan)
    start = EPOCH + timedelta(microseconds=first // 1_000)
    return TraceTimes(
        second=second, astray=astray, clock=TraceClock(unit="ISO 8601", basis="written", start=start)
    )

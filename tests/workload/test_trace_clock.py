"""The unit and the first instant of a recording's times, on arrays with exact answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from simulator.traces import clock
from simulator.traces.clock import NO_INSTANT, TimeUnitError, epoch_unit, times_of
from simulator.traces.trace import TraceClock
from trace_rows import NAN


def no_instants(count: int) -> np.ndarray:
    """Times that are not written as instants."""
    return np.full(count, NO_INSTANT)


@pytest.mark.parametrize(("unit", "per_s"), [("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
def test_epochs_are_told_from_2000_to_2099(unit: str, per_s: float) -> None:
    """The first instant belongs to it, the last does not, in every unit."""
    first = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
    last = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
    assert epoch_unit(first * per_s) == unit
    assert epoch_unit((last - 1.0) * per_s) == unit
    assert epoch_unit((first - 1.0) * per_s) != unit
    assert epoch_unit(last * per_s) != unit
    assert epoch_unit(5.0) is None


@pytest.mark.parametrize(
    ("stated", "usual", "unit", "basis"),
    [
        ("ms", "s", "ms", "stated"),
        (None, "ms", "ms", "the format's"),
        (None, None, "s", "assumed"),
        ("s", None, "s", "stated"),
    ],
)
def test_small_numbers_count_in_the_stated_or_usual_unit(
    stated: str | None, usual: str | None, unit: str, basis: str
) -> None:
    """From the earliest, whatever the order; a row without one has none; there is no first instant."""
    found = times_of(np.array([7_000.0, NAN, 2_000.0]), no_instants(3), stated, usual)
    factor = {"s": 1.0, "ms": 1e-3}[unit]
    np.testing.assert_allclose(found.second, [5_000.0 * factor, NAN, 0.0])
    assert found.astray.tolist() == [False] * 3
    assert found.clock == TraceClock(unit=unit, basis=basis, start=None)


@pytest.mark.parametrize(
    ("stated", "usual", "basis"),
    [(None, "s", "recognised"), ("ms", None, "stated"), (None, None, "recognised")],
)
def test_epochs_begin_at_their_first_instant_and_others_are_astray(
    stated: str | None, usual: str | None, basis: str
) -> None:
    """A time of 1999, of 2100 or 0 among this century's is far outside, and moves none of the others."""
    at = datetime(2025, 3, 1, 10, tzinfo=UTC)
    first_ms = at.timestamp() * 1e3
    limits = [datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1e3 for year in (2000, 2100)]
    number = np.array([first_ms + 2_500.0, first_ms, 0.0, NAN, limits[0] - 1.0, limits[1], first_ms + 10.0])
    found = times_of(number, no_instants(7), stated, usual)
    np.testing.assert_allclose(found.second, [2.5, 0.0, NAN, NAN, NAN, NAN, 0.01], atol=1e-6)
    assert found.astray.tolist() == [False, False, True, False, True, True, False]
    assert found.clock == TraceClock(unit="ms", basis=basis, start=at)
    edge = times_of(np.array([limits[0], limits[0] + 5e3, limits[0] + 9e3]), no_instants(3), None, None)
    assert edge.second.tolist() == [0.0, 5.0, 9.0]


def test_instants_as_written_are_read_to_the_nanosecond() -> None:
    """From the earliest of 2000 to 2099; others are astray; texts that are none have no time."""
    base = int(datetime(2025, 3, 1, tzinfo=UTC).timestamp()) * 10**9
    low, high = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 10**9 for year in (2000, 2100))
    instants = np.array([base + 2_500, base + 10**9, NO_INSTANT, low - 1, high, base + 1_000])
    found = times_of(np.full(6, NAN), instants, None, "ms")
    np.testing.assert_allclose(found.second, [1.5e-6, 0.999999, NAN, NAN, NAN, 0.0], rtol=1e-9)
    assert found.astray.tolist() == [False, False, False, True, True, False]
    start = datetime(2025, 3, 1, tzinfo=UTC) + timedelta(microseconds=1)
    assert found.clock == TraceClock(unit="ISO 8601", basis="written", start=start)
    edge = times_of(np.full(2, NAN), np.array([low, high - 1]), None, None)
    assert not edge.astray.any()
    none = times_of(np.full(2, NAN), no_instants(2), "ms", None)
    assert np.isnan(none.second).all()
    assert none.clock == TraceClock(unit="ISO 8601", basis="written", start=None)
    astray = times_of(np.full(2, NAN), np.array([high, NO_INSTANT]), None, None)
    assert np.isnan(astray.second).all()
    assert astray.astray.tolist() == [True, False]


def test_numbers_are_believed_where_at_least_half_of_the_times_are_numbers() -> None:
    """One of two; one of three makes the others' instants the times."""
    instant = int(datetime(2025, 3, 1, tzinfo=UTC).timestamp()) * 10**9
    half = times_of(np.array([3.0, NAN]), np.array([NO_INSTANT, instant]), None, None)
    assert (half.clock.unit, half.second[0]) == ("s", 0.0)
    third = times_of(np.array([3.0, NAN, NAN]), np.array([NO_INSTANT, instant, instant]), None, None)
    assert third.clock.unit == "ISO 8601"
    with pytest.raises(TimeUnitError, match="time_unit 's' has no effect"):
        times_of(np.array([3.0, NAN, NAN]), np.array([NO_INSTANT, instant, instant]), "s", None)


def test_times_may_span_twenty_years_and_lie_before_2100() -> None:
    """Not a second more; the message says how they were read and what else to say."""
    span = 20 * 365.25 * 86_400.0
    assert times_of(np.array([0.0, span]), no_instants(2), None, None).second[1] == span
    with pytest.raises(TimeUnitError, match=r"in seconds \(assumed\) the times span 20 y.*: ms, us, ns"):
        times_of(np.array([0.0, span + 1.0]), no_instants(2), None, None)
    with pytest.raises(TimeUnitError, match=r"in milliseconds \(stated\) .* the year 2,100; .*: s, us, ns"):
        clock.demand_possible(np.array([4_102_444_800.0]), "ms", stated=True)
    clock.demand_possible(np.array([4_102_444_799.0]), "ms", stated=True)


def test_a_later_first_row_moves_the_clock() -> None:
    """By as many seconds; without an instant there is nothing to move."""
    start = datetime(2025, 3, 1, tzinfo=UTC)
    moved = TraceClock(unit="s", basis="recognised", start=start).later(2.5)
    assert moved == TraceClock(unit="s", basis="recognised", start=start + timedelta(seconds=2.5))
    idle = TraceClock(unit="s", basis="assumed")
    assert idle.later(2.5) == idle

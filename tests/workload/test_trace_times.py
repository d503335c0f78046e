"""Instants of recordings: every unit gives the same trace, and impossible times are refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from recorded_files import ROLES, START, table
from simulator.traces import InvalidTraceError, read_trace
from simulator.traces.reading import BAD_TIMESTAMP, ODD_TIMESTAMP

GAPS_S = (0.0, 1.5, 4.25, 9.0, 30.0)


@pytest.mark.parametrize(
    ("write", "unit"),
    [
        (lambda at: f"{at.timestamp():.3f}", "s"),
        (lambda at: f"{at.timestamp() * 1e3:.0f}", "ms"),
        (lambda at: f"{at.timestamp() * 1e6:.0f}", "us"),
        (lambda at: f"{at.timestamp() * 1e9:.0f}", "ns"),
        (lambda at: f"{at.timestamp() * 1e3:.6e}".replace("e+12", "e12"), None),
        (lambda at: at.isoformat(), "ISO 8601"),
        (lambda at: at.isoformat().replace("+00:00", "Z"), "ISO 8601"),
        (lambda at: at.replace(tzinfo=None).isoformat(" "), "ISO 8601"),
        (lambda at: at.astimezone(datetime.strptime("-0530", "%z").tzinfo).isoformat(), "ISO 8601"),
    ],
)
def test_instants_are_the_same_in_every_unit(tmp_path: Path, write: object, unit: str | None) -> None:
    """Seconds, milli-, micro- and nanoseconds since 1970 and ISO 8601 give the same trace, and say so."""
    path = table(tmp_path, [write(START + timedelta(seconds=gap)) for gap in GAPS_S])
    trace = read_trace(path, columns=ROLES)
    if unit is None:  # seven digits of milliseconds: a thousand seconds apart at best
        assert trace.clock.unit == "ms"
        return
    np.testing.assert_allclose(trace.arrival_s, GAPS_S, atol=1e-5)
    assert trace.clock.unit == unit
    assert abs(trace.clock.start - START) < timedelta(milliseconds=1)
    noted = any("since 1970" in note for note in trace.notes)
    assert noted == (unit != "ISO 8601")


@pytest.mark.parametrize(("unit", "factor"), [("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)])
def test_a_stated_unit_is_taken_for_times_from_the_first_row(
    tmp_path: Path, unit: str, factor: float
) -> None:
    """Small numbers count from the first request, in the unit that was said, else in seconds."""
    path = table(tmp_path, [7, 1_007, 3_007])
    np.testing.assert_allclose(
        read_trace(path, columns=ROLES, time_unit=unit).arrival_s, np.array([0, 1_000, 3_000]) * factor
    )
    assert read_trace(path, columns=ROLES).clock.basis == "assumed"


@pytest.mark.parametrize(
    ("times", "unit", "what"),
    [
        ([1_700_000_000_000, 1_700_000_003_000], "s", "the year 55,840"),
        ([0, 90_000_000_000], None, "the last time is the year 4,822"),
        ([0, 700_000_000], None, "span 22 years"),
        (["2025-03-01T10:00:00Z"] * 2, "ms", "has no effect"),
    ],
)
def test_impossible_times_are_refused(tmp_path: Path, times: list, unit: str | None, what: str) -> None:
    """Times millennia ahead or decades long are in another unit; a unit beside written instants is idle."""
    with pytest.raises(InvalidTraceError, match=what):
        read_trace(table(tmp_path, times), columns=ROLES, time_unit=unit)


def test_a_missing_instant_is_no_first_instant(tmp_path: Path) -> None:
    """A 0, or 1970, among this century's instants is dropped; it does not move the others by decades."""
    for bad, times in (
        (0, [1.7e9, 1.7e9 + 5]),
        ("1970-01-01 00:00:00", ["2025-03-01 10:00:00", "2025-03-01 10:00:05"]),
    ):
        trace = read_trace(table(tmp_path, [times[0], bad, times[1], "?"]), columns=ROLES)
        assert trace.arrival_s.tolist() == [0.0, 5.0]
        assert trace.dropped_row_count == {ODD_TIMESTAMP: 1, BAD_TIMESTAMP: 1}


def test_times_of_which_none_can_be_read_are_refused(tmp_path: Path) -> None:
    """A file without one instant is no recording."""
    with pytest.raises(InvalidTraceError):
        read_trace(table(tmp_path, ["x", "y", "soon"]), columns=ROLES)


@pytest.mark.parametrize(
    ("unit", "name"),
    [("s", "seconds"), ("ms", "milliseconds"), ("us", "microseconds"), ("ns", "nanoseconds")],
)
def test_notes_name_the_unit_in_words(tmp_path: Path, unit: str, name: str) -> None:
    """A reader is told in which unit the times were read."""
    factor = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    times = [round((START + timedelta(seconds=gap)).timestamp()) * factor for gap in (0, 5, 9)]
    trace = read_trace(table(tmp_path, times), columns=ROLES)
    assert any(f"times were read as {name} since 1970" in note for note in trace.notes)

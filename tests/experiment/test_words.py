"""What a run is warned of and what its month is called: limits, units and words."""

from __future__ import annotations

import numpy as np
import pytest

from catalogs.serving_profile import Domain
from partial_reports import typed
from simulator.plan.month import basis, day_name, traffic_factor, window_name
from simulator.report.blocks.rows import Block
from simulator.report.warnings.domain import size_gaps
from simulator.report.warnings.idle import idle_warnings
from simulator.report.warnings.merging import merged_warnings, number_range
from world_cases import CHAT, scenario

DAY_S = 86_400.0
FIGURES = {"params_b": 8.0, "chips": 1.0, "input_tokens": 100.0, "output_tokens": 50.0, "batch": 4.0}


def domain(**sides: tuple[float, float]) -> Domain:
    """A box with some sides; the others are open."""
    open_sides = dict.fromkeys(("params_b", "chips", "input_tokens", "output_tokens", "batch"))
    return Domain(accelerators=(), **{**open_sides, **sides})


@pytest.mark.parametrize(
    ("side", "end", "inside", "outside", "said"),
    [
        (
            "params_b",
            (8.0, 70.0),
            70.35,
            70.36,
            "70.36 billion parameters, 1.0 times the largest model fitted",
        ),
        ("chips", (1.0, 2.0), 2.0, 4.0, "4 chips, 2.0 times the most fitted"),
        (
            "input_tokens",
            (1.0, 1_000.0),
            1_004.9,
            2_500.0,
            "input 2,500 tokens, 2.5 times the longest fitted",
        ),
        ("output_tokens", (1.0, 200.0), 200.9, 202.0, "output 202 tokens, 1.0 times the longest fitted"),
        ("batch", (1.0, 1_000.0), 1.0, 1_500.0, "1,500 sequences at once, 1.5 times the most fitted"),
    ],
)
def test_figures_beyond_the_box_by_more_than_half_a_percent_are_told(
    side: str, end: tuple[float, float], inside: float, outside: float, said: str
) -> None:
    """Up to 1.005 times the end is inside; short prompts and small batches are as well."""
    box = domain(**{side: end})
    assert list(size_gaps(box, {**FIGURES, side: inside})) == []
    assert list(size_gaps(box, {**FIGURES, side: outside})) == [said]


def test_models_below_the_smallest_are_told_with_their_share() -> None:
    """0.995 of the smallest is inside, half of it is not; without a side of sizes nothing is small."""
    box = domain(params_b=(8.0, 70.0))
    assert list(size_gaps(box, {**FIGURES, "params_b": 7.96})) == []
    told = "4 billion parameters, 0.50 times the smallest model fitted"
    assert list(size_gaps(box, {**FIGURES, "params_b": 4.0})) == [told]
    assert list(size_gaps(domain(), {**FIGURES, "params_b": 0.0})) == []


def row(completed: int, total: float | None, idle: float | None = 0.0) -> dict[str, object]:
    """A deployment's row."""
    return {"requests": {"completed": completed}, "cost_usd": {"total": total, "capacity_idle": idle}}


NO_TARGET = np.array([], np.int64)


def test_who_answers_nothing_is_told_from_a_cent_on() -> None:
    """With all it cost and how much of that is idle; who answered something, or cost nothing, is not."""
    rows = {
        "a": row(0, 1_234.5, 1_000.0),
        "b": row(0, 0.01),
        "c": row(0, 0.0099),
        "d": row(1, 50.0),
        "e": row(0, None, None),
        "f": row(0, 2.0, None),
    }
    assert list(
        idle_warnings({name: typed(Block, given) for name, given in rows.items()}, (), NO_TARGET)
    ) == [
        "a: answered nothing, and cost $1,234.50, of which $1,000.00 idle",
        "b: answered nothing, and cost $0.01, of which $0.00 idle",
        "f: answered nothing, and cost $2.00, of which $0.00 idle",
    ]


def test_streams_without_a_request_are_told() -> None:
    """None in the window, whatever came before it."""
    told = list(idle_warnings({}, ("one", "two", "three"), np.array([0, 1, 0])))
    words = "no request arrived in the window; nobody measured its objectives"
    assert told == [f"stream 'one': {words}", f"stream 'three': {words}"]


def test_a_range_is_by_size_not_by_letters() -> None:
    """9 is less than 10, 1,000 is more than 200; equal numbers are one."""
    assert number_range(["10", "9"]) == "9 to 10"
    assert number_range(["200", "1,000", "9.5 to 30"]) == "9.5 to 1,000"
    assert number_range(["3", "3"]) == "3"
    assert merged_warnings(["9 rows", "10 rows", "8 rows"]) == ["8 to 10 rows"]


@pytest.mark.parametrize(
    ("window_s", "name"),
    [
        (DAY_S, "this day's traffic, every day of the month"),
        (3_600.0, "this hour's traffic, every hour of the month"),
        (60.0, "this minute's traffic, every minute of the month"),
        (2.5 * DAY_S, "the traffic of these 2.5 days, all month"),
        (DAY_S - 1_800.0, "the traffic of these 23.5 h, all month"),
        (5_400.0, "the traffic of these 1.5 h, all month"),
        (90.0, "the traffic of these 1.5 min, all month"),
        (59.5, "the traffic of these 59.5 s, all month"),
    ],
)
def test_a_window_is_called_by_its_largest_unit(window_s: float, name: str) -> None:
    """One of a unit recurs as that unit; anything else is so many of them all month."""
    assert window_name(window_s) == name


def week(**arrivals: object) -> dict[str, object]:
    """A stream whose traffic has days."""
    return {**CHAT, "arrivals": {"pattern": "diurnal", "rate": 0.001, **arrivals}}


SATURDAYS_OFF = [1, 1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("duration", "warmup", "streams", "expected"),
    [
        ("7d", "0s", [week()], "one whole week"),
        ("14d", "0s", [week(weekday_factors=SATURDAYS_OFF)], "2 whole weeks"),
        ("15d", "1d", [week()], "2 whole weeks"),
        ("10d", "0s", [CHAT], "at the traffic of these 10 days, all month"),
        ("1d", "0s", [CHAT], "at this day's traffic, every day of the month"),
        (
            "1d",
            "0s",
            [week(weekday_factors=SATURDAYS_OFF)],
            "Monday's traffic scaled by weekday factors",
        ),
        (
            "48h",
            "24h",
            [week(weekday_factors=SATURDAYS_OFF), {**CHAT, "name": "even"}],
            "Tuesday's traffic scaled by weekday factors, other streams' as it is",
        ),
        ("3h", "0s", [week()], "the traffic of these 3 h scaled by the streams' daily and weekly pattern"),
        (
            "10d",
            "0s",
            [week(weekday_factors=SATURDAYS_OFF)],
            "the traffic of these 10 days scaled by weekday factors",
        ),
    ],
)
def test_a_months_traffic_is_said_in_words(
    duration: str, warmup: str, streams: list[dict[str, object]], expected: str
) -> None:
    """Whole weeks stand for themselves; other windows are scaled where a stream has days, and say by what.

    A day is called by what its middle is: 24 h after a Monday's midnight it is Tuesday's.
    """
    made = scenario(duration=duration, warmup=warmup, workload={"streams": streams})
    found = basis(made, [traffic_factor(made, stream) for stream in made.streams])
    assert found == expected


def test_a_days_name_is_that_of_the_first_scaled_streams_clock() -> None:
    """Twelve hours after Monday's 06:00 UTC it is Tuesday in Japan; two days have no name."""
    streams = [CHAT, {**week(), "name": "far", "region": "japan"}]
    one, two = (
        scenario(start="2026-11-02T06:00:00+00:00", duration=length, workload={"streams": streams})
        for length in ("24h", "48h")
    )
    assert day_name(one, [True, True]) == "Monday's traffic"
    assert day_name(one, [False, True]) == "Tuesday's traffic"
    assert day_name(two, [False, True]) == ""


def test_traffic_is_scaled_by_the_mean_of_the_wave_over_the_window() -> None:
    """Six hours about the peak of a day from 3 to 1: 1 + a sin(pi/4) / (pi/4), a = 1/2; a whole day is 1.

    A minute is as high as its middle.
    """
    start = {"start": "2026-11-02T00:00:00-05:00"}

    def factor(duration: str, warmup: str, **arrivals: object) -> float:
        made = scenario(duration=duration, warmup=warmup, workload={"streams": [week(**arrivals)]}, **start)
        return traffic_factor(made, made.streams[0])

    height = 1.0 + 0.5 * np.sin(np.pi / 4.0) / (np.pi / 4.0)
    about_peak = factor("17h", "11h", peak_hour=14, peak_to_trough=3)
    assert about_peak == pytest.approx(1.0 / height, rel=1e-5)
    assert factor("1d", "0s") == pytest.approx(1.0, rel=1e-9)
    assert factor("1d", "0s", weekday_factors=[2, 1, 1, 1, 1, 1, 0]) == pytest.approx(0.5, rel=1e-9)
    middle = 2.0 * np.pi * (8.0 + 30.0 / 3_600.0 - 14.0) / 24.0
    minute = factor("481min", "480min", peak_hour=14, peak_to_trough=3)
    assert minute == pytest.approx(1.0 / (1.0 + 0.5 * np.cos(middle)), rel=1e-8)
    steady = scenario()
    assert traffic_factor(steady, steady.streams[0]) == 1.0

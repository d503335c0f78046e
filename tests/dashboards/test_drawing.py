"""The previews' own parts: numbers with units, spans of faults, variables, gaps."""

from __future__ import annotations

import math

import pytest

from bench.previews.answers import Series, TimeRange, escaped, first_of, instant_s, series_of
from bench.previews.charting import colours, points
from bench.previews.numbers import written
from bench.previews.preview import spans


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (294.8351, "currencyUSD", 2, "$294.84"),
        (276_271.0, "locale", 0, "276,271"),
        (0.9033, "percentunit", 1, "90.3 %"),
        (30_605.4, "watth", 1, "30.6 kWh"),
        (0.1653, "watth", 1, "165.3 mWh"),
        (11_928.0, "massg", 1, "11.9 kg"),
        (4.747, "s", 2, "4.75 s"),
        (4_747.0, "s", 0, "4,747 s"),
        (0.25, "s", 0, "250 ms"),
        (0.0, "watt", 0, "0 W"),
        (12.34, "reqps", 1, "12.3 req/s"),
        (math.nan, "s", 1, "none"),
    ],
)
def test_numbers_are_written_with_their_units(value, unit, decimals, text):
    """A number looks as a person would write it."""
    assert written(value, unit, decimals) == text


def test_spans_join_what_is_next_to_each_other():
    """A fault seen at every step is one span, seen again later it is another."""
    assert spans([0, 300, 600, 1_500, 3_000, 3_300], 300) == [(0, 600), (1_500, 1_500), (3_000, 3_300)]
    assert spans([], 300) == []


def test_what_is_no_number_is_a_gap_or_nothing():
    """A line breaks where there is no number; a stack does not."""
    series = [Series(name="a", labels={}, t_s=[0, 1], values=[math.nan, 2.0])]
    assert [row["v"] for row in points(series, stacked=False)] == [None, 2.0]
    assert [row["v"] for row in points(series, stacked=True)] == [0.0, 2.0]


def test_fixed_colours_come_before_free_ones():
    """What a panel paints keeps its colour, whatever else is drawn."""
    override = {"matcher": {"options": "edge"}, "properties": [{"value": {"fixedColor": "#123456"}}]}
    first, edge, last = colours({"overrides": [override]}, ["cloud", "edge", "other"])
    assert edge == "#123456"
    assert len({first, edge, last}) == 3


def test_legends_are_filled_in():
    """A series is named by its labels; a label that it has not is empty."""
    answer = {"metric": {"run": "r", "policy": "p"}, "value": [1.0, "2.5"]}
    assert series_of(answer, "{{run}} · {{ policy }}{{tier}}").name == "r · p"


def test_variables_take_what_grafana_takes():
    """A variable of one value takes the first, one of several all, escaped as Grafana escapes."""
    assert first_of({"includeAll": False}, ["b.1", "c"]) == "b.1"
    assert first_of({"includeAll": True}, ["b.1", "c-2"]) == "b\\\\.1|c-2"
    assert escaped("a+b") == "a\\\\+b"
    with pytest.raises(ValueError, match="no value for the variable 'run'"):
        first_of({"name": "run", "query": "q", "includeAll": False}, [])


def test_windows_follow_the_step():
    """Rates are taken over four steps; a long time is shown in fewer points than it has steps."""
    day = TimeRange(begin_s=0.0, end_s=86_400.0, step="5m")
    assert day.step_s == 300
    assert day.variables() == {"__range": "86400s", "__rate_interval": "1200s"}
    week = TimeRange(begin_s=0.0, end_s=604_800.0, step="5m")
    assert week.variables()["__rate_interval"] == "1812s"
    assert instant_s("2026-11-20T05:00:00.000Z") == 1_795_150_800.0
    assert instant_s("now") - instant_s("now-1h") == pytest.approx(3_600, abs=1)

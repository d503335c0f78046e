"""A figure and its interval stand in one unit."""

from __future__ import annotations

import pytest

from wayfare.render.html import units


@pytest.mark.parametrize(
    ("value", "half", "choose", "expected"),
    [
        (9.91, 0.126, units.plain_seconds, ("9.91 s", "±0.13 s")),
        (-0.0682, 0.126, units.plain_seconds, ("-0.068 s", "±0.126 s")),
        (3_140.0, 5.51, units.watt_hours, ("3.14 kWh", "±0.01 kWh")),
        (433.0, 4.79, units.watt_hours, ("433 Wh", "±5 Wh")),
        (1_600.0, 6.73, units.dollars, ("$1,600", "±$10")),
        (-0.000969, 0.000138, units.dollars_per_thousand, ("-$0.969", "±$0.138")),
        (0.0, 2_500.0, units.mass, ("0 kg", "±2.50 kg")),
        (0.9997, 0.0, units.percents, (">99.9 %", "±0")),
        (0.804, None, units.percents, ("80.4 %", "")),
        (0.123, 0.0065, units.percentage_points, ("12.3 points", "±0.7 points")),
        (None, None, units.dollars, ("-", "")),
    ],
)
def test_figure_and_interval_share_unit_and_last_digit(value, half, choose, expected):
    """Neither has digits that the other's noise drowns, nor another unit than the other."""
    assert units.written(value, half, choose) == expected

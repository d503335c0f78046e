"""Numbers as people read them: money, seconds, energy, shares; three significant digits at most."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DASH = "-"
SIGNIFICANT = 3
THOUSAND = 1_000
WHOLE_FROM = 100
PERCENT = 100.0
NOISE = 1e-9
"""What a sum of floats may be off by, relative to what is summed."""


def usd(value: float | None) -> str:
    """Dollars, three significant digits: `$1,830`, `$12.3`, `$0.00123`; a dash where unknown (None, nan)."""
    if value is None or math.isnan(value):
        return DASH
    return f"{'-' if value < 0 else ''}${significant(abs(value))}"


def usd_per_thousand(value: float | None) -> str:
    """Dollars for a thousand of what costs so much each."""
    return usd(None if value is None else value * THOUSAND)


def usd_to_the_cent(value: float | None) -> str:
    """Dollars to the cent; three significant digits of what is less than one dollar."""
    if value is None or not abs(value) >= 1:
        return usd(value)
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def seconds(value: float | None) -> str:
    """Seconds, three significant digits; milliseconds below a tenth."""
    if value is None:
        return DASH
    if value and abs(value) < 0.1:  # noqa: PLR2004  (a tenth of a second)
        return f"{significant(value * 1_000)} ms"
    return f"{significant(value)} s"


def duration(value_s: float) -> str:
    """A span in days, hours, minutes or seconds, whichever is whole enough to read."""
    for unit, length_s, least_s in (
        ("days", 86_400.0, 172_800.0),
        ("h", 3_600.0, 3_600.0),
        ("min", 60.0, 60.0),
    ):
        if value_s >= least_s:
            return f"{value_s / length_s:.4g} {unit}"
    return f"{value_s:.4g} s"


def energy(value_wh: float | None) -> str:
    """Watt-hours, kilo- or megawatt-hours; milliwatt-hours below a tenth."""
    if value_wh and abs(value_wh) < 0.1:  # noqa: PLR2004  (a tenth of a watt-hour)
        return f"{significant(value_wh * THOUSAND)} mWh"
    return scaled(value_wh, ("Wh", "kWh", "MWh"))


def grams(value: float | None) -> str:
    """Grams, kilograms or tonnes; milligrams below a tenth."""
    if value and abs(value) < 0.1:  # noqa: PLR2004  (a tenth of a gram)
        return f"{significant(value * THOUSAND)} mg"
    return scaled(value, ("g", "kg", "t"))


def litres(value: float | None) -> str:
    """Litres, or cubic metres."""
    return scaled(value, ("L", "m³"))


def scaled(value: float | None, units: tuple[str, ...]) -> str:
    """The value in the largest unit, a thousand apart, in which it is at least one."""
    if value is None:
        return DASH
    step = 0
    while abs(rounded(value)) >= THOUSAND and step < len(units) - 1:
        value, step = value / THOUSAND, step + 1
    return f"{significant(value)} {units[step]}"


def share(value: float | None) -> str:
    """A ratio as a percentage: `92.3 %`."""
    return DASH if value is None else f"{percent(value)} %"


def points(value: float | None) -> str:
    """A difference of two ratios in percentage points, one decimal."""
    return DASH if value is None else f"{at_place(value * PERCENT, 1)} points"


def percent(value: float) -> str:
    """A ratio in percent, one decimal: `92.3`; what is not quite all or nothing says so: `>99.9`, `<0.1`."""
    number = value * PERCENT
    if abs(number - PERCENT) < NOISE or abs(number) < NOISE:
        return f"{number:.0f}".replace("-0", "0")
    if PERCENT - 0.05 <= number < PERCENT:
        return ">99.9"
    if 0.0 < number < 0.05:  # noqa: PLR2004  (half of the last digit)
        return "<0.1"
    return f"{number:,.1f}" if abs(number) < PERCENT else significant(number)


def count(value: float | None) -> str:
    """A count, whole; a mean below a hundred has one decimal."""
    if value is None:
        return DASH
    whole = float(value).is_integer() or abs(value) >= WHOLE_FROM
    return f"{value:,.0f}" if whole else f"{value:,.1f}"


def signed(value: float, write: Callable[[float | None], str]) -> str:
    """A figure as `write` writes it, with its sign."""
    return f"+{write(value)}" if value > 0 else write(value)


def significant(value: float, digits: int = SIGNIFICANT) -> str:
    """The value with so many significant digits at most, never in scientific notation."""
    return at_place(value, decimals_of(value, digits))


def spread(value: float, half: float) -> tuple[str, str]:
    """A value and half the width of its interval, both to the last digit that the larger one has.

    What is less than that digit is 0: `1,830` and `10`, `0` and `2.80`, `3.27` and `0`.
    """
    places = decimals_of(max(abs(value), abs(half)))
    return at_place(value, places), at_place(half, places)


def at_place(value: float, places: int) -> str:
    """The value to so many decimals, or to tens, hundreds … where negative; 0 has no decimals and no sign."""
    near = round(value, places)
    return "0" if near == 0 else f"{near:,.{max(places, 0)}f}"


def rounded(value: float, digits: int = SIGNIFICANT) -> float:
    """The value with so many significant digits."""
    return round(value, decimals_of(value, digits))


def decimals_of(value: float, digits: int = SIGNIFICANT) -> int:
    """Decimals that leave so many significant digits, counted after rounding (9.996 is 10.0)."""
    if value == 0 or not math.isfinite(value):
        return 0
    places = digits - 1 - math.floor(math.log10(abs(value)))
    carried = math.floor(math.log10(abs(round(value, places) or value)))
    return digits - 1 - carried

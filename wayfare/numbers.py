"""Numbers as people read them: money, seconds, energy, shares."""

from __future__ import annotations

import math

DASH = "-"
SIGNIFICANT = 3
THOUSAND = 1_000


def usd(value: float | None) -> str:
    """Dollars: whole from a thousand on, cents from one on, three significant digits below."""
    if value is None:
        return DASH
    sign, size = ("-" if value < 0 else ""), abs(value)
    if size >= THOUSAND:
        return f"{sign}${size:,.0f}"
    return f"{sign}${size:,.2f}" if size >= 1 else f"{sign}${significant(size)}"


def seconds(value: float | None) -> str:
    """Seconds, three significant digits; milliseconds below a tenth."""
    if value is None:
        return DASH
    if abs(value) < 0.1:  # noqa: PLR2004  (a tenth of a second)
        return f"{significant(value * 1_000)} ms"
    return f"{significant(value)} s"


def duration(value_s: float) -> str:
    """A span in hours, minutes or seconds, whichever is whole enough to read."""
    for unit, length_s in (("h", 3_600.0), ("min", 60.0)):
        if value_s >= length_s:
            return f"{value_s / length_s:.4g} {unit}"
    return f"{value_s:.4g} s"


def energy(value_wh: float | None) -> str:
    """Watt-hours, kilo- or megawatt-hours."""
    return scaled(value_wh, ("Wh", "kWh", "MWh"))


def grams(value: float | None) -> str:
    """Grams, kilograms or tonnes."""
    return scaled(value, ("g", "kg", "t"))


def scaled(value: float | None, units: tuple[str, ...]) -> str:
    """The value in the largest unit, a thousand apart, in which it is at least one."""
    if value is None:
        return DASH
    step = 0
    while abs(value) >= THOUSAND and step < len(units) - 1:
        value, step = value / THOUSAND, step + 1
    return f"{significant(value)} {units[step]}"


def share(value: float | None) -> str:
    """A ratio as a percentage."""
    return DASH if value is None else f"{value * 100:.1f} %"


def count(value: float | None) -> str:
    """A count; one decimal where it is a mean."""
    if value is None:
        return DASH
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def significant(value: float, digits: int = SIGNIFICANT) -> str:
    """The value with so many significant digits, never in scientific notation."""
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    return f"{value:,.{max(places, 0)}f}"

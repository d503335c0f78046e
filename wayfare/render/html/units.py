"""One unit for a figure and half the width of its interval, so that they can be read against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.report.figures import Format
from wayfare.render.figures import format_of
from wayfare.render.numbers import DASH, PERCENT, THOUSAND, percent, rounded, spread

if TYPE_CHECKING:
    from collections.abc import Callable

    Choose = Callable[[float], "Unit"]
    """The unit for figures up to a size."""


@dataclass(frozen=True, slots=True)
class Unit:
    """How many of it one of the report's units is, and what stands before and after the number."""

    per: float = 1.0
    before: str = ""
    after: str = ""


def dollars(_size: float) -> Unit:
    """Dollars."""
    return Unit(before="$")


def dollars_per_thousand(_size: float) -> Unit:
    """Dollars for a thousand of what costs so much each."""
    return Unit(per=float(THOUSAND), before="$")


def percents(_size: float) -> Unit:
    """A ratio in percent."""
    return Unit(per=PERCENT, after=" %")


def percentage_points(_size: float) -> Unit:
    """A difference of ratios."""
    return Unit(per=PERCENT, after=" points")


def plain_seconds(_size: float) -> Unit:
    """Seconds, also where they are few: a column mixes no milliseconds among them."""
    return Unit(after=" s")


def watt_hours(size: float) -> Unit:
    """Watt-hours, kilo- or megawatt-hours."""
    return thousands(size, ("Wh", "kWh", "MWh"))


def mass(size: float) -> Unit:
    """Grams, kilograms or tonnes."""
    return thousands(size, ("g", "kg", "t"))


def water(size: float) -> Unit:
    """Litres, or cubic metres."""
    return thousands(size, ("L", "m³"))


CHOSEN: dict[Format, Choose] = {
    Format.RATIO: percents,
    Format.SECONDS: plain_seconds,
    Format.USD: dollars,
    Format.USD_PER_THOUSAND: dollars_per_thousand,
    Format.WATT_HOURS: watt_hours,
    Format.GRAMS: mass,
    Format.LITRES: water,
}


def unit_of(path: str) -> Choose:
    """The unit of a figure of the report."""
    return CHOSEN[format_of(path)]


def difference_unit_of(path: str) -> Choose:
    """The unit of a difference of a figure."""
    return percentage_points if format_of(path) is Format.RATIO else unit_of(path)


def thousands(size: float, names: tuple[str, ...]) -> Unit:
    """The largest of the units, a thousand apart, in which the size is at least one."""
    step = 0
    while abs(rounded(size)) >= THOUSAND and step < len(names) - 1:
        size, step = size / THOUSAND, step + 1
    return Unit(per=float(THOUSAND) ** -step, after=f" {names[step]}")


def written(value: float | None, half: float | None, choose: Choose) -> tuple[str, str]:
    """A figure, and below it `±` half the width of its interval in the same unit; empty where it has none.

    Both to the last digit that the larger of them has; a share that is not quite all or none says so.
    """
    if value is None:
        return DASH, ""
    unit = choose(max(abs(value), abs(half or 0.0)))
    shown, around = spread(value * unit.per, (half or 0.0) * unit.per)
    if choose is percents and (half is None or percent(value)[0] in "<>"):
        shown = percent(value)
    sign, digits = ("-", shown[1:]) if shown.startswith("-") else ("", shown)
    below = "" if half is None else f"±{around}" if around == "0" else f"±{unit.before}{around}{unit.after}"
    return f"{sign}{unit.before}{digits}{unit.after}", below

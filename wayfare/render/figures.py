"""Figures as tables show them: heading, unit and format as the report states them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.report.figures import Format
from simulator.report.report import STATED
from wayfare.render import numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator import Report

WRITTEN: dict[Format, Callable[[float | None], str]] = {
    Format.COUNT: numbers.count,
    Format.MEAN_COUNT: numbers.count,
    Format.RATIO: numbers.share,
    Format.SECONDS: numbers.seconds,
    Format.USD: numbers.usd,
    Format.USD_PER_THOUSAND: numbers.usd_per_thousand,
    Format.WATT_HOURS: numbers.energy,
    Format.GRAMS: numbers.grams,
    Format.LITRES: numbers.litres,
}
FACTORS = {Format.RATIO: numbers.PERCENT, Format.USD_PER_THOUSAND: float(numbers.THOUSAND)}
"""What a bare number is multiplied by."""
SUFFIXES = {Format.RATIO: " %", Format.SECONDS: " s"}
"""What a heading says of the unit of the bare numbers below it."""


def format_of(path: str) -> Format:
    """How a figure is written.

    Raises:
        KeyError: the report states no figure of that path, or no format.
    """
    found = STATED[path].format
    if found is None:
        raise KeyError(path)
    return found


def written(path: str, value: float | None) -> str:
    """A figure with its unit."""
    return WRITTEN[format_of(path)](value)


def factor_of(path: str) -> float:
    """What a figure is multiplied by where its heading has the unit."""
    return FACTORS.get(format_of(path), 1.0)


def head_of(path: str, *, difference: bool = False) -> str:
    """The heading of a column of bare numbers; differences of ratios are in points."""
    shown = format_of(path)
    suffix = " points" if difference and shown is Format.RATIO else SUFFIXES.get(shown, "")
    return f"{STATED[path].head}{suffix}"


def half_width(report: Report, path: str) -> float | None:
    """Half the width of a figure's interval; None where it has none."""
    found = report.intervals.get(path)
    if found is None or found.low is None or found.high is None:
        return None
    return (found.high - found.low) / 2.0

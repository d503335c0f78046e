"""Cells of the tables of policies: a figure, and below it the half-width of its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.figures import factor_of, half_width
from wayfare.render.numbers import PERCENT, percent, significant, spread

if TYPE_CHECKING:
    from simulator import Report


def cell(report: Report, path: str) -> str:
    """A figure, and the half-width of its interval where there is one."""
    value, factor = report.figure(path), factor_of(path)
    if value is None:
        return "-"
    half = half_width(report, path)
    alone = percent(value) if factor == PERCENT else significant(value * factor)
    if half is None:
        return alone
    shown, around = spread(value * factor, half * factor)
    return f"{alone if alone[0] in '<>' else shown}\n±{around}"

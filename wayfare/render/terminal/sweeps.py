"""Sweeps as tables: one row a value, marked where no mix of others and no single deployment does as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.experiment.cost_quality import FIGURES
from wayfare.render.conclusion import MOST_CURVES
from wayfare.render.figures import head_of
from wayfare.render.numbers import PERCENT, at_place
from wayfare.render.terminal.cells import cell
from wayfare.render.terminal.console import visible
from wayfare.render.terminal.layout import TableColumn, TableRow, print_figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from simulator import Comparison, Report
    from simulator.experiment.cost_quality import SweepCurve, SweepPoint

HULL, ABOVE = "^", "+"
LEGEND = f"{HULL} no mix of other settings is better   {ABOVE} better than any mix of single deployments"
GAIN = "over no router points"


def print_sweeps(out: Console, comparison: Comparison) -> None:
    """Prints the curves of a comparison's sweeps; nothing where there are none."""
    reports = {report.policy: report for report in comparison.reports}
    for curve in comparison.sweeps[:MOST_CURVES]:
        out.print()
        print_curve(out, curve, reports)
    more = len(comparison.sweeps) - MOST_CURVES
    if more > 0:
        out.print(f"and {more} more curves; --json has all", style="dim")
    if comparison.sweeps:
        out.print(LEGEND, style="dim")


def print_curve(out: Console, curve: SweepCurve, reports: Mapping[str, Report]) -> None:
    """Prints one curve."""
    out.print(f"Sweep of {visible(curve.path)} under {visible(curve.policy)}")
    columns = [TableColumn(head=head_of(path), rank=rank) for rank, path in enumerate(FIGURES.values())]
    columns.insert(2, TableColumn(head=GAIN, rank=len(columns)))
    rows = [curve_row(curve, point, reports[point.policy]) for point in curve.points]
    print_figures(out, curve.path.rpartition(".")[2], columns, rows)


def curve_row(curve: SweepCurve, point: SweepPoint, report: Report) -> TableRow:
    """One setting's row."""
    cost, right, late = (cell(report, path) for path in FIGURES.values())
    gain = curve.gain_ratio(point)
    over = "-" if gain is None else f"{'+' if gain > 0.0 else ''}{at_place(gain * PERCENT, 1)}"
    marks = (HULL if curve.is_on_hull(point) else "") + (ABOVE if curve.is_above(point) else "")
    return TableRow(name=str(point.to_dict()["value"]), marks=marks, cells=[cost, right, over, late])

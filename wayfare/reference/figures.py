"""The page of all figures: path, unit, meaning, and where each is shown, read off the report's fields."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import TYPE_CHECKING

from simulator.report.figures import Better
from simulator.report.report import FIGURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.report.figures import Figure, FigureDescription

HEAD = """# Every figure of the report

Written by `make docs` from the fields of the report (`simulator/report/`), where each figure is stated
once: JSON, `report.proto`, tables, means over replications and Prometheus' names follow from there.

The path is that of the JSON (`wayfare run --json`) and of the message `Report`. `*` is any name.
Over replications: `mean` counts a row that a replication lacks as 0; what is measured of requests or
answers is the mean of those that have it; sums of money, energy and carbon are known where all know them.
`interval`: with several replications it has a confidence interval under `intervals`, at the same path.
`compared`: `wayfare compare` forms its paired differences. The rows of `by` hold the same figures as the
whole, for one tier, model, deployment, region, task or tenant.
"""
TABLE = (
    "| figure | unit | what it is | better | over replications | in Prometheus |\n|---|---|---|---|---|---|"
)
WAYS = {Better.LESS: "less", Better.MORE: "more", None: ""}


def figures_page() -> str:
    """The whole page in Markdown."""
    parts = [HEAD]
    for block, figures in groupby(FIGURES, key=lambda figure: figure.path.partition(".")[0]):
        parts.append("\n".join([f"## {block}\n", TABLE, *map(row, figures), ""]))
    return "\n".join(parts)


def row(figure: Figure) -> str:
    """One figure's line."""
    stated = figure.stated
    cells = (
        f"`{figure.path}`",
        str(stated.format),
        stated.text,
        WAYS[stated.better],
        ", ".join(over_replications(figure)),
        shown_in(stated),
    )
    return f"| {' | '.join(cells)} |"


def over_replications(figure: Figure) -> Iterator[str]:
    """What is formed of a figure over replications."""
    yield figure.stated.averaging.value
    if figure.stated.interval and "*" not in figure.path:
        yield "interval"
    if figure.stated.compared and "*" not in figure.path:
        yield "compared"


def shown_in(stated: FigureDescription) -> str:
    """The metric that shows a figure, or why none does."""
    if stated.metric is None:
        return f"no: {stated.no_metric}"
    part = f" ({stated.part})" if stated.part else ""
    return f"`{stated.metric.name}`{part}"


if __name__ == "__main__":
    sys.stdout.write(figures_page())

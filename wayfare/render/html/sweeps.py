"""The cost-quality curves of sweeps: settings, what mixing two of them reaches, what needs no router."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import altair as alt

from simulator.experiment.cost_quality import place_of
from wayfare.render.conclusion import MOST_CURVES
from wayfare.render.html.charts import WIDTH, specification
from wayfare.render.html.markup import chart
from wayfare.render.numbers import THOUSAND

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from simulator import Comparison, Report
    from simulator.experiment.cost_quality import SweepCurve, SweepPoint
    from wayfare.render.html.charts import Spec
    from wayfare.render.html.data import Rows

    Align = Literal["left", "center", "right"]

CAPTION = (
    "Each blue point is a setting; bars are the intervals of cost and accuracy. Blue line: what drawing lots "
    "between two settings reaches. Grey line: what drawing lots between single deployments reaches (the zero "
    "router); a router is worth having where it lies above."
)
SETTING, ALONE = "#2f6690", "#7b8794"
STATIC = "static:target="


def sweep_sections(comparison: Comparison) -> list[str]:
    """A chart for each curve of a comparison's sweeps."""
    return [
        chart(
            f"sweep-{number}",
            f"Cost and quality along {curve.path} under {curve.policy}",
            CAPTION,
            sweep_chart(curve, comparison.reports),
        )
        for number, curve in enumerate(comparison.sweeps[:MOST_CURVES], start=1)
    ]


def sweep_chart(curve: SweepCurve, reports: Sequence[Report]) -> Spec:
    """Cost against accuracy: points with bars, both lines, and the name of each point beside it."""
    settings, alone = setting_rows(curve), alone_rows(reports)
    layers = [
        line(curve.zero_router, ALONE, [6, 4]),
        *name_of(curve.zero_router, "without a router", ALONE, share=0.3, dy=-9),
        line(curve.hull_of_mixes, SETTING, []),
        *name_of(curve.hull_of_mixes, "mixes of settings", SETTING, share=0.5, dy=18),
        *bars(settings),
        points(alone, ALONE, "square"),
        points(settings, SETTING, "circle"),
        labels(alone, ALONE, dx=6, dy=15, align="left"),
        labels(settings, SETTING, dx=-9, dy=-11, align="right"),
    ]
    return specification(alt.layer(*layers).properties(width=WIDTH, height=380))


def cost_axis() -> alt.X:
    """Dollars for a thousand requests."""
    scale = alt.Scale(zero=False, padding=80, nice=False)
    return alt.X("cost:Q", title="cost, $ per 1,000 requests", scale=scale)


def quality_axis() -> alt.Y:
    """The share of right answers."""
    scale = alt.Scale(zero=False, padding=35, nice=False)
    return alt.Y("right:Q", title="accuracy", axis=alt.Axis(format=".0%"), scale=scale)


def line(places: Sequence[tuple[float, float]], colour: str, dash: list[int]) -> alt.Chart:
    """A hull."""
    rows = [{"cost": cost * THOUSAND, "right": quality} for cost, quality in places]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(color=colour, strokeDash=dash, strokeWidth=1.5, opacity=0.8)
        .encode(x=cost_axis(), y=quality_axis())
    )


def name_of(
    places: Sequence[tuple[float, float]], name: str, colour: str, *, share: float, dy: int
) -> list[alt.Chart]:
    """A hull's name beside the piece of it that is the longest in cost; nothing where it has no piece."""
    if not places[1:]:
        return []
    (left, low), (right, high) = max(pairwise(places), key=lambda piece: piece[1][0] - piece[0][0])
    cost, quality = left + share * (right - left), low + share * (high - low)
    rows: Rows = [{"cost": cost * THOUSAND, "right": quality, "name": name}]
    return [labels(rows, colour, dx=8, dy=dy, align="right" if dy < 0 else "left")]


def bars(rows: Rows) -> list[alt.Chart]:
    """The intervals of cost and of accuracy."""
    base = alt.Chart(alt.Data(values=rows))
    across = base.transform_filter("isValid(datum.cost_low)").encode(
        x="cost_low:Q", x2="cost_high:Q", y=quality_axis()
    )
    along = base.transform_filter("isValid(datum.right_low)").encode(
        x=cost_axis(), y="right_low:Q", y2="right_high:Q"
    )
    return [each.mark_rule(color=SETTING, opacity=0.35, strokeWidth=2) for each in (across, along)]


def points(rows: Rows, colour: str, shape: str) -> alt.Chart:
    """The points, with their figures on demand."""
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_point(color=colour, shape=shape, filled=True, size=75, opacity=1)
        .encode(
            x=cost_axis(),
            y=quality_axis(),
            tooltip=[
                "policy:N",
                alt.Tooltip("cost:Q", format="$,.3~g"),
                alt.Tooltip("right:Q", format=".1%"),
                alt.Tooltip("p95:Q", format=".3~g", title="p95 end to end, s"),
            ],
        )
    )


def labels(rows: Rows, colour: str, *, dx: int, dy: int, align: Align) -> alt.Chart:
    """The names of the points."""
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_text(dx=dx, dy=dy, align=align, fontSize=12, color=colour)
        .encode(x=cost_axis(), y=quality_axis(), text="name:N")
    )


def setting_rows(curve: SweepCurve) -> Rows:
    """One row a setting whose cost and accuracy are known."""
    return [setting_row(point) for point in curve.points if point.place is not None]


def setting_row(point: SweepPoint) -> dict[str, str | float | None]:
    """One setting: its figures, and the ends of their intervals."""
    figures, found = point.figures, point.intervals
    cost, right = found.get("cost_usd_per_request"), found.get("success_ratio")
    return {
        "name": str(point.to_dict()["value"]),
        "policy": point.policy,
        "cost": by_thousand(figures["cost_usd_per_request"]),
        "cost_low": by_thousand(cost.low if cost else None),
        "cost_high": by_thousand(cost.high if cost else None),
        "right": figures["success_ratio"],
        "right_low": right.low if right else None,
        "right_high": right.high if right else None,
        "p95": figures["p95_e2e_s"],
    }


def alone_rows(reports: Sequence[Report]) -> Rows:
    """One row for each deployment that answers everything alone."""
    return [
        {
            "name": report.policy.removeprefix(STATIC),
            "policy": report.policy,
            "cost": by_thousand(place[0]),
            "right": place[1],
            "p95": report.figure("latency.e2e_s.p95"),
        }
        for report in reports
        if report.policy.startswith(STATIC)
        and report.figure("requests.completed")
        and (place := place_of(report)) is not None
    ]


def by_thousand(value: float | None) -> float | None:
    """Dollars for a thousand requests."""
    return None if value is None else value * THOUSAND

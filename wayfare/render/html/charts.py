"""The report's charts, as Vega-Lite specifications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from wayfare.render.html.data import DAY_MEASURES, day_rows, latency_rows, tier_rows, trade_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from simulator import Report, RunResult

    Spec = dict[str, object]

WIDTH = 860
HALF = 390
SHORT = "format(datum.value, '~s')"
"""Labels such as 500 and 1.2k; a format for the whole axis would write 0.5k and 0k."""
LABELS = 150
"""Pixels for the names of policies beside a chart."""
TIERS = ["edge", "on_prem", "dedicated", "cloud", "unallocated"]
TIER_COLOURS = ["#4c9f70", "#8a6fb0", "#2f6690", "#d98032", "#9aa0a6"]
KINDS = ["on the front", "beaten", "oracle"]
KIND_COLOURS = ["#2f6690", "#9aa0a6", "#c2410c"]


def specification(chart: alt.Chart | alt.LayerChart | alt.FacetChart, margin: int = 60) -> Spec:
    """A chart as a specification without a background, with readable letters.

    The page sets the width: what is there, less `margin` for the axis (and once for each column).
    """
    plain = (
        chart.configure(background="transparent")
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", gridOpacity=0.5)
        .configure_legend(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelLimit=300)
        .configure_header(labelFontSize=13, labelFontWeight="bold")
    )
    return {**plain.to_dict(), "usermeta": {"margin": margin}}


def trade_chart(reports: Sequence[Report], pareto: Sequence[str], unnamed: Collection[str] = ()) -> Spec:
    """Cost against accuracy; the size of a point is its p95 latency; those `unnamed` have no label."""
    data = alt.Data(values=trade_rows(reports, pareto, unnamed))
    cost = alt.X("cost:Q", title="cost, $ a month", scale=alt.Scale(zero=False, padding=45))
    right = alt.Y(
        "right:Q",
        title="accuracy",
        axis=alt.Axis(format=".0%"),
        scale=alt.Scale(zero=False, padding=35, nice=False),
    )
    base = alt.Chart(data)
    bars = base.mark_rule(opacity=0.6).encode(x="cost_low:Q", x2="cost_high:Q", y=right)
    points = base.mark_circle(opacity=0.9).encode(
        x=cost,
        y=right,
        size=alt.Size("p95:Q", title="p95 end to end, s", scale=alt.Scale(range=[60, 500])),
        color=alt.Color("kind:N", title=None, scale=alt.Scale(domain=KINDS, range=KIND_COLOURS)),
        tooltip=[
            "policy:N",
            alt.Tooltip("cost:Q", format="$,.0f"),
            alt.Tooltip("right:Q", format=".1%"),
            alt.Tooltip("p95:Q", format=".3g"),
        ],
    )
    above = base.mark_text(dy=-16, fontSize=12).encode(x=cost, y=right, text="above:N")
    below = base.mark_text(dy=19, fontSize=12).encode(x=cost, y=right, text="below:N")
    return specification((bars + points + above + below).properties(width=WIDTH, height=360))


def latency_chart(results: Sequence[RunResult]) -> Spec:
    """The share of answers that came within so many seconds."""
    order = [result.report.policy for result in results]
    chart = (
        alt.Chart(alt.Data(values=latency_rows(results)))
        .mark_line(interpolate="monotone")
        .encode(
            x=alt.X("seconds:Q", title="seconds", scale=alt.Scale(type="log")),
            y=alt.Y("share:Q", title="share of answers", axis=alt.Axis(format=".0%")),
            color=alt.Color("policy:N", title=None, sort=order),
            tooltip=[
                "policy:N",
                alt.Tooltip("seconds:Q", format=".3g"),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
        .properties(width=HALF, height=240)
        .facet(
            facet=alt.Facet("latency:N", title=None, sort=["time to first token", "end to end"]), columns=2
        )
        .resolve_scale(x="independent")
    )
    return specification(chart, margin=110)


def tier_chart(reports: Sequence[Report]) -> Spec:
    """Cost, energy and emissions by tier."""
    order = [report.policy for report in reports]
    chart = (
        alt.Chart(alt.Data(values=tier_rows(reports)))
        .mark_bar()
        .encode(
            x=alt.X("amount:Q", title=None, axis=alt.Axis(tickCount=4, labelExpr=SHORT)),
            y=alt.Y("policy:N", title=None, sort=order, axis=alt.Axis(labelLimit=LABELS - 10)),
            color=alt.Color("tier:N", title=None, scale=alt.Scale(domain=TIERS, range=TIER_COLOURS)),
            tooltip=["policy:N", "tier:N", alt.Tooltip("amount:Q", format=",.4~g")],
        )
        .properties(width=235, height=26 * max(len(order), 2))
        .facet(
            facet=alt.Facet("what:N", title=None, sort=["cost, $", "energy, Wh", "emissions, g CO2e"]),
            columns=3,
        )
        .resolve_scale(x="independent")
    )
    return specification(chart, margin=LABELS)


def day_chart(results: Sequence[RunResult]) -> Spec:
    """Traffic, queues and spending over virtual time, for the policy chosen."""
    names = [result.report.policy for result in results]
    chosen = alt.param(name="shown", value=names[0], bind=alt.binding_select(options=names, name="policy "))
    chart = (
        alt.layer(measures(), events())
        .properties(width=WIDTH, height=80)
        .facet(
            data=alt.Data(values=day_rows(results)),
            row=alt.Row(
                "what:N",
                title=None,
                sort=list(DAY_MEASURES),
                header=alt.Header(labelAngle=0, labelAnchor="start", labelOrient="top"),
            ),
        )
        .resolve_scale(y="independent")
        .transform_filter("datum.policy == shown")
        .add_params(chosen)
    )
    return specification(chart)


def measures() -> alt.Chart:
    """The areas of the day's chart."""
    return (
        alt.Chart()
        .transform_filter("isValid(datum.hour)")
        .mark_area(line={"color": "#2f6690"}, color="#2f6690", opacity=0.25, interpolate="step-after")
        .encode(
            x=alt.X("hour:Q", title="hours since the run began"),
            y=alt.Y("value:Q", title=None),
            tooltip=[alt.Tooltip("hour:Q", format=".2f"), alt.Tooltip("value:Q", format=",.4~g")],
        )
    )


def events() -> alt.Chart:
    """Lines at the instants of faults and other events, with what happened as their tooltip."""
    return (
        alt.Chart()
        .transform_filter("isValid(datum.event_hour)")
        .mark_rule(color="#c2410c", strokeDash=[4, 3], strokeWidth=1.5)
        .encode(x="event_hour:Q", tooltip=["event:N", alt.Tooltip("event_hour:Q", format=".2f")])
    )

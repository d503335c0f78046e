"""A panel of lines as a Vega-Lite specification."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.previews.numbers import axis_expression
from dashboards.palette import FAULT
from dashboards.queries import LIMIT, LIMITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.previews.answers import Json, Series, TimeRange

    Region = tuple[float, float]

FREE_COLOURS = ["#2f6690", "#d98032", "#4c9f70", "#8a6fb0", "#e0b13c", "#7fb3d5", "#c2410c", "#5c6773"]
INK, SOFT, LINE, GRID = "#1d2733", "#5c6773", "#d8dde3", "#eceff2"
LEGEND_PX = 430
MS_PER_S = 1_000


def chart(field: Json, series: Sequence[Series], regions: Sequence[Region], window: TimeRange) -> Json:
    """The specification of a panel's lines over the marks of faults; `field` is its configuration."""
    stacked = field["defaults"]["custom"]["stacking"]["mode"] == "normal"
    span = [window.begin_s * MS_PER_S, window.end_s * MS_PER_S]
    axes = {"labelColor": SOFT, "gridColor": GRID}
    return {
        "autosize": {"type": "fit", "contains": "padding"},
        "background": None,
        "data": {"values": points(series, stacked=stacked)},
        "layer": [marks(regions, span), drawn(field, series, span, stacked=stacked)],
        "config": {"view": {"stroke": None}, "font": "sans-serif", "axis": axes},
    }


def marks(regions: Sequence[Region], span: Sequence[float]) -> Json:
    """Spans of faults behind the lines."""
    rows = [{"from": begin_s * MS_PER_S, "to": end_s * MS_PER_S} for begin_s, end_s in regions]
    return {
        "data": {"values": rows},
        "mark": {"type": "rect", "color": FAULT, "opacity": 0.13, "stroke": FAULT, "strokeWidth": 0.7},
        "encoding": {"x": time_axis("from", span), "x2": {"field": "to"}},
    }


def time_axis(name: str, span: Sequence[float]) -> Json:
    """The simulated time, in UTC."""
    axis = {"title": None, "format": "%H:%M", "tickCount": 8, "grid": False, "domainColor": LINE}
    scale = {"type": "utc", "domain": list(span), "nice": False}
    return {"field": name, "type": "temporal", "axis": axis, "scale": scale}


def drawn(field: Json, series: Sequence[Series], span: Sequence[float], *, stacked: bool) -> Json:
    """The lines, or the areas on one another, with their axes and names."""
    names = sorted({each.name for each in series})
    longest = max((len(name) for name in names), default=1)
    colour = {"domain": names, "range": colours(field, names)}
    legend = {"orient": "bottom", "title": None, "columns": max(1, LEGEND_PX // (7 * longest + 24))}
    legend |= {"labelColor": INK, "labelLimit": 400, "symbolType": "square"}
    lines = {"type": "line", "strokeWidth": 1.4, "clip": True}
    return {
        "mark": {"type": "area", "opacity": 0.7} if stacked else lines,
        "encoding": {
            "x": time_axis("t", span),
            "y": value_axis(field["defaults"], stacked=stacked),
            "color": {"field": "n", "type": "nominal", "legend": legend, "scale": colour},
        },
    }


def value_axis(defaults: Json, *, stacked: bool) -> Json:
    """The values in their unit, between the panel's limits."""
    limits = {"domainMin": defaults.get("min"), "domainMax": defaults.get("max")}
    scale = {name: value for name, value in limits.items() if value is not None}
    axis = {"title": None, "labelExpr": axis_expression(str(defaults["unit"])), "tickCount": 5}
    return {
        "field": "v",
        "type": "quantitative",
        "stack": "zero" if stacked else None,
        "axis": {**axis, "domain": False},
        "scale": {"zero": "min" in defaults, **scale},
    }


def colours(field: Json, names: Sequence[str]) -> list[str]:
    """The colour of every name: the panel's own, or the next free one."""
    fixed = {each["matcher"]["options"]: each["properties"][0]["value"] for each in field["overrides"]}
    fixed |= {name: fixed[LIMITS] for name in names if LIMITS in fixed and name.startswith(f"{LIMIT} ")}
    free = iter(FREE_COLOURS * (1 + len(names) // len(FREE_COLOURS)))
    return [fixed[name]["fixedColor"] if name in fixed else next(free) for name in names]


def points(series: Sequence[Series], *, stacked: bool) -> list[Json]:
    """Rows of time, value and name; what is not a number is nothing in a stack, and a gap in a line."""
    return [
        {"t": t_s * MS_PER_S, "v": known(value, stacked=stacked), "n": each.name}
        for each in series
        for t_s, value in zip(each.t_s, each.values, strict=True)
    ]


def known(value: float, *, stacked: bool) -> float | None:
    """A value that can be drawn."""
    if math.isfinite(value):
        return value
    return 0.0 if stacked else None

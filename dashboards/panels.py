"""Panels as all dashboards draw them: a figure, or lines over time."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.palette import BAD, FAIR, GOOD, INK
from dashboards.queries import LIMIT, LIMITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grafana_foundation_sdk.cog.builder import Builder
    from grafana_foundation_sdk.cog.variants import Dataquery

    from dashboards.queries import Query

SOURCE = kinds.DataSourceRef(type_val="prometheus", uid="${datasource}")
STEP = "$step"
NO_DATA = "no data: none in this time, or no such run"
FILL_PERCENT = 12
STACKED_FILL_PERCENT = 55


def targets(queries: Sequence[Query]) -> list[Builder[Dataquery]]:
    """The queries as a panel asks them, named A, B, C …; `step` is the series' own."""
    return [target(query).ref_id(letter) for letter, query in zip(ascii_uppercase, queries, strict=False)]


def target(query: Query) -> prometheus.Dataquery:
    """A query as Grafana asks it."""
    asked = prometheus.Dataquery().datasource(SOURCE).expr(query.expr).legend_format(query.legend)
    asked = asked.format(PromQueryFormat.TIME_SERIES).interval(STEP)
    return asked.instant() if query.instant else asked.range()


def figure(
    title: str,
    unit: str,
    description: str,
    *queries: Query,
    decimals: int | None = None,
    limits: tuple[float, float] | None = None,
) -> stat.Panel:
    """A panel of one number for each answer; below and above `limits` it is red and green."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .targets(targets(queries))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_mode(kinds.BigValueColorMode.VALUE)
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .thresholds(thresholds(limits))
        .color_scheme(dashboard.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        .no_value(NO_DATA)
    )
    return panel if decimals is None else panel.decimals(decimals)


def thresholds(limits: tuple[float, float] | None) -> dashboard.ThresholdsConfig:
    """One colour, or red, amber and green around two limits."""
    steps = [models.Threshold(value=None, color=INK if limits is None else BAD)]
    if limits is not None:
        steps += [models.Threshold(value=at, color=hue) for at, hue in zip(limits, (FAIR, GOOD), strict=True)]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def lines(
    title: str,
    unit: str,
    description: str,
    *queries: Query,
    colours: Mapping[str, str] | None = None,
    stacked: bool = False,
    bottom: float | None = 0,
    top: float | None = None,
) -> timeseries.Panel:
    """A panel of lines over time, from `bottom` to `top` where stated; `colours` by the answers' names."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .targets(targets(queries))
        .line_width(1)
        .fill_opacity(STACKED_FILL_PERCENT if stacked else FILL_PERCENT)
        .show_points(kinds.VisibilityMode.NEVER)
        .stacking(stacking(stacked=stacked))
        .legend(legend())
        .tooltip(tooltip())
        .color_scheme(dashboard.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    )
    panel = panel.no_value(NO_DATA)
    if any(query.legend.startswith(LIMIT) for query in queries):
        panel = panel.override_by_regexp(LIMITS, dashed(BAD))
    for name, colour in (colours or {}).items():
        panel = panel.override_by_name(name, [painted(colour)])
    panel = panel if bottom is None else panel.min(bottom)
    return panel if top is None else panel.max(top)


def painted(colour: str) -> models.DynamicConfigValue:
    """The property of a series that always has the same colour."""
    return models.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": colour})


def dashed(colour: str) -> list[models.DynamicConfigValue]:
    """The properties of a limit: a dashed line of one colour with nothing below it."""
    style = {"fill": "dash", "dash": [8, 6]}
    return [
        painted(colour),
        models.DynamicConfigValue(id_val="custom.lineStyle", value=style),
        models.DynamicConfigValue(id_val="custom.fillOpacity", value=0),
    ]


def stacking(*, stacked: bool) -> common.StackingConfig:
    """Whether lines stand on one another."""
    return common.StackingConfig().mode(kinds.StackingMode.NORMAL if stacked else kinds.StackingMode.NONE)


def legend() -> common.VizLegendOptions:
    """The names of the lines, below them."""
    shown = common.VizLegendOptions().display_mode(kinds.LegendDisplayMode.LIST).show_legend(show_legend=True)
    return shown.placement(kinds.LegendPlacement.BOTTOM).calcs([])


def tooltip() -> common.VizTooltipOptions:
    """All values at the pointer, the largest first."""
    return common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING)

"""A dashboard put together: its time, its variables, and rows of panels on Grafana's grid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models import dashboard as models

from dashboards.palette import FAULT
from dashboards.panels import SOURCE, STEP
from simulator import load_scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grafana_foundation_sdk.cog.builder import Builder

    Panel = stat.Panel | timeseries.Panel
    Variable = Builder[models.VariableModel]

GRID_COLUMNS = 24
FIGURE_HEIGHT = 4
LINES_HEIGHT = 8
FIRST_SHOWN = "black-friday"
MARGIN = timedelta(minutes=15)
STEPS = ("10s", "15s", "30s", "1m", "5m", "15m", "1h")
STEP_OF_A_DAY = "5m"
TAG = "wayfare"


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelRow:
    """Panels side by side, equally wide, under a heading if there is one."""

    panels: Sequence[Panel]
    height: int = LINES_HEIGHT
    heading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What a dashboard is made of."""

    uid: str
    title: str
    description: str
    variables: Sequence[Variable]
    rows: Sequence[PanelRow]
    shown: tuple[str, str]
    annotated: str = ""
    refresh: str = ""


def figures(*panels: Panel) -> PanelRow:
    """A row of numbers."""
    return PanelRow(panels=panels, height=FIGURE_HEIGHT)


def built(board: Board) -> models.Dashboard:
    """The dashboard as Grafana takes it: not editable, in UTC, linked to its sisters."""
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([TAG])
        .readonly()
        .timezone("utc")
        .time(*board.shown)
        .refresh(board.refresh)
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(other_dashboards())
        .variables([source_variable(), *board.variables])
    )
    if any(name_of(variable) == "end" for variable in board.variables):
        made = made.link(whole_run(board.uid))
    if board.annotated:
        made = made.annotation(faults(board.annotated))
    for panel in placed(board.rows):
        made = made.with_row(panel) if isinstance(panel, dashboard.Row) else made.with_panel(panel)
    return made.build()


def placed(rows: Sequence[PanelRow]) -> list[Panel | dashboard.Row]:
    """The panels of all rows, each with its number and its place on the grid."""
    laid: list[Panel | dashboard.Row] = []
    top = 0
    for row in rows:
        if row.heading:
            laid.append(headed(row.heading, top).id(len(laid) + 1))
            top += 1
        width = GRID_COLUMNS // len(row.panels)
        for column, panel in enumerate(row.panels):
            place = models.GridPos(x=column * width, y=top, w=width, h=row.height)
            laid.append(panel.grid_pos(place).id(len(laid) + 1))
        top += row.height
    return laid


def headed(heading: str, top: int) -> dashboard.Row:
    """A heading over panels."""
    return dashboard.Row(heading).grid_pos(models.GridPos(x=0, y=top, w=GRID_COLUMNS, h=1))


def simulated_day() -> tuple[str, str]:
    """The first scenario's day on the telemetry axis, with room for its first and last samples."""
    settings = load_scenario(FIRST_SHOWN).settings
    begin = settings.telemetry.epoch or settings.start
    end = begin + timedelta(seconds=settings.duration)
    return instant(begin - MARGIN), instant(end + MARGIN)


def instant(moment: object) -> str:
    """A moment as Grafana writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"


def source_variable() -> dashboard.DatasourceVariable:
    """Which Prometheus is asked."""
    return dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")


def label_variable(name: str, label: str, query: str, *, several: bool = False) -> dashboard.QueryVariable:
    """A label's values among the series of the time shown; `several` may be chosen at once."""
    variable = dashboard.QueryVariable(name).label(label).datasource(SOURCE).query(query)
    variable = variable.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
    variable = variable.sort(models.VariableSort.ALPHABETICAL_ASC).multi(several).include_all(several)
    return variable.current(everything()) if several else variable


def everything() -> models.VariableOption:
    """The choice of all values."""
    return models.VariableOption(selected=True, text=["All"], value=["$__all"])


def run_variables(*, several: bool = False) -> list[Variable]:
    """Which run under which policy."""
    operator = "=~" if several else "="
    return [
        label_variable("run", "Run", "label_values(wayfare_run_info, run)", several=several),
        label_variable(
            "policy",
            "Policy",
            f'label_values(wayfare_run_info{{run{operator}"$run"}}, policy)',
            several=several,
        ),
        step_variable(),
        bound_variable("begin", "min", operator),
        bound_variable("end", "max", operator),
    ]


def bound_variable(name: str, fold: str, operator: str) -> dashboard.QueryVariable:
    """Where the chosen run begins or ends, milliseconds since 1970; nobody sees it."""
    series = f'wayfare_run_{name}_timestamp_seconds{{run{operator}"$run"}}'
    query = f"query_result({fold}(last_over_time({series}[$__range])) * 1000)"
    variable = dashboard.QueryVariable(name).label(f"Run's {name}").datasource(SOURCE).query(query)
    variable = variable.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
    return variable.regex(r"/ (\d+)(?:\.\d+)? /").hide(models.VariableHide.HIDE_VARIABLE)


def name_of(variable: Variable) -> str:
    """A variable's name."""
    return str(variable.build().name)


def whole_run(uid: str) -> dashboard.DashboardLink:
    """The way to the chosen run's own time, on the same dashboard."""
    link = dashboard.DashboardLink("Show the whole run").type(models.DashboardLinkType.LINK)
    link = link.tooltip("From the first sample of the chosen run to its last").icon("time")
    return link.url(f"/d/{uid}?from=${{begin}}&to=${{end}}").include_vars(include_vars=True)


def step_variable(step: str = STEP_OF_A_DAY) -> dashboard.CustomVariable:
    """How far apart samples lie; rates are taken over four of them."""
    offered = [models.VariableOption(text=each, value=each, selected=each == step) for each in STEPS]
    current = models.VariableOption(text=step, value=step, selected=True)
    choice = dashboard.CustomVariable("step").label("Step").values(",".join(STEPS))
    return choice.options(offered).current(current).description("The telemetry step of the runs shown")


def other_dashboards() -> dashboard.DashboardLink:
    """The way to the other dashboards, with the same run and time."""
    link = dashboard.DashboardLink("Wayfare").type(models.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.keep_time(keep_time=True).include_vars(include_vars=True)


def faults(expr: str) -> dashboard.AnnotationQuery:
    """Marks over the time in which faults are in effect."""
    asked = prometheus.Dataquery().datasource(SOURCE).expr(expr).interval(STEP).range().ref_id("Faults")
    marks = dashboard.AnnotationQuery().name("Faults").datasource(SOURCE).icon_color(FAULT)
    marks = marks.title_format("{{kind}}").text_format("{{target}}").tag_keys("kind")
    return marks.expr(expr).step(STEP).target(asked)

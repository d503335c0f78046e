"""The page's tables of figures: policies, cost by how it is spent, differences, deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.report.report import STATED
from wayfare.render.assumptions import month_basis
from wayfare.render.figures import half_width
from wayfare.render.html.markup import Cell, Line, folded, section, table
from wayfare.render.html.units import difference_unit_of, unit_of, written
from wayfare.render.numbers import (
    NOISE,
    count,
    energy,
    grams,
    litres,
    seconds,
    share,
    usd,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import Comparison, Report
    from simulator.experiment.differences import Difference
    from simulator.report.blocks.rows import Block
    from wayfare.render.html.units import Choose

COLUMNS = (
    "cost_usd.per_month",
    "cost_usd.per_request",
    "cost_usd.per_correct",
    "quality.success_ratio",
    "latency.ttft_s.p95",
    "latency.e2e_s.p95",
    "slo.attainment_ratio",
    "completion_ratio",
    "energy_wh.total",
    "emissions_gco2e.total",
)
"""Paths of the figures of a policy."""
SPENT = ("capacity_used", "capacity_idle", "energy", "api", "egress", "routing", "total", "wasted")
"""Parts of a policy's cost, the fixed ones first."""
DIFFERENCES = tuple(path for path in COLUMNS if path != "cost_usd.per_request")


def policy_section(
    reports: Sequence[Report], front: Sequence[str], baselines: Sequence[str], span: str
) -> str:
    """One row a policy."""
    several = len(reports) > 1
    marked = "Bold: Pareto-optimal. Small: half-width of the interval." if several else ""
    caption = f"Figures over {span}; a month: {month_basis(reports[0])}. {marked}".strip()
    lines = [
        Line(
            name=report.policy,
            note=kind_of(report, baselines),
            cells=[cell(report, path) for path in COLUMNS],
            kind="front" if several and report.policy in front else "",
        )
        for report in reports
    ]
    return section("Policies" if several else "Figures", caption, table("policy", heads(COLUMNS), lines))


def heads(paths: Sequence[str]) -> list[str]:
    """The headings of figures."""
    return [STATED[path].title for path in paths]


def kind_of(report: Report, baselines: Sequence[str]) -> str:
    """What to say small below a policy's name."""
    if report.replays:
        return "replay of the log, known only afterwards"
    if report.oracle:
        return "oracle, knows the answers"
    return "baseline" if report.policy in baselines else ""


def cell(report: Report, path: str) -> Cell:
    """A figure, and half the width of its interval."""
    return Cell(*written(report.figure(path), half_width(report, path), unit_of(path)))


def spending_section(reports: Sequence[Report], span: str) -> str:
    """Fixed and variable dollars of each policy apart."""
    caption = (
        f"Dollars over {span}. Fixed: capacity is held by the hour, used or not. Variable: API tokens, "
        "egress and routing are bought by the request. Waste, paid for unused answers, is in the total."
    )
    titles = heads([f"cost_usd.{key}" for key in SPENT])
    lines = [
        Line(name=report.policy, cells=[Cell(usd(report.figure(f"cost_usd.{key}"))) for key in SPENT])
        for report in reports
    ]
    return section(
        "Fixed and variable cost",
        caption,
        table("policy", titles, lines),
    )


def difference_section(comparison: Comparison) -> str:
    """Every other policy minus the first, with intervals; nothing without replications."""
    if comparison.replications == 1:
        return ""
    first, *others = comparison.reports
    level = f"{comparison.confidence * 100:g} % intervals over {comparison.replications} replications"
    caption = (
        f"Each policy minus {first.policy}, on the same requests, answers and incidents ({level}). Small: "
        "half-width of the interval. Grey, with ?: the interval contains 0, so the difference is not "
        "significant. "
        f"A month: {month_basis(first)}."
    )
    known = {(each.b, each.metric): each for each in comparison.differences if each.a == first.policy}
    lines = [difference_line(first, report, known) for report in others]
    return section("Paired differences", caption, table("policy", heads(DIFFERENCES), lines))


def difference_line(first: Report, report: Report, known: dict[tuple[str, str], Difference]) -> Line:
    """One policy minus the first."""
    cells = [
        gap(known.get((report.policy, path)), first, report, difference_unit_of(path)) for path in DIFFERENCES
    ]
    return Line(name=report.policy, cells=cells)


def gap(difference: Difference | None, first: Report, report: Report, choose: Choose) -> Cell:
    """A difference and its interval below; the same where it is float noise."""
    if difference is None or difference.low is None or difference.high is None:
        return Cell("-")
    metric = difference.metric
    size = max(abs(first.figure(metric) or 0.0), abs(report.figure(metric) or 0.0))
    if max(abs(difference.low), abs(difference.high)) <= NOISE * size:
        return Cell("the same")
    shown, below = written(difference.mean, (difference.high - difference.low) / 2, choose)
    plus = "+" if difference.mean > 0 and set(shown) & set("123456789") else ""
    doubt = "" if difference.significant else " ?"
    return Cell(f"{plus}{shown}{doubt}", below, soft=bool(doubt))


DEPLOYMENT_HEADS = (
    "answers", "accuracy", "SLO met", "p95 TTFT", "p95 E2E", "busy",
    "capacity used", "capacity idle", "by request", "electricity", "energy", "CO2e",
)  # fmt: skip


def deployment_section(reports: Sequence[Report], baselines: Sequence[str], span: str) -> str:
    """What each deployment answered, cost and drew under each policy; the baselines folded away."""
    caption = (
        f"Over {span}. Capacity is held by the hour (fixed), API tokens and egress are bought by the request "
        "(variable). Busy: the used part of the time held."
    )
    asked = [report for report in reports if report.policy not in baselines] or reports
    rest = [report for report in reports if report not in asked]
    below = folded("Under the baselines", deployment_table(rest)) if rest else ""
    return section("Deployments", caption, deployment_table(asked), below)


def deployment_table(reports: Sequence[Report]) -> str:
    """The deployments under each policy, below its name where there are several."""
    lines = [line for report in reports for line in deployment_lines(report, headed=len(reports) > 1)]
    return table("deployment", DEPLOYMENT_HEADS, lines)


def deployment_lines(report: Report, *, headed: bool) -> list[Line]:
    """The deployments under one policy."""
    by = report.by.deployment
    above = [Line(name=f"under {report.policy}", cells=[Cell("")] * len(DEPLOYMENT_HEADS), kind="group")]
    lines = [Line(name=name, cells=list(map(Cell, deployment_cells(part)))) for name, part in by.items()]
    return above + lines if headed else lines


def deployment_cells(part: Block) -> list[str]:
    """One deployment's figures."""
    cost, latency = part.cost_usd, part.latency
    bought = sum(amount or 0.0 for amount in (cost.api, cost.egress, cost.routing))
    return [
        count(part.requests.completed),
        share(part.quality.success_ratio),
        share(part.slo.attainment_ratio),
        seconds(latency.ttft_s.p95),
        seconds(latency.e2e_s.p95),
        share(part.utilization),
        usd(cost.capacity_used),
        usd(cost.capacity_idle),
        usd(bought),
        usd(cost.energy),
        energy(part.energy_wh.total),
        grams(part.emissions_gco2e.total),
    ]


def other_lines(report: Report) -> list[str]:
    """Figures that the tables leave out: water, embodied carbon, what users' own devices drew."""
    water, embodied = report.figure("water_l.total"), report.figure("emissions_gco2e.embodied")
    own, theirs = report.figure("energy_wh.user_side"), report.figure("emissions_gco2e.user_side")
    site = litres(report.figure("water_l.site"))
    drunk = f"{litres(water)} of water ({site} of it on site)"
    hardware = f"{report.policy}: {drunk}; {grams(embodied)} CO2e embodied in the hardware"
    devices = f"{report.policy}: {energy(own)} and {grams(theirs)} CO2e on users' own devices"
    return [hardware, devices] if own else [hardware]

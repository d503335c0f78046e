"""The page around the charts: what was asked, the tables, the captions, what it all stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.assumptions import window_s
from wayfare.render.conclusion import conclusion
from wayfare.render.drain import drain_line
from wayfare.render.html.charts import day_chart, latency_chart, tier_chart, trade_chart
from wayfare.render.html.data import event_lines
from wayfare.render.html.figures import (
    deployment_section,
    difference_section,
    other_lines,
    policy_section,
    spending_section,
)
from wayfare.render.html.grounds import assumption_section, fleet_section, footer, objective_section
from wayfare.render.html.markup import chart, items, paragraphs, plain, section
from wayfare.render.html.routing import routing_section
from wayfare.render.html.script import chart_program
from wayfare.render.html.style import STYLE
from wayfare.render.html.sweeps import sweep_sections
from wayfare.render.html.tasks import task_section
from wayfare.render.numbers import duration
from wayfare.render.recorded import recorded_lines
from wayfare.render.switching import switching_line
from wayfare.render.terminal.devices import device_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import Comparison, Report, RunResult, Scenario

TRADE = (
    "Up and to the left is better. Larger points answer more slowly at the 95th percentile; bars are "
    "the cost's intervals. The oracle knows the answers: it cannot be deployed; it shows the upper bound."
)
LATENCY = "Share of the answers delivered within so many seconds (first replication; logarithmic scale)."
TIERS = (
    "What each policy costs, draws and emits by tier over {span}, idle capacity included. Energy of APIs is "
    "an estimate; users' own devices are not in it."
)
DAY = (
    "The first replication over time: arrivals, requests in work and waiting, and dollars an hour. "
    "Dashed lines: outages and other incidents."
)
RECORDED = "As recorded, of the requests that arrived in the window; all other figures are simulated."
MOST_EVENTS = 60


def comparison_page(scenario: Scenario, comparison: Comparison) -> str:
    """The report of a comparison."""
    reports, span = comparison.reports, duration(window_s(scenario))
    sections = [
        f"<section class=conclusion>{paragraphs(conclusion(comparison).split(chr(10)))}</section>",
        *sweep_sections(comparison),
        policy_section(reports, comparison.pareto, comparison.baselines, span),
        difference_section(comparison),
        routing_section(comparison),
        chart(
            "trade",
            "Cost, quality, latency",
            TRADE,
            trade_chart(reports, comparison.pareto, comparison.swept),
        ),
        *shared_sections(scenario, reports, comparison.results, comparison.baselines),
        footer(scenario, reports[0], comparison.replications, comparison.confidence),
    ]
    return page(scenario, f"{scenario.name}: {len(reports)} policies compared", sections)


def run_page(scenario: Scenario, result: RunResult) -> str:
    """The report of a single run."""
    sections = [
        policy_section([result.report], (), (), duration(window_s(scenario))),
        *shared_sections(scenario, [result.report], [result], ()),
        footer(scenario, result.report, 1, None),
    ]
    return page(scenario, f"{scenario.name} under {result.report.policy}", sections)


def shared_sections(
    scenario: Scenario, reports: Sequence[Report], results: Sequence[RunResult], baselines: Sequence[str]
) -> list[str]:
    """The tables and charts that runs and comparisons have in common."""
    span = duration(window_s(scenario))
    return [
        spending_section(reports, span),
        deployment_section(reports, baselines, span),
        switching_section(reports),
        recorded_section(reports[0]),
        task_section(reports),
        chart("latency", "Latency", LATENCY, latency_chart(results)),
        chart("tiers", "Where it goes", TIERS.format(span=span), tier_chart(reports)),
        chart("day", "The run over time", DAY, day_chart(results)),
        event_section(reports[0]),
        device_section(reports),
        beside_section(reports),
        fleet_section(scenario),
        objective_section(scenario),
        assumption_section(scenario, reports),
    ]


def event_section(report: Report) -> str:
    """Events of the fleet under the first policy, by the clock; nothing where there are none."""
    told = event_lines(report)
    more = len(told) - MOST_EVENTS
    rest = [f"and {more} more (report.json has them all)"] if more > 0 else []
    texts = [*(f"{clock(hour)} {text}" for hour, text in told[:MOST_EVENTS]), *rest]
    return section("What happened", f"Under {report.policy}.", items(texts, "events")) if told else ""


def switching_section(reports: Sequence[Report]) -> str:
    """What each policy's switches within sessions cost; nothing where none switched."""
    told = [f"{report.policy}: {line}" for report in reports if (line := switching_line(report))]
    return section("Prompt caches", "", items(told)) if told else ""


def recorded_section(report: Report) -> str:
    """What the log that was played says of itself; nothing where none was."""
    return section("The log itself", RECORDED, items(told)) if (told := [*recorded_lines(report)]) else ""


def device_section(reports: Sequence[Report]) -> str:
    """What each policy asks of the users' own devices; nothing where there are none."""
    told = [f"{report.policy}: {line}" for report in reports for line in device_lines(report)]
    return section("Users' devices", "", items(told)) if told else ""


def beside_section(reports: Sequence[Report]) -> str:
    """What the totals do not include: water, embodied carbon, users' energy, work after the end."""
    drains = [f"{report.policy}: {line}" for report in reports if (line := drain_line(report))]
    others = [line for report in reports for line in other_lines(report)]
    return section("Not included in the totals", "", items([*others, *drains]))


def clock(hour: float) -> str:
    """Hours as hours and minutes since the run began."""
    minutes = int(hour * 60.0 + 1e-6)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def page(scenario: Scenario, title: str, sections: Sequence[str]) -> str:
    """A whole page; the charts' program stands in it once."""
    body = "\n".join(sections)
    about = f"<p class=lead>{plain(scenario.description)}</p>" if scenario.description else ""
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{plain(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main><h1>{plain(title)}</h1>{about}\n{body}</main>\n"
        f"<script>{chart_program()}</script></body></html>\n"
    )

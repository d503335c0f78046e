"""The page around the charts: what was asked, the table, the captions."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, cast

from wayfare.numbers import count, duration, energy, grams, seconds, share, usd
from wayfare.report.charts import day_chart, latency_chart, tier_chart, trade_chart
from wayfare.report.data import interval, told_events
from wayfare.report.script import chart_program
from wayfare.report.style import STYLE
from wayfare.report.tasks import task_section
from wayfare.tables.conclusion import conclusion
from wayfare.tables.devices import device_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulator import Comparison, Report, RunResult, Scenario

COLUMNS: tuple[tuple[str, str, Callable[[float | None], str]], ...] = (
    ("cost a month", "cost_usd.per_month", usd),
    ("per request", "cost_usd.per_request", usd),
    ("right answers", "quality.success_ratio", share),
    ("p95 TTFT", "latency.ttft_s.p95", seconds),
    ("p95 E2E", "latency.e2e_s.p95", seconds),
    ("in SLO", "slo.attainment_ratio", share),
    ("answered", "completion_ratio", share),
    ("energy", "energy_wh.total", energy),
    ("emissions", "emissions_gco2e.total", grams),
)


def comparison_page(scenario: Scenario, comparison: Comparison) -> str:
    """The report of a comparison."""
    marked = dict.fromkeys(comparison.pareto, "front")
    texts = conclusion(comparison).split("\n")
    reports, results = comparison.reports, comparison.results
    sections = [
        paragraphs(texts),
        table(reports, marked, comparison.baselines),
        task_section(reports),
        chart("trade", "Cost, quality, latency", TRADE, trade_chart(reports, comparison.pareto)),
        *shared_charts(reports, results),
        footer(scenario, reports[0], comparison.replications, comparison.confidence),
    ]
    return page(scenario, f"{scenario.name}: {len(reports)} policies compared", sections)


def run_page(scenario: Scenario, result: RunResult) -> str:
    """The report of a single run."""
    sections = [
        table([result.report], {}, ()),
        task_section([result.report]),
        *shared_charts([result.report], [result]),
        footer(scenario, result.report, 1, None),
    ]
    return page(scenario, f"{scenario.name} under {result.report.policy}", sections)


TRADE = (
    "Up and to the left is better. Larger points answer more slowly at the 95th percentile; bars are "
    "the cost's intervals. The oracle knows the answers: nobody can have it, it shows what is left to win."
)
LATENCY = "Share of the answers delivered within so many seconds (first replication; logarithmic scale)."
TIERS = (
    "What each policy costs, draws and emits by tier, idle capacity included. Energy of APIs is an "
    "estimate; users' own devices are not in it."
)
DAY = (
    "The first replication over time: arrivals, requests in work and waiting, and dollars an hour. "
    "Dashed lines: faults and other events."
)
MOST_EVENTS = 60


def shared_charts(reports: Sequence[Report], results: Sequence[RunResult]) -> list[str]:
    """The charts that runs and comparisons have in common."""
    return [
        chart("latency", "Latency", LATENCY, latency_chart(results)),
        chart("tiers", "Where it goes", TIERS, tier_chart(reports)),
        chart("day", "The day", DAY, day_chart(results)),
        event_list(reports[0]),
        device_list(reports),
    ]


def event_list(report: Report) -> str:
    """What befell the fleet under the first policy, by the clock; nothing where nothing did."""
    told = told_events(report)
    items = "".join(f"<li><b>{clock(hour)}</b> {escape(text)}</li>" for hour, text in told[:MOST_EVENTS])
    more = len(told) - MOST_EVENTS
    rest = f"<li>and {more} more (report.json has them all)</li>" if more > 0 else ""
    return f"<section><h2>What happened</h2><ul class=events>{items}{rest}</ul></section>" if told else ""


def device_list(reports: Sequence[Report]) -> str:
    """What each policy asks of the users' own devices; nothing where there are none."""
    told = [(report.policy, line) for report in reports for line in device_lines(report)]
    items = "".join(f"<li><b>{escape(policy)}</b> {escape(line)}</li>" for policy, line in told)
    return f"<section><h2>Users' devices</h2><ul class=events>{items}</ul></section>" if told else ""


def clock(hour: float) -> str:
    """Hours as hours and minutes since the run began."""
    minutes = int(hour * 60.0 + 1e-6)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def page(scenario: Scenario, title: str, sections: Sequence[str]) -> str:
    """A whole page; the charts' program stands in it once."""
    body = "\n".join(sections)
    about = f"<p class=lead>{escape(scenario.description)}</p>" if scenario.description else ""
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main><h1>{escape(title)}</h1>{about}\n{body}</main>\n"
        f"<script>{chart_program()}</script></body></html>\n"
    )


def paragraphs(texts: Sequence[str]) -> str:
    """Sentences, one paragraph each."""
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def chart(name: str, title: str, caption: str, specification: dict[str, object]) -> str:
    """A chart's place, its caption and its specification."""
    text = json.dumps(specification, separators=(",", ":")).replace("</", "<\\/")
    return (
        f"<section><h2>{escape(title)}</h2><p class=caption>{escape(caption)}</p>"
        f"<div class=chart id=chart-{name}></div>"
        f"<script type='application/json' data-chart=chart-{name}>{text}</script></section>"
    )


def table(reports: Sequence[Report], marked: dict[str, str], baselines: Sequence[str]) -> str:
    """One row a policy."""
    head = "".join(f"<th>{title}</th>" for title, _path, _write in COLUMNS)
    rows = "\n".join(row(report, marked.get(report.policy, ""), baselines) for report in reports)
    legend = (
        "<p class=caption>Bold: no other policy is cheaper, better and faster at once. Small figures: "
        "half the width of the interval.</p>"
        if len(reports) > 1
        else ""
    )
    inside = f"<thead><tr><th>policy</th>{head}</tr></thead><tbody>{rows}</tbody>"
    return f"<div class=wide><table>{inside}</table></div>{legend}"


def row(report: Report, mark: str, baselines: Sequence[str]) -> str:
    """A policy's row."""
    kind = (
        "oracle, knows the answers"
        if report.fields["oracle"]
        else "baseline"
        if report.policy in baselines
        else ""
    )
    note = f"<small>{kind}</small>" if kind else ""
    cells = "".join(f"<td>{cell(report, path, write)}</td>" for _title, path, write in COLUMNS)
    return f"<tr class='{mark}'><th>{escape(report.policy)}{note}</th>{cells}</tr>"


def cell(report: Report, path: str, write: Callable[[float | None], str]) -> str:
    """A figure with half the width of its interval."""
    low, high = interval(report, path)
    half = "" if low is None or high is None else f"<small>±{write((high - low) / 2)}</small>"
    return f"{write(report.figure(path))}{half}"


def footer(scenario: Scenario, report: Report, replications: int, confidence: float | None) -> str:
    """What the figures stand on, and what to know before believing them."""
    notes = "".join(f"<li>{escape(text)}</li>" for text in cast("list[str]", report.fields["warnings"]))
    sure = f", {confidence * 100:g} % intervals" if confidence and replications > 1 else ""
    span = duration(scenario.duration_s)
    arrived = count(report.figure("requests.arrived"))
    return (
        f"<footer><ul>{notes}</ul><p>{arrived} requests in {span}; {replications} replication(s){sure}; "
        f"seed {scenario.seed}. {stood_on(scenario, report)}</p></footer>"
    )


def stood_on(scenario: Scenario, report: Report) -> str:
    """Scenario, catalog and version, by their digests."""
    catalog = cast("dict[str, str]", report.fields["catalog"])
    facts = f"catalog {escape(catalog['edition'])} of {catalog['date']} ({catalog['digest'][:12]})"
    return f"Scenario {scenario.digest[:12]}, {facts}, Wayfare {report.fields['version']}."

"""A run's table: the headline, where the money goes, how requests were decided."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from wayfare.render.assumptions import cost_parts, month_basis, warning_lines, window_s
from wayfare.render.drain import drain_line
from wayfare.render.grounds import ground_lines
from wayfare.render.lengths import length_line
from wayfare.render.numbers import count, duration, energy, grams, seconds, share, significant, usd
from wayfare.render.recorded import REPLAY, recorded_lines
from wayfare.render.switching import switching_line
from wayfare.render.terminal.console import console, visible
from wayfare.render.terminal.devices import device_lines
from wayfare.render.terminal.layout import TableColumn, TableRow, print_figures
from wayfare.render.terminal.tasks import print_tasks

if TYPE_CHECKING:
    from rich.console import Console

    from simulator import Report, Scenario
    from simulator.report.blocks.rows import Block


def print_run(scenario: Scenario, report: Report) -> None:
    """Prints a run's report."""
    out = console()
    out.print(title(scenario, report))
    print_headline(out, report)
    out.print()
    print_deployments(out, scenario, report)
    for line in recorded_lines(report):
        out.print(line)
    if line := switching_line(report):
        out.print(line)
    print_tasks(out, report)
    print_decisions(out, report)
    print_failures(out, report)
    print_events(out, report)
    print_devices(out, report)
    print_drain(out, report)
    out.print(f"a month: {month_basis(report)}")
    out.print(f"lengths: {length_line(scenario, report)}")
    for line in ground_lines(scenario, report):
        out.print(line)
    print_warnings(out, report)


def title(scenario: Scenario, report: Report) -> Text:
    """What was run."""
    oracle = " (an oracle: it knows the answers)" if report.oracle else ""
    replay = f" ({REPLAY})" if report.replays else ""
    span = f"{oracle}{replay}, {duration(window_s(scenario))}, seed {scenario.seed}"
    return Text.assemble((visible(scenario.name), "bold"), " under ", (visible(report.policy), "bold"), span)


def print_headline(out: Console, report: Report) -> None:
    """Prints the figures one asks for first: two beside each other where they fit."""
    pairs = headline(report)
    for side_by_side in (2, 1):
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for _column in range(2 * side_by_side):
            table.add_column(no_wrap=True)
        for place in range(0, len(pairs), side_by_side):
            table.add_row(*(text for pair in pairs[place : place + side_by_side] for text in pair))
        if out.measure(table, options=out.options.update(width=1_000)).maximum <= out.width:
            break
    out.print(table)


def headline(report: Report) -> list[tuple[str, str]]:
    """What a figure is and what it comes to."""
    figure = report.figure
    return [
        ("requests", count(figure("requests.arrived"))),
        ("answered", share(figure("completion_ratio"))),
        ("cost", usd(figure("cost_usd.total"))),
        ("a month", usd(figure("cost_usd.per_month"))),
        *((f"of that, {name}", usd(amount)) for name, amount in cost_parts(report)),
        ("of that, wasted", usd(figure("cost_usd.wasted"))),
        ("cost per request", usd(figure("cost_usd.per_request"))),
        ("cost per correct answer", usd(figure("cost_usd.per_correct"))),
        ("accuracy", share(figure("quality.success_ratio"))),
        ("oracle accuracy", share(figure("quality.oracle_success_ratio"))),
        ("TTFT, median", seconds(figure("latency.ttft_s.p50"))),
        ("TTFT, 95th percentile", seconds(figure("latency.ttft_s.p95"))),
        ("E2E, median", seconds(figure("latency.e2e_s.p50"))),
        ("E2E, 95th percentile", seconds(figure("latency.e2e_s.p95"))),
        ("SLO attainment", share(figure("slo.attainment_ratio"))),
        ("goodput", f"{significant(figure('slo.goodput_per_s') or 0.0)} /s"),
        ("energy", energy(figure("energy_wh.total"))),
        ("emissions", f"{grams(figure('emissions_gco2e.total'))} CO2e"),
    ]


COLUMNS: tuple[tuple[str, int], ...] = (
    ("answers", 1), ("cost", 0), ("of it idle", 4), ("p95 TTFT", 2), ("busy", 3), ("energy", 5),
)  # fmt: skip
"""Headings of the table of deployments, and their ranks."""


def print_deployments(out: Console, scenario: Scenario, report: Report) -> None:
    """Prints what each deployment answered, cost and drew."""
    rows = [TableRow(name=name, cells=deployment_cells(part)) for name, part in report.by.deployment.items()]
    out.print(f"By deployment, over {duration(window_s(scenario))}")
    print_figures(out, "deployment", [TableColumn(head=head, rank=rank) for head, rank in COLUMNS], rows)


def deployment_cells(part: Block) -> list[str]:
    """One deployment's figures."""
    return [
        count(part.requests.completed),
        usd(part.cost_usd.total),
        usd(part.cost_usd.capacity_idle),
        seconds(part.latency.ttft_s.p95),
        share(part.utilization),
        energy(part.energy_wh.total),
    ]


def print_decisions(out: Console, report: Report) -> None:
    """How often each reason was given."""
    total = sum(report.decisions.values())
    if total:
        parts = [f"{reason} {share(number / total)}" for reason, number in report.decisions.items()]
        out.print(f"decisions: {'; '.join(parts)}")


def print_failures(out: Console, report: Report) -> None:
    """How many attempts failed, by reason."""
    failures = asdict(report.attempts.failures)
    parts = [f"{reason} {count(number)}" for reason, number in failures.items() if number]
    if parts:
        out.print(f"failed attempts: {'; '.join(parts)}")


def print_events(out: Console, report: Report) -> None:
    """Events by kind and place, and deployments below full availability."""
    events = report.timeline.events
    if events:
        kinds = Counter(event.kind.replace("_", " ") for event in events)
        told = ", ".join(f"{kind} ({number})" for kind, number in kinds.items())
        up = report.availability
        lacking = "; ".join(f"{name} up {share(part)}" for name, part in up.items() if (part or 1.0) < 1.0)
        out.print(f"events: {told}{'; ' if lacking else ''}{lacking}")


def print_devices(out: Console, report: Report) -> None:
    """What was asked of the users' own devices."""
    for line in device_lines(report):
        out.print(line)


def print_drain(out: Console, report: Report) -> None:
    """What the work after the window's end cost; nothing where there was none."""
    if line := drain_line(report):
        out.print(line)


def print_warnings(out: Console, *reports: Report) -> None:
    """What the reader should know before believing the figures."""
    for text in warning_lines(reports):
        out.print(f"note: {text}")

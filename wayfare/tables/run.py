"""A run's table: the headline, where the money goes, how requests were decided."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from wayfare.numbers import count, duration, energy, grams, seconds, share, usd
from wayfare.tables.devices import device_lines
from wayfare.tables.tasks import print_tasks
from wayfare.terminal import console, plain_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from simulator import Report, Scenario

    Block = dict[str, float | None]


def print_run(scenario: Scenario, report: Report) -> None:
    """Prints a run's report."""
    out = console()
    out.print(title(scenario, report))
    out.print(headline(report))
    out.print()
    out.print(deployments(report))
    print_tasks(out, report)
    print_decisions(out, report)
    print_failures(out, report)
    print_events(out, report)
    print_devices(out, report)
    print_warnings(out, report)


def title(scenario: Scenario, report: Report) -> str:
    """What was run."""
    span = duration(report.figure("simulated_s") or 0.0)
    oracle = " (an oracle: it knows the answers)" if report.fields["oracle"] else ""
    return (
        f"[bold]{scenario.name}[/bold] under [bold]{report.policy}[/bold]{oracle}, "
        f"{span}, seed {scenario.seed}"
    )


def headline(report: Report) -> Table:
    """The figures one asks for first."""
    figure = report.figure
    table = plain_table("", "", "", "", numbers_from=9)
    rows = [
        ("requests", count(figure("requests.arrived")), "answered", share(figure("completion_ratio"))),
        ("cost", usd(figure("cost_usd.total")), "per month", usd(figure("cost_usd.per_month"))),
        (
            "cost per request", usd(figure("cost_usd.per_request")),
            "per right answer", usd(figure("cost_usd.per_correct")),
        ),
        (
            "right answers", share(figure("quality.success_ratio")),
            "an oracle's", share(figure("quality.oracle_success_ratio")),
        ),
        (
            "time to first token", f"{seconds(figure('latency.ttft_s.p50'))} median",
            "95th percentile", seconds(figure("latency.ttft_s.p95")),
        ),
        (
            "end to end", f"{seconds(figure('latency.e2e_s.p50'))} median",
            "95th percentile", seconds(figure("latency.e2e_s.p95")),
        ),
        (
            "objectives met", share(figure("slo.attainment_ratio")),
            "goodput", f"{figure('slo.goodput_per_s') or 0.0:.3g} /s",
        ),
        ("energy", energy(figure("energy_wh.total")), "emissions", grams(figure("emissions_gco2e.total"))),
    ]  # fmt: skip
    for row in rows:
        table.add_row(*row)
    table.show_header = False
    return table


def deployments(report: Report) -> Table:
    """What each deployment answered, cost and drew."""
    table = plain_table(
        "deployment", "answers", "cost", "of it idle", "p95 TTFT", "busy", "energy", numbers_from=1
    )
    by = cast("dict[str, dict[str, dict[str, Block]]]", report.fields["by"])
    for name, part in by["deployment"].items():
        latency = cast("dict[str, Block]", part["latency"])
        table.add_row(
            name,
            count(part["requests"]["completed"]),
            usd(part["cost_usd"]["total"]),
            usd(part["cost_usd"]["capacity_idle"]),
            seconds(latency["ttft_s"]["p95"]),
            share(cast("float | None", part["utilization"])),
            energy(part["energy_wh"]["total"]),
        )
    return table


def print_decisions(out: Console, report: Report) -> None:
    """How often each reason was given."""
    decisions = cast("dict[str, float]", report.fields["decisions"])
    total = sum(decisions.values())
    if total:
        parts = [f"{reason} {share(number / total)}" for reason, number in decisions.items()]
        out.print(f"decisions: {'; '.join(parts)}")


def print_failures(out: Console, report: Report) -> None:
    """How many attempts failed, by reason."""
    attempts = cast("dict[str, dict[str, float]]", report.fields["attempts"])
    parts = [f"{reason} {count(number)}" for reason, number in attempts["failures"].items() if number]
    if parts:
        out.print(f"failed attempts: {'; '.join(parts)}")


def print_events(out: Console, report: Report) -> None:
    """How often each kind of event befell what, and who was not always up."""
    timeline = cast("dict[str, list[dict[str, str]]]", report.fields["timeline"])
    events = timeline["events"]
    if events:
        kinds = Counter(event["kind"].replace("_", " ") for event in events)
        told = ", ".join(f"{kind} ({number})" for kind, number in kinds.items())
        up = cast("dict[str, float]", report.fields["availability"])
        lacking = "; ".join(f"{name} up {share(part)}" for name, part in up.items() if (part or 1.0) < 1.0)
        out.print(f"events: {told}{'; ' if lacking else ''}{lacking}")


def print_devices(out: Console, report: Report) -> None:
    """What was asked of the users' own devices."""
    for line in device_lines(report):
        out.print(line)


def print_warnings(out: Console, report: Report) -> None:
    """What the reader should know before believing the figures."""
    for text in cast("list[str]", report.fields["warnings"]):
        out.print(f"note: {text}")

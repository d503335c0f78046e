"""A comparison's tables: one row a policy, differences to the first, what they assume, what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.text import Text

from wayfare.render.assumptions import assumption_lines, month_basis, window_s
from wayfare.render.conclusion import conclusion
from wayfare.render.grounds import ground_lines
from wayfare.render.numbers import NOISE, PERCENT, THOUSAND, count, duration, percent, significant, spread
from wayfare.render.terminal.console import console, visible
from wayfare.render.terminal.layout import Column, Row, print_figures
from wayfare.render.terminal.run import print_warnings
from wayfare.render.terminal.tasks import print_tasks_by_policy

if TYPE_CHECKING:
    from simulator import Comparison, Report, Scenario
    from simulator.experiment.differences import Difference

FIGURES: tuple[tuple[str, str, float, int], ...] = (
    ("$/month", "cost_usd.per_month", 1.0, 0),
    ("$ per 1k requests", "cost_usd.per_request", float(THOUSAND), 4),
    ("right %", "quality.success_ratio", PERCENT, 1),
    ("TTFT p95 s", "latency.ttft_s.p95", 1.0, 5),
    ("E2E p95 s", "latency.e2e_s.p95", 1.0, 2),
    ("in SLO %", "slo.attainment_ratio", PERCENT, 3),
    ("Wh per request", "energy_wh.per_request", 1.0, 6),
)
"""Columns of the table: head, path in the report, what a figure is multiplied by, rank."""
SHOWN: tuple[tuple[str, str, float, int], ...] = (
    ("$/month", "cost_usd.per_month", 1.0, 0),
    ("right points", "quality.success_ratio", PERCENT, 1),
    ("E2E p95 s", "latency.e2e_s.p95", 1.0, 2),
    ("SLO points", "slo.attainment_ratio", PERCENT, 3),
    ("Wh per request", "energy_wh.per_request", 1.0, 4),
)
"""Differences that the terminal shows, in the units of the first table; the JSON has all."""
UNSURE = "?"
LEGEND = "* not beaten by another policy   b baseline   o oracle: knows the answers"


def print_comparison(scenario: Scenario, comparison: Comparison) -> None:
    """Prints a comparison."""
    out = console()
    out.print(title(scenario, comparison))
    span, basis = duration(window_s(scenario)), month_basis(comparison.reports[0])
    out.print(f"Over {span}; $/month: {basis}")
    columns = [Column(head=head, rank=rank) for head, _path, _factor, rank in FIGURES]
    print_figures(out, "policy", columns, policy_rows(comparison))
    out.print(LEGEND, style="dim")
    if comparison.replications > 1:
        out.print()
        print_differences(scenario, comparison)
    print_tasks_by_policy(out, comparison.reports)
    out.print()
    out.print(conclusion(comparison))
    out.print()
    first = comparison.reports[0]
    for line in [*assumption_lines(scenario, first), *ground_lines(scenario, first)]:
        out.print(line)
    print_warnings(out, *comparison.reports)


def title(scenario: Scenario, comparison: Comparison) -> Text:
    """What was compared, and how sure the figures are."""
    span = duration(window_s(scenario))
    arrived = count(comparison.reports[0].figure("requests.arrived"))
    times = comparison.replications
    level = f"{comparison.confidence * 100:g} % intervals over {times} replications"
    sure = level if times > 1 else "one replication, so no intervals"
    rest = f", {span}, {arrived} requests, seed {scenario.seed}; {sure}"
    return Text.assemble((visible(scenario.name), "bold"), rest)


def policy_rows(comparison: Comparison) -> list[Row]:
    """One row a policy: means, with the half-width of the interval below."""
    return [
        Row(
            name=report.policy,
            marks=marks(comparison, report),
            cells=[cell(report, path, factor) for _head, path, factor, _rank in FIGURES],
        )
        for report in comparison.reports
    ]


def marks(comparison: Comparison, report: Report) -> str:
    """Marks of the Pareto front, of baselines and of oracles."""
    return "".join(
        mark
        for mark, holds in (
            ("*", report.policy in comparison.pareto),
            ("b", report.policy in comparison.baselines),
            ("o", bool(report.fields["oracle"])),
        )
        if holds
    )


def cell(report: Report, path: str, factor: float) -> str:
    """A figure, and the half-width of its interval where there is one."""
    value = report.figure(path)
    if value is None:
        return "-"
    half = half_width(report, path)
    alone = percent(value) if factor == PERCENT else significant(value * factor)
    if half is None:
        return alone
    shown, around = spread(value * factor, half * factor)
    return f"{alone if alone[0] in '<>' else shown}\n±{around}"


def half_width(report: Report, path: str) -> float | None:
    """Half the width of a figure's interval; None where it has none."""
    found: object = report.fields["intervals"]
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    interval = cast("dict[str, float | None]", found) if isinstance(found, dict) else {}
    low, high = interval.get("low"), interval.get("high")
    return None if low is None or high is None else (high - low) / 2.0


def print_differences(scenario: Scenario, comparison: Comparison) -> None:
    """Prints every other policy minus the first, replication by replication."""
    out, first = console(), comparison.reports[0]
    head = f"Paired differences to {visible(first.policy)}, over {duration(window_s(scenario))}"
    out.print(f"{head}; $/month: {month_basis(first)}")
    columns = [Column(head=title, rank=rank) for title, _path, _factor, rank in SHOWN]
    rows = difference_rows(comparison)
    print_figures(out, "policy", columns, rows)
    if any(any(row.soft) for row in rows):
        out.print(f"{UNSURE} unsure: the interval holds 0", style="dim")


def difference_rows(comparison: Comparison) -> list[Row]:
    """One row for every policy but the first."""
    first = comparison.reports[0]
    known = {(entry.b, entry.metric): entry for entry in comparison.differences if entry.a == first.policy}
    return [difference_row(first, report, known) for report in comparison.reports[1:]]


def difference_row(first: Report, report: Report, known: dict[tuple[str, str], Difference]) -> Row:
    """One policy minus the first; soft where nothing is sure."""
    cells = [
        gap(known.get((report.policy, path)), size_of(path, first, report), factor)
        for _head, path, factor, _rank in SHOWN
    ]
    return Row(name=report.policy, cells=cells, soft=[UNSURE in text for text in cells])


def size_of(path: str, *reports: Report) -> float:
    """The largest of the reports' figures: what their difference is small or large against."""
    return max(abs(report.figure(path) or 0.0) for report in reports)


def gap(difference: Difference | None, size: float, factor: float) -> str:
    """A difference, a mark where its interval holds 0, and below the half-width of the interval."""
    if difference is None or difference.low is None or difference.high is None:
        return "-"
    half = (difference.high - difference.low) / 2.0
    if max(abs(difference.mean), half) <= NOISE * size:
        return "the same"
    shown, around = spread(difference.mean * factor, half * factor)
    plus = "+" if difference.mean > 0 and shown != "0" else ""
    return f"{plus}{shown}{'' if difference.significant else f' {UNSURE}'}\n±{around}"

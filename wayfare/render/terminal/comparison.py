"""A comparison's tables: one row a policy, differences to the first, what they assume, what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from wayfare.render.assumptions import assumption_lines, month_basis, window_s
from wayfare.render.conclusion import conclusion
from wayfare.render.figures import factor_of, head_of
from wayfare.render.grounds import ground_lines
from wayfare.render.numbers import NOISE, count, duration, spread
from wayfare.render.recorded import REPLAY, recorded_lines
from wayfare.render.terminal.cells import cell
from wayfare.render.terminal.console import console, visible
from wayfare.render.terminal.layout import TableColumn, TableRow, print_figures
from wayfare.render.terminal.run import print_warnings
from wayfare.render.terminal.sweeps import print_sweeps
from wayfare.render.terminal.tasks import print_tasks_by_policy

if TYPE_CHECKING:
    from simulator import Comparison, Report, Scenario
    from simulator.experiment.differences import Difference

FIGURES = {
    "cost_usd.per_month": 0,
    "cost_usd.per_request": 4,
    "quality.success_ratio": 1,
    "latency.ttft_s.p95": 5,
    "latency.e2e_s.p95": 2,
    "slo.attainment_ratio": 3,
    "energy_wh.per_request": 6,
}
"""Columns of the table: path in the report, and rank."""
SHOWN = {
    "cost_usd.per_month": 0,
    "quality.success_ratio": 1,
    "latency.e2e_s.p95": 2,
    "slo.attainment_ratio": 3,
    "energy_wh.per_request": 4,
}
"""Differences that the terminal shows, with their ranks; the JSON has all."""
UNSURE = "?"
LEGEND = "* Pareto-optimal   b baseline   o oracle: knows the answers"


def print_comparison(scenario: Scenario, comparison: Comparison) -> None:
    """Prints a comparison."""
    out = console()
    out.print(title(scenario, comparison))
    span, basis = duration(window_s(scenario)), month_basis(comparison.reports[0])
    out.print(f"Over {span}; $/month: {basis}")
    columns = [TableColumn(head=head_of(path), rank=rank) for path, rank in FIGURES.items()]
    print_figures(out, "policy", columns, policy_rows(comparison))
    out.print(legend(comparison), style="dim")
    for line in recorded_lines(comparison.reports[0]):
        out.print(line)
    if comparison.replications > 1:
        out.print()
        print_differences(scenario, comparison)
    print_sweeps(out, comparison)
    print_tasks_by_policy(out, comparison.reports)
    out.print()
    out.print(conclusion(comparison))
    out.print()
    first = comparison.reports[0]
    for line in [*assumption_lines(scenario, first), *ground_lines(scenario, first)]:
        out.print(line)
    print_warnings(out, *comparison.reports)


def legend(comparison: Comparison) -> str:
    """What the marks mean; that of replays where there is one."""
    return f"{LEGEND}   r {REPLAY}" if any(report.replays for report in comparison.reports) else LEGEND


def title(scenario: Scenario, comparison: Comparison) -> Text:
    """What was compared, and how sure the figures are."""
    span = duration(window_s(scenario))
    arrived = count(comparison.reports[0].figure("requests.arrived"))
    times = comparison.replications
    level = f"{comparison.confidence * 100:g} % intervals over {times} replications"
    sure = level if times > 1 else "one replication, so no intervals"
    rest = f", {span}, {arrived} requests, seed {scenario.seed}; {sure}"
    return Text.assemble((visible(scenario.name), "bold"), rest)


def policy_rows(comparison: Comparison) -> list[TableRow]:
    """One row a policy: means, with the half-width of the interval below."""
    return [
        TableRow(
            name=report.policy,
            marks=marks(comparison, report),
            cells=[cell(report, path) for path in FIGURES],
        )
        for report in comparison.reports
    ]


def marks(comparison: Comparison, report: Report) -> str:
    """Marks of the Pareto front, of baselines, of oracles and of replays."""
    return "".join(
        mark
        for mark, holds in (
            ("*", report.policy in comparison.pareto),
            ("b", report.policy in comparison.baselines),
            ("o", report.oracle),
            ("r", report.replays),
        )
        if holds
    )


def print_differences(scenario: Scenario, comparison: Comparison) -> None:
    """Prints every other policy minus the first, replication by replication."""
    out, first = console(), comparison.reports[0]
    head = f"Paired differences to {visible(first.policy)}, over {duration(window_s(scenario))}"
    out.print(f"{head}; $/month: {month_basis(first)}")
    columns = [TableColumn(head=head_of(path, difference=True), rank=rank) for path, rank in SHOWN.items()]
    rows = difference_rows(comparison)
    print_figures(out, "policy", columns, rows)
    if any(any(row.soft) for row in rows):
        out.print(f"{UNSURE} not significant: the interval contains 0", style="dim")


def difference_rows(comparison: Comparison) -> list[TableRow]:
    """One row for every policy but the first."""
    first = comparison.reports[0]
    known = {(entry.b, entry.metric): entry for entry in comparison.differences if entry.a == first.policy}
    return [difference_row(first, report, known) for report in comparison.reports[1:]]


def difference_row(first: Report, report: Report, known: dict[tuple[str, str], Difference]) -> TableRow:
    """One policy minus the first; soft where nothing is sure."""
    cells = [
        gap(known.get((report.policy, path)), size_of(path, first, report), factor_of(path)) for path in SHOWN
    ]
    return TableRow(name=report.policy, cells=cells, soft=[UNSURE in text for text in cells])


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
